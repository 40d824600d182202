//! Statements, page by page.

use serde::{Deserialize, Serialize};

use crate::domain::account::AccountId;
use crate::domain::account::statement::{Line, Span, Turnover};
use crate::domain::caller::Caller;
use crate::domain::time::Timestamp;

/// Most entries of a period for which [`StatementPage::turnover`] is added up.
pub const TURNOVER_MAX: u64 = 10_000;

/// A part of a statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfPeriod {
    /// Who asks.
    pub caller: Caller,
    /// Of which account.
    pub account: AccountId,
    /// Its first instant; the account's own, if it is missing.
    pub from: Option<Timestamp>,
    /// Its last, whose entries count; now, if it is missing. Once it has passed, the statement never changes.
    pub to: Option<Timestamp>,
    /// Only what is after this sequence number: where the page before ended.
    pub after: Option<u64>,
    /// At most as many lines: 1 to [`PAGE_MAX`](super::PAGE_MAX).
    pub limit: u16,
    /// Whether to add up what came in and went out in the whole period.
    pub totals: bool,
}

/// Some lines of a statement, and both ends of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementPage {
    /// Both ends of the whole period.
    pub span: Span,
    /// What came in and went out in the whole period; none where nobody asked for it, or of more than [`TURNOVER_MAX`] entries.
    pub turnover: Option<Turnover>,
    /// Oldest first. Entries that only hold or release money are left out.
    pub lines: Vec<Line>,
    /// Where to go on, if there may be more. The lines of all pages are known to lead from the opening balance to the closing one.
    pub next: Option<u64>,
}
