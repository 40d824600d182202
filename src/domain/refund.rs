//! Refunds: what of a payment is given back, whole or in parts, and never more than was paid.
//!
//! ```text
//! reserved --> PROCESSING --> SUCCESS: the money is back
//!                  |
//!                  +--------> FAILED: the reservation is released
//! ```

use serde::{Deserialize, Serialize};

use super::account::{Account, AccountId, AccountStatus};
use super::asset::Asset;
use super::money::Amount;
use super::payment::{OrderId, Payment, PaymentStatus, PaymentToken};
use super::time::Timestamp;
use super::transfer::{Description, TransferId};
use super::user::UserId;

/// A refund as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// What makes it the same. The gateway knows it by this.
    pub id: TransferId,
    /// Of which payment.
    pub token: PaymentToken,
    /// The order that was charged.
    pub charge: OrderId,
    /// The account that the money goes back to.
    pub account: AccountId,
    /// What the amount is counted in.
    pub asset: Asset,
    /// How much, in minor units: more than zero.
    pub amount: Amount,
    /// Whether whoever asked for it left the amount to us: all that was left.
    pub is_rest: bool,
    /// What it says to people.
    pub description: Description,
    /// Who asked for it.
    pub actor: UserId,
    /// How far it is.
    pub status: PaymentStatus,
    /// The transfer that brought the money back, once it has.
    pub transfer: Option<TransferId>,
    /// The gateway's own name for it.
    pub reference: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its state last changed, or a backend last took it up.
    pub updated_at: Timestamp,
}

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    /// What makes it the same.
    pub id: TransferId,
    /// Of which payment.
    pub token: PaymentToken,
    /// How much, in minor units, more than zero; all that is left, if that is not said.
    pub amount: Option<Amount>,
    /// What it says to people.
    pub description: Description,
    /// Who asks.
    pub actor: UserId,
}

/// Why nothing can be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRefund {
    /// There is no such payment.
    NoPayment,
    /// The payment has not succeeded.
    NotPaid,
    /// The account that was charged is frozen.
    Frozen,
    /// The account that was charged is closed.
    Closed,
    /// More than what is left of it, in minor units.
    TooMuch {
        /// What is left.
        left: Amount,
    },
}

impl RefundWish {
    /// The refund of `payment` that this makes at `now`, and what is given back of the payment with it. `charged`: the payment's account, under
    /// its lock, if it is there. For every store alike: nothing is written by this.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn of(
        &self,
        payment: &Payment,
        charged: Option<&Account>,
        now: Timestamp,
    ) -> Result<(Refund, Amount), NoRefund> {
        let account = payment.account.filter(|_| payment.status == PaymentStatus::Success).ok_or(NoRefund::NotPaid)?;
        match charged.map(|account| account.status) {
            Some(AccountStatus::Frozen) => return Err(NoRefund::Frozen),
            Some(AccountStatus::Closed) => return Err(NoRefund::Closed),
            Some(AccountStatus::Open) | None => {}
        }
        let left = payment.left();
        let amount = self.amount.unwrap_or(left);
        if amount > left || amount <= Amount::ZERO {
            return Err(NoRefund::TooMuch { left });
        }
        let refunded = payment.refunded.plus(amount).map_err(|_| NoRefund::TooMuch { left })?;
        let refund = Refund {
            id: self.id,
            token: payment.token.clone(),
            charge: payment.order.clone(),
            account,
            asset: payment.asset,
            amount,
            is_rest: self.amount.is_none(),
            description: self.description.clone(),
            actor: self.actor,
            status: PaymentStatus::Processing,
            transfer: None,
            reference: None,
            error: None,
            created_at: now,
            updated_at: now,
        };
        Ok((refund, refunded))
    }

    /// The field in which this is another refund than the one of its id.
    pub fn differs_from(&self, refund: &Refund) -> Option<&'static str> {
        let is_same_amount = self.amount.map_or(refund.is_rest, |amount| amount == refund.amount);
        let differences = [
            ("payment", self.token != refund.token),
            ("amount", !is_same_amount),
            ("description", self.description != refund.description),
        ];
        differences.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    }
}

/// The end of a refund whose money is back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundEnd {
    /// Which.
    pub id: TransferId,
    /// The transfer that brings the money.
    pub transfer: TransferId,
    /// The gateway's own name for it.
    pub reference: Option<String>,
    /// Now.
    pub at: Timestamp,
}
