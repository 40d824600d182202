//! A file of balances, as somebody else's books have them: each compared with ours, in constant memory.
//!
//! CSV (RFC 4180) whose first line names the columns, in any order: `wallet_id` (or `account_id`) and `external_balance`, and, where there
//! are any, `tolerance`, `start_time` and `end_time` (RFC 3339). Other columns are passed over, and an empty cell is as good as none.

use std::io;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};

use super::{Asked, Failure, compare_all};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::reconcile::{Claim, DEFAULT_TOLERANCE, Reconciliation, Verdict};
use crate::domain::time::Timestamp;
use crate::store::{Store, StoreError};

/// Lines that are compared and kept together.
const LINES: usize = 1000;

/// What came of a line, by its number in the file.
#[derive(Debug)]
pub enum Told {
    /// So many bytes of the file are done.
    Bytes(u64),
    /// It was compared, and that was kept.
    Compared(u64, Asset, Box<Reconciliation>),
    /// It could not be: why.
    Refused(u64, String),
}

/// What came of all lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Both balances are the same.
    pub matched: u64,
    /// They are not.
    pub mismatched: u64,
    /// They could not be compared.
    pub refused: u64,
}

/// Why it stopped. What was compared before stays.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The file could not be read.
    #[error("the file cannot be read")]
    Read(#[from] csv::Error),
    /// It lacks a column.
    #[error("the first line must name the column {0}")]
    Column(&'static str),
    /// The store failed.
    #[error("cannot use the store")]
    Store(#[from] StoreError),
}

/// Compares every line of `file`, `at_once` of them at any time.
///
/// # Errors
///
/// See [`Stopped`]. What is wrong with a line is told, and the others are compared.
pub async fn balances<S: Store>(
    store: &S,
    file: impl io::Read,
    at_once: usize,
    clock: fn() -> Timestamp,
    mut told: impl FnMut(Told),
) -> Result<Totals, Stopped> {
    let mut file = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(file);
    let columns = Columns::of(file.headers()?)?;
    let (mut totals, mut done) = (Totals::default(), 0);
    loop {
        let now = clock();
        let lines = some(&mut file, &columns, now)?;
        if lines.is_empty() {
            return Ok(totals);
        }
        let asked = lines.iter().filter_map(|(_, line)| line.as_ref().ok().copied()).collect();
        let mut compared = compare_all(store, asked, at_once, now).await?.into_iter();
        for (number, line) in lines {
            let outcome = match line {
                Ok(_) => compared.next().unwrap_or(Err(Failure::Unknown)),
                Err(broken) => Err(broken.into()),
            };
            told(totals.count(number, outcome)?);
        }
        let read = file.position().byte();
        told(Told::Bytes(read.saturating_sub(done)));
        done = read;
    }
}

impl Totals {
    fn count(&mut self, number: u64, outcome: super::Compared) -> Result<Told, StoreError> {
        let (counter, told) = match outcome {
            Ok((asset, made)) if made.verdict == Verdict::Matched => {
                (&mut self.matched, Told::Compared(number, asset, Box::new(made)))
            }
            Ok((asset, made)) => (&mut self.mismatched, Told::Compared(number, asset, Box::new(made))),
            Err(Failure::Store(error)) => return Err(error),
            Err(why) => (&mut self.refused, Told::Refused(number, why.to_string())),
        };
        *counter = counter.saturating_add(1);
        Ok(told)
    }
}

/// Where the columns are.
struct Columns {
    wallet: usize,
    external: usize,
    tolerance: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
}

impl Columns {
    fn of(names: &StringRecord) -> Result<Self, Stopped> {
        let find = |wanted: &str| names.iter().position(|name| name.trim_start_matches('\u{feff}') == wanted);
        Ok(Self {
            wallet: find("wallet_id").or_else(|| find("account_id")).ok_or(Stopped::Column("wallet_id"))?,
            external: find("external_balance").ok_or(Stopped::Column("external_balance"))?,
            tolerance: find("tolerance"),
            start: find("start_time"),
            end: find("end_time"),
        })
    }

    fn read(&self, record: &ByteRecord, now: Timestamp) -> Result<(AccountId, Asked), Invalid> {
        let cell = |place: Option<usize>| {
            place
                .and_then(|place| record.get(place))
                .and_then(|cell| std::str::from_utf8(cell).ok())
                .filter(|text| !text.is_empty())
        };
        let needed = |place, name| cell(Some(place)).ok_or_else(|| Invalid::new(name, "is required"));
        let time = |place, name| cell(place).map(|text| instant(name, text)).transpose();
        let wallet = needed(self.wallet, "wallet_id")?.parse().ok().filter(|number| *number <= i64::MAX.unsigned_abs());
        let wallet = wallet.ok_or_else(|| Invalid::new("wallet_id", "must be a whole number"))?;
        let tolerance = cell(self.tolerance).map(|text| Decimal::parse("tolerance", text)).transpose()?;
        let tolerance = tolerance.unwrap_or(DEFAULT_TOLERANCE);
        if tolerance.digits < 0 {
            return Err(Invalid::new("tolerance", "must not be less than zero"));
        }
        let external = Decimal::parse("external_balance", needed(self.external, "external_balance")?)?;
        let start = time(self.start, "start_time")?;
        let end = time(self.end, "end_time")?.unwrap_or(now);
        Ok((AccountId(wallet), Asked { start, end, claim: Claim { external, tolerance } }))
    }
}

fn instant(name: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    let malformed = |_| Invalid::new(name, "must be a time in RFC 3339, such as 2026-03-01T12:00:00Z");
    text.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_microsecond())).map_err(malformed)
}

