//! [`Inflight`]: the calls of one connection that wait for an answer, in a table of slots.
//!
//! An id is `generation << 16 | slot`: looking up is an index, no hash, no channel per call. Every request gets exactly
//! one response, also a cancelled one, and its slot is taken until then: so no answer can meet another call's slot,
//! however late it comes, and the client's count of free slots is the server's. The generation only unmasks a peer that
//! answers twice.
//!
//! Deadlines cost no timer per call. The table remembers when it has to be looked through next; a new call moves that
//! forward only if its deadline is earlier, which with one usual timeout never happens. [`Inflight::sweep`] then visits
//! all slots about once per timeout and is exact to the timer's millisecond all the same.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::time::Instant;

use crate::sync::{AtomicUsize, Mutex, Ordering, lock};

/// The largest number of slots: what 16 bits of an id can tell apart.
pub(crate) const MAX_SLOTS: usize = 1 << 16;

/// A RESPONSE, less its id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) flags: u8,
    pub(crate) body: Bytes,
}

/// What a waiting call finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The answer; the slot is free again.
    Answer(Answer),
    /// The deadline has passed; the slot is still the caller's, who will abandon it.
    Due,
    /// The connection has ended, all slots with it.
    Lost,
}

/// What became of a slot whose caller has gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// The answer was there already (or the connection is gone): free again.
    Free,
    /// Taken until the server's answer comes: send CANCEL.
    Occupied,
}

/// Why a call cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All slots are taken.
    Full,
    /// The connection has ended.
    Closed,
}

pub(crate) struct Inflight {
    table: Mutex<Table>,
    /// Callers waiting, readable without the lock.
    waiting: AtomicUsize,
}

struct Table {
    slots: Vec<Slot>,
    free: Vec<u16>,
    capacity: usize,
    closed: bool,
    /// No slot is due before this; `None` if nothing is known to wait.
    next_sweep: Option<Instant>,
}

struct Slot {
    generation: u16,
    state: State,
}

enum State {
    Free,
    Waiting { waker: Option<Waker>, deadline: Instant, due: bool },
    Answered(Answer),
    Abandoned,
}

impl Inflight {
    /// A table of at most `capacity` calls (no more than [`MAX_SLOTS`]).
    pub(crate) fn new(capacity: usize) -> Self {
        let table =
            Table { slots: vec![], free: vec![], capacity: capacity.min(MAX_SLOTS), closed: false, next_sweep: None };
        Self { table: Mutex::new(table), waiting: AtomicUsize::new(0) }
    }

