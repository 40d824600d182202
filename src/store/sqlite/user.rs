//! Users: units of work.

use rusqlite::{Connection, Result};

use super::error::is_taken;
use crate::domain::time::Timestamp;
use crate::domain::user::{Nickname, Profile, Role, UserId};
use crate::store::queries::sqlite as queries;
use crate::store::{Credentials, Inserted, NewUser};

pub(super) fn insert(db: &Connection, user: &NewUser) -> Result<Inserted> {
    let id = user.id.map(|id| id.0);
    let (hash, role) = (&user.password_hash, user.role as u64);
    let (full_name, email) = (&user.contact.full_name, user.contact.email.as_deref());
    let now = user.created_at.0;
    match queries::insert_user(db, id, &user.user_name, &user.nickname, hash, role, full_name, email, now) {
        Ok(id) => Ok(Inserted::Created(UserId(id))),
        Err(error) if is_taken(&error) => Ok(Inserted::Taken),
        Err(error) => Err(error),
    }
}

/// A name that is taken fails its own statement and leaves the others in effect.
pub(super) fn insert_all(db: &Connection, users: &[NewUser]) -> Result<usize> {
    users.iter().try_fold(0, |created, user| match insert(db, user)? {
        Inserted::Created(_) => Ok(created + 1),
        Inserted::Taken => Ok(created),
    })
}

pub(super) fn credentials(db: &Connection, user_names: &[String]) -> Result<Vec<Credentials>> {
    let user_names: Vec<_> = user_names.iter().map(String::as_str).collect();
    Ok(queries::credentials(db, &user_names)?.into_iter().map(Credentials::from).collect())
}

pub(super) fn role(db: &Connection, user: UserId) -> Result<Option<Role>> {
    let Some(id) = row_id(user) else { return Ok(None) };
    Ok(queries::role(db, id)?.map(Role::try_from).transpose()?)
}

pub(super) fn profiles(db: &Connection, users: &[UserId]) -> Result<Vec<Profile>> {
    let ids: Vec<_> = users.iter().copied().filter_map(row_id).collect();
    Ok(queries::profiles(db, &ids)?.into_iter().map(Profile::from).collect())
}

pub(super) fn set_nickname(
    db: &Connection,
    user: UserId,
    nickname: &Nickname,
    now: Timestamp,
) -> Result<Option<Profile>> {
    let Some(id) = row_id(user) else { return Ok(None) };
    queries::set_nickname(db, id, nickname.as_str(), now.0)?;
    profile(db, id)
}

/// The profile as this transaction sees it.
pub(super) fn profile(db: &Connection, id: u64) -> Result<Option<Profile>> {
    Ok(queries::profile(db, id)?.map(Profile::from))
}

/// The number as SQLite can hold it: one beyond that is nobody's.
pub(super) fn row_id(user: UserId) -> Option<u64> {
    i64::try_from(user.0).is_ok().then_some(user.0)
}
