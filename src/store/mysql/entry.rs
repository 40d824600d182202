//! Entries, transfers and holds, read outside of batches: units of work.

use mysql_async::{Conn, Result};

use super::found::transfers;
use super::unit::{Attempt, Unit};
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Stored, TransferId};
use crate::store::ledger::EntryRange;
use crate::store::queries::mysql as queries;

/// Times are turned into numbers first: entries of one account are in the order of both.
pub(super) struct Range {
    pub(super) account: AccountId,
    pub(super) range: EntryRange,
}

impl Unit for Range {
    type Value = Vec<Entry>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Entry>> {
        let EntryRange { from, until, before, limit } = self.range;
        let account = self.account.0;
        let first = match from {
            Some(from) => first_since(db, account, from).await?,
            None => 1,
        };
        let end = match until {
            Some(until) => first_since(db, account, until).await?,
            None => i64::MAX as u64,
        };
        let end = before.map_or(end, |before| before.min(end));
        let found = queries::entries_down(db, account, first, end, limit as u64).await?;
        Ok(found.into_iter().map(Entry::from).collect())
    }
}

/// The number of the account's oldest entry that is not older than `at`, whether there is one or not.
async fn first_since(db: &mut Conn, account: u64, at: Timestamp) -> Result<u64> {
    Ok(queries::seq_before(db, account, at.0).await?.map_or(1, |row| row.seq + 1))
}

pub(super) struct At {
    pub(super) account: AccountId,
    pub(super) at: Timestamp,
}

impl Unit for At {
    type Value = Option<Entry>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Entry>> {
        Ok(queries::entry_at(db, self.account.0, self.at.0).await?.map(Entry::from))
    }
}

pub(super) struct Transfers(pub(super) Vec<TransferId>);

impl Unit for Transfers {
    type Value = Vec<Stored>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Stored>> {
        transfers(db, &self.0).await
    }
}

pub(super) struct ExpiredHolds {
    pub(super) now: Timestamp,
    pub(super) limit: usize,
}

impl Unit for ExpiredHolds {
    type Value = Vec<TransferId>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<TransferId>> {
        let found = queries::expired_holds(db, self.now.0, self.limit as u64).await?;
        Ok(found.into_iter().map(|row| TransferId(row.transfer_id)).collect())
    }
}
