//! All of the ledger as it was at one moment, page by page.

use rusqlite::{Connection, Result};

use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, HoldStatus, TransferKind};
use crate::store::ledger::Page;
use crate::store::queries::ledger::sorted_out;
use crate::store::queries::{rows, sqlite as queries};

/// Rows of a page, of which the last may have fewer.
const ROWS: u64 = 4096;

/// Whoever takes pages, until they want no more and say `false`.
pub(super) type Taker<'a> = &'a mut dyn FnMut(Page) -> bool;

/// Reads everything, or what [`snapshot`](crate::store::ledger::LedgerStore::snapshot) says of `since`, and hands it out. To be run in a
/// read transaction. `false`: nobody takes pages any more.
pub(super) fn read_all(db: &Connection, since: Option<Timestamp>, take: Taker<'_>) -> Result<bool> {
    let go_on = accounts(db, take)?
        && match since {
            None => entries(db, take)?,
            Some(since) => entries_since(db, since, take)?,
        };
    let go_on = go_on
        && transfers(db, since, take)?
        && holds(db, since, take)?
        && references(db, take)?
        && conversions(db, since, take)?;
    Ok(go_on && (since.is_some() || payments(db, take)? && refunds(db, take)?))
}

fn conversions(db: &Connection, since: Option<Timestamp>, take: Taker<'_>) -> Result<bool> {
    let since = since.map_or(i64::MIN, |since| since.0);
    let mut after = Vec::new();
    loop {
        let rows = queries::conversions_after(db, &after, since, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.id.to_vec();
        if !sorted_out(rows, Page::Conversions).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}

fn accounts(db: &Connection, take: Taker<'_>) -> Result<bool> {
    let mut after = 0;
    loop {
        let rows = queries::accounts_after(db, after, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.id;
        if !sorted_out(rows, Page::Accounts).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}

fn entries(db: &Connection, take: Taker<'_>) -> Result<bool> {
    let mut after = (0, 0);
    loop {
        let rows = queries::entries_after(db, after.0, after.1, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = (last.account_id, last.seq);
        if !take(Page::Entries(rows.into_iter().map(Entry::from).collect())) {
            return Ok(false);
        }
    }
}

/// Account by account, so that what is older costs no more than one look-up each.
fn entries_since(db: &Connection, since: Timestamp, take: Taker<'_>) -> Result<bool> {
    let (mut after, mut page) = (0, Vec::new());
    loop {
        let accounts = queries::accounts_after(db, after, ROWS)?;
        let Some(last) = accounts.last() else { break };
        after = last.id;
        for account in accounts.iter().filter(|account| account.version > 0) {
            let mut first = queries::seq_before(db, account.id, since.0)?.map_or(1, |row| row.seq);
            while first <= account.version {
                let rows = queries::entries_up(db, account.id, first, ROWS)?;
                let Some(last) = rows.last() else { break };
                first = last.seq + 1;
                page.extend(rows.into_iter().map(Entry::from));
                if page.len() as u64 >= ROWS && !take(Page::Entries(std::mem::take(&mut page))) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(page.is_empty() || take(Page::Entries(page)))
}

fn transfers(db: &Connection, since: Option<Timestamp>, take: Taker<'_>) -> Result<bool> {
    let since = since.map_or(i64::MIN, |since| since.0);
    let mut after = Vec::new();
    loop {
        let rows: Vec<rows::Transfer> = queries::transfers_after(db, &after, since, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.id.to_vec();
        if !sorted_out(rows, Page::Transfers).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}

fn holds(db: &Connection, since: Option<Timestamp>, take: Taker<'_>) -> Result<bool> {
    let highest = if since.is_some() { HoldStatus::Pending } else { HoldStatus::Expired };
    let mut after = Vec::new();
    loop {
        let rows = queries::holds_after(db, &after, highest as u64, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.transfer_id.to_vec();
        if !sorted_out(rows, Page::Holds).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}

fn references(db: &Connection, take: Taker<'_>) -> Result<bool> {
    for kind in TransferKind::ALL {
        let mut after = String::new();
        loop {
            let rows = queries::references_after(db, kind as u64, &after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.reference.clone();
            if !sorted_out(rows, Page::References).into_iter().all(&mut *take) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn payments(db: &Connection, take: Taker<'_>) -> Result<bool> {
    let mut after = String::new();
    loop {
        let rows = queries::payments_after(db, &after, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.token.clone();
        if !sorted_out(rows, Page::Payments).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}

fn refunds(db: &Connection, take: Taker<'_>) -> Result<bool> {
    let mut after = Vec::new();
    loop {
        let rows = queries::refunds_after(db, &after, ROWS)?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = last.id.to_vec();
        if !sorted_out(rows, Page::Refunds).into_iter().all(&mut *take) {
            return Ok(false);
        }
    }
}
