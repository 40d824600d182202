//! `teller export`: entries and transfers for other programs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::progress::rows;
use super::run::once;
use crate::app;
use crate::config::Config;
use crate::ledger::export::{self, Form};
use crate::telemetry::log;

/// Copy all entries or transfers of one moment to a file or to standard output
///
/// Amounts are in major units, times in UTC. In CSV, text that a spreadsheet would run as a formula has an apostrophe before it.
#[derive(Args)]
pub struct Export {
    /// What to copy
    rows: Rows,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// Where to write it; a file that is there already is left alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rows {
    /// Every change of every account, by account and number
    Entries,
    /// Every transfer, by id
    Transfers,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// RFC 4180, with a line of names first
    Csv,
    /// A JSON object in each line
    Jsonl,
}

impl Export {
    /// Copies, and says on standard error how much it was.
    pub fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let what = export::Export { rows: self.rows.into(), form: self.format.into() };
        let out: Box<dyn Write> = match &self.out {
            None => Box::new(io::stdout().lock()),
            Some(path) => Box::new(File::create_new(path).map_err(|error| {
                let problem = format!("cannot write {}: {error}", path.display());
                Failure::in_usage(problem, "name another file with --out FILE")
            })?),
        };
        let bar = rows();
        let exported = once(app::export(&config, what, out, |more| bar.inc(more as u64)));
        bar.finish_and_clear();
        let written = exported.and_then(|exported| Ok(exported?)).inspect_err(|_| {
            // A part of the books is not to be taken for the whole, nor to be in the way of the next try. If it cannot be removed, the
            // failure is still the thing to say.
            self.out.iter().for_each(|path| drop(fs::remove_file(path)));
        })?;
        eprintln!("rows: {written}");
        Ok(())
    }
}

impl From<Rows> for export::Rows {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::Entries => Self::Entries,
            Rows::Transfers => Self::Transfers,
        }
    }
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Jsonl => Self::JsonLines,
        }
    }
}
