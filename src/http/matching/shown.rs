//! Statements and their lines, as they are shown, here and by `teller reconcile --json`.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::asset::Asset;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Line, LineState, Mapping, Statement, Summary, Tally};
use crate::domain::money::Amount;
use crate::http::openapi::value::{Shape, one_of};
use crate::http::show::Instant;

/// A statement, and what came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatement)]
pub struct Shown<'a> {
    id: u64,
    file_name: &'a str,
    /// Of the file, in hex.
    sha256: String,
    result: Result<'a>,
    /// Lines that somebody has to look at.
    discrepancies: u64,
    /// Lines that somebody has looked at.
    resolved: u64,
    /// The user who sent it.
    created_by: u64,
    created_at: Instant,
}

impl<'a> From<&'a Statement> for Shown<'a> {
    fn from(statement: &'a Statement) -> Self {
        Self {
            id: statement.id,
            file_name: &statement.file_name,
            sha256: hex::encode(statement.sha256),
            result: Result::from(&statement.summary),
            discrepancies: statement.summary.discrepancies(),
            resolved: statement.resolved,
            created_by: statement.created_by.0,
            created_at: Instant(statement.created_at),
        }
    }
}

/// Some of an account's statements.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementPage)]
pub struct Page<'a> {
    pub statements: Vec<Shown<'a>>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// What came of a statement.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementResult)]
pub struct Result<'a> {
    account_id: u64,
    currency: &'a str,
    #[schema(schema_with = formats)]
    format: &'static str,
    /// The first day.
    #[schema(value_type = String)]
    from: Text<Day>,
    /// The last day.
    #[schema(value_type = String)]
    to: Text<Day>,
    /// What the statement says of its beginning.
    #[schema(required)]
    opening_balance: Option<String>,
    /// What it says of its end.
    #[schema(required)]
    closing_balance: Option<String>,
    our_opening_balance: String,
    our_closing_balance: String,
    /// How many lines there are in each state, discrepancies first.
    states: Vec<State>,
    /// Lines that were left out, because they lie outside of the days that were asked for.
    outside: u64,
    /// How the closing balances come to differ; `null` if the statement does not say both of its own.
    #[schema(required)]
    proof: Option<Proof>,
}

/// The lines of one state.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementState)]
struct State {
    #[schema(schema_with = states)]
    state: &'static str,
    lines: u64,
    /// The sum of what the statement has booked of them.
    statement: String,
    /// The sum of our entries of them.
    ours: String,
}

/// `difference` is the sum of all the others, and of `statement` less `ours` of every state.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementProof)]
struct Proof {
    /// The statement's closing balance less ours.
    difference: String,
    /// The same of the opening balances.
    opening: String,
    /// Entries that belong to lines and lie on other days than the statement's.
    timing: String,
    /// What the statement's closing balance has beyond its opening balance and its lines.
    gap: String,
    /// Whether all of it adds up.
    holds: bool,
}

impl<'a> From<&'a Summary> for Result<'a> {
    fn from(summary: &'a Summary) -> Self {
        let money = |amount: Amount| amount.in_major(summary.asset);
        let state = |(state, tally): (LineState, &Tally)| State {
            state: state.as_str(),
            lines: tally.lines,
            statement: money(tally.statement),
            ours: money(tally.ours),
        };
        Self {
            account_id: summary.account.0,
            currency: summary.asset.code(),
            format: summary.format.as_str(),
            from: Text(summary.from),
            to: Text(summary.to),
            opening_balance: summary.opening.map(money),
            closing_balance: summary.closing.map(money),
            our_opening_balance: money(summary.our_opening),
            our_closing_balance: money(summary.our_closing),
            states: LineState::ALL.into_iter().zip(&summary.tallies).map(state).collect(),
            outside: summary.outside,
            proof: summary.proof.map(|proof| Proof {
                difference: money(proof.difference),
                opening: money(proof.opening),
                timing: money(proof.timing),
                gap: money(proof.gap),
                holds: proof.holds(&summary.tallies),
            }),
        }
    }
}

