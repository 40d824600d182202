//! Pictures: units of work.

use rusqlite::{Connection, Result};

use super::user::{profile, row_id};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::time::Timestamp;
use crate::domain::user::{Profile, UserId};
use crate::store::queries::sqlite as queries;

pub(super) fn set(db: &Connection, user: UserId, picture: &Picture, now: Timestamp) -> Result<Option<Profile>> {
    let Some(id) = row_id(user) else { return Ok(None) };
    if queries::set_picture(db, id, picture.name.as_str(), now.0)? == 0 {
        return Ok(None);
    }
    queries::delete_pictures_of(db, id)?;
    queries::insert_picture(db, picture.name.as_str(), id, &picture.bytes, now.0)?;
    profile(db, id)
}

pub(super) fn get(db: &Connection, name: &PictureName) -> Result<Option<Picture>> {
    let row = queries::picture(db, name.as_str())?;
    Ok(row.map(|row| Picture { name: name.clone(), bytes: row.bytes.into() }))
}
