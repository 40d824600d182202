//! `teller seed`: a store with much in it, for load tests.

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::run::once;
use super::{print, progress};
use crate::app;
use crate::config::Config;
use crate::service::seed::MANY_MAX;
use crate::telemetry::log;

/// Fill the store for a load test, and end
///
/// Refused in production: what it makes has known passwords.
#[derive(Args)]
pub struct Seed {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Users(Users),
}

/// Make the users user000000001 to COUNT in nine digits, with the password teller-demo
///
/// Those that are there stay as they are, so that it can be run again.
#[derive(Args)]
struct Users {
    /// How many
    #[arg(value_parser = clap::value_parser!(u64).range(1..=MANY_MAX))]
    count: u64,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Seed {
    /// Makes what is missing, shows how far it is, and says how much it was.
    pub fn execute(self) -> Result<(), Failure> {
        let What::Users(Users { count, common, store }) = self.what;
        let (config, _) = Config::load(common.sources([store.given()])?)?;
        config.allow_seeding()?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let bar = progress::of(count, "users");
        let made = once(app::seed_users(&config, count, |more| bar.inc(more)))??;
        bar.finish_and_clear();
        print(&format!("users made: {made}; there already: {}\n", count - made as u64))
    }
}
