//! Statements of others (a bank's, a custodian's) beside an account's entries, line by line.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Refusal;
use super::account::{OfAccount, Page};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::caller::Caller;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Line, LineState, Mapping, Note, Statement};

teller_rpc::service! {
    /// Statements of others.
    pub service "matching" {
        /// Matches a statement with an account's entries, and keeps what came of it. Refused: `NoSuchAccount`, `Invalid`.
        fn upload(Upload) -> Result<Uploaded, Refusal>;

        /// An account's statements, newest first. Refused: `NoSuchAccount`.
        idempotent fn list(List) -> Result<Page<Statement>, Refusal>;

        /// A statement. Refused: `NoSuchStatement`.
        idempotent fn get(OfStatement) -> Result<Statement, Refusal>;

        /// Lines of a statement, discrepancies first. Refused: `NoSuchStatement`.
        idempotent fn lines(Lines) -> Result<LinePage, Refusal>;

        /// Writes down that an operator looked at a line, unless somebody has. Refused: `NotOperator`, `NoSuchStatement`.
        fn resolve(Resolve) -> Result<Resolved, Refusal>;

        /// Keeps which column of an account's CSV statements says what. Refused: `NoSuchAccount`, `Invalid`.
        fn set_mapping(SetMapping) -> Result<Mapping, Refusal>;

        /// What was kept with `set_mapping`. Refused: `NoSuchAccount`.
        idempotent fn mapping(OfAccount) -> Result<Option<Mapping>, Refusal>;
    }
}

/// Most characters of a file's name.
pub const FILE_NAME_CHARS: usize = 255;

/// A statement that is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Who sends it.
    pub caller: Caller,
    /// Whose statement it is.
    pub account: AccountId,
    /// What the file is called; what is longer than [`FILE_NAME_CHARS`] is cut.
    pub file_name: String,
    /// How it is written; found out, if it is missing.
    pub format: Option<Format>,
    /// How it is matched.
    pub rules: Rules,
    /// The file.
    pub content: Bytes,
}

/// How far apart a line and its entry may be; what is missing is as `docs/reconciliation.md` has it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Days between a line and an entry that belong together by their amount; at most 31.
    pub window_days: Option<u32>,
    /// Entries of so many last days may still come; at most 31.
    pub settlement_days: Option<u32>,
    /// Whether an amount and a day are enough even where both sides have references, and others.
    pub by_amount: bool,
    /// Only from this day on.
    pub from: Option<Day>,
    /// Only up to this day.
    pub to: Option<Day>,
}

/// A statement that was sent, and whether this very file had been sent before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// The statement.
    pub statement: Statement,
    /// Whether it was there already; it is as it was then.
    pub replayed: bool,
}

/// A part of an account's statements.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List {
    /// Who asks.
    pub caller: Caller,
    /// Whose statements.
    pub account: AccountId,
    /// Only those before this number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many.
    pub limit: u16,
}

/// One statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfStatement {
    /// Who asks.
    pub caller: Caller,
    /// Which.
    pub statement: u64,
}

/// A part of a statement's lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lines {
    /// Which statement, and who asks.
    pub of: OfStatement,
    /// Only those in this state.
    pub state: Option<LineState>,
    /// Only those after this place: where the page before ended.
    pub after: u64,
    /// At most as many.
    pub limit: u16,
}

/// Some lines, and what they are counted in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePage {
    /// What the account is counted in.
    pub asset: Asset,
    /// The lines.
    pub page: Page<Line>,
}

/// That an operator looked at a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resolve {
    /// Which statement, and who looked.
    pub of: OfStatement,
    /// The line's place.
    pub place: u64,
    /// What came of it.
    pub note: Note,
}

/// A line as it is then, and what it is counted in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// What the account is counted in.
    pub asset: Asset,
    /// The line; with what another said of it, if that was first.
    pub line: Line,
}

/// Which column of an account's CSV statements says what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetMapping {
    /// Who asks.
    pub caller: Caller,
    /// Whose statements.
    pub account: AccountId,
    /// Which column says what.
    pub mapping: Mapping,
}
