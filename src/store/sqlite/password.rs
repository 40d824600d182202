//! Passwords: units of work.

use rusqlite::{Connection, Result};

use super::user::row_id;
use crate::domain::user::UserId;
use crate::store::PasswordChange;
use crate::store::queries::{NO_SESSION, sqlite as queries};

pub(super) fn versions(db: &Connection, users: &[UserId]) -> Result<Vec<(UserId, u64)>> {
    let ids: Vec<_> = users.iter().copied().filter_map(row_id).collect();
    let rows = queries::password_versions(db, &ids)?;
    Ok(rows.into_iter().map(|row| (UserId(row.id), row.password_version)).collect())
}

pub(super) fn change(db: &Connection, change: &PasswordChange) -> Result<bool> {
    let Some(id) = row_id(change.user) else { return Ok(false) };
    if queries::change_password(db, id, change.version, &change.password_hash, change.now.0)? == 0 {
        return Ok(false);
    }
    queries::block_sessions_of(db, id, change.keep.unwrap_or(NO_SESSION).0)?;
    Ok(true)
}

pub(super) fn rehash(db: &Connection, user: UserId, old: &str, new: &str) -> Result<bool> {
    let Some(id) = row_id(user) else { return Ok(false) };
    Ok(queries::rehash_password(db, id, old, new)? > 0)
}
