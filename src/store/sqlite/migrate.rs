//! Migrations on SQLite: all that are pending in one transaction, since its DDL can be rolled back.

use rusqlite::{Connection, Result};

use crate::store::migrations::{Migration, Refusal, now, pending};
use crate::store::queries::sqlite::{begin_migration, create_migrations, finish_migration, migrations};

/// Applies what of `known` is missing. To be run in a write transaction: whoever comes second waits for it and finds nothing
/// left to do.
pub(super) fn apply(db: &Connection, known: &[Migration]) -> Result<std::result::Result<usize, Refusal>> {
    create_migrations(db)?;
    let pending = match pending(known, &migrations(db)?) {
        Ok(pending) => pending,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for one in &pending {
        let migration = one.migration;
        begin_migration(db, migration.number, migration.name, &migration.checksum())?;
        db.execute_batch(migration.text)?;
        finish_migration(db, migration.number, now())?;
    }
    Ok(Ok(pending.len()))
}
