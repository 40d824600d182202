//! Events: what an entry, with the transfer that made it, tells of.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::invalid::Invalid;
use crate::domain::transfer::{Entry, Transfer, TransferKind, TransferStatus};

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What the account's balance, or what is held of it, became.
    pub entry: Entry,
    /// Why.
    pub transfer: Transfer,
}

impl Event {
    /// What kind of event it is.
    pub fn kind(&self) -> EventKind {
        EventKind::of(self.transfer.kind, self.transfer.status)
    }
}

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $name:ident = $number:literal $text:literal,)*) => {
        /// What an event is about. A number is a bit of [`EventKinds`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum EventKind { $($(#[doc = $about])+ $name = $number),* }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name, as events bear it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

kinds! {
    /// Money was moved between accounts.
    TransferPosted = 0 "transfer.posted",
    /// Money is held for a transfer.
    TransferPending = 1 "transfer.pending",
    /// What was held was given back.
    TransferVoided = 2 "transfer.voided",
    /// The same, because its time was over.
    TransferExpired = 3 "transfer.expired",
    /// Money came from outside.
    DepositPosted = 4 "deposit.posted",
    /// Money went outside.
    WithdrawalPosted = 5 "withdrawal.posted",
    /// `POST /deduct` took money.
    DeductionPosted = 6 "deduction.posted",
    /// Money is held for a payment, which the gateway is asked to charge.
    PaymentProcessing = 7 "payment.processing",
    /// A payment was charged.
    PaymentSucceeded = 8 "payment.succeeded",
    /// A payment was not charged, and its money is held no more.
    PaymentFailed = 9 "payment.failed",
    /// Money of a payment came back.
    RefundPosted = 10 "refund.posted",
    /// A fee was taken, for what the transfer before it did.
    FeePosted = 11 "fee.posted",
    /// Money of one currency was exchanged for money of another.
    ConversionPosted = 12 "conversion.posted",
}

impl EventKind {
    /// What the entries of such a transfer tell of. What has no name of its own is a transfer.
    pub const fn of(kind: TransferKind, status: TransferStatus) -> Self {
        match (kind, status) {
            (TransferKind::Payment, TransferStatus::Pending) => Self::PaymentProcessing,
            (TransferKind::Payment, TransferStatus::Posted) => Self::PaymentSucceeded,
            (TransferKind::Payment, TransferStatus::Voided | TransferStatus::Expired) => Self::PaymentFailed,
            (TransferKind::Deposit, TransferStatus::Posted) => Self::DepositPosted,
            (TransferKind::Withdrawal, TransferStatus::Posted) => Self::WithdrawalPosted,
            (TransferKind::Deduction, TransferStatus::Posted) => Self::DeductionPosted,
            (TransferKind::Refund, TransferStatus::Posted) => Self::RefundPosted,
            (TransferKind::Fee, TransferStatus::Posted) => Self::FeePosted,
            (TransferKind::Conversion, TransferStatus::Posted) => Self::ConversionPosted,
            (_, TransferStatus::Posted) => Self::TransferPosted,
            (_, TransferStatus::Pending) => Self::TransferPending,
            (_, TransferStatus::Voided) => Self::TransferVoided,
            (_, TransferStatus::Expired) => Self::TransferExpired,
        }
    }

    /// The kind of that name.
    ///
    /// # Errors
    ///
    /// Names the field `events`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Invalid::new("events", "must be names of events, such as transfer.posted"))
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some kinds of events; with none named, all: also those that there are not yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventKinds(u32);

impl EventKinds {
    /// All events.
    pub const ALL: Self = Self(0);

    /// Those whose bits are set, as they are kept; zero is all.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// As they are kept.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether `kind` is among them.
    pub const fn has(self, kind: EventKind) -> bool {
        self.0 == 0 || self.0 & (1 << kind as u8) != 0
    }

    /// Those that were named; none if that is all.
    pub fn named(self) -> impl Iterator<Item = EventKind> {
        EventKind::ALL.iter().copied().filter(move |kind| self.0 != 0 && self.has(*kind))
    }
}

impl FromIterator<EventKind> for EventKinds {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | 1 << kind as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, EventKinds};
    use crate::domain::transfer::{TransferKind, TransferStatus};

    #[test]
    fn every_entry_there_can_be_is_an_event_with_a_name() {
        use TransferKind::{Deduction, Deposit, Payment, Refund, Transfer, Withdrawal};
        use TransferStatus::{Expired, Pending, Posted, Voided};
        for (kind, status, name) in [
            (Transfer, Posted, "transfer.posted"),
            (Transfer, Pending, "transfer.pending"),
            (Transfer, Voided, "transfer.voided"),
            (Transfer, Expired, "transfer.expired"),
            (Deposit, Posted, "deposit.posted"),
            (Withdrawal, Posted, "withdrawal.posted"),
            (Deduction, Posted, "deduction.posted"),
            (Payment, Pending, "payment.processing"),
            (Payment, Posted, "payment.succeeded"),
            (Payment, Voided, "payment.failed"),
            (Refund, Posted, "refund.posted"),
        ] {
            let event = EventKind::of(kind, status);
            assert_eq!((event.as_str(), EventKind::parse(name)), (name, Ok(event)));
        }
    }

    #[test]
    fn without_a_name_all_events_are_meant_and_with_names_those_alone() {
        assert!(EventKind::ALL.iter().all(|kind| EventKinds::ALL.has(*kind)));
        assert_eq!(EventKinds::ALL.named().count(), 0);
        for one in EventKind::ALL {
            let only: EventKinds = [*one].into_iter().collect();
            assert!(EventKind::ALL.iter().all(|kind| only.has(*kind) == (kind == one)));
            assert_eq!(EventKinds::from_bits(only.bits()).named().collect::<Vec<_>>(), [*one]);
            assert!(one.as_str().len() <= 32, "it fits its column");
        }
        assert_eq!(EventKind::parse("transfer.*").expect_err("none").field, "events");
    }
}
