//! `teller statement`: what became of an account in a period, as a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::flags::{Common, Store};
use super::progress::rows;
use super::run::once;
use super::{first_moment, last_moment};
use crate::app;
use crate::config::Config;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::ledger::statement::file::Form;
use crate::telemetry::log;

/// Write an account's statement: the opening balance, every change, and the closing balance
///
/// Amounts are in major units, times in UTC. That the changes make the closing balance of the opening one is checked while it is written. In
/// CSV, text that a spreadsheet would run as a formula has an apostrophe before it. Reads in constant memory; may run beside a server.
#[derive(Args)]
pub struct Statement {
    /// Whose, by its number
    #[arg(long, value_name = "ID")]
    account: u64,
    /// The first day of UTC or instant: 2026-03-01, 2026-03-01T12:00:00Z [default: when the account was opened]
    #[arg(long, value_name = "TIME", value_parser = first_moment)]
    from: Option<Timestamp>,
    /// The last day, whole, or the last instant, itself within [default: now]
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    to: Option<Timestamp>,
    /// As CSV, which is what it is without this flag, too
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// Where to write it; a file that is there already is left alone [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Statement {
    /// Writes it, and says on standard error how many changes it tells of.
    pub fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let form = if self.json { Form::Json } else { Form::Csv };
        let out: Box<dyn Write> = match &self.out {
            None => Box::new(io::stdout().lock()),
            Some(path) => Box::new(File::create_new(path).map_err(|error| {
                let problem = format!("cannot write {}: {error}", path.display());
                Failure::in_usage(problem, "name another file with -o FILE")
            })?),
        };
        let (bar, account) = (rows(), AccountId(self.account));
        let written =
            once(app::statement(&config, account, (self.from, self.to), form, out, |more| bar.inc(more as u64)));
        bar.finish_and_clear();
        let lines = written.and_then(|written| Ok(written?)).inspect_err(|_| {
            // A part is not to be taken for the whole. If it cannot be removed, the failure is still the thing to say.
            self.out.iter().for_each(|path| drop(fs::remove_file(path)));
        })?;
        eprintln!("changes: {lines}");
        Ok(())
    }
}
