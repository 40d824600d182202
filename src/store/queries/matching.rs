//! Rows of statements and their lines to and from what they mean, the same for every database.

use super::ledger::{Unreadable, numbered, numbers};
use super::rows;
use crate::domain::day::Day;
use crate::domain::matching::{Booked, Digest, Line, LineState, Mapping, Note, Resolution, Statement, Summary};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;

impl From<rows::Booked> for Booked {
    fn from(row: rows::Booked) -> Self {
        Self {
            seq: row.seq,
            transfer: TransferId(row.transfer_id),
            amount: row.amount,
            at: Timestamp(row.created_at),
            reference: row.reference,
            held: None,
        }
    }
}

impl TryFrom<rows::Statement> for Statement {
    type Error = Unreadable;

    fn try_from(row: rows::Statement) -> Result<Self, Unreadable> {
        Ok(Self {
            id: row.id,
            file_name: row.file_name,
            sha256: digest_of(&row.sha256).ok_or(Unreadable("sha256"))?,
            digest: digest_of(&row.digest.unwrap_or_default()).ok_or(Unreadable("digest"))?,
            summary: serde_json::from_str(&row.summary).map_err(|_| Unreadable("summary"))?,
            resolved: row.resolved,
            created_by: UserId(row.created_by),
            created_at: Timestamp(row.created_at),
        })
    }
}

impl TryFrom<rows::StatementLine> for Line {
    type Error = Unreadable;

    fn try_from(row: rows::StatementLine) -> Result<Self, Unreadable> {
        let resolution = match (row.resolved_by, row.resolved_at, row.note) {
            (Some(by), Some(at), Some(note)) => Some(Resolution {
                by: UserId(by),
                at: Timestamp(at),
                note: Note::parse(note).map_err(|_| Unreadable("note"))?,
            }),
            _ => None,
        };
        let day = row.day.map(|day| i32::try_from(day).map(Day)).transpose().map_err(|_| Unreadable("day"))?;
        Ok(Self {
            place: row.place,
            state: numbered(
                "state",
                row.state,
                numbers!(LineState: AmountMismatch, MissingInternal, MissingExternal, Duplicate, Unreadable, ExpectedLater, Matched),
            )?,
            reason: row.reason,
            number: row.number,
            day,
            amount: row.amount,
            ours: row.ours,
            reference: row.reference,
            description: row.description,
            entries: from_ranges(&row.entries).ok_or(Unreadable("entries"))?,
            transfer: row.transfer_id.map(TransferId),
            resolution,
        })
    }
}

/// The row of a line that nobody has looked at.
pub(in crate::store) fn row(statement: u64, line: &Line) -> rows::StatementLine {
    rows::StatementLine {
        statement_id: statement,
        place: line.place,
        state: line.state as u64,
        reason: line.reason.clone(),
        number: line.number,
        day: line.day.map(|day| day.0.into()),
        amount: line.amount,
        ours: line.ours,
        reference: line.reference.clone(),
        description: line.description.clone(),
        entries: in_ranges(&line.entries),
        transfer_id: line.transfer.map(|id| id.0),
        resolved_by: None,
        resolved_at: None,
        note: None,
    }
}

/// A summary as it is kept.
pub(in crate::store) fn summary(summary: &Summary) -> String {
    serde_json::to_string(summary).expect("numbers and text serialize")
}

/// A mapping as it is kept.
pub(in crate::store) fn mapping(mapping: &Mapping) -> String {
    serde_json::to_string(mapping).expect("numbers and text serialize")
}

impl TryFrom<rows::StatementMapping> for Mapping {
    type Error = Unreadable;

    fn try_from(row: rows::StatementMapping) -> Result<Self, Unreadable> {
        serde_json::from_str(&row.mapping).map_err(|_| Unreadable("mapping"))
    }
}

/// A digest as it is kept.
pub(in crate::store) fn digest(digest: &Digest) -> String {
    hex::encode(digest)
}

fn digest_of(text: &str) -> Option<Digest> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Ascending numbers as `3-5,9`: the entries of a batch mostly follow on each other.
fn in_ranges(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let run = |run: &[u64]| match run {
        [first, .., last] => format!("{first}-{last}"),
        [one] => one.to_string(),
        [] => String::new(),
    };
    runs.map(run).collect::<Vec<_>>().join(",")
}

fn from_ranges(text: &str) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    for run in text.split(',').filter(|run| !run.is_empty()) {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        numbers.extend(first.parse::<u64>().ok()?..=last.parse().ok()?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::{from_ranges, in_ranges};

    #[test]
    fn numbers_are_written_in_runs_and_read_again() {
        for (numbers, text) in
            [(&[][..], ""), (&[7], "7"), (&[3, 4, 5, 9, 11, 12], "3-5,9,11-12"), (&[u64::MAX], "18446744073709551615")]
        {
            assert_eq!(in_ranges(numbers), text);
            assert_eq!(from_ranges(text).as_deref(), Some(numbers));
        }
        assert_eq!(from_ranges("3-x"), None);
    }
}
