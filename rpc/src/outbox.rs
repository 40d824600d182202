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

    /// Who waits for room.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.state).starved.len()
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

#[cfg(all(test, not(teller_loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{pin::pin, sync::Arc, task::Wake};

    use super::{Closed, Context, KEPT_BYTES, Outbox, Poll, Waker};
    use crate::sync::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn take(outbox: &Outbox) -> (u64, Vec<u8>) {
        let mut batch = vec![];
        (outbox.swap(&mut batch), batch)
    }

    #[test]
    fn only_the_first_frame_of_a_batch_wakes_the_writer() {
        let (outbox, wakes) = (Outbox::new(1000), Arc::new(Wakes::default()));
        let waker = Waker::from(Arc::clone(&wakes));
        for batch in 1..=3 {
            assert_eq!(outbox.poll_filled(&Context::from_waker(&waker)), Poll::Pending);
            for frame in [&b"one"[..], b"two", b"three"] {
                outbox.push(frame).unwrap();
            }
            assert_eq!(wakes.0.load(Ordering::SeqCst), batch);
            assert_eq!(take(&outbox), (3, b"onetwothree".to_vec()));
        }
    }

    #[test]
    fn a_full_outbox_makes_callers_wait_until_the_writer_has_taken() {
        let (outbox, wakes) = (Outbox::new(4), Arc::new(Wakes::default()));
        let waker = Waker::from(Arc::clone(&wakes));
        outbox.push(b"over the limit").unwrap();
        let mut room = pin!(outbox.room());
        for _ in 0..2 {
            assert!(room.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        take(&outbox);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert_eq!(room.poll(&mut Context::from_waker(&waker)), Poll::Ready(Ok(())));
    }

    #[test]
    fn what_the_writer_has_not_taken_is_known_never_to_be_sent() {
        let outbox = Outbox::new(1000);
        let sent = outbox.push(b"sent").unwrap();
        take(&outbox);
        let unsent = outbox.push(b"unsent").unwrap();
        outbox.close();
        assert!(outbox.was_taken(sent));
        assert!(!outbox.was_taken(unsent));
        assert_eq!(take(&outbox), (0, vec![]));
        assert!(!outbox.was_taken(unsent));
        assert_eq!(outbox.push(b"late"), Err(Closed));
    }

    #[test]
    fn a_finished_outbox_gives_out_its_rest_and_ends() {
        let outbox = Outbox::new(1000);
        let context = Context::from_waker(Waker::noop());
        outbox.push(b"rest").unwrap();
        outbox.finish();
        assert_eq!(outbox.push(b"late"), Err(Closed));
        assert_eq!(outbox.poll_filled(&context), Poll::Ready(true));
        assert_eq!(take(&outbox).1, b"rest");
        assert_eq!(outbox.poll_filled(&context), Poll::Ready(false));
    }

    #[test]
    fn a_burst_does_not_keep_its_memory() {
        let outbox = Outbox::new(1000);
        outbox.push(&vec![0; KEPT_BYTES * 2]).unwrap();
        let mut batch = vec![];
        outbox.swap(&mut batch);
        outbox.swap(&mut batch);
        assert_eq!(batch.capacity(), 0);
    }
}

#[cfg(all(test, teller_loom))]
#[allow(clippy::unwrap_used)]
mod loom_tests {
    use loom::{future::block_on, sync::Arc, thread};

    use super::Outbox;

    #[test]
    fn loom_every_frame_pushed_is_taken_and_no_wake_is_lost() {
        loom::model(|| {
            let outbox = Arc::new(Outbox::new(1000));
            let pushers: Vec<_> = [b"a", b"b"]
                .into_iter()
                .map(|frame| {
                    let outbox = Arc::clone(&outbox);
                    thread::spawn(move || outbox.push(frame).unwrap())
                })
                .collect();
            let (mut sent, mut batch) = (vec![], vec![]);
            while sent.len() < 2 {
                assert!(block_on(outbox.filled()));
                outbox.swap(&mut batch);
                sent.extend_from_slice(&batch);
            }
            sent.sort_unstable();
            assert_eq!(sent, b"ab");
            for pusher in pushers {
                let number = pusher.join().unwrap();
                assert!(outbox.was_taken(number));
            }
        });
    }

    #[test]
    fn loom_a_caller_that_waits_for_room_is_woken_by_the_swap_or_the_end() {
        loom::model(|| {
            let outbox = Arc::new(Outbox::new(1));
            outbox.push(b"full").unwrap();
            let writer = {
                let outbox = Arc::clone(&outbox);
                thread::spawn(move || {
                    outbox.swap(&mut vec![]);
                    outbox.close();
                })
            };
            let _ = block_on(outbox.room());
            writer.join().unwrap();
        });
    }

    #[test]
    fn loom_after_the_end_taken_is_final() {
        loom::model(|| {
            let outbox = Arc::new(Outbox::new(1000));
            let number = outbox.push(b"a").unwrap();
            let writer = {
                let outbox = Arc::clone(&outbox);
                thread::spawn(move || {
                    let mut batch = vec![];
                    outbox.swap(&mut batch);
                    !batch.is_empty()
                })
            };
            outbox.close();
            let taken = outbox.was_taken(number);
            assert_eq!(writer.join().unwrap(), taken);
        });
    }
}
