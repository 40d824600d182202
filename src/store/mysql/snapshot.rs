//! Everything that was in effect at one moment, page by page.

use mysql_async::{IsolationLevel, Pool, Result, Transaction, TxOpts};
use tokio::sync::mpsc;

use super::connection::Lease;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, HoldStatus, TransferKind};
use crate::store::StoreError;
use crate::store::ledger::Page;
use crate::store::queries::ledger::sorted_out;
use crate::store::queries::{mysql as queries, rows};

/// Rows of a page.
const PAGE: u64 = 2000;

/// Sends everything to `pages`, from one read-only transaction that sees nothing of what is written meanwhile.
pub(super) async fn send(
    pool: &Pool,
    since: Option<Timestamp>,
    pages: mpsc::Sender<Page>,
) -> std::result::Result<(), StoreError> {
    let mut lease = Lease::take(pool).await?;
    let mut options = TxOpts::default();
    options.with_isolation_level(IsolationLevel::RepeatableRead).with_consistent_snapshot(true).with_readonly(true);
    let mut db = lease.connection().start_transaction(options).await?;
    if everything(&mut db, since, &pages).await?.is_some() {
        db.rollback().await?;
        lease.give_back();
    }
    Ok(())
}

/// `None`: nobody takes pages any more.
async fn everything(
    db: &mut Transaction<'_>,
    since: Option<Timestamp>,
    pages: &mpsc::Sender<Page>,
) -> Result<Option<()>> {
    let mut after = 0;
    while let Some((found, last)) = accounts(db, after).await? {
        after = last;
        if !all(sorted_out(found, Page::Accounts), pages).await {
            return Ok(None);
        }
    }
    let sent = match since {
        None => all_entries(db, pages).await?,
        Some(since) => entries_since(db, since, pages).await?,
    };
    if sent.is_none() || transfers(db, since, pages).await?.is_none() {
        return Ok(None);
    }
    if holds(db, since, pages).await?.is_none() || references(db, pages).await?.is_none() {
        return Ok(None);
    }
    if conversions(db, since, pages).await?.is_none() {
        return Ok(None);
    }
    if since.is_some() {
        return Ok(Some(()));
    }
    match payments(db, pages).await? {
        Some(()) => refunds(db, pages).await,
        None => Ok(None),
    }
}

async fn conversions(
    db: &mut Transaction<'_>,
    since: Option<Timestamp>,
    pages: &mpsc::Sender<Page>,
) -> Result<Option<()>> {
    let since = since.map_or(i64::MIN, |since| since.0);
    let mut after = Vec::new();
    loop {
        let found = queries::conversions_after(db, &after, since, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        after = last.id.to_vec();
        if !all(sorted_out(found, Page::Conversions), pages).await {
            return Ok(None);
        }
    }
}

/// Whether all of `made` were taken.
async fn all(made: Vec<Page>, pages: &mpsc::Sender<Page>) -> bool {
    for page in made {
        if pages.send(page).await.is_err() {
            return false;
        }
    }
    true
}

/// A page of accounts and the last one's number.
async fn accounts(db: &mut Transaction<'_>, after: u64) -> Result<Option<(Vec<rows::Account>, u64)>> {
    let found = queries::accounts_after(db, after, PAGE).await?;
    let last = found.last().map(|row| row.id);
    Ok(last.map(|last| (found, last)))
}

async fn all_entries(db: &mut Transaction<'_>, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    let (mut account, mut seq) = (0, 0);
    loop {
        let found = queries::entries_after(db, account, seq, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        (account, seq) = (last.account_id, last.seq);
        if pages.send(Page::Entries(found.into_iter().map(Entry::from).collect())).await.is_err() {
            return Ok(None);
        }
    }
}

/// Of each account: from its newest entry that is older on.
async fn entries_since(db: &mut Transaction<'_>, since: Timestamp, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    let (mut after, mut page) = (0, Vec::new());
    while let Some((found, last)) = accounts(db, after).await? {
        after = last;
        for account in found.into_iter().filter(|account| account.version > 0) {
            let mut next = match account.updated_at < since.0 {
                // Nothing happened since.
                true => account.version,
                false => queries::seq_before(db, account.id, since.0).await?.map_or(1, |row| row.seq),
            };
            while next <= account.version {
                let entries = queries::entries_up(db, account.id, next, PAGE).await?;
                let Some(last) = entries.last() else { break };
                next = last.seq + 1;
                page.extend(entries.into_iter().map(Entry::from));
                if page.len() >= PAGE as usize && pages.send(Page::Entries(std::mem::take(&mut page))).await.is_err() {
                    return Ok(None);
                }
            }
        }
    }
    if !page.is_empty() && pages.send(Page::Entries(page)).await.is_err() {
        return Ok(None);
    }
    Ok(Some(()))
}

async fn transfers(
    db: &mut Transaction<'_>,
    since: Option<Timestamp>,
    pages: &mpsc::Sender<Page>,
) -> Result<Option<()>> {
    let since = since.map_or(i64::MIN, |since| since.0);
    let mut after = Vec::new();
    loop {
        let found = queries::transfers_after(db, &after, since, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        after = last.id.to_vec();
        if !all(sorted_out(found, Page::Transfers), pages).await {
            return Ok(None);
        }
    }
}

async fn holds(db: &mut Transaction<'_>, since: Option<Timestamp>, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    let highest = if since.is_some() { HoldStatus::Pending } else { HoldStatus::Expired } as u64;
    let mut after = Vec::new();
    loop {
        let found = queries::holds_after(db, &after, highest, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        after = last.transfer_id.to_vec();
        if !all(sorted_out(found, Page::Holds), pages).await {
            return Ok(None);
        }
    }
}

async fn references(db: &mut Transaction<'_>, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    for kind in TransferKind::ALL {
        let mut after = String::new();
        loop {
            let found = queries::references_after(db, kind as u64, &after, PAGE).await?;
            let Some(last) = found.last() else { break };
            after = last.reference.clone();
            if !all(sorted_out(found, Page::References), pages).await {
                return Ok(None);
            }
        }
    }
    Ok(Some(()))
}

async fn payments(db: &mut Transaction<'_>, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    let mut after = String::new();
    loop {
        let found = queries::payments_after(db, &after, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        after = last.token.clone();
        if !all(sorted_out(found, Page::Payments), pages).await {
            return Ok(None);
        }
    }
}

async fn refunds(db: &mut Transaction<'_>, pages: &mpsc::Sender<Page>) -> Result<Option<()>> {
    let mut after = Vec::new();
    loop {
        let found = queries::refunds_after(db, &after, PAGE).await?;
        let Some(last) = found.last() else { return Ok(Some(())) };
        after = last.id.to_vec();
        if !all(sorted_out(found, Page::Refunds), pages).await {
            return Ok(None);
        }
    }
}
