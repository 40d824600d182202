//! Payments through a gateway: each is known by its token, and charged once however often it is asked for.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::account::Page;
use super::transfer::Handle;
use crate::domain::caller::Caller;
use crate::domain::money::Decimal;
use crate::domain::payment::{OrderId, Payment, PaymentToken};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, TransferId};

teller_rpc::service! {
    /// Payments. Refused by all: `InvalidSession` unless the published contracts are open, `NoSuchUser` (also for whoever may not act for them).
    pub service "payment" {
        /// A token for one payment. Refused: `Invalid`.
        idempotent fn issue(Issue) -> Result<Issued, Refusal>;

        /// Pays, or says what became of the payment of this token. Refused: `Invalid`, `PaymentDiffers`.
        idempotent fn pay(Pay) -> Result<Paid, Refusal>;

        /// A payment as it stands. Refused: `NoSuchPayment`.
        idempotent fn status(OfPayment) -> Result<Payment, Refusal>;

        /// Payments, newest first: the caller's own; all, for operators and where the published contracts are open.
        idempotent fn records(Records) -> Result<Page<Payment>, Refusal>;

        /// A payment by any of its names: for its payer and for operators; for all where the published contracts are open. Refused:
        /// `NoSuchPayment`.
        idempotent fn find(Find) -> Result<Payment, Refusal>;

        /// Gives a payment back, whole or in part, and answers how far that is: for operators; for all where the published contracts are open.
        /// Known by its [`Handle`], and done once. Refused: `NotOperator`, `Invalid`, `NoSuchPayment`, `PaymentNotPaid`, `MoreThanPaid`,
        /// `RefundDeclined`, `Ledger` (`IdReused`, `Frozen`, `Closed`), `OutcomeUnknown`.
        idempotent fn refund(GiveBack) -> Result<GivenBack, Refusal>;

        /// A payment's refunds, newest first: for those who may see the payment. Refused: `NoSuchPayment`.
        idempotent fn refunds(Refunds) -> Result<Page<Refund>, Refusal>;
    }
}

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payer {
    /// By user name; if nobody has it and it is a number, by that.
    Name(String),
    /// By number.
    Number(u64),
}

/// A token is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The payer, or an operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// Who is to pay.
    pub user: Payer,
    /// How much, in major units, if that is known already: then the token is good for nothing else.
    pub amount: Option<Decimal>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// What to pay with.
    pub token: PaymentToken,
    /// When it is good for no new payment any more.
    pub expires_at: Timestamp,
}

/// A payment is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pay {
    /// The payer, or an operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// What makes it the same.
    pub token: PaymentToken,
    /// Who pays.
    pub user: Payer,
    /// How much, in major units of the currency of payments.
    pub amount: Decimal,
    /// What it says to people.
    pub description: Description,
}

/// How far a payment is, for whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Paid {
    /// It is paid: the same answer for ever.
    Success(OrderId),
    /// It is on its way, and its end is recorded also if nobody asks.
    Processing(OrderId),
    /// Nothing was charged, because of this. The same token may be tried again.
    Failed(OrderId, String),
    /// There is too much to do. Nothing was begun.
    Retry,
}

/// One payment, by its token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfPayment {
    /// The payer, or an operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// Which.
    pub token: PaymentToken,
}

/// Payments, page by page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Records {
    /// Whose; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// Where the page before ended: when its last payment was made, and its token.
    pub after: Option<(Timestamp, PaymentToken)>,
    /// At most as many: 1 to [`PAGE_MAX`](super::account::PAGE_MAX).
    pub limit: u16,
}

/// By what a payment is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentName {
    /// By its token.
    Token(PaymentToken),
    /// By the order that the gateway knows its last attempt by.
    Order(OrderId),
}

/// A payment is asked about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Find {
    /// The payer, or an operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// Which.
    pub payment: PaymentName,
}

/// A refund is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GiveBack {
    /// An operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// What makes it the same.
    pub handle: Handle,
    /// Of which payment.
    pub payment: PaymentName,
    /// How much, in major units of the payment's currency; all that is left, if that is not said.
    pub amount: Option<Decimal>,
    /// What it says to people.
    pub description: Description,
}

/// A refund that is processing, or has succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBack {
    /// As it stands.
    pub refund: Refund,
    /// Whether it was there before.
    pub replayed: bool,
}

/// Part of a payment's refunds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refunds {
    /// Whose payment it is, or an operator; needless where the published contracts are open.
    pub caller: Option<Caller>,
    /// Of which payment.
    pub payment: PaymentName,
    /// Where the page before ended: when its last refund was made, and its id.
    pub after: Option<(Timestamp, TransferId)>,
    /// At most as many: 1 to [`PAGE_MAX`](super::account::PAGE_MAX).
    pub limit: u16,
}
