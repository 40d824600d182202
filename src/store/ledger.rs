//! What the ledger asks of the durable store: accounts, and batches of commands in one transaction each.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc;

use super::StoreError;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::conversion::Conversion;
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::money::Amount;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Hold, Reference, Stored, Transfer, TransferId, TransferKind};
use crate::domain::user::UserId;

/// A batch of commands, as a store sees it: what to read, and a pure function from what was read to what is written.
pub trait Batch: Send + Sync + 'static {
    /// What the callers hear.
    type Answer: Send + 'static;

    /// What to lock and read first.
    fn wants(&self) -> Wants;

    /// What to read besides, once an insert met a row that was there already: everything that could have been it.
    fn wants_after_collision(&self) -> Wants;

    /// What to do about what was `found`. It may ask for more, which is then read under the same locks and added, for each key once and four
    /// times in all; it never asks for other accounts.
    fn decide(&self, found: &Found) -> Decision<Self::Answer>;

    /// What it may take beyond the store's statement time-out, being large.
    fn extra_time(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a [`Batch`] decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// Read this too, and ask again.
    Read(Wants),
    /// Write this, commit it, and then answer.
    Write(Effects, T),
}

/// Why a [`Batch`] has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing of it is in effect.
    #[error("the batch was undone")]
    Undone(#[source] StoreError),
    /// It may be in effect, wholly, or come into effect yet.
    #[error("whether the batch is in effect is not known")]
    Unknown(#[source] StoreError),
}

impl From<NoAnswer> for StoreError {
    /// What went wrong, for those who need not know what is in effect.
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Undone(cause) | NoAnswer::Unknown(cause) => cause,
        }
    }
}

/// A part of an account's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRange {
    /// Not older than this.
    pub from: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Only those before this sequence number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many.
    pub limit: usize,
}

/// A change of an account that moves no money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// How far it may be overdrawn: zero or less.
    Floor(Amount),
    /// Open, frozen, or closed, which is for good and only done to an account that is empty and holds nothing, and that no refund is on its way
    /// to.
    Status(AccountStatus),
}

impl Amendment {
    /// What it does to an account to which no refund is on its way, for every store alike. Nothing is written by this.
    pub fn to(self, account: Account, now: Timestamp) -> Amended {
        let is_empty = account.balance == Amount::ZERO && account.held == Amount::ZERO;
        let closes = self == Self::Status(AccountStatus::Closed);
        if account.status == AccountStatus::Closed || closes && !is_empty {
            return Amended::Refused(account);
        }
        let updated_at = now.max(account.updated_at);
        Amended::Done(match self {
            Self::Floor(floor) => Account { floor, updated_at, ..account },
            Self::Status(status) => Account { status, updated_at, ..account },
        })
    }
}

/// What became of an [`Amendment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amended {
    /// The account after it.
    Done(Account),
    /// There is no such account.
    Unknown,
    /// It is closed, or to be closed and not empty, or money is on its way back to it: as it stands.
    Refused(Account),
}

/// A piece of everything, read in one snapshot for whoever checks or copies it; pages of each kind in ascending order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// Accounts, by id.
    Accounts(Vec<Account>),
    /// Entries, by account and sequence number.
    Entries(Vec<Entry>),
    /// Transfers, by id, without looking for their entries: those are in the other pages.
    Transfers(Vec<Transfer>),
    /// Pending transfers' states, by transfer id.
    Holds(Vec<Hold>),
    /// References that were used, by kind and reference.
    References(Vec<(TransferKind, Reference, TransferId)>),
    /// Conversions, by id.
    Conversions(Vec<Conversion>),
    /// Payments, by token.
    Payments(Vec<Payment>),
    /// Refunds, by id.
    Refunds(Vec<Refund>),
    /// A row that is left out of the other pages, because it says what this program does not understand.
    Unreadable(Owner, String),
}

