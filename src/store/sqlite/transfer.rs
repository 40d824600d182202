//! Transfers and what they hold: units of work.

use rusqlite::{Connection, Result};

use crate::domain::time::Timestamp;
use crate::domain::transfer::{Stored, TransferId};
use crate::store::queries::ledger::read;
use crate::store::queries::sqlite as queries;

pub(super) fn stored(db: &Connection, ids: &[TransferId]) -> Result<Vec<Stored>> {
    Ok(read(queries::stored_transfers(db, &bytes(ids))?)?)
}

pub(super) fn expired(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<TransferId>> {
    let rows = queries::expired_holds(db, now.0, limit as u64)?;
    Ok(rows.into_iter().map(|row| TransferId(row.transfer_id)).collect())
}

/// The ids as columns hold them.
pub(super) fn bytes(ids: &[TransferId]) -> Vec<[u8; 16]> {
    ids.iter().map(|id| id.0).collect()
}
