//! Accounts: units of work.

use std::collections::HashSet;

use mysql_async::{Conn, Result, Transaction};

use super::error::is_taken;
use super::unit::{Attempt, Change, Unit};
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::ledger::{Amended, Amendment};
use crate::store::queries::ledger::{in_order, read};
use crate::store::queries::{mysql as queries, rows};

/// One statement that commits by itself. If its answer is lost, the next try meets its own row: empty, and opened at this very moment.
pub(super) struct Open {
    pub(super) owner: UserId,
    pub(super) asset: Asset,
    pub(super) now: Timestamp,
}

impl Unit for Open {
    type Value = Option<Account>;

    async fn run(&self, db: &mut Conn, attempt: Attempt) -> Result<Option<Account>> {
        let (owner, kind) = (Some(self.owner.0), AccountKind::User as u64);
        let met = match queries::insert_account(db, owner, kind, None, self.asset, Amount::ZERO, self.now.0).await {
            Ok(_) => false,
            Err(error) if is_taken(&error) => true,
            Err(error) => return Err(error),
        };
        if met && attempt == Attempt::Clean {
            return Ok(None);
        }
        let found = of(db, self.owner, self.asset).await?;
        Ok(found.filter(|account| !met || (account.version == 0 && account.created_at == self.now)))
    }
}

/// Only what is missing is inserted: a row that is there would cost a number.
pub(super) struct OpenAll {
    pub(super) owners: Vec<UserId>,
    pub(super) asset: Asset,
    pub(super) now: Timestamp,
}

impl Change for OpenAll {
    type Value = Vec<AccountId>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Vec<AccountId>> {
        let ids: Vec<u64> = self.owners.iter().map(|owner| owner.0).collect();
        let there = queries::owned_accounts(db, self.asset, &ids).await?;
        let there: HashSet<u64> = there.into_iter().map(|row| row.owner).collect();
        let missing = ids.iter().copied().filter(|owner| !there.contains(owner));
        let rows: Vec<_> =
            missing.map(|owner| rows::NewAccount { owner, asset: self.asset, created_at: self.now.0 }).collect();
        queries::insert_accounts(db, &rows).await?;
        Ok(in_order(&self.owners, queries::owned_accounts(db, self.asset, &ids).await?)?)
    }
}

pub(super) struct Of {
    pub(super) owner: UserId,
    pub(super) asset: Asset,
}

impl Unit for Of {
    type Value = Option<Account>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Account>> {
        of(db, self.owner, self.asset).await
    }
}

async fn of(db: &mut Conn, owner: UserId, asset: Asset) -> Result<Option<Account>> {
    Ok(queries::account_of(db, owner.0, asset).await?.map(Account::try_from).transpose()?)
}

/// Missing stripes are made one by one. One that is there by then was made by another process: that is as good.
pub(super) struct House {
    pub(super) kind: AccountKind,
    pub(super) asset: Asset,
    pub(super) stripes: u16,
    pub(super) now: Timestamp,
}

impl Unit for House {
    type Value = Vec<AccountId>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<AccountId>> {
        let (kind, stripes) = (self.kind as u64, u64::from(self.stripes));
        let found = queries::house_accounts(db, kind, self.asset, stripes).await?;
        if found.len() == usize::from(self.stripes) {
            return Ok(found.into_iter().map(|row| AccountId(row.id)).collect());
        }
        for stripe in (0..stripes).filter(|stripe| found.iter().all(|row| row.stripe != *stripe)) {
            let floor = self.kind.floor();
            let made = queries::insert_account(db, None, kind, Some(stripe), self.asset, floor, self.now.0);
            match made.await {
                Err(error) if !is_taken(&error) => return Err(error),
                _ => {}
            }
        }
        let found = queries::house_accounts(db, kind, self.asset, stripes).await?;
        Ok(found.into_iter().map(|row| AccountId(row.id)).collect())
    }
}

pub(super) struct OfKind {
    pub(super) kind: AccountKind,
    pub(super) asset: Option<Asset>,
    pub(super) limit: usize,
}

impl Unit for OfKind {
    type Value = Vec<Account>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Account>> {
        let (kind, most) = (self.kind as u64, self.limit as u64);
        let rows = match self.asset {
            Some(asset) => queries::accounts_of_kind_in(db, kind, asset, most).await?,
            None => queries::accounts_of_kind(db, kind, most).await?,
        };
        Ok(read(rows)?)
    }
}

pub(super) struct Get(pub(super) AccountId);

impl Unit for Get {
    type Value = Option<Account>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Account>> {
        Ok(queries::accounts(db, &[self.0.0]).await?.pop().map(Account::try_from).transpose()?)
    }
}

pub(super) struct AllOf {
    pub(super) owner: UserId,
    pub(super) after: Option<AccountId>,
    pub(super) limit: usize,
}

impl Unit for AllOf {
    type Value = Vec<Account>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Account>> {
        let after = self.after.map_or(0, |after| after.0);
        let found = queries::accounts_of(db, self.owner.0, after, self.limit as u64).await?;
        found.into_iter().map(|row| Ok(row.try_into()?)).collect()
    }
}

/// Done twice, because its answer was lost, it finds the account as it left it, closed at this very moment if that was asked for.
pub(super) struct Amend {
    pub(super) id: AccountId,
    pub(super) amendment: Amendment,
    pub(super) now: Timestamp,
}

impl Change for Amend {
    type Value = Amended;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Amended> {
        let Some(row) = queries::lock_accounts(db, &[self.id.0]).await?.pop() else { return Ok(Amended::Unknown) };
        let account = Account::try_from(row)?;
        let closes = self.amendment == Amendment::Status(AccountStatus::Closed);
        if closes && account.status == AccountStatus::Closed && account.updated_at == self.now {
            return Ok(Amended::Done(account));
        }
        // Whoever begins a refund locks the account before.
        if closes && queries::account_has_refunds(db, self.id.0).await?.is_some() {
            return Ok(Amended::Refused(account));
        }
        let amended = self.amendment.to(account, self.now);
        if let Amended::Done(account) = &amended {
            let (floor, status, now) = (account.floor, account.status as u64, account.updated_at.0);
            queries::amend_account(db, self.id.0, floor, status, now).await?;
        }
        Ok(amended)
    }
}
