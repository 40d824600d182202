//! Wallets: accounts, as the published contract has them.
//!
//! While the contracts are open (`contracts.open`, in development alone) anybody may ask for anything here. Anywhere else a wallet is its
//! owner's, to others it is not there, and a deposit is an operator's: money comes from outside.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::account::Page;
use super::transfer::Handle;
use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::caller::Caller;
use crate::domain::money::{Amount, Decimal};
use crate::domain::reconcile::{Claim, Reconciliation};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, Reference, TransferId};
use crate::domain::user::UserId;

/// Most balances that are compared by one call.
pub const RECONCILE_MAX: usize = 1000;

teller_rpc::service! {
    /// Wallets.
    pub service "wallet" {
        /// Opens a wallet. Refused: `NoSuchUser`, `AccountExists` (one for each user and currency).
        fn open(OpenWallet) -> Result<Account, Refusal>;

        /// A wallet as it stands. Refused: `NoSuchAccount`.
        idempotent fn get(OfWallet) -> Result<Account, Refusal>;

        /// A user's wallets. Refused: `NoSuchUser`.
        idempotent fn list(OfUser) -> Result<Vec<Account>, Refusal>;

        /// Money that comes from outside, under a hash that is used once. Refused: `NoSuchAccount`, `NotOperator`, `Ledger`.
        fn deposit(MoveOutside) -> Result<TransferId, Refusal>;

        /// Money that goes outside, under a hash that is used once. Refused: `NoSuchAccount`, `Ledger`.
        fn withdraw(MoveOutside) -> Result<TransferId, Refusal>;

        /// What has happened in a wallet, newest first. Refused: `NoSuchAccount`.
        idempotent fn history(History) -> Result<Events, Refusal>;

        /// Compares the balance with somebody else's, and keeps what came of it. Refused: `NoSuchAccount`, `Invalid`.
        fn reconcile(Reconcile) -> Result<Reconciled, Refusal>;

        /// The same of many, each answered in its place; all that could be made are kept, or none is. Refused: `NotOperator`, `Invalid` (more
        /// than [`RECONCILE_MAX`]); each: `NoSuchAccount`, `Invalid`.
        fn reconcile_all(ReconcileAll) -> Result<Vec<Result<Reconciled, Refusal>>, Refusal>;

        /// The comparisons that were kept, newest first. Refused: `NoSuchAccount`.
        idempotent fn reconciliations(Reconciliations) -> Result<Page<Reconciled>, Refusal>;
    }
}

/// A new wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenWallet {
    /// Who asks.
    pub caller: Option<Caller>,
    /// Whose it will be.
    pub user: UserId,
    /// What it is counted in.
    pub asset: Asset,
}

/// One wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfWallet {
    /// Who asks.
    pub caller: Option<Caller>,
    /// Which.
    pub wallet: AccountId,
}

/// All wallets of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfUser {
    /// Who asks.
    pub caller: Option<Caller>,
    /// Whose.
    pub user: UserId,
}

/// Money that comes from or goes to the world outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveOutside {
    /// Which wallet, and who asks.
    pub of: OfWallet,
    /// The request's own name.
    pub handle: Handle,
    /// How much, in major units.
    pub amount: Decimal,
    /// The chain's or the bank's name for it, which is used once in each direction.
    pub tx_hash: Reference,
    /// What it says to people.
    pub description: Description,
}

/// A part of what has happened in a wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct History {
    /// Which wallet, and who asks.
    pub of: OfWallet,
    /// Not older than this.
    pub from: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Only what is of this kind.
    pub kind: Option<EventKind>,
    /// Only what has come to this.
    pub status: Option<EventStatus>,
    /// Only what is before this number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many.
    pub limit: u16,
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// Money came from outside.
    Deposit,
    /// Money went outside.
    Withdraw,
    /// Money came from another account.
    TransferIn,
    /// Money went to another account.
    TransferOut,
    /// Money was deducted.
    Deduction,
    /// Money was charged by a payment gateway.
    Payment,
    /// Money of a payment came back.
    Refund,
}

/// What it has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventStatus {
    /// The money has moved.
    Completed,
    /// The money is held, to be moved or released.
    Pending,
}

/// Something that has happened in a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the wallet.
    pub seq: u64,
    /// What.
    pub kind: EventKind,
    /// What it has come to.
    pub status: EventStatus,
    /// How much; never less than zero.
    pub amount: Amount,
    /// What was there before.
    pub balance_before: Amount,
    /// What was there afterwards.
    pub balance_after: Amount,
    /// The name it has outside, if it has one.
    pub tx_hash: Option<Reference>,
    /// What it says to people.
    pub description: Description,
    /// When.
    pub at: Timestamp,
}

/// A part of what has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// What the wallet is counted in.
    pub asset: Asset,
    /// Newest first.
    pub items: Vec<Event>,
    /// Where to go on, if there may be more.
    pub next: Option<u64>,
}

/// A balance to compare.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconcile {
    /// Which wallet, and who asks.
    pub of: OfWallet,
    /// The first instant of the period. Without it, it begins where the last comparison that matched ended, or when the wallet was opened.
    pub start: Option<Timestamp>,
    /// The last.
    pub end: Timestamp,
    /// What somebody else says.
    pub claim: Claim,
}

/// Balances to compare.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileAll {
    /// An operator.
    pub caller: Caller,
    /// At most [`RECONCILE_MAX`].
    pub items: Vec<Claimed>,
}

/// One of many balances to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Of which wallet.
    pub wallet: AccountId,
    /// As in [`Reconcile`].
    pub start: Option<Timestamp>,
    /// Now, if it is missing.
    pub end: Option<Timestamp>,
    /// What somebody else says.
    pub claim: Claim,
}

/// A part of a wallet's comparisons.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconciliations {
    /// Which wallet, and who asks.
    pub of: OfWallet,
    /// Only those before this number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many.
    pub limit: u16,
}

/// A comparison, and what it is counted in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// What the wallet is counted in.
    pub asset: Asset,
    /// The comparison.
    pub made: Reconciliation,
}