    /// Callers waiting for an answer.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a slot; the flag says that the sweeper must be woken because this deadline is earlier than it expects.
    pub(crate) fn open(&self, deadline: Instant) -> Result<(u32, bool), Refused> {
        let mut table = lock(&self.table);
        if table.closed {
            return Err(Refused::Closed);
        }
        let slot = table.take_slot().ok_or(Refused::Full)?;
        let entry = &mut table.slots[usize::from(slot)];
        entry.generation = entry.generation.wrapping_add(1);
        entry.state = State::Waiting { waker: None, deadline, due: false };
        let id = u32::from(entry.generation) << 16 | u32::from(slot);
        let earlier = table.next_sweep.is_none_or(|next| deadline < next);
        if earlier {
            table.next_sweep = Some(deadline);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Ok((id, earlier))
    }

    /// Asks for the answer to `id`; frees the slot with it.
    pub(crate) fn poll(&self, id: u32, context: &Context<'_>) -> Poll<Found> {
        let mut table = lock(&self.table);
        let Some(entry) = table.entry(id) else {
            return Poll::Ready(Found::Lost);
        };
        match &mut entry.state {
            State::Waiting { due: true, .. } => Poll::Ready(Found::Due),
            State::Waiting { waker, .. } => {
                match waker {
                    Some(known) => known.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
            State::Answered(_) => {
                let State::Answered(answer) = std::mem::replace(&mut entry.state, State::Free) else {
                    return Poll::Ready(Found::Lost);
                };
                table.free.push(slot_of(id));
                Poll::Ready(Found::Answer(answer))
            }
            State::Free | State::Abandoned => Poll::Ready(Found::Lost),
        }
    }

    /// The caller of `id` waits no longer.
    pub(crate) fn abandon(&self, id: u32) -> Abandoned {
        let mut table = lock(&self.table);
        if table.closed {
            return Abandoned::Free;
        }
        let Some(entry) = table.entry(id) else {
            return Abandoned::Free;
        };
        match entry.state {
            State::Waiting { .. } => {
                entry.state = State::Abandoned;
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                Abandoned::Occupied
            }
            State::Answered(_) => {
                entry.state = State::Free;
                table.free.push(slot_of(id));
                Abandoned::Free
            }
            State::Free | State::Abandoned => Abandoned::Free,
        }
    }

    /// Gives all `answers` of one read to their calls under one lock; the callers to wake are appended to `wakers`.
    pub(crate) fn complete(
        &self,
        answers: impl IntoIterator<Item = (u32, Answer)>,
        wakers: &mut Vec<Waker>,
    ) -> Completed {
        let mut completed = Completed::default();
        let mut table = lock(&self.table);
        for (id, answer) in answers {
            match table.entry(id).map(|entry| (std::mem::replace(&mut entry.state, State::Free), entry)) {
                Some((State::Waiting { waker, .. }, entry)) => {
                    entry.state = State::Answered(answer);
                    wakers.extend(waker);
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                Some((State::Abandoned, _)) => {
                    table.free.push(slot_of(id));
                    completed.freed += 1;
                }
                Some((state, entry)) => {
                    entry.state = state;
                    completed.stray += 1;
                }
                None => completed.stray += 1,
            }
        }
        completed
    }

    /// Marks the calls that are due at `now` and says when to come back.
    pub(crate) fn sweep(&self, now: Instant, wakers: &mut Vec<Waker>) -> Option<Instant> {
        let mut table = lock(&self.table);
        let mut next: Option<Instant> = None;
        for slot in &mut table.slots {
            let State::Waiting { waker, deadline, due } = &mut slot.state else {
                continue;
            };
            if *deadline <= now {
                *due = true;
                wakers.extend(waker.take());
            } else {
                next = Some(next.map_or(*deadline, |earliest| earliest.min(*deadline)));
            }
        }
        table.next_sweep = next;
        next
    }

    /// When the next sweep is needed, as far as is known.
    pub(crate) fn next_sweep(&self) -> Option<Instant> {
        lock(&self.table).next_sweep
    }

    /// Ends all calls: the connection is gone. Returns how many slots nobody waited for any more.
    ///
    /// An answer that has come stays for its caller, who may not have run between the last bytes and the end.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) -> usize {
        let mut abandoned = 0;
        let mut table = lock(&self.table);
        table.closed = true;
        for slot in table.slots.iter_mut().filter(|slot| !matches!(slot.state, State::Answered(_))) {
            match std::mem::replace(&mut slot.state, State::Free) {
                State::Waiting { waker, .. } => wakers.extend(waker),
                State::Abandoned => abandoned += 1,
                State::Free | State::Answered(_) => {}
            }
        }
        self.waiting.store(0, Ordering::Relaxed);
        abandoned
    }
}

/// What one read's answers met.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Completed {
    /// Slots of abandoned calls that became free.
    pub(crate) freed: usize,
    /// Answers to no call: a fault of the peer, dropped.
    pub(crate) stray: usize,
}

impl Table {
    fn take_slot(&mut self) -> Option<u16> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        if self.slots.len() == self.capacity {
            return None;
        }
        let slot = u16::try_from(self.slots.len()).ok()?;
        self.slots.push(Slot { generation: 0, state: State::Free });
        Some(slot)
    }

    fn entry(&mut self, id: u32) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(usize::from(slot_of(id)))?;
        (u32::from(slot.generation) == id >> 16).then_some(slot)
    }
}

fn slot_of(id: u32) -> u16 {
    (id & 0xffff) as u16
}

