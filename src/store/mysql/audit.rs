//! What was written down: units of work.

use mysql_async::{Conn, Result, Transaction};

use super::unit::{Attempt, Change, Unit};
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::time::Timestamp;
use crate::store::AuditRange;
use crate::store::queries::audit::{new_rows, older};
use crate::store::queries::ledger::read;
use crate::store::queries::mysql as queries;

/// The number that no record reaches.
const LAST: u64 = i64::MAX as u64;

/// Done twice, because its answer was lost, it tells the same twice: better than not at all.
pub(super) struct Record {
    pub(super) events: Vec<AuditEvent>,
    pub(super) at: Timestamp,
}

impl Change for Record {
    type Value = ();

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<()> {
        queries::insert_audit_events(db, &new_rows(&self.events, self.at)).await.map(drop)
    }
}

pub(super) struct Page(pub(super) AuditRange);

impl Unit for Page {
    type Value = Vec<AuditRecord>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<AuditRecord>> {
        let (before, most) = (self.0.before.unwrap_or(LAST), self.0.limit as u64);
        let rows = match (self.0.user, self.0.kind.map(|kind| kind.as_str())) {
            (None, None) => queries::audit_down(db, before, most).await?,
            (None, Some(kind)) => queries::audit_of_kind_down(db, kind, before, most).await?,
            (Some(user), None) => queries::audit_of_user_down(db, user.0, before, most).await?,
            (Some(user), Some(kind)) => queries::audit_of_user_and_kind_down(db, user.0, kind, before, most).await?,
        };
        Ok(read(rows)?)
    }
}

/// Statements that commit by themselves: what one of two at once has deleted the other does not count.
pub(super) struct Forget {
    pub(super) before: Timestamp,
    pub(super) most: usize,
}

impl Unit for Forget {
    type Value = usize;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<usize> {
        let old = older(queries::oldest_audit_events(db, self.most as u64).await?, self.before);
        Ok(queries::delete_audit_events(db, &old).await? as usize)
    }
}
