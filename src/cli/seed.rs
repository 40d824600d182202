//! `teller seed`: a store with much in it, for load tests.

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::run::once;
use super::{print, progress};
use crate::app;
use crate::config::Config;
use crate::domain::asset::Asset;
use crate::domain::money::Decimal;
use crate::service::seed::{Fund, MANY_MAX};
use crate::telemetry::log::{self, Logs};

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
    Accounts(Accounts),
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

/// Make an account with money for each of the users user000000001 to COUNT, who are made where they are missing
///
/// Prints the first and the last account number; where nobody opens accounts meanwhile, all are between them. Run again, it gives nothing twice.
#[derive(Args)]
struct Accounts {
    #[command(flatten)]
    users: Users,
    /// Their currency, an ISO 4217 code
    #[arg(long, default_value = "CNY", value_parser = |text: &str| Asset::parse(text))]
    currency: Asset,
    /// What each is given, in major units
    #[arg(long, default_value = "1000.00", value_parser = |text: &str| Decimal::parse("amount", text))]
    amount: Decimal,
}

impl Seed {
    /// Makes what is missing, shows how far it is, and says what there is now.
    pub fn execute(self) -> Result<(), Failure> {
        match self.what {
            What::Users(users) => {
                let (count, config, _logs) = users.begin()?;
                let made = make(&config, count)?;
                print(&format!("users made: {made}; there already: {}\n", count - made as u64))
            }
            What::Accounts(accounts) => accounts.execute(),
        }
    }
}

impl Users {
    /// How many, in which store, if its configuration allows this; and logs from now on.
    fn begin(self) -> Result<(u64, Config, Logs), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        config.allow_seeding()?;
        let logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        Ok((self.count, config, logs))
    }
}

fn make(config: &Config, count: u64) -> Result<usize, Failure> {
    let bar = progress::of(count, "users");
    let made = once(app::seed_users(config, count, |more| bar.inc(more)))??;
    bar.finish_and_clear();
    Ok(made)
}

impl Accounts {
    fn execute(self) -> Result<(), Failure> {
        let (count, config, _logs) = self.users.begin()?;
        make(&config, count)?;
        let bar = progress::of(count, "accounts");
        let fund = Fund { count, asset: self.currency, amount: self.amount };
        let (first, last) = once(app::seed_accounts(&config, fund, |more| bar.inc(more)))??;
        bar.finish_and_clear();
        print(&format!("accounts: {count} of {}, numbers {first} to {last}\n", self.currency.code()))
    }
}
