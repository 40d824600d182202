//! What conversions ask of the durable store, besides the rows that a batch of the ledger writes.

use std::future::Future;

use super::StoreError;
use crate::domain::asset::Asset;
use crate::domain::conversion::{Conversion, Posted};
use crate::domain::transfer::TransferId;

/// The conversions' part of the durable store. That money is converted is written with the money, by
/// [`LedgerStore::transact`](super::ledger::LedgerStore::transact).
pub trait ConversionStore: Clone + Send + Sync + 'static {
    /// Keeps a rate, which holds from now on. A store whose database lost an acknowledgement may keep it twice.
    fn post_rate(&self, posted: &Posted) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The rate of a pair of assets that holds.
    fn rate(&self, from: Asset, to: Asset) -> impl Future<Output = Result<Option<Posted>, StoreError>> + Send;

    /// The rates of all pairs that hold, by what is sold and what is bought.
    fn rates(&self) -> impl Future<Output = Result<Vec<Posted>, StoreError>> + Send;

    /// A conversion, by the id of its first transfer.
    fn conversion(&self, id: TransferId) -> impl Future<Output = Result<Option<Conversion>, StoreError>> + Send;
}
