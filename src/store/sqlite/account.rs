//! Accounts: units of work.

use rusqlite::{Connection, Result};

use super::error::is_taken;
use super::user::row_id;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::ledger::{Amended, Amendment};
use crate::store::queries::ledger::{in_order, read};
use crate::store::queries::{rows, sqlite as queries};

pub(super) fn open(db: &Connection, owner: UserId, asset: Asset, now: Timestamp) -> Result<Option<Account>> {
    let kind = AccountKind::User as u64;
    match queries::insert_account(db, Some(owner.0), kind, None, asset, Amount::ZERO, now.0) {
        Ok(id) => get(db, AccountId(id)),
        Err(error) if is_taken(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One account for each of `owners`, in their order; what is missing is opened.
pub(super) fn open_all(db: &Connection, owners: &[UserId], asset: Asset, now: Timestamp) -> Result<Vec<AccountId>> {
    let rows: Vec<_> =
        owners.iter().map(|owner| rows::NewAccount { owner: owner.0, asset, created_at: now.0 }).collect();
    queries::insert_accounts(db, &rows)?;
    let ids: Vec<u64> = owners.iter().map(|owner| owner.0).collect();
    Ok(in_order(owners, queries::owned_accounts(db, asset, &ids)?)?)
}

/// Accounts of one kind and asset that belong to nobody.
#[derive(Clone, Copy)]
pub(super) struct House {
    pub(super) kind: AccountKind,
    pub(super) asset: Asset,
    pub(super) stripes: u16,
}

/// Those that are there, in the order of their stripes.
pub(super) fn house(db: &Connection, House { kind, asset, stripes }: House) -> Result<Vec<AccountId>> {
    let rows = queries::house_accounts(db, kind as u64, asset, stripes.into())?;
    Ok(rows.into_iter().map(|row| AccountId(row.id)).collect())
}

/// All of them, made where they are missing.
pub(super) fn make_house(db: &Connection, all: House, now: Timestamp) -> Result<Vec<AccountId>> {
    let House { kind, asset, stripes } = all;
    let there = queries::house_accounts(db, kind as u64, asset, stripes.into())?;
    let missing = (0..u64::from(stripes)).filter(|stripe| there.iter().all(|row| row.stripe != *stripe));
    for stripe in missing {
        queries::insert_account(db, None, kind as u64, Some(stripe), asset, kind.floor(), now.0)?;
    }
    house(db, all)
}

pub(super) fn of_kind(db: &Connection, kind: AccountKind, asset: Option<Asset>, limit: usize) -> Result<Vec<Account>> {
    let (kind, most) = (kind as u64, limit as u64);
    let rows = match asset {
        Some(asset) => queries::accounts_of_kind_in(db, kind, asset, most)?,
        None => queries::accounts_of_kind(db, kind, most)?,
    };
    Ok(read(rows)?)
}

pub(super) fn get(db: &Connection, id: AccountId) -> Result<Option<Account>> {
    let Some(id) = key(id) else { return Ok(None) };
    Ok(queries::accounts(db, &[id])?.pop().map(Account::try_from).transpose()?)
}

pub(super) fn of(db: &Connection, owner: UserId, asset: Asset) -> Result<Option<Account>> {
    let Some(owner) = row_id(owner) else { return Ok(None) };
    Ok(queries::account_of(db, owner, asset)?.map(Account::try_from).transpose()?)
}

pub(super) fn all_of(db: &Connection, owner: UserId, after: AccountId, limit: usize) -> Result<Vec<Account>> {
    let (Some(owner), Some(after)) = (row_id(owner), key(after)) else { return Ok(Vec::new()) };
    Ok(read(queries::accounts_of(db, owner, after, limit as u64)?)?)
}

pub(super) fn amend(db: &Connection, id: AccountId, amendment: Amendment, now: Timestamp) -> Result<Amended> {
    let Some(account) = get(db, id)? else { return Ok(Amended::Unknown) };
    let closes = amendment == Amendment::Status(AccountStatus::Closed);
    if closes && queries::account_has_refunds(db, id.0)?.is_some() {
        return Ok(Amended::Refused(account));
    }
    let amended = amendment.to(account, now);
    if let Amended::Done(account) = &amended {
        queries::amend_account(db, id.0, account.floor, account.status as u64, account.updated_at.0)?;
    }
    Ok(amended)
}

/// The number as SQLite can hold it: one beyond that is no account's.
pub(super) fn key(id: AccountId) -> Option<u64> {
    i64::try_from(id.0).is_ok().then_some(id.0)
}
