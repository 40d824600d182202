//! `teller backend`: the backend alone.

use clap::Args;

use super::failure::Failure;
use super::flags::{Back, Common, Store, Volatile};
use super::run::run;
use crate::config::Part;

/// Run a backend alone: RPC in, the stores behind it
///
/// Several backends may share a MySQL and a Redis; on SQLite and memory there can be one. Front ends must know its RPC secret:
/// rpc.secret under the same --data, rpc.secret_file, or TELLER_RPC_SECRET.
#[derive(Args)]
pub struct Backend {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    back: Back,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    volatile: Volatile,
}

impl Backend {
    /// Runs until told to stop.
    pub fn execute(self) -> Result<(), Failure> {
        let groups = [self.back.given(), self.store.given(), self.volatile.given()];
        run(self.common.sources(groups)?, Part::Backend)
    }
}
