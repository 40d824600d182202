//! What a batch of commands found and what it writes: the two ends of the pure function between them.

use std::collections::HashMap;

use super::account::{Account, AccountId};
use super::payment::{Record, Recorded, Standing};
use super::transfer::{Entry, Hold, HoldStatus, Reference, Stored, Transfer, TransferId, TransferKind};

/// What a batch asks a store for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// To be locked, in ascending order, and read.
    pub accounts: Vec<AccountId>,
    /// Pending transfers whose state is to be read.
    pub holds: Vec<TransferId>,
    /// Transfers that may be there already.
    pub transfers: Vec<TransferId>,
    /// References that may be used already.
    pub references: Vec<(TransferKind, Reference)>,
    /// Payments and refunds that may be at another step.
    pub records: Vec<Recorded>,
}

/// What a store found, while it holds the locks. A key that is not there was not looked for; one with `None` does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Accounts as they stand.
    pub accounts: HashMap<AccountId, Option<Account>>,
    /// The state of pending transfers.
    pub holds: HashMap<TransferId, Option<Hold>>,
    /// Transfers.
    pub transfers: HashMap<TransferId, Option<Stored>>,
    /// Who used a reference.
    pub references: HashMap<(TransferKind, Reference), Option<TransferId>>,
    /// How payments and refunds stand.
    pub records: HashMap<Recorded, Option<Standing>>,
}

/// What a batch writes, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// New transfers. That an id is new is what the insert finds out.
    pub transfers: Vec<Transfer>,
    /// New entries. That their number is new is what guards every balance.
    pub entries: Vec<Entry>,
    /// Accounts as they stand afterwards: each that was touched, once, in ascending order.
    pub accounts: Vec<Account>,
    /// New pending transfers.
    pub holds: Vec<Hold>,
    /// Pending transfers that end; each must still be pending in the store.
    pub settled: Vec<Settled>,
    /// References that are used from now on.
    pub references: Vec<(TransferKind, Reference, TransferId)>,
    /// Steps of payments and refunds, to be taken in this order; each must still be where its step begins.
    pub records: Vec<Record>,
}

/// The end of a pending transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub transfer: TransferId,
    /// How it ended: not [`HoldStatus::Pending`].
    pub status: HoldStatus,
    /// The transfer that ended it.
    pub by: TransferId,
}
