//! `teller reconcile-balances`: many wallets' balances beside somebody else's.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::flags::{Common, Store};
use super::run::once;
use super::{print, progress};
use crate::app;
use crate::config::Config;
use crate::domain::asset::Asset;
use crate::domain::reconcile::{Reconciliation, Verdict};
use crate::ledger::reconcile::balances::{Told, Totals};
use crate::telemetry::log;

/// Compare the balances in a CSV file with those of the books, and keep what comes of it
///
/// The first line names the columns: wallet_id and external_balance, and, if there are any, tolerance (0.001), start_time and end_time (RFC 3339).
/// Without a start_time a period begins where the wallet's last comparison that matched ended; without an end_time it ends now. What does not
/// match is said with its line, and so is what cannot be compared. Exit code 0: all match; 3: some do not, or cannot be compared; 1: the store or the file
/// could not be read.
#[derive(Args)]
pub struct Balances {
    /// The file
    file: PathBuf,
    /// How many wallets are looked up at any time
    #[arg(long, value_name = "COUNT", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    /// Say everything, what matches too, as a JSON object in each line; the last one has the totals
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Balances {
    /// Compares, shows how far it is, and says what came of it.
    pub fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let opened = File::open(&self.file).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(|error| {
            let problem = format!("cannot read {}: {error}", self.file.display());
            Failure::in_usage(problem, "name a CSV file")
        })?;
        let (bar, mut printed) = (progress::of(length, "bytes"), Ok(()));
        let compared = once(app::reconcile_balances(&config, BufReader::new(file), self.parallel.into(), |told| {
            let said = match &told {
                Told::Bytes(more) => return bar.inc(*more),
                told if self.json => Some(json(told)),
                told => text(told),
            };
            if let (Some(said), Ok(())) = (said, &printed) {
                printed = bar.suspend(|| print(&said));
            }
        }));
        bar.finish_and_clear();
        let totals = compared??;
        printed?;
        conclude(totals, self.json)
    }
}

fn conclude(totals: Totals, as_json: bool) -> Result<(), Failure> {
    let Totals { matched, mismatched, refused } = totals;
    let summary = format!("matched: {matched}; mismatched: {mismatched}; not compared: {refused}\n");
    let total = Summary { matched, mismatched, refused };
    print(&if as_json { line(&total) } else { summary })?;
    match mismatched.saturating_add(refused) {
        0 => Ok(()),
        other => Err(Failure::found(format!("balances that do not match or could not be compared: {other}"))),
    }
}

/// What is said of a line to people: nothing where both balances are the same.
fn text(told: &Told) -> Option<String> {
    match told {
        Told::Compared(number, asset, made) if made.verdict == Verdict::Mismatch => {
            Some(format!("line {number}: wallet {} in {asset}: {}\n", made.account, made.notes))
        }
        Told::Refused(number, why) => Some(format!("line {number}: {why}\n")),
        Told::Compared(..) | Told::Bytes(_) => None,
    }
}

#[derive(Serialize)]
struct Summary {
    matched: u64,
    mismatched: u64,
    refused: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum One<'a> {
    Compared {
        line: u64,
        status: &'static str,
        wallet_id: u64,
        reconciliation_id: u64,
        currency: Asset,
        system_balance: String,
        external_balance: String,
        difference: String,
        notes: &'a str,
    },
    Refused {
        line: u64,
        status: &'static str,
        problem: &'a str,
    },
}

fn json(told: &Told) -> String {
    match told {
        Told::Compared(number, asset, made) => line(&compared(*number, *asset, made)),
        Told::Refused(number, why) => line(&One::Refused { line: *number, status: "refused", problem: why }),
        Told::Bytes(_) => String::new(),
    }
}

fn compared(number: u64, asset: Asset, made: &Reconciliation) -> One<'_> {
    One::Compared {
        line: number,
        status: if made.verdict == Verdict::Matched { "matched" } else { "mismatch" },
        wallet_id: made.account.0,
        reconciliation_id: made.id,
        currency: asset,
        system_balance: made.books.closing.in_major(asset),
        external_balance: made.claim.external.to_string(),
        difference: made.difference.to_string(),
        notes: &made.notes,
    }
}

fn line(said: &impl Serialize) -> String {
    serde_json::to_string(said).expect("numbers and text serialize") + "\n"
}
