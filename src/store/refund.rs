//! What refunds ask of the durable store, besides that they end well, which a batch of the ledger writes with the money.

use std::future::Future;

use tokio::time::Instant;

use super::StoreError;
use crate::domain::payment::PaymentToken;
use crate::domain::refund::{NoRefund, Refund, RefundWish};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;

/// Where a page of refunds ended: when the last of them was made, and its id.
pub type RefundCursor = (Timestamp, TransferId);

/// What became of a [`RefundWish`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Its amount is reserved, by this call.
    Begun(Refund),
    /// A refund of this id is there already, perhaps another one.
    Known(Refund),
    /// Nothing was written.
    Refused(NoRefund),
    /// Nothing was written: its time was over before it could be.
    TooLate,
}

/// The refunds' part of the durable store.
pub trait RefundStore: Clone + Send + Sync + 'static {
    /// Writes the refund that `wish` makes of its payment, and reserves its amount there, in one transaction. However many ask at once, what is
    /// promised and given back of a payment is never more than was paid, and none begins to an account that is closed, nor, however long it
    /// waits for the payment's lock, after `until`: a retry may have been refused by then. A store whose database lost an acknowledgement may answer
    /// [`Reserved::Known`] of what it has just begun.
    fn reserve_refund(
        &self,
        wish: &RefundWish,
        now: Timestamp,
        until: Instant,
    ) -> impl Future<Output = Result<Reserved, StoreError>> + Send;

    /// Ends a refund that is processing, and releases what it reserved, in one transaction: `false`, and nothing is written, if it has ended.
    fn fail_refund(
        &self,
        refund: &Refund,
        error: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A refund as it stands.
    fn refund(&self, id: TransferId) -> impl Future<Output = Result<Option<Refund>, StoreError>> + Send;

    /// A payment's refunds newest first: those that come after `after`, at most `limit`.
    fn refunds(
        &self,
        token: &PaymentToken,
        after: Option<RefundCursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Refund>, StoreError>> + Send;

    /// Refunds that are processing and were last changed at `until` or before, the oldest first, at most `limit`. A row that cannot be understood
    /// is named in the log and left out.
    fn stale_refunds(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Refund>, StoreError>> + Send;

    /// Takes up a refund that is still as `seen`, by changing its time to `now`: of several who try, one is answered `true`. Two may be if a
    /// database lost an acknowledgement.
    fn claim_refund(&self, seen: &Refund, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
