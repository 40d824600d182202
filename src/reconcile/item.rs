//! What a statement is made of, whichever its format.

use std::io;

use crate::domain::day::Day;
use crate::domain::money::Decimal;

/// Most references of one line; further ones are passed over.
pub const REFERENCES_MAX: usize = 10_000;
/// Most characters of a reference or a description; what is longer is cut.
pub const TEXT_CHARS: usize = 1000;

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A line.
    Line(RawLine),
    /// One that cannot be read.
    Unreadable {
        /// As [`RawLine::number`].
        number: u64,
        /// Why, in words.
        cause: String,
    },
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// Where it begins in the file: a line of text, or, in camt.053, the number of the entry, from 1.
    pub number: u64,
    /// When it was booked.
    pub day: Day,
    /// More than zero for what came in.
    pub amount: Decimal,
    /// What the amount is counted in, if the line says so.
    pub currency: Option<String>,
    /// The bank's, the payer's, the payee's; of all payments in it.
    pub references: Vec<String>,
    /// What it says to people.
    pub description: String,
    /// Whether it is announced and not booked.
    pub pending: bool,
    /// Whether its amount is a thousand times as large if what stands before its last three digits separates groups, and nothing says so.
    pub ambiguous: bool,
}

/// What is said around the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The balance before the first line.
    pub opening: Option<Decimal>,
    /// The balance after the last line.
    pub closing: Option<Decimal>,
    /// The first day, if it is said.
    pub from: Option<Day>,
    /// The last day, if it is said.
    pub to: Option<Day>,
    /// What the balances are counted in.
    pub currency: Option<String>,
    /// What else one of them is counted in.
    pub other_currency: Option<String>,
    /// The accounts that it names.
    pub accounts: Vec<String>,
}

impl Frame {
    /// Adds what a balance is counted in.
    pub fn count_in(&mut self, currency: String) {
        match &self.currency {
            None => self.currency = Some(currency),
            Some(first) if *first != currency => _ = self.other_currency.get_or_insert(currency),
            Some(_) => {}
        }
    }

    /// Adds an account, unless it was named before.
    pub fn name(&mut self, account: &str) {
        let account = account.trim();
        // Two are one too many, however many follow.
        if !account.is_empty() && self.accounts.len() < 3 && !self.accounts.iter().any(|known| known == account) {
            self.accounts.push(account.to_owned());
        }
    }
}

/// Why nothing is made of a statement. In words for whoever sent it.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It is not what it was taken for, or nothing can be read from some place on.
    #[error("{0}")]
    Format(String),
    /// It could not be read from where it is.
    #[error("the statement could not be read")]
    Io(#[from] io::Error),
}

impl Unusable {
    /// It is not what it was taken for.
    pub fn format(why: impl Into<String>) -> Self {
        Self::Format(why.into())
    }
}

/// `text` without what is around it, and no longer than [`TEXT_CHARS`].
pub fn cut(text: &str) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(TEXT_CHARS).collect()
}
