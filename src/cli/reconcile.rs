//! `teller reconcile`: a bank's statement beside an account's entries.

mod told;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use self::told::Told;
use super::failure::Failure;
use super::flags::{Common, Store};
use super::print;
use super::progress::rows;
use super::run::once;
use crate::app;
use crate::config::Config;
use crate::domain::account::AccountId;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Mapping};
use crate::http::matching::mapping;
use crate::reconcile::{DAYS_MAX, Rules};
use crate::service::matching::compare::Source;
use crate::telemetry::log;

/// Match a statement, line by line, with the entries of an account
///
/// Reads CSV, camt.053 and MT940, of any size, and says of every line and every entry whether both sides have it, and why it is thought so:
/// see docs/reconciliation.md. Changes nothing, and may run beside a server. Exit code 0: all lines match or are expected later; 3: there are
/// discrepancies; 1: the statement cannot be used, or the store not be read.
#[derive(Args)]
pub struct Reconcile {
    /// The statement
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The account whose statement it is
    #[arg(long, value_name = "ID")]
    wallet: u64,
    /// How it is written: csv, camt.053 or mt940 [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
    /// Which column says what, if it is CSV: a JSON file, or "saved" for what is kept for the account [default: by the names of its headers]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Only what is not older than this day (2026-01-31) [default: the statement's first]
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<Day>,
    /// Only what is not newer than this day [default: the statement's last]
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<Day>,
    /// Days between a line and an entry that belong together by their amount
    #[arg(long, value_name = "DAYS", default_value_t = Rules::default().window_days, value_parser = days())]
    window_days: u32,
    /// Entries of so many last days may still come
    #[arg(long, value_name = "DAYS", default_value_t = Rules::default().settlement_days, value_parser = days())]
    settlement_days: u32,
    /// Let an amount and a day be enough even where both sides have references, and others
    #[arg(long)]
    by_amount: bool,
    /// Say the totals as one JSON object
    #[arg(long)]
    json: bool,
    /// Where to write every line as CSV; a file that is there already is left alone
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Reconcile {
    /// Matches, and says what was found.
    pub fn execute(self) -> Result<(), Failure> {
        let rules = Rules {
            window_days: self.window_days,
            settlement_days: self.settlement_days,
            by_amount: self.by_amount,
            from: self.from,
            to: self.to,
        };
        let mapping = match &self.mapping {
            Some(path) if path.as_os_str() != "saved" => app::Columns::Given(Some(Box::new(read_mapping(path)?))),
            Some(_) => app::Columns::Saved,
            None => app::Columns::Given(None),
        };
        let statement = Path::new(&self.statement);
        let unreadable = |error: io::Error| {
            Failure::in_usage(format!("cannot read {}: {error}", statement.display()), "name another file")
        };
        File::open(statement).map_err(unreadable)?;
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let out: Option<Box<dyn Write>> = self.csv.as_deref().map(created).transpose()?;
        let bar = rows();
        let watched = bar.clone();
        let asked = app::Statement {
            account: AccountId(self.wallet),
            format: self.format,
            columns: mapping,
            rules,
            source: Arc::new(OnDisk(self.statement)),
            done: Arc::new(move |more| watched.inc(more)),
        };
        let mut told = Told::new(out);
        let matched = once(app::reconcile(&config, asked, |asset, lines| told.take(asset, lines)));
        bar.finish_and_clear();
        let summary = matched??;
        let examples = told.finish().map_err(Failure::at_run_time)?;
        print(&if self.json { told::json(&summary, &examples) } else { told::text(&summary, &examples) })?;
        match summary.discrepancies() {
            0 => Ok(()),
            found => Err(Failure::found(format!("discrepancies: {found}"))),
        }
    }
}

/// A statement in a file.
struct OnDisk(PathBuf);

impl Source for OnDisk {
    fn open(&self) -> io::Result<Box<dyn BufRead + Send + '_>> {
        Ok(Box::new(BufReader::with_capacity(1 << 18, File::open(&self.0)?)))
    }
}

fn created(path: &Path) -> Result<Box<dyn Write>, Failure> {
    let file = File::create_new(path).map_err(|error| {
        Failure::in_usage(format!("cannot write {}: {error}", path.display()), "name another file with --csv FILE")
    })?;
    Ok(Box::new(BufWriter::new(file)))
}

fn read_mapping(path: &Path) -> Result<Mapping, Failure> {
    let refused = |why: String| {
        Failure::in_usage(format!("cannot use the mapping {}: {why}", path.display()), "see docs/reconciliation.md")
    };
    let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    mapping::from_json(&text).map_err(|broken| refused(broken.to_string()))
}

fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).map_err(|broken| broken.rule.into_owned())
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse("day", text).map_err(|broken| broken.rule.into_owned())
}

fn days() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=i64::from(DAYS_MAX))
}
