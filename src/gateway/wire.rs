//! What Teller and a gateway say to each other: small JSON documents.
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `POST /charges` | [`Charge`] | [`State`] |
//! | `GET /charges/ORDER` | | [`State`] |
//! | `POST /charges/ORDER/cancel` | | [`State`] |
//! | `POST /refunds` | [`Refund`] | [`State`] |
//! | `GET /refunds/REFUND` | | [`State`] |
//!
//! All of them may be sent again. A refund that the gateway will never make, whatever the reason, it must answer with [`State::Declined`]: after any
//! other answer it is asked for again, for ever, and what it would give back stays promised. An answer without status 200, and one that is no [`State`], says nothing about the order.

use serde::{Deserialize, Serialize};

/// Most bytes of a request or an answer.
pub const MAX_BYTES: usize = 64 * 1024;

/// A charge that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What it is known by.
    pub order_id: String,
    /// In major units: `"10.00"`.
    pub amount: String,
    /// An ISO 4217 code.
    pub currency: String,
}

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// What it is known by.
    pub refund_id: String,
    /// The order that was charged.
    pub order_id: String,
    /// In major units: `"10.00"`.
    pub amount: String,
    /// An ISO 4217 code: the charge's.
    pub currency: String,
}

/// What became of an order, or of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// It is charged.
    Charged {
        /// The gateway's own name for the charge.
        reference: String,
    },
    /// It is given back.
    Refunded {
        /// The gateway's own name for the refund.
        reference: String,
    },
    /// It was declined, for ever: the one answer that ends what will never be done.
    Declined {
        /// Why.
        reason: String,
    },
    /// It was closed before it was charged, for ever.
    Cancelled,
    /// No such order or refund has arrived.
    Unknown,
    /// It was decided before, with another amount or of another order: nothing was done.
    Conflict,
}
