//! The threads that own the connections: one writer, and readers beside it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{iter, thread};

use rusqlite::{Transaction, TransactionBehavior};

use super::connection::Database;
use super::error::shared;
use super::unit::{Undone, Unit};
use crate::store::StoreError;
use crate::store::ledger::NoAnswer;

/// Units waiting for a thread. The next one is refused: better a quick answer than a queue that outlives its callers.
pub(super) const QUEUE_MAX: usize = 1024;
/// Units that share one commit, and so one wait for the disk.
const BATCH_MAX: usize = 128;

/// Starts the writer. It ends when the last sender is dropped and the queue is empty.
pub(super) fn writer(db: Database) -> Result<SyncSender<Unit>, StoreError> {
    let (sender, queue) = sync_channel(QUEUE_MAX);
    spawn("sqlite-writer".to_owned(), move || {
        while let Ok(first) = queue.recv() {
            // Never a timer: what has gathered while the last commit ran goes along.
            let gathered = iter::once(first).chain(queue.try_iter().take(BATCH_MAX - 1));
            let (units, late): (Vec<_>, Vec<_>) = gathered.partition(Unit::has_time);
            late.into_iter().for_each(|unit| unit.answer(Err(NoAnswer::Undone(too_late()))));
            write(&db, units);
        }
    })?;
    Ok(sender)
}

/// Starts a reader for each of `connections`, on one queue.
pub(super) fn readers(connections: Vec<Database>) -> Result<SyncSender<Unit>, StoreError> {
    let (sender, queue) = sync_channel(QUEUE_MAX);
    let queue = Arc::new(Mutex::new(queue));
    for (number, db) in connections.into_iter().enumerate() {
        let queue = Arc::clone(&queue);
        spawn(format!("sqlite-reader-{number}"), move || {
            while let Some(mut unit) = next(&queue) {
                let outcome = run(&db, &mut unit).map_err(|undone| match undone {
                    Undone::Failed(error) => error,
                    Undone::Again => StoreError::Refused("a reader asked to be run again".into()),
                });
                unit.answer(outcome.map_err(NoAnswer::Undone));
            }
        })?;
    }
    Ok(sender)
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    // Detached: a thread ends when its queue does.
    thread::Builder::new().name(name).spawn(body).map(drop).map_err(|error| StoreError::Unavailable(error.into()))
}

fn next(queue: &Mutex<Receiver<Unit>>) -> Option<Unit> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Why a transaction has no outcome.
enum Failure {
    /// The unit of work at this place failed.
    Unit(usize, Undone),
    /// The transaction could not be begun.
    Begin(rusqlite::Error),
    /// It could not be committed. What was written to the log may yet be found there by whoever opens the file after a crash.
    Commit(rusqlite::Error),
}

/// Does all of `units` in one transaction. One that fails is taken out, to have alone the outcome it deserves, and the others are done
/// again: a failure costs them no commit each.
fn write(db: &Database, mut units: Vec<Unit>) {
    while units.len() > 1 {
        let outcome = match transaction(db, &mut units) {
            Ok(()) => Ok(()),
            Err(Failure::Unit(place, _)) => {
                write_alone(db, units.remove(place));
                continue;
            }
            Err(Failure::Begin(error)) => Err((NoAnswer::Undone as fn(StoreError) -> NoAnswer, Arc::new(error))),
            Err(Failure::Commit(error)) => Err((NoAnswer::Unknown as fn(StoreError) -> NoAnswer, Arc::new(error))),
        };
        for unit in units {
            unit.answer(outcome.clone().map_err(|(no_answer, error)| no_answer(shared(error))));
        }
        return;
    }
    units.into_iter().for_each(|unit| write_alone(db, unit));
}

/// A unit that asks to be run again is, within its time.
fn write_alone(db: &Database, mut unit: Unit) {
    let outcome = loop {
        match transaction(db, std::slice::from_mut(&mut unit)) {
            Ok(()) => break Ok(()),
            Err(Failure::Unit(_, Undone::Again)) => {}
            Err(Failure::Unit(_, Undone::Failed(error))) => break Err(NoAnswer::Undone(error)),
            Err(Failure::Begin(error)) => break Err(NoAnswer::Undone(error.into())),
            Err(Failure::Commit(error)) => break Err(NoAnswer::Unknown(error.into())),
        }
    };
    unit.answer(outcome);
}

/// Without an error all of `units` are on disk, else none is: what was begun is rolled back on the way out.
fn transaction(db: &Database, units: &mut [Unit]) -> Result<(), Failure> {
    let Some(first) = units.first() else { return Ok(()) };
    let begun = db.until(first.deadline);
    let begun = begun.and_then(|db| Transaction::new_unchecked(db, TransactionBehavior::Immediate));
    let transaction = begun.map_err(Failure::Begin)?;
    for (place, unit) in units.iter_mut().enumerate() {
        run(db, unit).map_err(|error| Failure::Unit(place, error))?;
    }
    transaction.commit().map_err(Failure::Commit)
}

fn run(db: &Database, unit: &mut Unit) -> Result<(), Undone> {
    if !unit.has_time() {
        return Err(Undone::Failed(too_late()));
    }
    unit.run(db.until(unit.deadline)?)
}

fn too_late() -> StoreError {
    StoreError::Unavailable("its time was over before it was begun".into())
}
