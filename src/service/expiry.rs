//! The end of pending transfers whose time is over.

use std::time::Duration;

use crate::ledger::Ledger;
use crate::store::ledger::LedgerStore;

/// How often it is looked for on average, while there is nothing or little.
const PAUSE: Duration = Duration::from_secs(1);
/// Released in one go; while there are as many, there is no pause.
const AT_ONCE: usize = 1000;

/// Releases what expires, for ever: to be dropped between two rounds, or in one, which the ledger finishes by itself. Several backends may
/// do this at once.
pub async fn run<S: LedgerStore>(ledger: Ledger<S>) {
    loop {
        match ledger.expire(AT_ONCE).await {
            Ok(AT_ONCE..) => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "expired transfers are not released; it is tried again"),
        }
        // Backends that started together do not look together.
        tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}
