//! Statements of others (a bank's, a custodian's) beside the entries of an account, line by line: what comes of it, and is kept.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::asset::Asset;
use super::day::Day;
use super::invalid::Invalid;
use super::money::Amount;
use super::time::Timestamp;
use super::transfer::TransferId;
use super::user::UserId;

/// An entry of the account, with its transfer's reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Its number in the account.
    pub seq: u64,
    /// Its transfer.
    pub transfer: TransferId,
    /// What the balance grew by.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
    /// The bank's or the chain's own name for the transfer.
    pub reference: Option<String>,
    /// What it holds to this day, where it has only held money.
    pub held: Option<Amount>,
}

/// How a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Format {
    /// Comma-separated values, read by a [`Mapping`].
    Csv = 1,
    /// ISO 20022 `BankToCustomerStatement`, any version.
    Camt053 = 2,
    /// SWIFT's customer statement message.
    Mt940 = 3,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Camt053, Self::Mt940];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Camt053 => "camt.053",
            Self::Mt940 => "mt940",
        }
    }

    /// The format of that name.
    ///
    /// # Errors
    ///
    /// Names the field `format`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| Invalid::new("format", "must be one of csv, camt.053, mt940"))
    }
}

/// What has become of a line of the statement, or of an entry that no line speaks of. In this order they are listed: what somebody has to look
/// at comes first. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum LineState {
    /// Both sides have it, with different amounts.
    AmountMismatch = 1,
    /// It is on the statement alone.
    MissingInternal = 2,
    /// It is in our books alone.
    MissingExternal = 3,
    /// One side has it once more than the other.
    Duplicate = 4,
    /// The line cannot be read.
    Unreadable = 5,
    /// One side has it already, and the other one is expected to follow.
    ExpectedLater = 6,
    /// Both sides have it, with the same amount.
    Matched = 7,
}

impl LineState {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::AmountMismatch,
        Self::MissingInternal,
        Self::MissingExternal,
        Self::Duplicate,
        Self::Unreadable,
        Self::ExpectedLater,
        Self::Matched,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount_mismatch",
            Self::MissingInternal => "missing_internal",
            Self::MissingExternal => "missing_external",
            Self::Duplicate => "duplicate",
            Self::Unreadable => "unreadable",
            Self::ExpectedLater => "expected_later",
            Self::Matched => "matched",
        }
    }

    /// The state of that name.
    ///
    /// # Errors
    ///
    /// Names the field `state`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| Invalid::new("state", format!("must be one of {}", names())))
    }

    /// Whether somebody has to look at it.
    pub const fn is_discrepancy(self) -> bool {
        !matches!(self, Self::Matched | Self::ExpectedLater)
    }

    /// Where it stands among [`Self::ALL`].
    pub const fn place(self) -> usize {
        (self as usize).saturating_sub(1)
    }
}

/// A line of the result: one of the statement with what it was matched to, or one of ours that the statement does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its place in the result, from 1: discrepancies first.
    pub place: u64,
    /// What has become of it.
    pub state: LineState,
    /// Why, in words.
    pub reason: String,
    /// Its number in the file; none, for one of ours.
    pub number: Option<u64>,
    /// The day that it was booked on, if that could be read.
    pub day: Option<Day>,
    /// The statement's amount: more than zero for what comes in. None, if it has none in the account's currency.
    pub amount: Option<Amount>,
    /// The sum of our entries, where it has some that no line above it has.
    pub ours: Option<Amount>,
    /// Its first reference, or ours.
    pub reference: String,
    /// What it says to people.
    pub description: String,
    /// The numbers of our entries in the account, ascending.
    pub entries: Vec<u64>,
    /// The transfer of the first of them.
    pub transfer: Option<TransferId>,
    /// Who looked at it, and what came of that.
    pub resolution: Option<Resolution>,
}

impl Line {
    /// Most characters of [`Self::reference`] and [`Self::description`]; what is longer is cut.
    pub const TEXT_CHARS: usize = 140;
    /// Most characters of [`Self::reason`].
    pub const REASON_CHARS: usize = 500;
}

/// That somebody looked at a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub note: Note,
}

/// What an operator says of a line: 1 to 500 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

impl Note {
    /// Most characters.
    pub const CHARS: usize = 500;

    /// Takes a note as it was typed.
    ///
    /// # Errors
    ///
    /// Names the field `note`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        super::text::within("note", &text, (1, Self::CHARS))?;
        if text.chars().any(char::is_control) {
            return Err(Invalid::new("note", "must not have control characters"));
        }
        Ok(Self(text))
    }

    /// The note as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

super::text::text_conversions!(Note);

/// The lines of one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub lines: u64,
    /// The sum of what the statement has booked of them.
    pub statement: Amount,
    /// The sum of our entries of them.
    pub ours: Amount,
}

/// How the two closing balances come to differ, to the last digit:
/// `difference = opening + (statement - ours of every state) + timing + gap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The statement's closing balance less ours at the end of its last day.
    pub difference: Amount,
    /// The same of the opening balances.
    pub opening: Amount,
    /// What of our entries that were matched lies before the first day or after the last one.
    pub timing: Amount,
    /// What the statement's own closing balance has beyond its opening balance and its lines: zero, unless lines cannot be read or are not there.
    pub gap: Amount,
}

