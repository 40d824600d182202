//! What was written down: units of work.

use rusqlite::{Connection, Result};

use super::user::row_id;
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::time::Timestamp;
use crate::store::AuditRange;
use crate::store::queries::audit::{new_rows, older};
use crate::store::queries::ledger::read;
use crate::store::queries::sqlite as queries;

/// The number that no record reaches.
const LAST: u64 = i64::MAX as u64;

pub(super) fn insert(db: &Connection, events: &[AuditEvent], at: Timestamp) -> Result<()> {
    queries::insert_audit_events(db, &new_rows(events, at)).map(drop)
}

pub(super) fn page(db: &Connection, range: AuditRange) -> Result<Vec<AuditRecord>> {
    let (before, most) = (range.before.unwrap_or(LAST).min(LAST), range.limit as u64);
    let kind = range.kind.map(|kind| kind.as_str());
    let rows = match range.user {
        None => match kind {
            None => queries::audit_down(db, before, most)?,
            Some(kind) => queries::audit_of_kind_down(db, kind, before, most)?,
        },
        Some(user) => match (row_id(user), kind) {
            (None, _) => Vec::new(),
            (Some(user), None) => queries::audit_of_user_down(db, user, before, most)?,
            (Some(user), Some(kind)) => queries::audit_of_user_and_kind_down(db, user, kind, before, most)?,
        },
    };
    Ok(read(rows)?)
}

pub(super) fn forget(db: &Connection, before: Timestamp, most: usize) -> Result<usize> {
    let old = older(queries::oldest_audit_events(db, most as u64)?, before);
    Ok(queries::delete_audit_events(db, &old)? as usize)
}