/// A line of a statement, or an entry that it does not have.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementLine)]
pub struct ShownLine<'a> {
    /// Its place in the result.
    place: u64,
    #[schema(schema_with = states)]
    state: &'static str,
    /// Why, in words.
    reason: &'a str,
    /// Its number in the file; `null` for an entry that the statement does not have.
    #[schema(required)]
    line: Option<u64>,
    #[schema(required, value_type = Option<String>)]
    date: Option<Text<Day>>,
    /// What the statement says; less than zero for what goes out.
    #[schema(required)]
    amount: Option<String>,
    /// The sum of our entries.
    #[schema(required)]
    our_amount: Option<String>,
    reference: &'a str,
    description: &'a str,
    /// The numbers of our entries in the account.
    entries: &'a [u64],
    /// The transfer of the first of them.
    #[schema(required)]
    transfer_id: Option<String>,
    /// Who looked at it.
    #[schema(required)]
    resolution: Option<Resolved<'a>>,
}

/// That somebody looked at a line.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementResolution)]
struct Resolved<'a> {
    /// The operator.
    by: u64,
    at: Instant,
    note: &'a str,
}

impl<'a> ShownLine<'a> {
    /// Of an account in `asset`.
    pub fn new(line: &'a Line, asset: Asset) -> Self {
        let money = |amount: Amount| amount.in_major(asset);
        Self {
            place: line.place,
            state: line.state.as_str(),
            reason: &line.reason,
            line: line.number,
            date: line.day.map(Text),
            amount: line.amount.map(money),
            our_amount: line.ours.map(money),
            reference: &line.reference,
            description: &line.description,
            entries: &line.entries,
            transfer_id: line.transfer.map(|id| id.to_string()),
            resolution: line.resolution.as_ref().map(|resolution| Resolved {
                by: resolution.by.0,
                at: Instant(resolution.at),
                note: resolution.note.as_str(),
            }),
        }
    }
}

/// Some lines of a statement.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementLinePage)]
pub struct LinePage<'a> {
    pub lines: Vec<ShownLine<'a>>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// What is kept of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptBankStatementMapping)]
pub struct Kept<'a> {
    /// `null`, if nothing is.
    #[schema(required)]
    pub mapping: Option<ShownMapping<'a>>,
}

/// Which column of a CSV statement says what.
#[derive(Serialize, ToSchema)]
#[schema(as = BankStatementMapping)]
pub struct ShownMapping<'a> {
    date: &'a str,
    #[schema(required)]
    date_format: Option<&'a str>,
    #[schema(required)]
    amount: Option<&'a str>,
    #[schema(required)]
    debit: Option<&'a str>,
    #[schema(required)]
    credit: Option<&'a str>,
    negated: bool,
    #[schema(required)]
    currency: Option<&'a str>,
    references: &'a [String],
    #[schema(required)]
    description: Option<&'a str>,
    #[schema(required)]
    balance: Option<&'a str>,
    #[schema(required, value_type = Option<String>)]
    delimiter: Option<char>,
    #[schema(required, value_type = Option<String>)]
    decimal: Option<char>,
    skip_lines: u32,
    headless: bool,
    latin1: bool,
}

impl<'a> From<&'a Mapping> for ShownMapping<'a> {
    fn from(mapping: &'a Mapping) -> Self {
        Self {
            date: &mapping.date,
            date_format: mapping.date_format.as_deref(),
            amount: mapping.amount.as_deref(),
            debit: mapping.debit.as_deref(),
            credit: mapping.credit.as_deref(),
            negated: mapping.negated,
            currency: mapping.currency.as_deref(),
            references: &mapping.references,
            description: mapping.description.as_deref(),
            balance: mapping.balance.as_deref(),
            delimiter: mapping.delimiter,
            decimal: mapping.decimal,
            skip_lines: mapping.skip_lines,
            headless: mapping.headless,
            latin1: mapping.latin1,
        }
    }
}

/// Whatever can be displayed, as a string.
pub struct Text<T>(T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The words of [`LineState`], described.
pub(in crate::http) fn states() -> Shape {
    one_of(LineState::ALL.map(LineState::as_str), "What has become of it.")
}

/// The words of [`Format`], described.
pub(in crate::http) fn formats() -> Shape {
    one_of(Format::ALL.map(Format::as_str), "How it is written.")
}
