//! Pictures: units of work.

use mysql_async::{Conn, Result, Transaction};

use super::unit::{Attempt, Change, Unit};
use super::user::profile;
use crate::domain::picture::{Picture, PictureName};
use crate::domain::time::Timestamp;
use crate::domain::user::{Profile, UserId};
use crate::store::queries::mysql as queries;

/// Done twice, because its answer was lost, it deletes its own picture and keeps it again; as to the version, see `SetNickname`.
pub(super) struct Set {
    pub(super) user: UserId,
    pub(super) picture: Picture,
    pub(super) now: Timestamp,
}

impl Change for Set {
    type Value = Option<Profile>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Option<Profile>> {
        let (id, name) = (self.user.0, self.picture.name.as_str());
        // First, because it locks the user's row: who sets another picture at once waits here.
        if queries::set_picture(db, id, name, self.now.0).await? == 0 {
            return Ok(None);
        }
        queries::delete_pictures_of(db, id).await?;
        queries::insert_picture(db, name, id, &self.picture.bytes, self.now.0).await?;
        profile(db, self.user).await
    }
}

pub(super) struct Get(pub(super) PictureName);

impl Unit for Get {
    type Value = Option<Picture>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Picture>> {
        let row = queries::picture(db, self.0.as_str()).await?;
        Ok(row.map(|row| Picture { name: self.0.clone(), bytes: row.bytes.into() }))
    }
}
