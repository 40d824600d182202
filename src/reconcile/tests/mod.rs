//! Statements in, lines with reasons out.

mod formats;
mod hostile;
mod planted;
mod rules;
mod written;

use super::{Account, Matches, Ours, Report, Rules, Theirs, Unusable, detect, read};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::day::Day;
use crate::domain::matching::{Booked, Format, Line, LineState, Mapping, Summary};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;

/// What came of a statement.
pub struct Outcome {
    pub lines: Vec<Line>,
    pub summary: Summary,
}

impl Outcome {
    /// States and entries, in the order of the file, and then of the entries.
    pub fn told(&self) -> Vec<(LineState, Vec<u64>)> {
        self.lines.iter().map(|line| (line.state, line.entries.clone())).collect()
    }
}

pub fn day(text: &str) -> Day {
    super::number::day(text, "%Y-%m-%d").expect("a day")
}

pub fn euro() -> Asset {
    Asset::parse("EUR").expect("a currency")
}

/// An entry at noon of a day of March 2026.
pub fn entry(seq: u64, of_march: i32, minor: i128, reference: &str) -> Booked {
    let noon = day("2026-02-28").plus(of_march).start().0 + 12 * 3_600_000_000;
    Booked {
        seq,
        transfer: id(seq),
        amount: Amount::new(minor).expect("small"),
        at: Timestamp(noon),
        reference: (!reference.is_empty()).then(|| reference.to_owned()),
        held: None,
    }
}

pub fn id(seq: u64) -> TransferId {
    let mut id = [0x5a; 16];
    id[8..].copy_from_slice(&seq.to_be_bytes());
    TransferId(id)
}

/// Matches a statement with entries, all steps of it; the opening balance of our books is `opening`.
pub fn matched(
    text: &[u8],
    mapping: Option<&Mapping>,
    rules: Rules,
    entries: &[Booked],
    opening: i128,
) -> Result<Outcome, Unusable> {
    let format = detect(text);
    let theirs = Theirs::read((euro(), rules), format, mapping, &mut &*text, &mut || true)?;
    let mut ours = Ours::default();
    let (first, last) = theirs.window();
    for entry in entries.iter().filter(|entry| (first..=last).contains(&Day::of(entry.at))) {
        ours.add(&theirs, entry);
    }
    let matches = Matches::find(&theirs, &mut ours);
    let mut report = Report::new(&theirs, &ours, &matches);
    let mut lines = Vec::new();
    read(format, mapping, &mut &*text, &mut |item| lines.extend(report.item(item)))?;
    lines.extend(report.rest());
    let account = Account { id: AccountId(1), opening: Amount::new(opening).expect("small") };
    let summary = report.summary(format, account)?;
    assert_eq!(summary.lines(), lines.len() as u64, "every line is in one state");
    Ok(Outcome { lines, summary })
}

/// The same of CSV with known headers.
pub fn of_csv(text: &str, entries: &[Booked]) -> Outcome {
    matched(text.as_bytes(), None, Rules::default(), entries, 0).expect("a statement")
}

#[test]
fn a_format_is_known_by_how_a_file_begins() {
    for (start, format) in [
        ("<?xml version=\"1.0\"?><Document>", Format::Camt053),
        ("\u{feff}\n <Document>", Format::Camt053),
        (":20:X\n", Format::Mt940),
        ("{1:F01BANK}{2:O940}{4:\r\n:20:X", Format::Mt940),
        ("BANK\n:20:X\n:25:Y\n", Format::Mt940),
        ("Date;Amount\n", Format::Csv),
        ("{\"a\":1}", Format::Csv),
        ("", Format::Csv),
    ] {
        assert_eq!(detect(start.as_bytes()), format, "{start}");
    }
}
