//! `teller migrate`: the schema of the durable store, brought up to date.

use clap::Args;

use super::failure::Failure;
use super::flags::{Common, Store};
use super::print;
use super::run::once;
use crate::app;
use crate::config::Config;
use crate::telemetry::log;

/// Bring the schema of the store up to date, and end
///
/// A backend does this by itself when it starts. This is for those who want it done before, perhaps by another database user.
#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    store: Store,
}

impl Migrate {
    /// Applies what is missing, and says how much it was.
    pub fn execute(self) -> Result<(), Failure> {
        let (config, _) = Config::load(self.common.sources([self.store.given()])?)?;
        let _logs = log::install(&config.log).map_err(Failure::at_run_time)?;
        let applied = once(app::migrate(&config))??;
        print(&format!("migrations applied: {applied}\n"))
    }
}
