//! Many callers, one round trip.
//!
//! Callers ask for one key each; a [`Coalescer`] puts the keys that are waiting into one batch and asks for them together. Session
//! look-ups become one Redis pipeline, profile look-ups one `IN (...)`, commands one transaction.
//!
//! ```text
//! callers --key--> queue --up to batch_max--> lane 0 --Vec<K>--> the batch function --Vec<V>--> each caller its own
//!                        `------------------> lane 1 ...
//! ```
//!
//! There is no timer. An idle lane takes a single key at once; while every lane is busy the keys gather, so that batches grow by
//! themselves exactly when there is load.
//!
//! Promises, each with a test:
//! - A caller's batch begins after its call: what it is told is never older than its question.
//! - Keys that weigh more than one, groups of commands say, are taken whole: as many as batch_max has room for, or one alone.
//! - Keys keep their order inside a batch. With one lane they keep it altogether.
//! - A key that was queued is asked for, also when its caller has gone by then; a caller that goes away harms nobody.
//! - A batch that fails, panics, answers the wrong number of values or dies with its runtime tells its callers so, and the lane goes
//!   on with the next.
//! - A full queue refuses at once.
//!
//! Cost of a call in steady state: one allocation (the channel its answer comes back by) and two short locks; no task is made. Each
//! lane is one task that lives as long as the coalescer and sleeps while there is nothing to do.

mod lane;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Notify, oneshot};

use lane::Lane;
use queue::Queue;

/// How much a [`Coalescer`] does at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Batches that run at once, at least 1.
    pub lanes: usize,
    /// Most keys in a batch, at least 1; where keys are weighed, their weight. A key that weighs more goes alone, and is heavy.
    pub batch_max: usize,
    /// Most keys, or their weight, that wait for a lane; what would exceed it is refused with [`CoalesceError::Busy`], and so is a heavy key
    /// while others are waiting with which it would exceed a quarter of it.
    pub queue_max: usize,
}

/// Why a caller got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoalesceError<E> {
    /// The queue is full. The key was not asked for.
    #[error("too many are waiting")]
    Busy,
    /// The batch panicked, answered the wrong number of values or was dropped with its runtime. Whether it had an effect is unknown.
    #[error("the batch was lost")]
    Lost,
    /// The batch failed, for each of its callers alike.
    #[error("the batch failed")]
    Failed(#[source] E),
}

/// A queue of keys and the lanes that ask for them. Share it in an [`Arc`].
pub struct Coalescer<K, V, E> {
    shared: Arc<Shared<K, V, E>>,
    /// Spawns the task of a lane that has none yet.
    start: Box<dyn Fn(Lane<K, V, E>) + Send + Sync>,
}

/// What callers and lanes share.
struct Shared<K, V, E> {
    limits: Limits,
    merge: Merge<K, V, E>,
    weigh: fn(&K) -> usize,
    /// One for each lane, so that a wake-up is never meant for another.
    wake: Box<[Notify]>,
    state: Mutex<State<K, V, E>>,
}

struct State<K, V, E> {
    queue: Queue<Waiting<K, V, E>>,
    /// Lanes that sleep, the one that slept last on top.
    idle: Vec<usize>,
    /// Lanes without a task: not started yet, or their runtime has gone.
    stopped: Vec<usize>,
    /// No more keys will come.
    closed: bool,
}

struct Waiting<K, V, E> {
    key: K,
    answer: Answer<V, E>,
}

type Answer<V, E> = oneshot::Sender<Result<V, CoalesceError<E>>>;

/// A caller of a running batch, and which of the batch's values is its.
struct Caller<V, E> {
    value: usize,
    answer: Answer<V, E>,
}

/// Whether equal keys become one. As functions, because only merging needs keys that compare and values that clone.
struct Merge<K, V, E> {
    split: Split<K, V, E>,
    hand_out: HandOut<V, E>,
}

type Split<K, V, E> = fn(&mut Vec<Waiting<K, V, E>>, &mut Vec<Caller<V, E>>) -> Vec<K>;

type HandOut<V, E> = fn(Vec<V>, &mut Vec<Caller<V, E>>);

