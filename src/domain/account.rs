//! Accounts: who owns how much of what.
//!
//! - [`statement`]: what became of one in a period.

pub mod statement;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::asset::Asset;
use super::money::{Amount, TooLarge};
use super::time::Timestamp;
use super::user::UserId;

/// An account's number: positive, given by the store, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose money an account counts. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum AccountKind {
    /// A user's: one for each user and asset.
    User = 1,
    /// The world outside: where deposits come from and withdrawals go to. It owes what the users own, so it may go below zero. There
    /// are several for each asset ([`Account::stripe`]), so that none is a row that everybody waits for.
    External = 2,
}

/// Whether money may move. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum AccountStatus {
    /// In use.
    Open = 1,
    /// Nothing comes in or goes out until it is open again; what is held can still be released.
    Frozen = 2,
    /// For good. It was empty then.
    Closed = 3,
}

/// An account as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// The user it belongs to; none for the house's own.
    pub owner: Option<UserId>,
    /// Whose money it counts.
    pub kind: AccountKind,
    /// Which of several external accounts of one asset it is.
    pub stripe: Option<u16>,
    /// What it is counted in.
    pub asset: Asset,
    /// What is there, held money included: the sum of its entries.
    pub balance: Amount,
    /// What pending transfers hold of it, never negative.
    pub held: Amount,
    /// What balance less held may not go below: zero, or less with an overdraft limit.
    pub floor: Amount,
    /// How many entries it has; the newest one has this sequence number.
    pub version: u64,
    /// Whether money may move.
    pub status: AccountStatus,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed; its entries are never older than those before.
    pub updated_at: Timestamp,
}

impl Account {
    /// What may leave it now: balance less held less floor.
    ///
    /// # Errors
    ///
    /// More than 38 digits: of external accounts, which no floor binds.
    pub fn available(&self) -> Result<Amount, TooLarge> {
        self.balance.minus(self.held)?.minus(self.floor)
    }
}
