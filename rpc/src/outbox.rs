//! [`Outbox`]: the bytes that wait to be written on one connection, gathered while the last ones are being written.
//!
//! Many tasks append whole frames under a short lock; one writer swaps the gathered bytes for an empty buffer and writes
//! them at once. It is woken only by the append that finds nothing gathered. So a busy connection batches by itself and
//! an idle one sends at once, without a timer.
//!
//! The bound is soft: who appends much asks for [`Outbox::room`] first, and may then overshoot by its own frame. Frames
//! of a few bytes (cancel, ping, refusals) are appended without asking.

use std::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use crate::sync::{Mutex, lock};

/// A buffer that has grown beyond this by a burst is given back after it is written.
const KEPT_BYTES: usize = 256 << 10;

/// The connection takes no more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

pub(crate) struct Outbox {
    state: Mutex<State>,
    limit: usize,
}

#[derive(Default)]
struct State {
    gathered: Vec<u8>,
    /// Frames ever appended, and of these the ones the writer has taken.
    appended: u64,
    taken: u64,
    end: End,
    writer: Option<Waker>,
    starved: Vec<Waker>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// What is gathered is still written, then the writer ends.
    Finishing,
    /// Nothing is written any more.
    Closed,
}

impl Outbox {
    /// An outbox that is full from `limit` gathered bytes on.
    pub(crate) fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), limit }
    }

    /// Appends one frame and returns its number, by which [`Outbox::was_taken`] knows it.
    pub(crate) fn push(&self, frame: &[u8]) -> Result<u64, Closed> {
        let mut state = lock(&self.state);
        if state.end != End::Open {
            return Err(Closed);
        }
        let number = state.appended;
        state.appended += 1;
        let first = state.gathered.is_empty();
        state.gathered.extend_from_slice(frame);
        let writer = if first { state.writer.take() } else { None };
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        Ok(number)
    }

    /// Whether the outbox is at its limit.
    pub(crate) fn is_full(&self) -> bool {
        lock(&self.state).gathered.len() >= self.limit
    }

    /// Waits until the outbox is under its limit.
    pub(crate) async fn room(&self) -> Result<(), Closed> {
        poll_fn(|context| self.poll_room(context)).await
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<Result<(), Closed>> {
        let mut state = lock(&self.state);
        if state.end != End::Open {
            return Poll::Ready(Err(Closed));
        }
        if state.gathered.len() < self.limit {
            return Poll::Ready(Ok(()));
        }
        if !state.starved.iter().any(|known| known.will_wake(context.waker())) {
            state.starved.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Writer: waits until there is something to write; `false` when there will be nothing more.
    pub(crate) async fn filled(&self) -> bool {
        poll_fn(|context| self.poll_filled(context)).await
    }

    pub(crate) fn poll_filled(&self, context: &Context<'_>) -> Poll<bool> {
        let mut state = lock(&self.state);
        if state.end == End::Closed {
            return Poll::Ready(false);
        }
        if !state.gathered.is_empty() {
            return Poll::Ready(true);
        }
        if state.end == End::Finishing {
            return Poll::Ready(false);
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Writer: swaps the gathered bytes for the written-out `batch`; returns how many frames it took.
    pub(crate) fn swap(&self, batch: &mut Vec<u8>) -> u64 {
        batch.clear();
        if batch.capacity() > KEPT_BYTES {
            *batch = Vec::new();
        }
        let mut state = lock(&self.state);
        if state.end == End::Closed {
            return 0;
        }
        std::mem::swap(&mut state.gathered, batch);
        let frames = state.appended - state.taken;
        state.taken = state.appended;
        let starved = std::mem::take(&mut state.starved);
        drop(state);
        starved.into_iter().for_each(Waker::wake);
        frames
    }

    /// Whether the writer has taken frame `number`: if not by the end of the connection, no byte of it was ever sent.
    pub(crate) fn was_taken(&self, number: u64) -> bool {
        number < lock(&self.state).taken
    }

    /// No more frames; the gathered ones are still written.
    pub(crate) fn finish(&self) {
        self.end(End::Finishing);
    }

    /// No more frames and no more writing; what the writer has not taken is never sent.
    pub(crate) fn close(&self) {
        self.end(End::Closed);
    }

    fn end(&self, end: End) {
        let mut state = lock(&self.state);
        if state.end != End::Closed {
            state.end = end;
        }
        if end == End::Closed {
            state.gathered = Vec::new();
        }
        let mut wakers = std::mem::take(&mut state.starved);
        wakers.extend(state.writer.take());
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}