/// What an unreadable row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is this account's.
    Account(AccountId),
    /// It is this transfer's, or what it holds, or its reference; of a payment, what holds its money, of a refund, itself.
    Transfer(TransferId),
}

/// The ledger's part of the durable store.
pub trait LedgerStore: Clone + Send + Sync + 'static {
    /// Runs a batch in one transaction and answers once it is on disk.
    ///
    /// Locks the accounts it wants in ascending order. A row that is there already (a transfer's id, an entry's number, a reference, a
    /// pending transfer that ended, a payment at another step) undoes the transaction, and it is begun again with [`Batch::wants_after_collision`] read as well.
    /// What the database rolled back by itself, and a commit whose answer was lost, is run again, too: the batch's ids make that safe. All within
    /// the statement time-out and the batch's [`Batch::extra_time`].
    ///
    /// # Errors
    ///
    /// [`NoAnswer`] says whether the batch may be in effect.
    fn transact<B: Batch>(&self, batch: B) -> impl Future<Output = Result<B::Answer, NoAnswer>> + Send;

    /// Opens a user's account: empty, without overdraft. `None` if that user has one in this asset; there is no such user is not checked.
    fn open_account(
        &self,
        owner: UserId,
        asset: Asset,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// The accounts of `owners` in an asset, in their order; those that are missing are opened, in that order too. For a few hundred at a time.
    fn open_accounts(
        &self,
        owners: &[UserId],
        asset: Asset,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send;

    /// The external accounts of an asset: see [`Self::house_accounts`].
    fn external_accounts(
        &self,
        asset: Asset,
        stripes: u16,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send {
        self.house_accounts(AccountKind::External, asset, stripes, now)
    }

    /// The accounts of an asset that belong to nobody and are of this kind, which is not a user's: as many as `stripes`, in the order of their
    /// stripes. Those that are missing are made, with the kind's floor.
    fn house_accounts(
        &self,
        kind: AccountKind,
        asset: Asset,
        stripes: u16,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send;

    /// The accounts of a kind that belong to nobody, of one `asset` or of all, by asset and stripe, at most `limit`.
    fn accounts_of_kind(
        &self,
        kind: AccountKind,
        asset: Option<Asset>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Account>, StoreError>> + Send;

    /// An account as it stands.
    fn account(&self, id: AccountId) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// A user's account in an asset.
    fn account_of(
        &self,
        owner: UserId,
        asset: Asset,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// A user's accounts by ascending id, those after `after`, at most `limit`.
    fn accounts_of(
        &self,
        owner: UserId,
        after: Option<AccountId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Account>, StoreError>> + Send;

    /// Changes an account without moving money.
    fn amend_account(
        &self,
        id: AccountId,
        amendment: Amendment,
        now: Timestamp,
    ) -> impl Future<Output = Result<Amended, StoreError>> + Send;

    /// Transfers by their ids, with their entries and what became of pending ones, in any order; unknown ones are left out.
    fn transfers(&self, ids: &[TransferId]) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// An account's entries in a range, newest first.
    fn entries(
        &self,
        account: AccountId,
        range: EntryRange,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;

    /// An account's newest entry that is not newer than `at`, by one look-up in an index.
    fn entry_at(
        &self,
        account: AccountId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;

    /// Pending transfers whose time is over at `now`, also if it ends at this very microsecond: at most `limit`, the oldest first.
    fn expired_holds(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<TransferId>, StoreError>> + Send;

    /// Sends everything that was in effect at one moment to `pages`: all accounts, then all entries, all transfers, all holds, all references, all
    /// conversions, all payments, all refunds, a few thousand rows a page, and no faster than they are taken. `since`: only entries, transfers and
    /// conversions not older than that, each account's newest older entry, and all accounts and pending holds; no payments and no refunds. A row that
    /// cannot be understood is a page of its own. Ends early, without an error, when nobody takes pages any more. No time-out.
    fn snapshot(
        &self,
        since: Option<Timestamp>,
        pages: mpsc::Sender<Page>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
