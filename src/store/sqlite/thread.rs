//! The threads that own the connections: one writer, and readers beside it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rusqlite::{Transaction, TransactionBehavior};

use super::connection::Database;
use super::error::shared;
use super::unit::Unit;
use crate::store::StoreError;

/// Units waiting for a thread. The next one is refused: better a quick answer than a queue that outlives its callers.
pub(super) const QUEUE_MAX: usize = 1024;
/// Units that share one commit, and so one wait for the disk.
const BATCH_MAX: usize = 128;

/// Starts the writer. It ends when the last sender is dropped and the queue is empty.
pub(super) fn writer(db: Database) -> Result<SyncSender<Unit>, StoreError> {
    let (sender, queue) = sync_channel(QUEUE_MAX);
    spawn("sqlite-writer".to_owned(), move || {
        while let Ok(first) = queue.recv() {
            let mut units = vec![first];
            // Never a timer: what has gathered while the last commit ran goes along.
            units.extend(queue.try_iter().take(BATCH_MAX - 1));
            if units.len() == 1 { units.into_iter().for_each(|unit| write_alone(&db, unit)) } else { write(&db, units) }
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
                let outcome = run(&db, &mut unit);
                unit.answer(outcome);
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

/// Why a transaction is not in effect.
enum Failure {
    /// A unit of work failed.
    Unit(StoreError),
    /// The transaction could not be begun or committed.
    Transaction(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Transaction(error)
    }
}

/// Does all of `units` in one transaction. If one of them fails, each is done again alone, to have the outcome it deserves.
fn write(db: &Database, mut units: Vec<Unit>) {
    match transaction(db, &mut units) {
        Ok(()) => units.into_iter().for_each(|unit| unit.answer(Ok(()))),
        Err(Failure::Transaction(error)) => {
            let error = Arc::new(error);
            units.into_iter().for_each(|unit| unit.answer(Err(shared(Arc::clone(&error)))));
        }
        Err(Failure::Unit(_)) => units.into_iter().for_each(|unit| write_alone(db, unit)),
    }
}

fn write_alone(db: &Database, mut unit: Unit) {
    let outcome = transaction(db, std::slice::from_mut(&mut unit)).map_err(|failure| match failure {
        Failure::Unit(error) => error,
        Failure::Transaction(error) => error.into(),
    });
    unit.answer(outcome);
}

/// Without an error all of `units` are on disk, else none is: what was begun is rolled back on the way out.
fn transaction(db: &Database, units: &mut [Unit]) -> Result<(), Failure> {
    let Some(first) = units.first() else { return Ok(()) };
    let transaction = Transaction::new_unchecked(db.until(first.deadline)?, TransactionBehavior::Immediate)?;
    for unit in units {
        run(db, unit).map_err(Failure::Unit)?;
    }
    Ok(transaction.commit()?)
}

fn run(db: &Database, unit: &mut Unit) -> Result<(), StoreError> {
    if Instant::now() >= unit.deadline {
        return Err(StoreError::Unavailable("its time was over before it was begun".into()));
    }
    unit.run(db.until(unit.deadline)?)
}