#[cfg(all(test, not(teller_loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::{Abandoned, Answer, Bytes, Completed, Context, Found, Inflight, Instant, Poll, Refused, Waker};

    fn answer(text: &'static str) -> Answer {
        Answer { code: 0, flags: 0, body: Bytes::from_static(text.as_bytes()) }
    }

    fn complete(table: &Inflight, id: u32, text: &'static str) -> Completed {
        table.complete([(id, answer(text))], &mut vec![])
    }

    fn poll(table: &Inflight, id: u32) -> Poll<Found> {
        table.poll(id, &Context::from_waker(Waker::noop()))
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(2)
    }

    #[test]
    fn an_answer_reaches_its_call_and_frees_the_slot_under_a_new_id() {
        let table = Inflight::new(1);
        let (id, _) = table.open(later()).unwrap();
        assert_eq!(table.open(later()), Err(Refused::Full));
        assert_eq!(poll(&table, id), Poll::Pending);
        assert_eq!(complete(&table, id, "a"), Completed::default());
        assert_eq!(poll(&table, id), Poll::Ready(Found::Answer(answer("a"))));
        let (next, _) = table.open(later()).unwrap();
        assert_ne!(next, id);
        assert_eq!(complete(&table, id, "late").stray, 1);
        assert_eq!(poll(&table, next), Poll::Pending);
    }

    #[test]
    fn an_abandoned_slot_is_taken_until_its_answer_comes() {
        let table = Inflight::new(1);
        let (id, _) = table.open(later()).unwrap();
        assert_eq!(table.abandon(id), Abandoned::Occupied);
        assert_eq!(table.open(later()), Err(Refused::Full));
        assert_eq!(complete(&table, id, "too late"), Completed { freed: 1, stray: 0 });
        assert!(table.open(later()).is_ok());
        assert_eq!(table.waiting(), 1);
    }

    #[test]
    fn an_answer_that_nobody_fetches_frees_its_slot() {
        let table = Inflight::new(1);
        let (id, _) = table.open(later()).unwrap();
        complete(&table, id, "unread");
        assert_eq!(table.abandon(id), Abandoned::Free);
        assert!(table.open(later()).is_ok());
    }

    #[test]
    fn a_second_answer_is_a_stray() {
        let table = Inflight::new(2);
        let (id, _) = table.open(later()).unwrap();
        complete(&table, id, "first");
        assert_eq!(complete(&table, id, "second").stray, 1);
        assert_eq!(poll(&table, id), Poll::Ready(Found::Answer(answer("first"))));
        assert_eq!(complete(&table, id, "third").stray, 1);
        assert_eq!(complete(&table, 0xffff, "of no slot").stray, 1);
    }

    #[test]
    fn only_an_earlier_deadline_wakes_the_sweeper() {
        let table = Inflight::new(9);
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        assert!(table.open(at(200)).unwrap().1);
        assert!(!table.open(at(300)).unwrap().1);
        assert!(table.open(at(100)).unwrap().1);
        assert_eq!(table.next_sweep(), Some(at(100)));
        assert_eq!(table.sweep(at(100), &mut vec![]), Some(at(200)));
        assert!(!table.open(at(250)).unwrap().1);
    }

    #[test]
    fn a_sweep_ends_what_is_due_and_nothing_else() {
        let table = Inflight::new(9);
        let now = Instant::now();
        let (due, _) = table.open(now).unwrap();
        let (not_yet, _) = table.open(later()).unwrap();
        table.sweep(now, &mut vec![]);
        assert_eq!(poll(&table, due), Poll::Ready(Found::Due));
        assert_eq!(poll(&table, not_yet), Poll::Pending);
        assert_eq!(table.abandon(due), Abandoned::Occupied);
    }

    #[test]
    fn the_end_of_the_connection_is_the_end_of_its_calls() {
        let table = Inflight::new(9);
        let (waiting, _) = table.open(later()).unwrap();
        let (abandoned, _) = table.open(later()).unwrap();
        table.abandon(abandoned);
        assert_eq!(table.close(&mut vec![]), 1);
        assert_eq!(poll(&table, waiting), Poll::Ready(Found::Lost));
        assert_eq!(table.abandon(waiting), Abandoned::Free);
        assert_eq!(table.open(later()), Err(Refused::Closed));
        assert_eq!(table.waiting(), 0);
    }

    #[test]
    fn an_answer_that_came_before_the_end_is_still_its_callers() {
        let table = Inflight::new(9);
        let (id, _) = table.open(later()).unwrap();
        complete(&table, id, "in time");
        assert_eq!(table.close(&mut vec![]), 0);
        assert_eq!(poll(&table, id), Poll::Ready(Found::Answer(answer("in time"))));
        assert_eq!(poll(&table, id), Poll::Ready(Found::Lost));
        assert_eq!(table.open(later()), Err(Refused::Closed));
    }
}

