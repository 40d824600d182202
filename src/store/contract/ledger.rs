//! The promises of [`LedgerStore`], checked on a migrated database without accounts.
//!
//! - `books`: what batches are made from here: a few postings, and a batch that does as it is told.
//! - `accounts`, `batches`, `collisions`, `reading`, `snapshots`: the promises.

mod accounts;
mod batches;
pub(super) mod books;
mod collisions;
mod reading;
mod snapshots;

use super::Promise;
use crate::store::ledger::LedgerStore;

/// Every promise.
pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    let all =
        [accounts::promises(), batches::promises(), collisions::promises(), reading::promises(), snapshots::promises()];
    all.into_iter().flatten().collect()
}
