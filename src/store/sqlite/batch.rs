//! A batch of commands as a unit of work: read what it wants, ask what to write, write that.
//!
//! The one writer is the lock: what is read cannot change before the commit. So an insert that meets a row does so only because the
//! batch had not looked for it; it looks then, in a transaction of its own.

use std::cell::Cell;
use std::hash::Hash;

use rusqlite::{Connection, Error};

use super::account::key;
use super::error::is_taken;
use super::payment;
use super::transfer::{bytes, stored};
use super::unit::Undone;
use crate::domain::account::Account;
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::transfer::{Hold, Reference, TransferId, TransferKind};
use crate::store::StoreError;
use crate::store::ledger::{Batch, Decision};
use crate::store::queries::ledger::read as understood;
use crate::store::queries::sqlite as queries;

/// As often as a batch may ask for more.
const QUESTIONS: usize = 4;

/// A batch, and whether a row was in its way before.
pub(super) struct Work<B> {
    pub(super) batch: B,
    pub(super) collided: Cell<bool>,
}

/// Why a batch was not written.
enum Stopped {
    /// A row is there already, a hold that was to end is pending no more, or a payment is at another step.
    Collision,
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        if is_taken(&error) { Self::Collision } else { Self::Failed(error) }
    }
}

impl<B: Batch> Work<B> {
    pub(super) fn new(batch: B) -> Self {
        Self { batch, collided: Cell::new(false) }
    }

    /// To be run in a write transaction, and once more if it answers [`Undone::Again`].
    pub(super) fn run(&self, db: &Connection) -> Result<B::Answer, Undone> {
        let (effects, answer) = self.decide(db)?;
        match write(db, &effects) {
            Ok(()) => Ok(answer),
            Err(Stopped::Failed(error)) => Err(error.into()),
            Err(Stopped::Collision) if self.collided.replace(true) => {
                Err(Undone::Failed(StoreError::Refused("a batch collides with what it has looked up".into())))
            }
            Err(Stopped::Collision) => Err(Undone::Again),
        }
    }

    fn decide(&self, db: &Connection) -> Result<(Effects, B::Answer), Undone> {
        let mut found = Found::default();
        read(db, self.batch.wants(), &mut found)?;
        if self.collided.get() {
            read(db, self.batch.wants_after_collision(), &mut found)?;
        }
        for _ in 0..=QUESTIONS {
            match self.batch.decide(&found) {
                Decision::Read(wants) => read(db, wants, &mut found)?,
                Decision::Write(effects, answer) => return Ok((effects, answer)),
            }
        }
        Err(Undone::Failed(StoreError::Refused("a batch asks without end".into())))
    }
}

/// Adds what `wants` asks for to what was found.
fn read(db: &Connection, wants: Wants, found: &mut Found) -> rusqlite::Result<()> {
    let ids: Vec<u64> = wants.accounts.iter().copied().filter_map(key).collect();
    let accounts: Vec<Account> = understood(queries::lock_accounts(db, &ids)?)?;
    found.accounts.extend(keyed(wants.accounts, accounts, |account| account.id));

    let holds: Vec<Hold> = understood(queries::holds(db, &bytes(&wants.holds))?)?;
    found.holds.extend(keyed(wants.holds, holds, |hold| hold.transfer));

    let transfers = stored(db, &wants.transfers)?;
    found.transfers.extend(keyed(wants.transfers, transfers, |stored| stored.receipt.transfer.id));

    let standings = payment::standings(db, &wants.records)?;
    found.records.extend(wants.records.into_iter().map(|subject| (subject, None)));
    found.records.extend(standings.into_iter().map(|(subject, standing)| (subject, Some(standing))));

    let used = references(db, &wants.references)?;
    found.references.extend(wants.references.into_iter().map(|key| (key, None)));
    found.references.extend(used.into_iter().map(|(kind, reference, by)| ((kind, reference), Some(by))));
    Ok(())
}

/// Every key that was looked for, with what was found under it: nothing, or, since that comes later, its value.
fn keyed<K: Hash + Eq, V>(keys: Vec<K>, values: Vec<V>, key: impl Fn(&V) -> K) -> impl Iterator<Item = (K, Option<V>)> {
    let missing = keys.into_iter().map(|key| (key, None));
    missing.chain(values.into_iter().map(move |value| (key(&value), Some(value))))
}

type Used = (TransferKind, Reference, TransferId);

fn references(db: &Connection, wanted: &[(TransferKind, Reference)]) -> rusqlite::Result<Vec<Used>> {
    let mut kinds: Vec<TransferKind> = wanted.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut used = Vec::new();
    for kind in kinds {
        let of_kind = wanted.iter().filter(|(own, _)| *own == kind);
        let texts: Vec<&str> = of_kind.map(|(_, reference)| reference.as_str()).collect();
        used.extend(understood::<_, Used>(queries::transfer_references(db, kind as u64, &texts)?)?);
    }
    Ok(used)
}

fn write(db: &Connection, effects: &Effects) -> Result<(), Stopped> {
    queries::insert_transfers(db, &rows_of(&effects.transfers))?;
    queries::insert_references(db, &rows_of(&effects.references))?;
    queries::insert_entries(db, &rows_of(&effects.entries))?;
    queries::insert_holds(db, &rows_of(&effects.holds))?;
    if queries::settle_holds(db, &rows_of(&effects.settled))? != effects.settled.len() as u64 {
        return Err(Stopped::Collision);
    }
    if !payment::step(db, &effects.records)? {
        return Err(Stopped::Collision);
    }
    // `effects.accounts` is what the entries say already.
    Ok(())
}

fn rows_of<'a, T, R: From<&'a T>>(values: &'a [T]) -> Vec<R> {
    values.iter().map(R::from).collect()
}
