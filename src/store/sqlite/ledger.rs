//! The ledger's part of the store.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::batch::Work;
use super::connection::Database;
use super::{Sqlite, account, call, entry, snapshot, transfer};
use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Stored, TransferId};
use crate::domain::user::UserId;
use crate::store::StoreError;
use crate::store::ledger::{Amended, Amendment, Batch, EntryRange, LedgerStore, NoAnswer, Page};

/// More than any snapshot takes, and no more than SQLite can wait.
const NO_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 3600);

impl LedgerStore for Sqlite {
    async fn transact<B: Batch>(&self, batch: B) -> Result<B::Answer, NoAnswer> {
        let timeout = self.statement_timeout.saturating_add(batch.extra_time());
        let work = Work::new(batch);
        call(&self.writer, timeout, move |db: &Connection| work.run(db)).await
    }

    async fn open_account(&self, owner: UserId, asset: Asset, now: Timestamp) -> Result<Option<Account>, StoreError> {
        self.write(move |db| account::open(db, owner, asset, now)).await
    }

    async fn open_accounts(
        &self,
        owners: &[UserId],
        asset: Asset,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        let owners = owners.to_vec();
        self.write(move |db| account::open_all(db, &owners, asset, now)).await
    }

    async fn house_accounts(
        &self,
        kind: AccountKind,
        asset: Asset,
        stripes: u16,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        let house = account::House { kind, asset, stripes };
        let there = self.read(move |db| account::house(db, house)).await?;
        if there.len() == usize::from(stripes) {
            return Ok(there);
        }
        self.write(move |db| account::make_house(db, house, now)).await
    }

    async fn accounts_of_kind(
        &self,
        kind: AccountKind,
        asset: Option<Asset>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.read(move |db| account::of_kind(db, kind, asset, limit)).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |db| account::get(db, id)).await
    }

    async fn account_of(&self, owner: UserId, asset: Asset) -> Result<Option<Account>, StoreError> {
        self.read(move |db| account::of(db, owner, asset)).await
    }

    async fn accounts_of(
        &self,
        owner: UserId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.unwrap_or(AccountId(0));
        self.read(move |db| account::all_of(db, owner, after, limit)).await
    }

    async fn amend_account(&self, id: AccountId, amendment: Amendment, now: Timestamp) -> Result<Amended, StoreError> {
        self.write(move |db| account::amend(db, id, amendment, now)).await
    }

    async fn transfers(&self, ids: &[TransferId]) -> Result<Vec<Stored>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |db| transfer::stored(db, &ids)).await
    }

    async fn entries(&self, account: AccountId, range: EntryRange) -> Result<Vec<Entry>, StoreError> {
        self.read(move |db| entry::page(db, account, &range)).await
    }

    async fn entry_at(&self, account: AccountId, at: Timestamp) -> Result<Option<Entry>, StoreError> {
        self.read(move |db| entry::at(db, account, at)).await
    }

    async fn expired_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<TransferId>, StoreError> {
        self.read(move |db| transfer::expired(db, now, limit)).await
    }

    async fn snapshot(&self, since: Option<Timestamp>, pages: mpsc::Sender<Page>) -> Result<(), StoreError> {
        match self.path.clone() {
            Some(path) => {
                let (caller, answer) = oneshot::channel();
                let work = move || {
                    // A caller who has gone needs no answer.
                    let _ = caller.send(send_from(&path, since, &pages));
                };
                let thread = thread::Builder::new().name("sqlite-snapshot".to_owned()).spawn(work);
                thread.map_err(|error| StoreError::Unavailable(error.into()))?;
                answer.await.map_err(|gone| StoreError::Refused(gone.into()))?
            }
            None => self.send_copy(since, pages).await,
        }
    }
}

impl Sqlite {
    /// The one connection cannot wait for whoever takes the pages: all are copied first. The database is in memory as well.
    async fn send_copy(&self, since: Option<Timestamp>, pages: mpsc::Sender<Page>) -> Result<(), StoreError> {
        let copy = move |db: &Connection| {
            let mut all = Vec::new();
            snapshot::read_all(db, since, &mut |page| {
                all.push(page);
                true
            })?;
            Ok::<_, rusqlite::Error>(all)
        };
        for page in call(&self.readers, NO_TIMEOUT, copy).await? {
            if pages.send(page).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// On a connection of its own: its read transaction stays open for as long as the pages take, and holds up nobody but the checkpoints.
fn send_from(path: &Path, since: Option<Timestamp>, pages: &mpsc::Sender<Page>) -> Result<(), StoreError> {
    let database = Database::open(path)?;
    let db = database.until(Instant::now() + NO_TIMEOUT)?;
    let _read = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
    snapshot::read_all(db, since, &mut |page| pages.blocking_send(page).is_ok())?;
    Ok(())
}
