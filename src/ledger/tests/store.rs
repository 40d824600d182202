//! A store in memory that does to batches what a database may do to them.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Semaphore, mpsc};

use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::effects::{Found, Wants};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, HoldStatus, Stored, TransferId};
use crate::domain::user::UserId;
use crate::ledger::trial::book::Book;
use crate::ledger::trial::script;
use crate::store::StoreError;
use crate::store::ledger::{Amended, Amendment, Batch, Decision, EntryRange, LedgerStore, NoAnswer, Page};

/// What happens to a batch that makes a certain transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The database will not take it.
    Refused,
    /// The connection is lost before the commit.
    Undone,
    /// The connection is lost, and it was committed.
    Unknown,
    /// A bug.
    Panic,
    /// Reading it is refused.
    Unreadable,
}

#[derive(Clone)]
pub(super) struct Memory {
    book: Arc<Mutex<Book>>,
    fault: Arc<Mutex<Option<(TransferId, Fault)>>>,
    /// One permit for each batch that may go on.
    gate: Arc<Semaphore>,
    /// A word when a batch begins: how many transfers it would make.
    begun: mpsc::UnboundedSender<usize>,
}

/// A batch that is only looked at.
struct Looked<'a, B>(&'a B);

impl<B: Batch> Looked<'_, B> {
    fn makes(&self, book: &Book) -> Vec<TransferId> {
        let wants = self.0.wants();
        let mut found = Found::default();
        found.accounts.extend(wants.accounts.iter().map(|id| (*id, book.accounts.get(id).cloned())));
        found.holds.extend(wants.holds.iter().map(|id| (*id, book.holds.get(id).cloned())));
        match self.0.decide(&found) {
            Decision::Write(effects, _) => effects.transfers.iter().map(|transfer| transfer.id).collect(),
            Decision::Read(Wants { .. }) => Vec::new(),
        }
    }
}

impl Memory {
    /// With the accounts of [`script::accounts`]; batches go on at once unless `held`.
    pub(super) fn new(held: bool) -> (Self, mpsc::UnboundedReceiver<usize>) {
        let (begun, batches) = mpsc::unbounded_channel();
        let permits = if held { 0 } else { Semaphore::MAX_PERMITS };
        let memory = Self {
            book: Arc::new(Mutex::new(Book::new(script::accounts(0)))),
            fault: Arc::default(),
            gate: Arc::new(Semaphore::new(permits)),
            begun,
        };
        (memory, batches)
    }

    pub(super) fn fail(&self, id: TransferId, fault: Fault) {
        *self.fault.lock().expect("no test panics here") = Some((id, fault));
    }

    pub(super) fn go_on(&self, batches: usize) {
        self.gate.add_permits(batches);
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("the planted panic is outside the lock")
    }
}

impl LedgerStore for Memory {
    async fn transact<B: Batch>(&self, batch: B) -> Result<B::Answer, NoAnswer> {
        let makes = Looked(&batch).makes(&self.book());
        let _ = self.begun.send(makes.len());
        self.gate.acquire().await.expect("never closed").forget();
        let fault = *self.fault.lock().expect("no test panics here");
        let lost = || StoreError::Unavailable("planted".into());
        match fault.filter(|(id, _)| makes.contains(id)).map(|(_, fault)| fault) {
            Some(Fault::Refused) => Err(NoAnswer::Undone(StoreError::Refused("planted".into()))),
            Some(Fault::Undone) => Err(NoAnswer::Undone(lost())),
            Some(Fault::Panic) => panic!("planted"),
            Some(Fault::Unknown) => {
                self.book().transact(&batch);
                Err(NoAnswer::Unknown(lost()))
            }
            Some(Fault::Unreadable) | None => Ok(self.book().transact(&batch)),
        }
    }

    async fn house_accounts(
        &self,
        kind: AccountKind,
        asset: Asset,
        stripes: u16,
        _: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        let book = self.book();
        let of_asset = book.accounts.values().filter(|row| row.kind == kind && row.asset == asset);
        Ok(of_asset.map(|account| account.id).take(stripes.into()).collect())
    }

    async fn transfers(&self, ids: &[TransferId]) -> Result<Vec<Stored>, StoreError> {
        let fault = *self.fault.lock().expect("no test panics here");
        if fault.is_some_and(|(id, fault)| fault == Fault::Unreadable && ids.contains(&id)) {
            return Err(StoreError::Refused("planted".into()));
        }
        let book = self.book();
        Ok(ids.iter().filter_map(|id| book.stored(*id)).collect())
    }

    async fn expired_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<TransferId>, StoreError> {
        let book = self.book();
        let over = book
            .holds
            .values()
            .filter(|hold| hold.status == HoldStatus::Pending && hold.expires_at.is_some_and(|end| end <= now));
        Ok(over.map(|hold| hold.transfer).take(limit).collect())
    }

    // The ledger itself asks for nothing else.

    async fn open_account(&self, _: UserId, _: Asset, _: Timestamp) -> Result<Option<Account>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn open_accounts(&self, _: &[UserId], _: Asset, _: Timestamp) -> Result<Vec<AccountId>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn accounts_of_kind(&self, _: AccountKind, _: Option<Asset>, _: usize) -> Result<Vec<Account>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.book().accounts.get(&id).cloned())
    }

    async fn account_of(&self, _: UserId, _: Asset) -> Result<Option<Account>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn accounts_of(&self, _: UserId, _: Option<AccountId>, _: usize) -> Result<Vec<Account>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn amend_account(&self, _: AccountId, _: Amendment, _: Timestamp) -> Result<Amended, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn entries(&self, _: AccountId, _: EntryRange) -> Result<Vec<Entry>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn entry_at(&self, _: AccountId, _: Timestamp) -> Result<Option<Entry>, StoreError> {
        Err(StoreError::Refused("not here".into()))
    }

    async fn snapshot(&self, _: Option<Timestamp>, _: mpsc::Sender<Page>) -> Result<(), StoreError> {
        Err(StoreError::Refused("not here".into()))
    }
}
