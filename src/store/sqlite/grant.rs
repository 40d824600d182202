//! Sessions with tokens, and roles: units of work, and the part of the store that they are.

use rusqlite::{Connection, Result};

use super::Sqlite;
use super::user::row_id;
use crate::domain::audit::AuditEvent;
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, UserId};
use crate::store::StoreError;
use crate::store::grant::GrantStore;
use crate::store::queries::audit::new_rows;
use crate::store::queries::{NO_SESSION, rows, sqlite as queries};

impl GrantStore for Sqlite {
    async fn person(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        self.read(move |db| {
            let Some(id) = row_id(user) else { return Ok(None) };
            Ok(queries::person(db, id)?.map(Person::try_from).transpose()?)
        })
        .await
    }

    async fn set_role(&self, user: UserId, role: Role, event: AuditEvent, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |db| {
            let Some(id) = row_id(user) else { return Ok(false) };
            let there = queries::set_role(db, id, role as u64, now.0)? == 1;
            if there {
                record(db, &event, now)?;
            }
            Ok(there)
        })
        .await
    }

    async fn begin_grant(&self, grant: Grant, most: usize) -> Result<(), StoreError> {
        self.write(move |db| begin(db, &grant, most)).await
    }

    async fn grants(&self, ids: &[SessionNumber]) -> Result<Vec<Grant>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        self.read(move |db| grants(queries::grants(db, &ids)?)).await
    }

    async fn grants_of(&self, user: UserId, now: Timestamp, most: usize) -> Result<Vec<Grant>, StoreError> {
        self.read(move |db| {
            let Some(id) = row_id(user) else { return Ok(Vec::new()) };
            grants(queries::grants_of(db, id, now.0, most as u64)?)
        })
        .await
    }

    async fn rotate_grant(
        &self,
        id: SessionNumber,
        from: [u8; 32],
        to: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |db| Ok(queries::rotate_grant(db, id.0, &from, &to, now.0)? == 1)).await
    }

    async fn block_grant(
        &self,
        id: SessionNumber,
        status: GrantStatus,
        event: Option<(AuditEvent, Timestamp)>,
    ) -> Result<bool, StoreError> {
        self.write(move |db| {
            let ended = queries::block_grant(db, id.0, status as u64)? == 1;
            match &event {
                Some((event, at)) if ended => record(db, event, *at)?,
                _ => {}
            }
            Ok(ended)
        })
        .await
    }

    async fn block_grants_of(&self, user: UserId, spared: Option<SessionNumber>) -> Result<u64, StoreError> {
        self.write(move |db| {
            let Some(id) = row_id(user) else { return Ok(0) };
            queries::block_sessions_of(db, id, spared.unwrap_or(NO_SESSION).0)
        })
        .await
    }

    async fn forget_grants(&self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.write(move |db| {
            let ids: Vec<_> = queries::ended_grants(db, before.0, most as u64)?.iter().map(|row| row.id).collect();
            queries::delete_grants(db, &ids)?;
            Ok(ids.len())
        })
        .await
    }
}

fn begin(db: &Connection, grant: &Grant, most: usize) -> Result<()> {
    let Grant { id, user, created_at, expires_at, .. } = grant;
    let (agent, address) = (&grant.user_agent, &grant.address);
    let ends = expires_at.0;
    queries::insert_grant(db, id.0, user.0, &grant.salt, &grant.refresh_hash, agent, address, created_at.0, ends)?;
    let newest = queries::grants_of(db, user.0, created_at.0, most as u64 + 1)?;
    if let Some(surplus) = newest.get(most) {
        queries::block_grants_until(db, user.0, surplus.id)?;
    }
    Ok(())
}

fn record(db: &Connection, event: &AuditEvent, at: Timestamp) -> Result<()> {
    queries::insert_audit_events(db, &new_rows(std::slice::from_ref(event), at)).map(drop)
}

fn grants(rows: Vec<rows::Grant>) -> Result<Vec<Grant>> {
    rows.into_iter().map(|row| Ok(Grant::try_from(row)?)).collect()
}
