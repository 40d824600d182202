//! Migrations on MySQL: statement by statement, since DDL commits by itself, each recorded, under a lock.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Pool};

use super::connection::Lease;
use super::error::is_number;
use crate::store::StoreError;
use crate::store::migrations::{Migration, Pending, now, pending, statements};
use crate::store::queries::mysql as queries;

/// Seconds that another process's migration is waited for.
const LOCK_WAIT_S: u64 = 300;
/// Table, column or key is there already, or gone already.
const DONE_ALREADY: [u16; 4] = [1050, 1060, 1061, 1091];

/// Applies what of `known` is missing.
pub(super) async fn apply(pool: &Pool, known: &[Migration]) -> Result<usize, StoreError> {
    // Never given back: closing the connection frees the lock, however this ends.
    let mut lease = Lease::take(pool).await?;
    let db = lease.connection();
    let lock = queries::lock_migrations(db, LOCK_WAIT_S).await?;
    if lock.and_then(|lock| lock.held) != Some(1) {
        return Err(StoreError::Unavailable("another process has been migrating for too long".into()));
    }
    queries::create_migrations(db).await?;
    let applied = queries::migrations(db).await?;
    let pending = pending(known, &applied).map_err(|refusal| StoreError::Refused(refusal.into()))?;
    for one in &pending {
        migration(db, one).await.map_err(|error| failed(one.migration.name, error))?;
    }
    Ok(pending.len())
}

async fn migration(db: &mut Conn, one: &Pending) -> mysql_async::Result<()> {
    let number = one.migration.number;
    if one.done.is_none() {
        queries::begin_migration(db, number, one.migration.name, &one.migration.checksum()).await?;
    }
    let done = one.done.unwrap_or(0);
    for (index, statement) in (0..).zip(statements(one.migration.text)).skip_while(|(index, _)| *index < done) {
        // The first after an interruption may have been done and not recorded.
        let resumed = one.done == Some(index);
        match db.query_drop(statement).await {
            Err(error) if resumed && is_number(&error, &DONE_ALREADY) => {}
            outcome => outcome?,
        }
        queries::record_statement(db, number, index + 1).await?;
    }
    queries::finish_migration(db, number, now()).await?;
    Ok(())
}

fn failed(name: &str, error: mysql_async::Error) -> StoreError {
    let wrap = |cause: Box<dyn std::error::Error + Send + Sync>| format!("{name}: {cause}").into();
    match StoreError::from(error) {
        StoreError::Unavailable(cause) => StoreError::Unavailable(wrap(cause)),
        StoreError::Refused(cause) => StoreError::Refused(wrap(cause)),
    }
}
