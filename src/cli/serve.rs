//! `teller serve`: front end and backend in one process.

use clap::Args;

use super::failure::Failure;
use super::flags::{Back, Common, Front, Store, Volatile};
use super::run::run;
use crate::config::Part;

/// Run Teller whole: front end and backend in one process (what `teller` alone does)
///
/// The two speak RPC over loopback with each other, as they would on two machines. In development, the default, an empty database gets
/// demo users; with `environment = "production"` what is unsafe is refused, with the fix.
#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    front: Front,
    #[command(flatten)]
    back: Back,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    volatile: Volatile,
}

impl Serve {
    /// Runs until told to stop.
    pub fn execute(self) -> Result<(), Failure> {
        let groups = [self.front.given(), self.back.given(), self.store.given(), self.volatile.given()];
        run(self.common.sources(groups)?, Part::Serve)
    }
}
