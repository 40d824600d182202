//! Sessions with tokens, and roles: units of work, and the part of the store that they are.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Result, Transaction};

use super::Mysql;
use super::error::is_taken;
use super::unit::{Atomic, Attempt, Change, Unit};
use crate::domain::audit::AuditEvent;
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, UserId};
use crate::store::StoreError;
use crate::store::grant::GrantStore;
use crate::store::queries::audit::new_rows;
use crate::store::queries::{NO_SESSION, mysql as queries, rows};

type Answer<T> = std::result::Result<T, StoreError>;

impl GrantStore for Mysql {
    async fn person(&self, user: UserId) -> Answer<Option<Person>> {
        self.unit(PersonOf(user)).await
    }

    async fn set_role(&self, user: UserId, role: Role, event: AuditEvent, now: Timestamp) -> Answer<bool> {
        self.unit(Atomic(SetRole { user, role, event, now })).await
    }

    async fn begin_grant(&self, grant: Grant, most: usize) -> Answer<()> {
        self.unit(Atomic(Begin { grant, most })).await
    }

    async fn grants(&self, ids: &[SessionNumber]) -> Answer<Vec<Grant>> {
        self.unit(Grants(ids.iter().map(|id| id.0).collect())).await
    }

    async fn grants_of(&self, user: UserId, now: Timestamp, most: usize) -> Answer<Vec<Grant>> {
        self.unit(GrantsOf { user, now, most: most as u64 }).await
    }

    async fn rotate_grant(&self, id: SessionNumber, from: [u8; 32], to: [u8; 32], now: Timestamp) -> Answer<bool> {
        self.unit(Rotate { id, from, to, now }).await
    }

    async fn block_grant(
        &self,
        id: SessionNumber,
        status: GrantStatus,
        event: Option<(AuditEvent, Timestamp)>,
    ) -> Answer<bool> {
        self.unit(Atomic(Block { id, status, event })).await
    }

    async fn block_grants_of(&self, user: UserId, spared: Option<SessionNumber>) -> Answer<u64> {
        self.unit(BlockOf { user, spared }).await
    }

    async fn forget_grants(&self, before: Timestamp, most: usize) -> Answer<usize> {
        self.unit(Forget { before, most: most as u64 }).await
    }
}

struct PersonOf(UserId);

impl Unit for PersonOf {
    type Value = Option<Person>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Person>> {
        Ok(queries::person(db, self.0.0).await?.map(Person::try_from).transpose()?)
    }
}

/// Done twice, because its answer was lost, it leaves the same role and tells of it twice.
struct SetRole {
    user: UserId,
    role: Role,
    event: AuditEvent,
    now: Timestamp,
}

impl Change for SetRole {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let there = queries::set_role(db, self.user.0, self.role as u64, self.now.0).await? == 1;
        if there {
            record(db, &self.event, self.now).await?;
        }
        Ok(there)
    }
}

/// Done twice, because its answer was lost, it finds its own row: nobody else's has that number, which is random.
struct Begin {
    grant: Grant,
    most: usize,
}

impl Change for Begin {
    type Value = ();

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<()> {
        let Self { grant, most } = self;
        let (id, user, now) = (grant.id.0, grant.user.0, grant.created_at.0);
        let (agent, address, ends) = (&grant.user_agent, &grant.address, grant.expires_at.0);
        // A change of the password ends the sessions that it sees. This one begins before it, and is seen, or after it, and is looked at again.
        queries::hold_password(db, user).await?;
        match queries::insert_grant(db, id, user, &grant.salt, &grant.refresh_hash, agent, address, now, ends).await {
            Ok(_) => {}
            Err(error) if is_taken(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
        let newest = queries::grants_of(db, user, now, *most as u64 + 1).await?;
        if let Some(surplus) = newest.get(*most) {
            queries::block_grants_until(db, user, surplus.id).await?;
        }
        Ok(())
    }
}

struct Grants(Vec<[u8; 16]>);

impl Unit for Grants {
    type Value = Vec<Grant>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Grant>> {
        grants(queries::grants(db, &self.0).await?)
    }
}

struct GrantsOf {
    user: UserId,
    now: Timestamp,
    most: u64,
}

impl Unit for GrantsOf {
    type Value = Vec<Grant>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Grant>> {
        grants(queries::grants_of(db, self.user.0, self.now.0, self.most).await?)
    }
}

struct Rotate {
    id: SessionNumber,
    from: [u8; 32],
    to: [u8; 32],
    now: Timestamp,
}

impl Unit for Rotate {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        Ok(queries::rotate_grant(db, self.id.0, &self.from, &self.to, self.now.0).await? == 1)
    }
}

/// Done twice, because its answer was lost, it finds the session ended, and has told of it once.
struct Block {
    id: SessionNumber,
    status: GrantStatus,
    event: Option<(AuditEvent, Timestamp)>,
}

impl Change for Block {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let ended = queries::block_grant(db, self.id.0, self.status as u64).await? == 1;
        match &self.event {
            Some((event, at)) if ended => record(db, event, *at).await?,
            _ => {}
        }
        Ok(ended)
    }
}

struct BlockOf {
    user: UserId,
    spared: Option<SessionNumber>,
}

impl Unit for BlockOf {
    type Value = u64;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<u64> {
        queries::block_sessions_of(db, self.user.0, self.spared.unwrap_or(NO_SESSION).0).await
    }
}

struct Forget {
    before: Timestamp,
    most: u64,
}

impl Unit for Forget {
    type Value = usize;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<usize> {
        let ended = queries::ended_grants(db, self.before.0, self.most).await?;
        let ids: Vec<_> = ended.iter().map(|row| row.id).collect();
        queries::delete_grants(db, &ids).await?;
        Ok(ids.len())
    }
}

async fn record<C: Queryable>(db: &mut C, event: &AuditEvent, at: Timestamp) -> Result<()> {
    queries::insert_audit_events(db, &new_rows(std::slice::from_ref(event), at)).await.map(drop)
}

fn grants(rows: Vec<rows::Grant>) -> Result<Vec<Grant>> {
    rows.into_iter().map(|row| Ok(Grant::try_from(row)?)).collect()
}
