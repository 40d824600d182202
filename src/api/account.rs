//! Accounts: opening, looking, and what an operator may change.
//!
//! - [`statement`]: what became of one in a period.
//!
//! Whoever acts is named by their [`Caller`], which the backend checks itself. A customer sees only their own accounts, an operator all.

pub mod statement;

use serde::{Deserialize, Serialize};

use self::statement::{OfPeriod, StatementPage};
use super::Refusal;
use crate::domain::account::{Account, AccountId, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::caller::Caller;
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::Entry;

/// Most accounts or entries in one answer.
pub const PAGE_MAX: u16 = 1000;

teller_rpc::service! {
    /// Accounts.
    pub service "account" {
        /// Opens an account for oneself. Refused: `AccountExists` (one for each user and currency).
        fn open(Open) -> Result<Account, Refusal>;

        /// An account as it stands. Refused: `NoSuchAccount`, also for another user's.
        idempotent fn get(OfAccount) -> Result<Account, Refusal>;

        /// One's own accounts, by ascending number.
        idempotent fn list(List) -> Result<Page<Account>, Refusal>;

        /// An account's entries, newest first. Refused: `NoSuchAccount`.
        idempotent fn entries(Entries) -> Result<EntryPage, Refusal>;

        /// What an account held at an instant. Refused: `NoSuchAccount`.
        idempotent fn balance_at(BalanceAt) -> Result<PastBalance, Refusal>;

        /// What became of an account in a period, oldest first. Refused: `NoSuchAccount`, `Invalid` (a period that ends before it begins, a
        /// page outside of it).
        idempotent fn statement(OfPeriod) -> Result<StatementPage, Refusal>;

        /// Changes an account without moving money. Refused: `NotOperator`, `NoSuchAccount`, `AccountClosed`, `AccountNotEmpty`,
        /// `Invalid` (a floor above zero).
        idempotent fn amend(Amend) -> Result<Account, Refusal>;
    }
}

/// A new account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Open {
    /// Whose.
    pub caller: Caller,
    /// What it is counted in.
    pub asset: Asset,
}

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfAccount {
    /// Who asks.
    pub caller: Caller,
    /// Which.
    pub account: AccountId,
}

/// A part of one's accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List {
    /// Whose.
    pub caller: Caller,
    /// Only those after this number: where the page before ended.
    pub after: Option<AccountId>,
    /// At most as many: 1 to [`PAGE_MAX`].
    pub limit: u16,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// As many as were asked for, or fewer.
    pub items: Vec<T>,
    /// Whether there are more after them.
    pub more: bool,
}

/// A part of an account's entries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entries {
    /// Who asks.
    pub caller: Caller,
    /// Whose.
    pub account: AccountId,
    /// Not older than this.
    pub from: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Only those before this sequence number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many: 1 to [`PAGE_MAX`].
    pub limit: u16,
}

/// Some of an account's entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPage {
    /// What the account is counted in.
    pub asset: Asset,
    /// Newest first.
    pub page: Page<Entry>,
}

/// An instant in an account's life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BalanceAt {
    /// Who asks.
    pub caller: Caller,
    /// Which account.
    pub account: AccountId,
    /// When; entries of this very microsecond count.
    pub at: Timestamp,
}

/// What an account held at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastBalance {
    /// What the account is counted in.
    pub asset: Asset,
    /// What was there, held money included; zero before the first entry.
    pub balance: Amount,
    /// What pending transfers held of it.
    pub held: Amount,
    /// The sequence number of the newest entry then; zero before the first.
    pub seq: u64,
}

/// A change of an account that moves no money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Amend {
    /// An operator's.
    pub caller: Caller,
    /// Which account.
    pub account: AccountId,
    /// What to change.
    pub change: Change,
}

/// What an operator may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// How far it may be overdrawn, in major units: zero or less.
    Floor(Decimal),
    /// Open, frozen, or closed, which is for good and only done to an account that is empty and holds nothing.
    Status(AccountStatus),
}
