//! Rows of reconciliations to what they mean, the same for every database.

use super::ledger::{Unreadable, numbered, numbers};
use super::rows;
use crate::domain::account::AccountId;
use crate::domain::money::Decimal;
use crate::domain::reconcile::{Books, Claim, Period, Reconciliation, Verdict};
use crate::domain::time::Timestamp;

impl TryFrom<rows::Reconciliation> for Reconciliation {
    type Error = Unreadable;

    fn try_from(row: rows::Reconciliation) -> Result<Self, Unreadable> {
        let decimal = |column, text: &str| Decimal::parse(column, text).map_err(|_| Unreadable(column));
        Ok(Self {
            id: row.id,
            account: AccountId(row.account_id),
            period: Period { start: Timestamp(row.start_time), end: Timestamp(row.end_time) },
            books: Books { opening: row.opening, closing: row.closing, entries: row.entries },
            claim: Claim {
                external: decimal("external_balance", &row.external_balance)?,
                tolerance: decimal("tolerance", &row.tolerance)?,
            },
            difference: decimal("difference", &row.difference)?,
            verdict: numbered("verdict", row.verdict, numbers!(Verdict: Matched, Mismatch))?,
            notes: row.notes,
            created_at: Timestamp(row.created_at),
        })
    }
}
