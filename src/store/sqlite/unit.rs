//! A unit of work on its way from a caller to a database thread, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rusqlite::{Connection, Result};
use tokio::sync::oneshot;

use crate::store::StoreError;

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
    fn run(&mut self, db: &Connection) -> std::result::Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: std::result::Result<(), StoreError>);
}

struct Waiting<T, F> {
    work: F,
    value: Option<T>,
    caller: oneshot::Sender<std::result::Result<T, StoreError>>,
}

impl Unit {
    /// Wraps `work`, and returns where its answer will come.
    pub(super) fn new<T, F>(deadline: Instant, work: F) -> (Self, oneshot::Receiver<std::result::Result<T, StoreError>>)
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        (Self { deadline, work: Box::new(Waiting { work, value: None, caller }) }, answer)
    }

    /// Whether it may still be begun.
    pub(super) fn has_time(&self) -> bool {
        Instant::now() < self.deadline
    }

    /// Does the work. A panic in it is an error like any other.
    pub(super) fn run(&mut self, db: &Connection) -> std::result::Result<(), StoreError> {
        self.work.run(db)
    }

    /// Answers with what the work returned, or with the error that undid it.
    pub(super) fn answer(self, outcome: std::result::Result<(), StoreError>) {
        self.work.answer(outcome);
    }
}

impl<T, F> Work for Waiting<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, db: &Connection) -> std::result::Result<(), StoreError> {
        // What a panic leaves half done is rolled back by whoever runs the unit.
        match catch_unwind(AssertUnwindSafe(|| (self.work)(db))) {
            Ok(value) => self.value = Some(value?),
            Err(_) => return Err(StoreError::Refused("a unit of work panicked".into())),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: std::result::Result<(), StoreError>) {
        let Waiting { value, caller, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or_else(|| StoreError::Refused("the work was never run".into())));
        // A caller who has gone needs no answer.
        let _ = caller.send(answer);
    }
}
