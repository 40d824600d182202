//! What a batch writes, in as few statements as it takes.

use mysql_async::{Result, Transaction};
use rand::RngExt;

use super::payment;
use crate::domain::effects::Effects;
use crate::domain::payment::Record;
use crate::store::queries::mysql as queries;

/// A pending transfer that ends counts twice, one that has ended before only once; see `settle_holds`.
const CHANGED: u64 = 2;
/// Rows to write for the sake of writing: several, so that not all wait for one.
const BARRIERS: u64 = 64;

/// Writes all of it. `false`: a pending transfer has ended before, or a payment is at another step, so that the transaction must be undone.
///
/// Rows go in the order of their keys: neighbours in the table are written together, and two batches that want the same keys wait for each
/// other instead of in a ring. What is most likely there already comes first.
pub(super) async fn write(db: &mut Transaction<'_>, mut effects: Effects) -> Result<bool> {
    effects.transfers.sort_unstable_by_key(|transfer| transfer.id);
    effects.references.sort_unstable();
    effects.settled.sort_unstable_by_key(|settled| settled.transfer);
    effects.entries.sort_unstable_by_key(|entry| (entry.account, entry.seq));
    effects.holds.sort_unstable_by_key(|hold| hold.transfer);
    // Stable: the steps of one payment stay in their order.
    effects.records.sort_by_cached_key(Record::subject);
    let settled = effects.settled.len() as u64;
    queries::insert_transfers(db, &rows(&effects.transfers)).await?;
    queries::insert_references(db, &rows(&effects.references)).await?;
    // A batch may end what it began.
    queries::insert_holds(db, &rows(&effects.holds)).await?;
    if queries::settle_holds(db, &rows(&effects.settled)).await? != settled * CHANGED {
        return Ok(false);
    }
    if !payment::step(db, &effects.records).await? {
        return Ok(false);
    }
    queries::insert_entries(db, &rows(&effects.entries)).await?;
    // They are there: they were found, and accounts are never deleted.
    queries::update_accounts(db, &rows(&effects.accounts)).await?;
    Ok(true)
}

/// Writes what says nothing, so that the commit waits until all that was found is on disk.
pub(super) async fn write_barrier(db: &mut Transaction<'_>) -> Result<()> {
    let (id, written) = (rand::rng().random_range(0..BARRIERS), rand::rng().random_range(0..u64::from(u32::MAX)));
    queries::write_barrier(db, id, written).await.map(drop)
}

fn rows<'a, T, R: From<&'a T>>(all: &'a [T]) -> Vec<R> {
    all.iter().map(R::from).collect()
}
