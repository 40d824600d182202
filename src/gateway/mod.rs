//! The payment gateway: whoever charges people outside of Teller, as Teller sees it.
//!
//! A gateway keeps a ledger of its own, and knows each attempt of a payment by its [`OrderId`]. The same order is charged once, however often it
//! is asked for, and the same refund is given back once. So what is not known of a charge is found out by asking, and never by paying again.
//!
//! - [`wire`]: what is said over HTTP.
//! - [`remote`]: a gateway elsewhere, spoken to over HTTP.
//! - [`simulated`]: one to try things out with, which can be told to be slow, to fail, and to lose its answers.

pub mod remote;
pub mod simulated;
pub mod wire;

use std::future::Future;

use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::payment::OrderId;
use crate::domain::transfer::TransferId;

/// What is to be charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What it is known by.
    pub id: OrderId,
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub asset: Asset,
}

/// What is to be given back of an order that was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// What it is known by.
    pub id: TransferId,
    /// The order that was charged.
    pub charge: OrderId,
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub asset: Asset,
}

/// What became of an order, or of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is charged, or given back.
    Done {
        /// The gateway's own name for that.
        reference: String,
    },
    /// It is not, and never will be.
    Declined {
        /// Why, for people.
        reason: String,
    },
    /// Nobody knows yet: the answer was lost, or is none.
    Unknown {
        /// Why, for the log.
        why: String,
    },
}

/// What the gateway knows of an order or a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// What became of it.
    Known(Verdict),
    /// It has not arrived; but it may yet.
    NeverSeen,
}

/// A payment gateway. Its methods end within a time of their own, and may be asked any number of times.
pub trait Gateway: Clone + Send + Sync + 'static {
    /// Charges `order`: once, however often it is asked for.
    fn charge(&self, order: &Order) -> impl Future<Output = Verdict> + Send;

    /// What became of an order, without charging it.
    fn find(&self, order: &OrderId) -> impl Future<Output = Fate> + Send;

    /// Closes an order for ever, so that a charge that arrives later is declined. One that is charged stays so, and is answered as that.
    fn cancel(&self, order: &OrderId) -> impl Future<Output = Verdict> + Send;

    /// Gives back what `refund` says: once, however often it is asked for, and of a charge never more than was charged.
    fn refund(&self, refund: &RefundOrder) -> impl Future<Output = Verdict> + Send;

    /// What became of a refund, without giving anything back.
    fn find_refund(&self, refund: TransferId) -> impl Future<Output = Fate> + Send;
}
