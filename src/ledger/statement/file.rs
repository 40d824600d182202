//! A whole statement as a file, written while it is read: in constant memory, however long it is.

use std::io::{self, Write};

use serde::Serialize;

use super::{Failure, Piece, piece, span};
use crate::domain::account::Account;
use crate::domain::account::statement::{COLUMNS, Line, Span, Turnover};
use crate::domain::asset::Asset;
use crate::domain::reconcile::Period;
use crate::ledger::export::in_utc;
use crate::store::ledger::LedgerStore;

/// Lines that are read at once.
const LINES: usize = 500;

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 4180: a line of names, the opening balance, the lines, the closing balance.
    Csv,
    /// One JSON object, with what came in and went out at its end.
    Json,
}

/// Why a file is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Incomplete {
    /// There is no statement.
    #[error(transparent)]
    Statement(#[from] Failure),
    /// What was read could not be written.
    #[error("cannot write")]
    Write(#[from] io::Error),
}

/// Writes the statement of `account` in `period` and returns how many lines it has. `done` is called with how many were written just now.
///
/// # Errors
///
/// See [`Incomplete`]; what was written until then stays. That the lines lead from the opening balance to the closing one is checked as they go.
pub async fn write<S: LedgerStore, W: Write>(
    store: &S,
    account: &Account,
    period: Period,
    form: Form,
    out: W,
    mut done: impl FnMut(usize),
) -> Result<u64, Incomplete> {
    let span = span(store, account, period).await.map_err(Failure::from)?;
    let mut file = File::begin(&span, form, out)?;
    let mut after = Some(span.before);
    while let Some(from) = after {
        let Piece { lines, next } = piece(store, &span, from, LINES).await?;
        lines.iter().try_for_each(|line| file.line(&span, line))?;
        done(lines.len());
        after = next;
    }
    Ok(file.end(&span)?)
}

/// A statement on its way out.
struct File<W: Write> {
    out: Sink<W>,
    lines: u64,
    turnover: Option<Turnover>,
}

enum Sink<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(io::BufWriter<W>),
}

impl<W: Write> File<W> {
    fn begin(span: &Span, form: Form, out: W) -> io::Result<Self> {
        let out = match form {
            Form::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(COLUMNS)?;
                csv.write_record(span.opening_record(in_utc(span.period.start)))?;
                Sink::Csv(Box::new(csv))
            }
            Form::Json => {
                let mut json = io::BufWriter::new(out);
                let head = serde_json::to_string(&Head::from(span))?;
                // The object stays open for its lines.
                write!(json, "{},\"entries\":[", head.trim_end_matches('}'))?;
                Sink::Json(json)
            }
        };
        Ok(Self { out, lines: 0, turnover: Some(Turnover::default()) })
    }

    fn line(&mut self, span: &Span, line: &Line) -> io::Result<()> {
        let is_first = self.lines == 0;
        self.lines = self.lines.saturating_add(1);
        self.turnover = self.turnover.and_then(|sum| sum.with(line.amount));
        match &mut self.out {
            Sink::Csv(csv) => Ok(csv.write_record(span.record(line, in_utc(line.at)))?),
            Sink::Json(json) => {
                json.write_all(if is_first { b"\n" } else { b",\n" })?;
                Ok(serde_json::to_writer(json, &JsonLine::new(line, span.asset))?)
            }
        }
    }

    fn end(self, span: &Span) -> io::Result<u64> {
        match self.out {
            Sink::Csv(mut csv) => {
                csv.write_record(span.closing_record(in_utc(span.period.end)))?;
                csv.flush()?;
            }
            Sink::Json(mut json) => {
                let tail = serde_json::to_string(&Tail::of(self.turnover, span.asset))?;
                writeln!(json, "\n],{}", tail.trim_start_matches('{'))?;
                json.flush()?;
            }
        }
        Ok(self.lines)
    }
}

/// How the object begins.
#[derive(Serialize)]
struct Head {
    account_id: u64,
    currency: Asset,
    from: String,
    to: String,
    opening_balance: String,
    closing_balance: String,
}

impl From<&Span> for Head {
    fn from(span: &Span) -> Self {
        Self {
            account_id: span.account.0,
            currency: span.asset,
            from: in_utc(span.period.start),
            to: in_utc(span.period.end),
            opening_balance: span.opening.in_major(span.asset),
            closing_balance: span.closing.in_major(span.asset),
        }
    }
}

/// How it ends: what takes more than 38 digits is not said.
#[derive(Serialize)]
struct Tail {
    total_in: Option<String>,
    total_out: Option<String>,
}

impl Tail {
    fn of(turnover: Option<Turnover>, asset: Asset) -> Self {
        Self {
            total_in: turnover.map(|sum| sum.incoming.in_major(asset)),
            total_out: turnover.map(|sum| sum.outgoing.in_major(asset)),
        }
    }
}

#[derive(Serialize)]
struct JsonLine<'a> {
    seq: u64,
    created_at: String,
    transfer_id: String,
    kind: &'static str,
    counterparty_account_id: u64,
    reference: Option<&'a str>,
    description: &'a str,
    amount: String,
    balance: String,
}

impl<'a> JsonLine<'a> {
    fn new(line: &'a Line, asset: Asset) -> Self {
        Self {
            seq: line.seq,
            created_at: in_utc(line.at),
            transfer_id: line.transfer.to_string(),
            kind: line.kind.name(),
            counterparty_account_id: line.counterparty.0,
            reference: line.reference.as_ref().map(|reference| reference.as_str()),
            description: line.description.as_str(),
            amount: line.amount.in_major(asset),
            balance: line.balance.in_major(asset),
        }
    }
}
