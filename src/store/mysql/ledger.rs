//! The ledger's part of the store.

use tokio::sync::mpsc;

use super::attempt::Doubt;
use super::transact;
use super::unit::Atomic;
use super::{Mysql, account, entry, snapshot};
use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Stored, TransferId};
use crate::domain::user::UserId;
use crate::store::StoreError;
use crate::store::ledger::{Amended, Amendment, Batch, EntryRange, LedgerStore, NoAnswer, Page};

impl LedgerStore for Mysql {
    async fn transact<B: Batch>(&self, batch: B) -> Result<B::Answer, NoAnswer> {
        let doubt = Doubt::default();
        let timeout = self.statement_timeout.saturating_add(batch.extra_time());
        let (pool, locking, shared) = (self.pool.clone(), self.locking, doubt.clone());
        let work = async move { transact::run(&pool, &batch, locking, &shared).await };
        self.in_task(timeout, work).await.map_err(|error| doubt.no_answer(error))
    }

    async fn open_account(&self, owner: UserId, asset: Asset, now: Timestamp) -> Result<Option<Account>, StoreError> {
        self.unit(account::Open { owner, asset, now }).await
    }

    async fn open_accounts(
        &self,
        owners: &[UserId],
        asset: Asset,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.unit(Atomic(account::OpenAll { owners: owners.to_vec(), asset, now })).await
    }

    async fn house_accounts(
        &self,
        kind: AccountKind,
        asset: Asset,
        stripes: u16,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.unit(account::House { kind, asset, stripes, now }).await
    }

    async fn accounts_of_kind(
        &self,
        kind: AccountKind,
        asset: Option<Asset>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.unit(account::OfKind { kind, asset, limit }).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.unit(account::Get(id)).await
    }

    async fn account_of(&self, owner: UserId, asset: Asset) -> Result<Option<Account>, StoreError> {
        self.unit(account::Of { owner, asset }).await
    }

    async fn accounts_of(
        &self,
        owner: UserId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.unit(account::AllOf { owner, after, limit }).await
    }

    async fn amend_account(&self, id: AccountId, amendment: Amendment, now: Timestamp) -> Result<Amended, StoreError> {
        self.unit(Atomic(account::Amend { id, amendment, now })).await
    }

    async fn transfers(&self, ids: &[TransferId]) -> Result<Vec<Stored>, StoreError> {
        self.unit(entry::Transfers(ids.to_vec())).await
    }

    async fn entries(&self, account: AccountId, range: EntryRange) -> Result<Vec<Entry>, StoreError> {
        self.unit(entry::Range { account, range }).await
    }

    async fn entry_at(&self, account: AccountId, at: Timestamp) -> Result<Option<Entry>, StoreError> {
        self.unit(entry::At { account, at }).await
    }

    async fn expired_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<TransferId>, StoreError> {
        self.unit(entry::ExpiredHolds { now, limit }).await
    }

    async fn snapshot(&self, since: Option<Timestamp>, pages: mpsc::Sender<Page>) -> Result<(), StoreError> {
        snapshot::send(&self.pool, since, pages).await
    }
}
