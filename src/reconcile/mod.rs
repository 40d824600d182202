//! Matching a statement of somebody else's with our entries, line by line. Pure: bytes and entries in, lines with reasons out.
//!
//! 1. [`read`]: a statement in any of its formats becomes [`Item`]s, one at a time: [`csv`], [`camt053`], [`mt940`]. What cannot be read is an
//!    item too, with its number and cause.
//! 2. [`Theirs`] keeps of each line what matching needs, and [`Ours`] the same of each entry, some hundred and fifty and some fifty bytes each.
//! 3. [`Matches::find`] decides, in the order that `docs/reconciliation.md` has: references first, then amounts and days.
//! 4. The statement is read once more, and [`Matches`] says of each line what has become of it; then of the entries that no line has.
//!
//! A file is read twice, so that nobody has to keep the texts of a million lines.

pub mod camt053;
pub mod csv;
pub mod item;
mod key;
mod matching;
pub mod mt940;
mod number;
mod ours;
mod report;
#[cfg(test)]
mod tests;
mod theirs;

use std::io::BufRead;

pub use self::item::{Frame, Item, Unusable};
pub use self::matching::Matches;
pub use self::ours::Ours;
pub use self::report::{Account, Report};
pub use self::theirs::Theirs;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Mapping};

/// How far apart a line and its entry may be, and what else there is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Days between a line and an entry that belong together by their amount.
    pub window_days: u32,
    /// Our entries of so many last days of the statement may still come: they are no discrepancy.
    pub settlement_days: u32,
    /// Whether an amount and a day are enough even where both sides have references, and others.
    pub by_amount: bool,
    /// Only from this day on; as the statement says, if it is missing.
    pub from: Option<Day>,
    /// Only up to this day.
    pub to: Option<Day>,
}

/// Most days of [`Rules::window_days`] and [`Rules::settlement_days`].
pub const DAYS_MAX: u32 = 31;

impl Default for Rules {
    fn default() -> Self {
        Self { window_days: 3, settlement_days: 1, by_amount: false, from: None, to: None }
    }
}

/// The format of a statement that begins with `start`; CSV is what is nothing else.
pub fn detect(start: &[u8]) -> Format {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    match text.first() {
        Some(b'<') => Format::Camt053,
        Some(b'{') if has(b"{4:") => Format::Mt940,
        Some(b':') => Format::Mt940,
        _ if has(b"\n:20:") && (has(b"\n:60") || has(b"\n:25:")) => Format::Mt940,
        _ => Format::Csv,
    }
}

/// Reads a statement to its end, and hands over every item in its order. Without a `mapping` a CSV file's columns are known by the names of
/// their headers.
///
/// # Errors
///
/// [`Unusable`], if it is not in that format, or nothing after some place can be read.
pub fn read(
    format: Format,
    mapping: Option<&Mapping>,
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(Item),
) -> Result<Frame, Unusable> {
    match format {
        Format::Csv => csv::read(mapping, input, take),
        Format::Camt053 => camt053::read(input, take),
        Format::Mt940 => mt940::read(input, take),
    }
}
