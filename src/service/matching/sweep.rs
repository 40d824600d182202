//! Statements that were begun and never finished: whoever kept them ended in the middle.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::service::Clock;
use crate::store::{Store, StoreError};

/// Nobody works on a statement for so long.
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;
/// Between two rounds, about.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// Statements of one look-up.
const AT_ONCE: usize = 100;

/// Deletes statements that were not finished within a day, for ever: to be dropped between two rounds, or in one. Several backends may do this
/// at once.
pub async fn sweep<S: Store>(store: S, clock: Clock) {
    loop {
        if let Err(error) = round(&store, Timestamp(clock().0.saturating_sub(DAY_US))).await {
            tracing::warn!(%error, "unfinished statements are not deleted; it is tried again");
        }
        // Backends that started together do not look together.
        tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}

async fn round<S: Store>(store: &S, before: Timestamp) -> Result<(), StoreError> {
    for id in store.unfinished_statements(before, AT_ONCE).await? {
        while store.drop_statement(id).await? {}
    }
    Ok(())
}
