//! Reconciliations: units of work.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Result, Transaction};

use super::unit::{Attempt, Change, Unit};
use crate::domain::account::AccountId;
use crate::domain::reconcile::{Reconciliation, Verdict};
use crate::store::queries::mysql as queries;

/// What each further one of many may take: a round trip, to a database that is busy.
pub(super) const INSERT_TIME: Duration = Duration::from_millis(20);

/// One statement that commits by itself. If its answer is lost it is done again, and the comparison is kept twice, which is as true.
pub(super) struct Insert(pub(super) Reconciliation);

impl Unit for Insert {
    type Value = u64;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<u64> {
        insert(db, &self.0).await
    }
}

/// All of them or none.
pub(super) struct InsertAll(pub(super) Vec<Reconciliation>);

impl Change for InsertAll {
    type Value = Vec<u64>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Vec<u64>> {
        let mut ids = Vec::with_capacity(self.0.len());
        for made in &self.0 {
            ids.push(insert(db, made).await?);
        }
        Ok(ids)
    }
}

async fn insert(db: &mut impl Queryable, made: &Reconciliation) -> Result<u64> {
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
    .await
}

pub(super) struct LastMatched(pub(super) AccountId);

impl Unit for LastMatched {
    type Value = Option<Reconciliation>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Reconciliation>> {
        let row = queries::last_matched(db, self.0.0, Verdict::Matched as u64).await?;
        Ok(row.map(Reconciliation::try_from).transpose()?)
    }
}

pub(super) struct Page {
    pub(super) account: AccountId,
    pub(super) before: Option<u64>,
    pub(super) limit: usize,
}

impl Unit for Page {
    type Value = Vec<Reconciliation>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Reconciliation>> {
        let before = self.before.unwrap_or(u64::MAX).min(i64::MAX as u64);
        let rows = queries::reconciliations_down(db, self.account.0, before, self.limit as u64).await?;
        Ok(rows.into_iter().map(Reconciliation::try_from).collect::<std::result::Result<_, _>>()?)
    }
}
