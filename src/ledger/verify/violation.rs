//! One thing that is wrong.

use std::fmt;

use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::payment::OrderId;
use crate::domain::transfer::TransferId;

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere in particular.
    Ledger,
    /// In all accounts of an asset together.
    Asset(Asset),
    /// In an account.
    Account(AccountId),
    /// In an account's entry.
    Entry {
        /// The account.
        account: AccountId,
        /// The entry's sequence number.
        seq: u64,
        /// The transfer it belongs to.
        transfer: TransferId,
    },
    /// In a transfer.
    Transfer(TransferId),
    /// In a payment: the number of its order.
    Payment(u64),
}

impl Place {
    /// The account, if it is about one.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) | Self::Entry { account, .. } => Some(*account),
            _ => None,
        }
    }

    /// The entry's sequence number, if it is about one.
    pub fn seq(&self) -> Option<u64> {
        if let Self::Entry { seq, .. } = self { Some(*seq) } else { None }
    }

    /// The transfer, if it is about one.
    pub fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::Transfer(transfer) | Self::Entry { transfer, .. } => Some(*transfer),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger => f.write_str("ledger"),
            Self::Asset(asset) => write!(f, "asset {asset}"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Entry { account, seq, transfer } => write!(f, "account {account}, seq {seq}, transfer {transfer}"),
            Self::Transfer(transfer) => write!(f, "transfer {transfer}"),
            Self::Payment(order) => write!(f, "payment {}", OrderId::new(*order)),
        }
    }
}

/// One thing that is wrong, amounts in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub place: Place,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Violation {
    pub(super) fn new(place: Place, expected: impl Into<String>, found: impl ToString) -> Self {
        Self { place, expected: expected.into(), found: found.to_string() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, expected, found } = self;
        write!(f, "{place}: expected {expected}, found {found}")
    }
}