impl<K, V, E> Coalescer<K, V, E>
where
    K: Send + 'static,
    V: Send + 'static,
    E: Clone + Send + 'static,
{
    /// A coalescer that asks for every key, equal ones too. `batch` answers one value for each key, in their order.
    pub fn new<F, Fut>(limits: Limits, batch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        Self::weighing(limits, |_| 1, batch)
    }

    /// The same, where a key counts in the limits as much as it weighs.
    pub fn weighing<F, Fut>(limits: Limits, weigh: fn(&K) -> usize, batch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        Self::build(limits, Merge { split: split_each, hand_out: hand_out_each }, weigh, batch)
    }

    /// A coalescer for look-ups: keys that are equal go into a batch once, and each of their callers gets a clone of the value.
    pub fn merging<F, Fut>(limits: Limits, batch: F) -> Self
    where
        K: Eq + Hash + Clone,
        V: Clone,
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        Self::build(limits, Merge { split: split_merged, hand_out: hand_out_merged }, |_| 1, batch)
    }

    fn build<F, Fut>(limits: Limits, merge: Merge<K, V, E>, weigh: fn(&K) -> usize, batch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        let lanes = limits.lanes.max(1);
        let limits = Limits { lanes, batch_max: limits.batch_max.max(1), ..limits };
        let state = State { queue: Queue::new(), idle: Vec::new(), stopped: (0..lanes).rev().collect(), closed: false };
        let wake = (0..lanes).map(|_| Notify::new()).collect();
        let batch = Arc::new(batch);
        Self {
            shared: Arc::new(Shared { limits, merge, weigh, wake, state: Mutex::new(state) }),
            start: Box::new(move |lane| {
                tokio::spawn(lane.run(Arc::clone(&batch)));
            }),
        }
    }

    /// Asks for `key` in the next batch and waits for its value. Must be called within a Tokio runtime.
    ///
    /// Dropping the future takes the caller out, not the key: it is still asked for.
    ///
    /// # Errors
    ///
    /// See [`CoalesceError`].
    pub async fn call(&self, key: K) -> Result<V, CoalesceError<E>> {
        let (answer, answered) = oneshot::channel();
        let weight = (self.shared.weigh)(&key);
        self.enqueue(weight, Waiting { key, answer })?;
        answered.await.unwrap_or(Err(CoalesceError::Lost))
    }

    fn enqueue(&self, weight: usize, waiting: Waiting<K, V, E>) -> Result<(), CoalesceError<E>> {
        let mut state = self.shared.lock();
        if !state.queue.push(&self.shared.limits, weight, waiting) {
            return Err(CoalesceError::Busy);
        }
        let (idle, stopped) = match state.idle.pop() {
            Some(lane) => (Some(lane), None),
            None => (None, state.stopped.pop()),
        };
        drop(state);
        if let Some(lane) = idle {
            self.shared.wake[lane].notify_one();
        }
        if let Some(lane) = stopped {
            (self.start)(Lane::new(Arc::clone(&self.shared), lane));
        }
        Ok(())
    }
}

impl<K, V, E> Shared<K, V, E> {
    fn lock(&self) -> MutexGuard<'_, State<K, V, E>> {
        self.state.lock().expect("only pushes and pops happen under the lock, they do not panic")
    }
}

impl<K, V, E> Drop for Coalescer<K, V, E> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        for lane in idle {
            self.shared.wake[lane].notify_one();
        }
    }
}

fn split_each<K, V, E>(taken: &mut Vec<Waiting<K, V, E>>, callers: &mut Vec<Caller<V, E>>) -> Vec<K> {
    let mut keys = Vec::with_capacity(taken.len());
    for (value, waiting) in taken.drain(..).enumerate() {
        keys.push(waiting.key);
        callers.push(Caller { value, answer: waiting.answer });
    }
    keys
}

fn hand_out_each<V, E>(values: Vec<V>, callers: &mut Vec<Caller<V, E>>) {
    for (caller, value) in callers.drain(..).zip(values) {
        // A caller that has gone is no error.
        let _ = caller.answer.send(Ok(value));
    }
}

fn split_merged<K, V, E>(taken: &mut Vec<Waiting<K, V, E>>, callers: &mut Vec<Caller<V, E>>) -> Vec<K>
where
    K: Eq + Hash + Clone,
{
    let mut keys = Vec::with_capacity(taken.len());
    let mut places = HashMap::with_capacity(taken.len());
    for waiting in taken.drain(..) {
        let value = *places.entry(waiting.key).or_insert_with_key(|key: &K| {
            keys.push(key.clone());
            keys.len() - 1
        });
        callers.push(Caller { value, answer: waiting.answer });
    }
    keys
}

fn hand_out_merged<V: Clone, E>(values: Vec<V>, callers: &mut Vec<Caller<V, E>>) {
    for caller in callers.drain(..) {
        let _ = caller.answer.send(Ok(values[caller.value].clone()));
    }
}
