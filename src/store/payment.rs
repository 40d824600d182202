//! What payments ask of the durable store, besides the steps that a batch of the ledger writes.

use std::future::Future;

use super::StoreError;
use crate::domain::payment::{OrderId, Payment, PaymentToken};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;

/// Where a page of payments ended: when the last of them was made, and its token.
pub type PaymentCursor = (Timestamp, PaymentToken);

/// The payments' part of the durable store. That they begin, are tried again and end is written with the money, by
/// [`LedgerStore::transact`](super::ledger::LedgerStore::transact).
pub trait PaymentStore: Clone + Send + Sync + 'static {
    /// A payment as it stands.
    fn payment(&self, token: &PaymentToken) -> impl Future<Output = Result<Option<Payment>, StoreError>> + Send;

    /// The payment whose last attempt the gateway knows by `order`.
    fn payment_of_order(&self, order: &OrderId) -> impl Future<Output = Result<Option<Payment>, StoreError>> + Send;

    /// Payments newest first, of one user or all: those that come after `after`, at most `limit`.
    fn payments(
        &self,
        user: Option<UserId>,
        after: Option<PaymentCursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// Writes a payment that failed before any money was held. If there is one of this token it stays as it is, but for one that failed in the same
    /// attempt, whose error and time are changed.
    fn fail_payment(&self, payment: &Payment) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Payments that are processing and were last changed at `until` or before, the oldest first, at most `limit`.
    fn stale_payments(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// Takes up a payment that is still as `seen`, by changing its time to `now`: of several who try, one is answered `true`. Two may be if a
    /// database lost an acknowledgement.
    fn claim_payment(&self, seen: &Payment, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