type Line = (u64, Result<(AccountId, Asked), Invalid>);

/// The next lines, at most [`LINES`]; none at the end.
fn some(file: &mut Reader<impl io::Read>, columns: &Columns, now: Timestamp) -> Result<Vec<Line>, Stopped> {
    let (mut lines, mut record) = (Vec::new(), ByteRecord::new());
    while lines.len() < LINES && file.read_byte_record(&mut record)? {
        let number = record.position().map_or(0, csv::Position::line);
        lines.push((number, columns.read(&record, now)));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use csv::{ByteRecord, StringRecord};

    use super::{Columns, Stopped};
    use crate::domain::time::Timestamp;

    fn read(names: &[&str], cells: &[&str]) -> String {
        let columns = Columns::of(&StringRecord::from(names.to_vec())).expect("both columns");
        match columns.read(&ByteRecord::from(cells.to_vec()), Timestamp(7)) {
            Ok((wallet, asked)) => {
                let start = asked.start.map(|at| at.0);
                format!("{wallet} {} {} {start:?} {}", asked.claim.external, asked.claim.tolerance, asked.end.0)
            }
            Err(broken) => broken.to_string(),
        }
    }

    #[test]
    fn columns_stand_in_any_order_and_empty_cells_are_none() {
        let names = ["note", "external_balance", "wallet_id", "tolerance", "start_time", "end_time"];
        assert_eq!(read(&names, &["x", "10.50", "3", "", "", ""]), "3 10.5 0.001 None 7");
        assert_eq!(read(&names, &["x", "10.50", "3"]), "3 10.5 0.001 None 7");
        let all = ["", "-1", "3", "0", "1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"];
        assert_eq!(read(&names, &all), "3 -1 0 Some(1000000) 2000000");
        assert_eq!(read(&["\u{feff}account_id", "external_balance"], &["9", "1"]), "9 1 0.001 None 7");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_by_column() {
        let names = ["wallet_id", "external_balance", "tolerance", "end_time"];
        for (cells, wanted) in [
            (&["", "1"][..], "wallet_id: is required"),
            (&["x", "1"], "wallet_id: must be a whole number"),
            (&["9223372036854775808", "1"], "wallet_id: must be a whole number"),
            (&["1"], "external_balance: is required"),
            (&["1", "1,5"], "external_balance: must be a decimal number, such as \"10.00\""),
            (&["1", "1", "-0.1"], "tolerance: must not be less than zero"),
            (&["1", "1", "", "today"], "end_time: must be a time in RFC 3339, such as 2026-03-01T12:00:00Z"),
        ] {
            assert_eq!(read(&names, cells), wanted);
        }
        for (names, missing) in
            [(["wallet", "external_balance"], "wallet_id"), (["wallet_id", "balance"], "external_balance")]
        {
            let refused = Columns::of(&StringRecord::from(names.to_vec())).err().expect("one is missing");
            assert!(matches!(refused, Stopped::Column(column) if column == missing));
        }
    }
}
