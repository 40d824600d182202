//! Passwords: units of work.

use mysql_async::{Conn, Result, Transaction};

use super::unit::{Attempt, Change, Unit};
use crate::domain::user::UserId;
use crate::store::PasswordChange;
use crate::store::queries::{NO_SESSION, mysql as queries};

pub(super) struct Versions(pub(super) Vec<u64>);

impl Unit for Versions {
    type Value = Vec<(UserId, u64)>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Self::Value> {
        let rows = queries::password_versions(db, &self.0).await?;
        Ok(rows.into_iter().map(|row| (UserId(row.id), row.password_version)).collect())
    }
}

/// Done twice, because its answer was lost, it finds its own hash there, whose salt is random and so nobody else's.
impl Change for PasswordChange {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let (id, hash) = (self.user.0, &self.password_hash);
        if queries::change_password(db, id, self.version, hash, self.now.0).await? == 0 {
            return Ok(queries::has_password(db, id, hash).await?.is_some());
        }
        queries::block_sessions_of(db, id, self.keep.unwrap_or(NO_SESSION).0).await?;
        Ok(true)
    }
}

/// Done twice, because its answer was lost, it says that it did nothing: nobody is the worse for it.
pub(super) struct Rehash {
    pub(super) user: UserId,
    pub(super) old: String,
    pub(super) new: String,
}

impl Unit for Rehash {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        Ok(queries::rehash_password(db, self.user.0, &self.old, &self.new).await? > 0)
    }
}
