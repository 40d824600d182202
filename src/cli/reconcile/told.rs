//! What was found, for people and for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::domain::asset::Asset;
use crate::domain::matching::{Line, LineState, Summary};
use crate::http::matching::csv::Writer;
use crate::http::matching::shown::{Result as Shown, ShownLine};

/// Discrepancies that are shown; all of them are in the file.
const SHOWN: usize = 20;

/// Lines on their way to a file, and the first discrepancies.
pub struct Told {
    out: Out,
    places: u64,
    examples: Vec<Line>,
}

/// A file, which begins when it is known what the account is counted in.
enum Out {
    None,
    Waiting(Box<dyn Write>),
    Begun(Box<Writer<Box<dyn Write>>>),
}

impl Told {
    pub fn new(out: Option<Box<dyn Write>>) -> Self {
        Self { out: out.map_or(Out::None, Out::Waiting), places: 0, examples: Vec::new() }
    }

    pub fn take(&mut self, asset: Asset, lines: Vec<Line>) -> io::Result<()> {
        self.out = match std::mem::replace(&mut self.out, Out::None) {
            Out::Waiting(file) => Out::Begun(Box::new(Writer::new(file, asset)?)),
            other => other,
        };
        for line in lines {
            self.places = self.places.saturating_add(1);
            let line = Line { place: self.places, ..line };
            if let Out::Begun(out) = &mut self.out {
                out.line(&line)?;
            }
            if line.state.is_discrepancy() && self.examples.len() < SHOWN {
                self.examples.push(line);
            }
        }
        Ok(())
    }

    /// Ends the file; returns the first discrepancies.
    pub fn finish(self) -> io::Result<Vec<Line>> {
        if let Out::Begun(out) = self.out {
            out.finish()?.flush()?;
        }
        Ok(self.examples)
    }
}

/// The totals, and the first discrepancies, for people.
pub fn text(summary: &Summary, examples: &[Line]) -> String {
    let asset = summary.asset;
    let mut text = String::new();
    for line in examples {
        let place = line
            .number
            .map_or_else(|| format!("entry {}", line.entries.first().unwrap_or(&0)), |number| format!("line {number}"));
        let day = line.day.map(|day| format!(" {day}")).unwrap_or_default();
        let amount = line.amount.or(line.ours).map(|amount| format!(" {}", amount.in_major(asset))).unwrap_or_default();
        text.push_str(&format!("{}: {place}{day}{amount} {}: {}\n", line.state.as_str(), line.reference, line.reason));
    }
    let unnamed = summary.discrepancies().saturating_sub(examples.len() as u64);
    if unnamed > 0 {
        text.push_str(&format!("and {unnamed} more\n"));
    }
    text.push_str(&format!(
        "account {}, {}, {} to {}\n",
        summary.account,
        summary.format.as_str(),
        summary.from,
        summary.to
    ));
    for (state, tally) in LineState::ALL.into_iter().zip(&summary.tallies).filter(|(_, tally)| tally.lines > 0) {
        let (theirs, ours) = (tally.statement.in_major(asset), tally.ours.in_major(asset));
        text.push_str(&format!("{:17} {:>9}  statement {theirs}, books {ours}\n", state.as_str(), tally.lines));
    }
    if let Some(proof) = summary.proof {
        let [difference, opening, timing, gap] =
            [proof.difference, proof.opening, proof.timing, proof.gap].map(|amount| amount.in_major(asset));
        text.push_str(&format!(
            "closing balances differ by {difference}: {opening} at the opening, {timing} of entries on other days, {gap} that the statement's lines do not say, and the lines above\n"
        ));
    }
    text
}

#[derive(Serialize)]
struct Json<'a> {
    ok: bool,
    discrepancies: u64,
    result: Shown<'a>,
    /// The first discrepancies.
    examples: Vec<ShownLine<'a>>,
}

/// The same for programs.
pub fn json(summary: &Summary, examples: &[Line]) -> String {
    let json = Json {
        ok: summary.discrepancies() == 0,
        discrepancies: summary.discrepancies(),
        result: Shown::from(summary),
        examples: examples.iter().map(|line| ShownLine::new(line, summary.asset)).collect(),
    };
    serde_json::to_string(&json).expect("numbers and text serialize") + "\n"
}
