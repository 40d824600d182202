//! Reconciliations: units of work.

use rusqlite::{Connection, Result};

use super::account::key;
use crate::domain::account::AccountId;
use crate::domain::reconcile::{Reconciliation, Verdict};
use crate::store::queries::sqlite as queries;

pub(super) fn insert(db: &Connection, made: &Reconciliation) -> Result<u64> {
    let Reconciliation { period, books, claim, .. } = made;
    queries::insert_reconciliation(
        db,
        made.account.0,
        period.start.0,
        period.end.0,
        books.opening,
        books.closing,
        books.entries,
        &claim.external.to_string(),
        &claim.tolerance.to_string(),
        &made.difference.to_string(),
        made.verdict as u64,
        &made.notes,
        made.created_at.0,
    )
}

pub(super) fn last_matched(db: &Connection, account: AccountId) -> Result<Option<Reconciliation>> {
    let Some(id) = key(account) else { return Ok(None) };
    Ok(queries::last_matched(db, id, Verdict::Matched as u64)?.map(Reconciliation::try_from).transpose()?)
}

pub(super) fn page(
    db: &Connection,
    account: AccountId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Reconciliation>> {
    let Some(id) = key(account) else { return Ok(Vec::new()) };
    let before = before.unwrap_or(u64::MAX).min(i64::MAX as u64);
    let rows = queries::reconciliations_down(db, id, before, limit as u64)?;
    Ok(rows.into_iter().map(Reconciliation::try_from).collect::<std::result::Result<_, _>>()?)
}
