//! `teller config`: every setting, and where it came from.

use clap::Args;

use super::failure::Failure;
use super::flags::{Back, Backends, Common, Front, Store, Volatile};
use super::print;

/// Show every setting in force and where it came from, secrets hidden
///
/// The output is a configuration file again: `teller config > teller.toml` is a start for one's own. What stands as *** there is
/// refused until the real secret is put in its place.
#[derive(Args)]
pub struct Config {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    front: Front,
    #[command(flatten)]
    back: Back,
    #[command(flatten)]
    backends: Backends,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    volatile: Volatile,
}

impl Config {
    /// Prints what the other subcommands would run with.
    pub fn execute(self) -> Result<(), Failure> {
        let Self { common, front, back, backends, store, volatile } = self;
        let groups = [front.given(), back.given(), backends.given(), store.given(), volatile.given()];
        let (_, values) = crate::config::Config::load(common.sources(groups)?)?;
        print(&values.to_toml())
    }
}
