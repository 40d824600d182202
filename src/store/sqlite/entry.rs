//! Entries: units of work.

use rusqlite::{Connection, Result};

use super::account::key;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Entry;
use crate::store::ledger::EntryRange;
use crate::store::queries::sqlite as queries;

/// The number that no entry reaches.
const LAST: u64 = i64::MAX as u64;

pub(super) fn page(db: &Connection, account: AccountId, range: &EntryRange) -> Result<Vec<Entry>> {
    let Some(id) = key(account) else { return Ok(Vec::new()) };
    let first = range.from.map_or(Ok(1), |from| after_those_before(db, id, from))?;
    let until = range.until.map_or(Ok(LAST), |until| after_those_before(db, id, until))?;
    let before = range.before.unwrap_or(LAST).min(until);
    let rows = queries::entries_down(db, id, first, before, range.limit as u64)?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// The number that follows on those older than `at`: times never fall from an entry to the next.
fn after_those_before(db: &Connection, account: u64, at: Timestamp) -> Result<u64> {
    Ok(queries::seq_before(db, account, at.0)?.map_or(1, |row| row.seq + 1))
}

pub(super) fn at(db: &Connection, account: AccountId, at: Timestamp) -> Result<Option<Entry>> {
    let Some(id) = key(account) else { return Ok(None) };
    Ok(queries::entry_at(db, id, at.0)?.map(Entry::from))
}
