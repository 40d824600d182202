//! Payments through a gateway: how far each is, and the steps that lead from one state to the next.
//!
//! ```text
//!              +--retry--+
//!              v         |
//! begins --> PROCESSING --> FAILED
//!              |
//!              +---------> SUCCESS
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::asset::Asset;
use super::invalid::Invalid;
use super::money::Amount;
use super::refund::RefundEnd;
use super::text::text_conversions;
use super::time::Timestamp;
use super::transfer::{Description, TransferId};
use super::user::UserId;

/// What makes a payment, asked for again, the same: a token that the server issued, or a client's UUID. 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentToken(String);

impl PaymentToken {
    /// Most characters.
    pub const CHARS: usize = 255;

    /// Takes a token as it was sent.
    ///
    /// # Errors
    ///
    /// Names the field `idempotent_token`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (1..=Self::CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Invalid::new("idempotent_token", "must be 1 to 255 visible ASCII characters"))
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the gateway knows one attempt of a payment by: `PAY_` and 16 upper-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

impl OrderId {
    const PREFIX: &'static str = "PAY_";

    /// The id of this number.
    pub fn new(number: u64) -> Self {
        Self(format!("{}{number:016X}", Self::PREFIX))
    }

    /// Takes an id as it was sent.
    ///
    /// # Errors
    ///
    /// Names the field `order_id`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        match text.strip_prefix(Self::PREFIX) {
            Some(digits) if digits.len() == 16 && digits.bytes().all(is_digit) => Ok(Self(text)),
            _ => Err(Invalid::new("order_id", "must be PAY_ and 16 hex digits")),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(PaymentToken, OrderId);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a payment is. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum PaymentStatus {
    /// The money is held, and what the gateway says is not known yet.
    Processing = 1,
    /// The gateway charged it, and the money has moved.
    Success = 2,
    /// Nothing was charged, and nothing is held. It may be tried again.
    Failed = 3,
}

/// A payment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What makes it the same.
    pub token: PaymentToken,
    /// Who pays.
    pub user: UserId,
    /// From which account: none, if there was none to hold money in.
    pub account: Option<AccountId>,
    /// What the amount is counted in.
    pub asset: Asset,
    /// How much, in minor units.
    pub amount: Amount,
    /// What of it was given back.
    pub refunded: Amount,
    /// What it says to people.
    pub description: Description,
    /// How far it is.
    pub status: PaymentStatus,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// What the gateway knows this attempt by.
    pub order: OrderId,
    /// The pending transfer that holds the money of this attempt.
    pub hold: TransferId,
    /// The gateway's own name for the charge.
    pub reference: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// When its state last changed, or a backend last took it up.
    pub updated_at: Timestamp,
}

/// What steps depend on, and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which try.
    pub attempt: u32,
    /// How far that is.
    pub status: PaymentStatus,
}

impl Standing {
    /// That of a refund, which is tried once: another try is another refund.
    pub const fn of_refund(status: PaymentStatus) -> Self {
        Self { attempt: 1, status }
    }
}

impl Payment {
    /// What of it can still be given back, in minor units.
    pub fn left(&self) -> Amount {
        self.amount.minus(self.refunded).unwrap_or(Amount::ZERO).max(Amount::ZERO)
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        Standing { attempt: self.attempt, status: self.status }
    }
}

/// A step of a payment or of a refund, written in the same transaction as the money that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// It is asked for the first time, and its money is held.
    Begins(Payment),
    /// It had failed, and its money is held again: as it is from now on, with an attempt that is one higher.
    Retries(Payment),
    /// Its attempt ends.
    Ends(PaymentEnd),
    /// A refund ends well.
    Refunds(RefundEnd),
}

/// What takes steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recorded {
    /// A payment.
    Payment(PaymentToken),
    /// A refund, by its id.
    Refund(TransferId),
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEnd {
    /// Which payment.
    pub token: PaymentToken,
    /// Which try.
    pub attempt: u32,
    /// How it ended: not [`PaymentStatus::Processing`].
    pub status: PaymentStatus,
    /// The gateway's own name for the charge.
    pub reference: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Now.
    pub at: Timestamp,
}

impl Record {
    /// Whose step it is.
    pub fn subject(&self) -> Recorded {
        match self {
            Self::Begins(payment) | Self::Retries(payment) => Recorded::Payment(payment.token.clone()),
            Self::Ends(end) => Recorded::Payment(end.token.clone()),
            Self::Refunds(end) => Recorded::Refund(end.id),
        }
    }

    /// How that must stand before it; `None`: there must be none.
    pub fn before(&self) -> Option<Standing> {
        match self {
            Self::Begins(_) => None,
            Self::Retries(payment) => {
                Some(Standing { attempt: payment.attempt.saturating_sub(1), status: PaymentStatus::Failed })
            }
            Self::Ends(end) => Some(Standing { attempt: end.attempt, status: PaymentStatus::Processing }),
            Self::Refunds(_) => Some(Standing::of_refund(PaymentStatus::Processing)),
        }
    }

    /// How it stands after it.
    pub fn after(&self) -> Standing {
        match self {
            Self::Begins(payment) | Self::Retries(payment) => payment.standing(),
            Self::Ends(end) => Standing { attempt: end.attempt, status: end.status },
            Self::Refunds(_) => Standing::of_refund(PaymentStatus::Success),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OrderId, PaymentToken};

    #[test]
    fn a_token_is_visible_ascii_within_its_length() {
        for (text, right) in [("t", true), (&"t".repeat(255), true), (&"t".repeat(256), false), ("", false)] {
            assert_eq!(PaymentToken::parse(text).is_ok(), right, "{text}");
        }
        for text in ["a b", "\u{e9}", "a\n", "\0"] {
            assert_eq!(PaymentToken::parse(text).expect_err(text).field, "idempotent_token");
        }
    }

    #[test]
    fn an_order_id_is_read_as_it_is_written() {
        let id = OrderId::new(0xAB_CDEF);
        assert_eq!(id.as_str(), "PAY_0000000000ABCDEF");
        assert_eq!(OrderId::parse(id.as_str()), Ok(id));
        for text in ["", "PAY_", "PAY_0000000000abcdef", "pay_0000000000ABCDEF", "PAY_0000000000ABCDEF0"] {
            assert_eq!(OrderId::parse(text).expect_err(text).field, "order_id");
        }
    }
}
