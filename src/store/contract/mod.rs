//! The promises of the stores, stated again as tests that run on every implementation.
//!
//! - [`store`], `reconciliation`, `matching`: the promises of [`Store`](super::Store).
//! - [`grant`]: the promises of [`GrantStore`](super::grant::GrantStore).
//! - [`audit`]: those about what is written down.
//! - [`ledger`]: the promises of [`LedgerStore`](super::ledger::LedgerStore).
//! - [`payment`]: the promises of [`PaymentStore`](super::payment::PaymentStore), and of the steps that batches take.
//! - [`refund`]: the promises of [`RefundStore`](super::refund::RefundStore), and of the step that batches take.
//! - [`webhook`]: the promises of [`WebhookStore`](super::webhook::WebhookStore).
//! - [`conversion`]: the promises of [`ConversionStore`](super::conversion::ConversionStore).
//! - [`volatile`]: the promises of [`Volatile`](super::Volatile).
//!
//! They are part of the library, and hidden, because the tests that start real databases stand outside of it. A promise that does
//! not hold panics.

pub mod audit;
pub mod conversion;
pub mod grant;
pub mod ledger;
mod matching;
pub mod payment;
mod reconciliation;
pub mod refund;
pub mod store;
pub mod volatile;
pub mod webhook;

use std::future::Future;
use std::pin::Pin;

/// One promise, to be checked on a store `S` (or a subject with one) that nobody else uses.
pub struct Promise<S> {
    /// A fact, as a name.
    pub name: &'static str,
    /// Panics where the fact is none.
    pub check: fn(S) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The list of [`Promise`]s from their functions.
macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        vec![$($crate::store::contract::Promise { name: stringify!($name), check: |subject| Box::pin($name(subject)) }),*]
    };
}
pub(crate) use promises;
