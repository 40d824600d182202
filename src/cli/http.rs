//! `teller http`: the front end alone.

use clap::Args;

use super::failure::Failure;
use super::flags::{Backends, Common, Front};
use super::run::run;
use crate::config::Part;

/// Run a front end alone: HTTP in, RPC to backends out
///
/// It keeps nothing, so any number of them may run. The RPC secret must be the one of the backends: rpc.secret under the same --data,
/// rpc.secret_file, or TELLER_RPC_SECRET.
#[derive(Args)]
pub struct Http {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    front: Front,
    #[command(flatten)]
    backends: Backends,
}

impl Http {
    /// Runs until told to stop.
    pub fn execute(self) -> Result<(), Failure> {
        let groups = [self.front.given(), self.backends.given()];
        run(self.common.sources(groups)?, Part::Http)
    }
}
