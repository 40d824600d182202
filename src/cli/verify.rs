//! `teller verify`: whether the books are right.

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use super::failure::Failure;
use super::flags::{Common, Store};
use super::progress::rows;
use super::run::once;
use super::{moment, print};
use crate::app;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::ledger::verify::{Report, Violation};
use crate::telemetry::log;

/// Recompute every balance from the entries, and say what is wrong
///
/// Balances, sequences without gaps, running balances, sums of zero for each transfer and asset, held money against pending transfers, unique
/// references, rows that can be understood. Reads one snapshot in constant memory; may run beside a server. Exit code 0: all is right; 3: something is wrong; 1: the store
/// could not be read.
#[derive(Args)]
pub struct Verify {
    /// Only what is not older than this time (RFC 3339): until then every account is taken to be right
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Verify {
    /// Checks, and says what was found.
    pub fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let bar: ProgressBar = rows();
        let report = once(app::verify(&config, self.since, |more| bar.inc(more as u64)))??;
        bar.finish_and_clear();
        print(&if self.json { json(&report) } else { text(&report) })?;
        if report.is_clean() { Ok(()) } else { Err(Failure::found(format!("violations: {}", report.total))) }
    }
}

fn text(report: &Report) -> String {
    let Report { accounts, entries, transfers, holds, violations, total } = report;
    let mut text: String = violations.iter().map(|violation| format!("{violation}\n")).collect();
    let unnamed = total - violations.len() as u64;
    if unnamed > 0 {
        text.push_str(&format!("and {unnamed} more\n"));
    }
    let verdict = if report.is_clean() { "OK" } else { "WRONG" };
    text.push_str(&format!(
        "{verdict}: {accounts} accounts, {entries} entries, {transfers} transfers, {holds} pending transfers and what became of them\n"
    ));
    text
}

#[derive(Serialize)]
struct Json<'a> {
    ok: bool,
    accounts: u64,
    entries: u64,
    transfers: u64,
    holds: u64,
    total: u64,
    violations: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    place: String,
    account: Option<u64>,
    seq: Option<u64>,
    transfer: Option<String>,
    expected: &'a str,
    found: &'a str,
}

impl<'a> From<&'a Violation> for One<'a> {
    fn from(violation: &'a Violation) -> Self {
        let Violation { place, expected, found } = violation;
        Self {
            place: place.to_string(),
            account: place.account().map(|account| account.0),
            seq: place.seq(),
            transfer: place.transfer().map(|transfer| transfer.to_string()),
            expected,
            found,
        }
    }
}

fn json(report: &Report) -> String {
    let json = Json {
        ok: report.is_clean(),
        accounts: report.accounts,
        entries: report.entries,
        transfers: report.transfers,
        holds: report.holds,
        total: report.total,
        violations: report.violations.iter().map(One::from).collect(),
    };
    serde_json::to_string(&json).expect("numbers and text serialize") + "\n"
}
