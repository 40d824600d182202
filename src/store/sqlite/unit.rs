//! A unit of work on its way from a caller to a database thread, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;
use crate::store::ledger::NoAnswer;

/// Why nothing of a unit of work is in effect.
#[derive(Debug)]
pub(super) enum Undone {
    /// It failed.
    Failed(StoreError),
    /// It knows more now, and is to be run once more, alone.
    Again,
}

impl From<rusqlite::Error> for Undone {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Where the answer of a unit of work comes.
pub(super) type Answer<T> = oneshot::Receiver<Result<T, NoAnswer>>;

/// Work that a thread does on its connection, and the caller who waits for it.
///
/// It is finished also when the caller has gone. It may run several times: work that was to be committed together with other work that
/// failed is rolled back and runs again without that.
pub(super) struct Unit {
    /// When its statements are interrupted; not begun after it.
    pub(super) deadline: Instant,
    work: Box<dyn Work>,
}

trait Work: Send {
    fn run(&mut self, db: &Connection) -> Result<(), Undone>;
    fn answer(self: Box<Self>, outcome: Result<(), NoAnswer>);
}

struct Waiting<T, F> {
    work: F,
    value: Option<T>,
    caller: oneshot::Sender<Result<T, NoAnswer>>,
}

impl Unit {
    /// Wraps `work`, and returns where its answer will come.
    pub(super) fn new<T, E, F>(deadline: Instant, work: F) -> (Self, Answer<T>)
    where
        T: Send + 'static,
        E: Into<Undone> + 'static,
        F: Fn(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        (Self { deadline, work: Box::new(Waiting { work, value: None, caller }) }, answer)
    }

    /// Whether it may still be begun.
    pub(super) fn has_time(&self) -> bool {
        Instant::now() < self.deadline
    }

    /// Does the work. A panic in it is an error like any other.
    pub(super) fn run(&mut self, db: &Connection) -> Result<(), Undone> {
        self.work.run(db)
    }

    /// Answers with what the work returned, or with why it has no answer.
    pub(super) fn answer(self, outcome: Result<(), NoAnswer>) {
        self.work.answer(outcome);
    }
}

impl<T, E, F> Work for Waiting<T, F>
where
    T: Send,
    E: Into<Undone>,
    F: Fn(&Connection) -> Result<T, E> + Send,
{
    fn run(&mut self, db: &Connection) -> Result<(), Undone> {
        // What a panic leaves half done is rolled back by whoever runs the unit.
        match catch_unwind(AssertUnwindSafe(|| (self.work)(db))) {
            Ok(outcome) => self.value = Some(outcome.map_err(E::into)?),
            Err(_) => return Err(Undone::Failed(StoreError::Refused("a unit of work panicked".into()))),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), NoAnswer>) {
        let Waiting { value, caller, .. } = *self;
        let never = || NoAnswer::Undone(StoreError::Refused("the work was never run".into()));
        let answer = outcome.and_then(|()| value.ok_or_else(never));
        // A caller who has gone needs no answer.
        let _ = caller.send(answer);
    }
}