#[cfg(all(test, teller_loom))]
#[allow(clippy::unwrap_used)]
mod loom_tests {
    use loom::{sync::Arc, thread};

    use super::{Abandoned, Answer, Bytes, Context, Found, Inflight, Instant, Refused, Waker};

    fn answer() -> Answer {
        Answer { code: 0, flags: 0, body: Bytes::from_static(b"mine") }
    }

    #[test]
    fn loom_an_answer_is_fetched_however_it_meets_the_caller() {
        loom::model(|| {
            let table = Arc::new(Inflight::new(1));
            let (id, _) = table.open(Instant::now()).unwrap();
            let reader = {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let mut wakers = vec![];
                    table.complete([(id, answer())], &mut wakers);
                    wakers.into_iter().for_each(Waker::wake);
                })
            };
            let found = loom::future::block_on(std::future::poll_fn(|context| {
                table.poll(id, &Context::from_waker(context.waker()))
            }));
            assert_eq!(found, Found::Answer(answer()));
            reader.join().unwrap();
            assert!(table.open(Instant::now()).is_ok());
        });
    }

    #[test]
    fn loom_an_abandoned_slot_is_freed_once_whoever_comes_first() {
        loom::model(|| {
            let table = Arc::new(Inflight::new(1));
            let (id, _) = table.open(Instant::now()).unwrap();
            let reader = {
                let table = Arc::clone(&table);
                thread::spawn(move || table.complete([(id, answer())], &mut vec![]).freed)
            };
            let by_caller = usize::from(table.abandon(id) == Abandoned::Free);
            assert_eq!(by_caller + reader.join().unwrap(), 1);
            assert!(table.open(Instant::now()).is_ok());
            assert_eq!(table.open(Instant::now()), Err(Refused::Full));
        });
    }

    #[test]
    fn loom_an_answer_before_the_end_is_fetched_after_it_too() {
        loom::model(|| {
            let table = Arc::new(Inflight::new(1));
            let (id, _) = table.open(Instant::now()).unwrap();
            let reader = {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let mut wakers = vec![];
                    table.complete([(id, answer())], &mut wakers);
                    table.close(&mut wakers);
                    wakers.into_iter().for_each(Waker::wake);
                })
            };
            let found = loom::future::block_on(std::future::poll_fn(|context| {
                table.poll(id, &Context::from_waker(context.waker()))
            }));
            assert_eq!(found, Found::Answer(answer()));
            reader.join().unwrap();
        });
    }

    #[test]
    fn loom_a_call_that_meets_the_end_is_lost_not_forgotten() {
        loom::model(|| {
            let table = Arc::new(Inflight::new(1));
            let (id, _) = table.open(Instant::now()).unwrap();
            let reader = {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    let mut wakers = vec![];
                    table.close(&mut wakers);
                    wakers.into_iter().for_each(Waker::wake);
                })
            };
            let found = loom::future::block_on(std::future::poll_fn(|context| {
                table.poll(id, &Context::from_waker(context.waker()))
            }));
            assert_eq!(found, Found::Lost);
            reader.join().unwrap();
        });
    }
}
