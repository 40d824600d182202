//! Statements, read from the store piece by piece in constant memory.
//!
//! Every entry says what was there before and after it, so both ends of a period are one look-up each, however many entries lie between. The
//! numbers of an account's entries have no gaps, so what lies between is read by number, oldest first.
//!
//! - [`mod@file`]: a whole one, written while it is read.

pub mod file;

use std::collections::HashMap;

use crate::domain::account::statement::{Broken, Line, Running, Span, Turnover};
use crate::domain::account::{Account, AccountId};
use crate::domain::money::Amount;
use crate::domain::reconcile::{Books, Period};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Stored, TransferId, TransferKind};
use crate::store::StoreError;
use crate::store::ledger::{EntryRange, LedgerStore};

/// Entries that are read at once.
const STEP: u64 = 500;
/// Entries that are looked through for one piece; where most of them only held money, the piece is short and says where to go on.
const LOOKED_THROUGH: u64 = 5000;

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store could not be read.
    #[error("cannot read the store")]
    Store(#[from] StoreError),
    /// The books are wrong.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A piece was asked for that begins outside of the period.
    #[error("no entry of the period has the number {0}")]
    Outside(u64),
}

/// Some lines of a statement, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// At most as many as were asked for.
    pub lines: Vec<Line>,
    /// The number of the entry after which the next piece begins, unless this was the last one.
    pub next: Option<u64>,
}

/// Both ends of a period.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn span<S: LedgerStore>(store: &S, account: &Account, period: Period) -> Result<Span, StoreError> {
    let first = store.entry_at(account.id, Timestamp(period.start.0.saturating_sub(1))).await?;
    let last = store.entry_at(account.id, period.end).await?;
    let end = |entry: Option<Entry>| entry.map_or((0, Amount::ZERO), |entry| (entry.seq, entry.balance_after));
    let ((before, opening), (last, closing)) = (end(first), end(last));
    Ok(Span { account: account.id, asset: account.asset, period, opening, closing, before, last })
}

/// The same as a reconciliation has it.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn books<S: LedgerStore>(store: &S, account: &Account, period: Period) -> Result<Books, StoreError> {
    let span = span(store, account, period).await?;
    Ok(Books { opening: span.opening, closing: span.closing, entries: span.entries() })
}

/// The lines of the entries after the number `after`, at most `limit`. What only held or released money is left out.
///
/// # Errors
///
/// See [`Failure`]. With the last piece, that all of them lead to the closing balance has been checked, if each was read from where
/// the one before ended.
pub async fn piece<S: LedgerStore>(store: &S, span: &Span, after: u64, limit: usize) -> Result<Piece, Failure> {
    let mut running = come_to(store, span, after).await?;
    let most = after.saturating_add(LOOKED_THROUGH);
    let mut lines = Vec::new();
    while running.seq < span.last.min(most) && lines.len() < limit {
        let room = u64::try_from(limit.saturating_sub(lines.len())).unwrap_or(STEP);
        let entries = entries(store, span, running.seq, room.min(STEP)).await?;
        let moves: Vec<&Entry> = entries.iter().filter(|entry| entry.amount != Amount::ZERO).collect();
        for entry in &entries {
            running.follow(entry)?;
        }
        lines.extend(told(store, &moves).await?);
    }
    if running.seq < span.last {
        return Ok(Piece { lines, next: Some(running.seq) });
    }
    span.closed_by(running)?;
    Ok(Piece { lines, next: None })
}

/// What came in and went out, of a period of at most `most` entries; `None` of a longer one, and where it takes more than 38 digits.
///
/// # Errors
///
/// See [`Failure`].
pub async fn turnover<S: LedgerStore>(store: &S, span: &Span, most: u64) -> Result<Option<Turnover>, Failure> {
    if span.entries() > most {
        return Ok(None);
    }
    let (mut running, mut sum) = (span.opened(), Some(Turnover::default()));
    while running.seq < span.last {
        for entry in entries(store, span, running.seq, STEP).await? {
            running.follow(&entry)?;
            sum = sum.and_then(|sum| sum.with(entry.amount));
        }
    }
    span.closed_by(running)?;
    Ok(sum)
}

/// The balance after the entry `after`, or at the beginning.
async fn come_to<S: LedgerStore>(store: &S, span: &Span, after: u64) -> Result<Running, Failure> {
    if after == span.before {
        return Ok(span.opened());
    }
    if after < span.before || after > span.last {
        return Err(Failure::Outside(after));
    }
    let entry = entries(store, span, after.saturating_sub(1), 1).await?.pop();
    let entry = entry.ok_or(Broken { account: span.account, seq: after })?;
    Ok(Running { seq: entry.seq, balance: entry.balance_after })
}

/// The next entries of the period, oldest first; never none.
async fn entries<S: LedgerStore>(store: &S, span: &Span, after: u64, most: u64) -> Result<Vec<Entry>, Failure> {
    let before = after.saturating_add(most).min(span.last).saturating_add(1);
    let limit = usize::try_from(before.saturating_sub(after).saturating_sub(1)).unwrap_or_default();
    let range = EntryRange { from: None, until: None, before: Some(before), limit };
    let mut found = store.entries(span.account, range).await?;
    found.reverse();
    if found.is_empty() { Err(Broken { account: span.account, seq: before }.into()) } else { Ok(found) }
}

async fn told<S: LedgerStore>(store: &S, entries: &[&Entry]) -> Result<Vec<Line>, Failure> {
    let ids: Vec<TransferId> = entries.iter().map(|entry| entry.transfer).collect();
    let stored = store.transfers(&ids).await?.into_iter();
    let stored: HashMap<TransferId, Stored> = stored.map(|stored| (stored.receipt.transfer.id, stored)).collect();
    let tell = |entry: &&Entry| {
        let known = stored.get(&entry.transfer).map(|stored| line(entry, stored));
        known.ok_or(Failure::Broken(Broken { account: entry.account, seq: entry.seq }))
    };
    entries.iter().map(tell).collect()
}

fn line(entry: &Entry, stored: &Stored) -> Line {
    let transfer = &stored.receipt.transfer;
    Line {
        seq: entry.seq,
        at: entry.created_at,
        transfer: transfer.id,
        kind: transfer.kind,
        counterparty: other_side(entry.account, transfer.from, transfer.to),
        // A transfer between users has only a batch's own mark.
        reference: transfer.reference.clone().filter(|_| transfer.kind != TransferKind::Transfer),
        description: transfer.description.clone(),
        amount: entry.amount,
        balance: entry.balance_after,
    }
}

fn other_side(own: AccountId, from: AccountId, to: AccountId) -> AccountId {
    if own == from { to } else { from }
}
