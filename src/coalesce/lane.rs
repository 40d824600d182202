//! A lane: one task that takes what has gathered, asks for it and hands out the answers, again and again.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::coop::consume_budget;

use super::{Caller, CoalesceError, Shared, Waiting};

/// One lane's turn at the queue. Dropped with its runtime it leaves word, so that the next caller starts the lane again.
pub(super) struct Lane<K, V, E> {
    shared: Arc<Shared<K, V, E>>,
    index: usize,
    /// Whether it is at work on something heavy.
    heavy: bool,
}

impl<K, V, E> Lane<K, V, E> {
    pub(super) fn new(shared: Arc<Shared<K, V, E>>, index: usize) -> Self {
        Self { shared, index, heavy: false }
    }

    /// Runs batches until the coalescer is dropped and its queue is empty.
    pub(super) async fn run<F, Fut>(mut self, batch: Arc<F>)
    where
        F: Fn(Vec<K>) -> Fut,
        Fut: Future<Output = Result<Vec<V>, E>>,
        E: Clone,
    {
        let mut taken = Vec::new();
        let mut callers = Vec::new();
        while self.take(&mut taken).await {
            let keys = (self.shared.merge.split)(&mut taken, &mut callers);
            let expected = keys.len();
            match caught(async { batch(keys).await }).await {
                Some(Ok(values)) if values.len() == expected => (self.shared.merge.hand_out)(values, &mut callers),
                Some(Ok(values)) => {
                    tracing::error!(expected, answered = values.len(), "a batch answered the wrong number of values");
                    refuse(&mut callers, &CoalesceError::Lost);
                }
                Some(Err(error)) => refuse(&mut callers, &CoalesceError::Failed(error)),
                None => {
                    tracing::error!(keys = expected, "a batch panicked");
                    refuse(&mut callers, &CoalesceError::Lost);
                }
            }
            // A batch that never waits would otherwise keep this thread for as long as callers on other threads keep coming.
            consume_budget().await;
        }
    }

    /// Waits for keys and takes at most a batch of them. `false`: there will be none any more.
    async fn take(&mut self, taken: &mut Vec<Waiting<K, V, E>>) -> bool {
        loop {
            {
                let mut state = self.shared.lock();
                if std::mem::take(&mut self.heavy) {
                    state.queue.heavy_ended();
                }
                self.heavy = state.queue.take(&self.shared.limits, taken);
                if !taken.is_empty() {
                    return true;
                }
                if state.closed {
                    return false;
                }
                // A wake-up left over from a task that died finds the lane still on the list.
                state.idle.retain(|lane| *lane != self.index);
                state.idle.push(self.index);
            }
            self.shared.wake[self.index].notified().await;
        }
    }
}

impl<K, V, E> Drop for Lane<K, V, E> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.idle.retain(|lane| *lane != self.index);
        state.stopped.push(self.index);
        let nobody_left = state.stopped.len() == self.shared.limits.lanes;
        let abandoned = nobody_left.then(|| state.queue.clear());
        // What is heavy may have waited for this one alone.
        let successor = if self.heavy { state.idle.pop() } else { None };
        if self.heavy {
            state.queue.heavy_ended();
        }
        // Outside the lock: dropping the channels wakes their callers.
        drop(state);
        drop(abandoned);
        if let Some(lane) = successor {
            self.shared.wake[lane].notify_one();
        }
    }
}

fn refuse<V, E: Clone>(callers: &mut Vec<Caller<V, E>>, error: &CoalesceError<E>) {
    for caller in callers.drain(..) {
        // A caller that has gone is no error.
        let _ = caller.answer.send(Err(error.clone()));
    }
}

/// `None` if `future` panicked. It is not polled again.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}
