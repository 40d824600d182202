//! `teller user`: what is done to users from where the program runs.

use clap::{Args, Subcommand, ValueEnum};

use super::failure::Failure;
use super::flags::{Common, Store};
use super::print;
use super::run::once;
use crate::app;
use crate::config::Config;
use crate::domain::user;
use crate::telemetry::log;

/// Change users, and end
#[derive(Args)]
pub struct User {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Role(SetRole),
}

/// Give a user another role: how production gets its first operator
///
/// In effect with the user's next call; written down among what happened (audit_events).
#[derive(Args)]
struct SetRole {
    /// The name to sign in with
    name: String,
    /// What the user may do from now on
    role: Role,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Moves what is theirs
    Customer,
    /// Runs the house: also moves what is others', takes deposits and pays out
    Operator,
}

impl User {
    /// Does it, and says so.
    pub fn execute(self) -> Result<(), Failure> {
        let What::Role(SetRole { name, role, common, store }) = self.what;
        let (config, _) = Config::load(common.sources([store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let (role, word) = match role {
            Role::Customer => (user::Role::Customer, "a customer"),
            Role::Operator => (user::Role::Operator, "an operator"),
        };
        once(app::set_role(&config, &name, role))??;
        print(&format!("{name} is {word}\n"))
    }
}
