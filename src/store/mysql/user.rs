//! Users: units of work.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Result, Transaction};

use super::error::is_taken;
use super::unit::{Attempt, Change, Unit};
use crate::domain::time::Timestamp;
use crate::domain::user::{Nickname, Profile, Role, UserId};
use crate::store::queries::mysql as queries;
use crate::store::{Credentials, Inserted, NewUser};

/// One statement that commits by itself. If its answer is lost, the next try meets its own row: the name with this very hash,
/// whose salt is random, so nobody else's.
pub(super) struct Insert(pub(super) NewUser);

impl Unit for Insert {
    type Value = Inserted;

    async fn run(&self, db: &mut Conn, attempt: Attempt) -> Result<Inserted> {
        let user = &self.0;
        let hash = &user.password_hash;
        match insert(db, user).await {
            Ok(id) => return Ok(Inserted::Created(UserId(id))),
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(error),
        }
        if attempt == Attempt::Clean {
            return Ok(Inserted::Taken);
        }
        let found = queries::credentials(db, &[&user.user_name]).await?;
        let own = found.into_iter().find(|row| row.password_hash == *hash);
        Ok(own.map_or(Inserted::Taken, |row| Inserted::Created(UserId(row.id))))
    }
}

async fn insert<C: Queryable>(db: &mut C, user: &NewUser) -> Result<u64> {
    let (id, hash, role, now) = (user.id.map(|id| id.0), &user.password_hash, user.role as u64, user.created_at.0);
    let (full_name, email) = (&user.contact.full_name, user.contact.email.as_deref());
    queries::insert_user(db, id, &user.user_name, &user.nickname, hash, role, full_name, email, now).await
}

/// Done twice, because its answer was lost, it finds its users there and counts too few.
pub(super) struct InsertAll(pub(super) Vec<NewUser>);

impl Change for InsertAll {
    type Value = usize;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<usize> {
        let mut created = 0;
        for user in &self.0 {
            match insert(db, user).await {
                Ok(_) => created += 1,
                // It fails its own statement and leaves the others in effect.
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(created)
    }
}

pub(super) struct IsEmpty;

impl Unit for IsEmpty {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        Ok(queries::any_user(db).await?.is_none())
    }
}

pub(super) struct CredentialsOf(pub(super) Vec<String>);

impl Unit for CredentialsOf {
    type Value = Vec<Credentials>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Credentials>> {
        let user_names: Vec<_> = self.0.iter().map(String::as_str).collect();
        Ok(queries::credentials(db, &user_names).await?.into_iter().map(Credentials::from).collect())
    }
}

pub(super) struct RoleOf(pub(super) UserId);

impl Unit for RoleOf {
    type Value = Option<Role>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Role>> {
        Ok(queries::role(db, self.0.0).await?.map(Role::try_from).transpose()?)
    }
}

pub(super) struct Profiles(pub(super) Vec<u64>);

impl Unit for Profiles {
    type Value = Vec<Profile>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Profile>> {
        Ok(queries::profiles(db, &self.0).await?.into_iter().map(Profile::from).collect())
    }
}

/// Done twice, because its answer was lost, it leaves the same nickname and a version that is one higher still: newer than
/// any that was seen, which is all that a version says.
pub(super) struct SetNickname {
    pub(super) user: UserId,
    pub(super) nickname: Nickname,
    pub(super) now: Timestamp,
}

impl Change for SetNickname {
    type Value = Option<Profile>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Option<Profile>> {
        queries::set_nickname(db, self.user.0, self.nickname.as_str(), self.now.0).await?;
        profile(db, self.user).await
    }
}

/// The profile as this transaction sees it.
pub(super) async fn profile(db: &mut Transaction<'_>, user: UserId) -> Result<Option<Profile>> {
    Ok(queries::profile(db, user.0).await?.map(Profile::from))
}