impl Proof {
    /// Whether all of that adds up with what `tallies` have.
    pub fn holds(&self, tallies: &[Tally; 7]) -> bool {
        let mut sum = [self.opening, self.timing, self.gap].into_iter().try_fold(Amount::ZERO, Amount::plus);
        for tally in tallies {
            sum = sum.and_then(|sum| sum.plus(tally.statement)?.minus(tally.ours));
        }
        sum == Ok(self.difference)
    }
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Of which account.
    pub account: AccountId,
    /// What that is counted in.
    pub asset: Asset,
    /// How the statement was written.
    pub format: Format,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// Its opening balance, if it says one.
    pub opening: Option<Amount>,
    /// Its closing balance, if it says one.
    pub closing: Option<Amount>,
    /// Our balance just before its first day.
    pub our_opening: Amount,
    /// Our balance at the end of its last day.
    pub our_closing: Amount,
    /// What its lines have come to, in the order of [`LineState::ALL`].
    pub tallies: [Tally; 7],
    /// Lines that were left out, because they lie outside of the days that were asked for.
    pub outside: u64,
    /// How the balances come to differ, if the statement says both of its own.
    pub proof: Option<Proof>,
}

impl Summary {
    /// How many lines somebody has to look at.
    pub fn discrepancies(&self) -> u64 {
        let open = LineState::ALL.into_iter().filter(|state| state.is_discrepancy());
        open.map(|state| self.tallies[state.place()].lines).fold(0, u64::saturating_add)
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.lines).fold(0, u64::saturating_add)
    }
}

/// A file's SHA-256.
pub type Digest = [u8; 32];

/// A statement that was compared, and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its number; 0 until a store has given it one.
    pub id: u64,
    /// What the file was called.
    pub file_name: String,
    /// What was in it.
    pub sha256: Digest,
    /// What was in it, and how it was to be read and matched: the same once more is the same statement.
    pub digest: Digest,
    /// What came of it.
    pub summary: Summary,
    /// Discrepancies that somebody looked at.
    pub resolved: u64,
    /// Who asked for it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// Which column of a CSV file says what. A column is its header's name, in any case, or `#3` for the third one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The day of the booking.
    pub date: String,
    /// How a day is written, in the letters of strftime: `%Y-%m-%d`, `%d.%m.%Y`, `%m/%d/%y`. What follows it (a time) is passed over.
    pub date_format: Option<String>,
    /// The signed amount. Either this or one of the two that follow.
    pub amount: Option<String>,
    /// What went out, without a sign.
    pub debit: Option<String>,
    /// What came in, without a sign.
    pub credit: Option<String>,
    /// Whether the amount is less than zero for what comes in.
    pub negated: bool,
    /// What the amount is counted in.
    pub currency: Option<String>,
    /// References of all kinds.
    pub references: Vec<String>,
    /// What it says to people.
    pub description: Option<String>,
    /// The balance after the line.
    pub balance: Option<String>,
    /// What separates columns; found out, if it is missing.
    pub delimiter: Option<char>,
    /// What separates decimals; a point, if it is missing. The other one of `.` and `,`, a space and an apostrophe may separate thousands.
    pub decimal: Option<char>,
    /// Lines before the header, or the first line.
    pub skip_lines: u32,
    /// Whether there is no header.
    pub headless: bool,
    /// Whether the file is in ISO 8859-1; otherwise in UTF-8.
    pub latin1: bool,
}

impl Mapping {
    /// Most characters of a column's name.
    pub const COLUMN_CHARS: usize = 100;
    /// Most lines before the header.
    pub const SKIP_MAX: u32 = 1000;

    /// Checks that it says enough, and not too much.
    ///
    /// # Errors
    ///
    /// Names the first field that is wrong, and the rule.
    pub fn check(self) -> Result<Self, Invalid> {
        let named = [
            ("date", Some(&self.date)),
            ("amount", self.amount.as_ref()),
            ("debit", self.debit.as_ref()),
            ("credit", self.credit.as_ref()),
            ("currency", self.currency.as_ref()),
            ("description", self.description.as_ref()),
            ("balance", self.balance.as_ref()),
            ("date_format", self.date_format.as_ref()),
        ];
        let references = self.references.iter().map(|column| ("references", Some(column)));
        for (field, column) in named.into_iter().chain(references) {
            if let Some(column) = column {
                super::text::within(field, column, (1, Self::COLUMN_CHARS))?;
            }
        }
        if self.amount.is_some() == (self.debit.is_some() || self.credit.is_some()) {
            return Err(Invalid::new("amount", "must be one column, or debit and credit in its place"));
        }
        if self.references.len() > 8 {
            return Err(Invalid::new("references", "must be at most 8 columns"));
        }
        if self.skip_lines > Self::SKIP_MAX {
            return Err(Invalid::new("skip_lines", "must be at most 1000"));
        }
        if self
            .delimiter
            .is_some_and(|delimiter| !delimiter.is_ascii() || delimiter.is_ascii_alphanumeric() || delimiter == '"')
        {
            return Err(Invalid::new(
                "delimiter",
                "must be one ASCII character other than a letter, a digit or a quote",
            ));
        }
        if self.decimal.is_some_and(|decimal| !matches!(decimal, '.' | ',')) {
            return Err(Invalid::new("decimal", "must be . or ,"));
        }
        Ok(self)
    }
}
