//! Lines of a statement as CSV (RFC 4180). Text that people wrote and that a spreadsheet would run has an apostrophe before it.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::domain::asset::Asset;
use crate::domain::matching::Line;

const NAMES: [&str; 13] = [
    "place",
    "state",
    "line",
    "date",
    "amount",
    "our_amount",
    "reference",
    "description",
    "entries",
    "transfer_id",
    "reason",
    "resolved_by",
    "note",
];

/// Writes lines of an account in one currency.
pub struct Writer<W: Write> {
    out: csv::Writer<W>,
    asset: Asset,
}

impl<W: Write> Writer<W> {
    /// Begins with a line of names.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn new(out: W, asset: Asset) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(NAMES)?;
        Ok(Self { out, asset })
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let money = |amount: Option<crate::domain::money::Amount>| {
            amount.map(|amount| amount.in_major(self.asset)).unwrap_or_default()
        };
        let entries: Vec<String> = line.entries.iter().map(u64::to_string).collect();
        let resolution = line.resolution.as_ref();
        self.out.write_record([
            line.place.to_string().as_str(),
            line.state.as_str(),
            &number(line.number),
            &line.day.map(|day| day.to_string()).unwrap_or_default(),
            &money(line.amount),
            &money(line.ours),
            &no_formula(&line.reference),
            &no_formula(&line.description),
            &entries.join(" "),
            &line.transfer.map(|id| id.to_string()).unwrap_or_default(),
            // It may repeat what the file says, but never begins with it.
            &line.reason,
            &number(resolution.map(|resolution| resolution.by.0)),
            &no_formula(resolution.map_or("", |resolution| resolution.note.as_str())),
        ])?;
        Ok(())
    }

    /// Ends; returns what was written to.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| io::Error::other(error.error().to_string()))
    }
}

/// Text that no spreadsheet runs.
fn no_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::domain::asset::Asset;
    use crate::domain::day::Day;
    use crate::domain::matching::{Line, LineState, Note, Resolution};
    use crate::domain::money::Amount;
    use crate::domain::time::Timestamp;
    use crate::domain::user::UserId;

    #[test]
    fn a_spreadsheet_runs_nothing_that_people_wrote() {
        let line = Line {
            place: 1,
            state: LineState::AmountMismatch,
            reason: "entry 7 has its reference, and \"more\"".to_owned(),
            number: Some(3),
            day: Some(Day(0)),
            amount: Amount::new(-105).ok(),
            ours: None,
            reference: "=1+1".to_owned(),
            description: "@SUM(A1)".to_owned(),
            entries: vec![7, 8],
            transfer: None,
            resolution: Some(Resolution { by: UserId(4), at: Timestamp(0), note: Note::parse("+x").expect("short") }),
        };
        let mut writer = Writer::new(Vec::new(), Asset::parse("EUR").expect("a currency")).expect("memory");
        writer.line(&line).expect("memory");
        let written = String::from_utf8(writer.finish().expect("memory")).expect("text");
        assert_eq!(
            written,
            "place,state,line,date,amount,our_amount,reference,description,entries,transfer_id,reason,resolved_by,note\n\
             1,amount_mismatch,3,1970-01-01,-1.05,,'=1+1,'@SUM(A1),7 8,,\"entry 7 has its reference, and \"\"more\"\"\",4,'+x\n"
        );
    }
}
