//! Requests under a key that are running here: the same one again waits for the first, and not for ever.
//!
//! This is a courtesy, and decides nothing: what is done once is done once by the ids of transfers and refunds, through any backend. Through
//! another backend the same request waits where the first does, in the database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::api::Refusal;
use crate::api::transfer::Handle;
use crate::domain::transfer::TransferId;

/// What is running under keys. Clones share it.
#[derive(Clone, Debug)]
pub struct Running {
    here: Arc<Mutex<HashMap<TransferId, watch::Sender<()>>>>,
    patience: Duration,
}

/// Dropped, it lets those who wait go on.
#[derive(Debug)]
pub(super) struct Turn {
    running: Running,
    id: TransferId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Whoever watches hears that the sender is gone.
        self.running.here().remove(&self.id);
    }
}

impl Running {
    /// Nothing so far; who comes second waits for `patience`.
    pub fn new(patience: Duration) -> Self {
        Self { here: Arc::default(), patience }
    }

    /// Runs as `id` until the answer is dropped. If the same is running already, waits for its end, and then goes on beside all others that
    /// waited: they are answered as it was. Requests without a key are like no other.
    ///
    /// # Errors
    ///
    /// [`Refusal::StillRunning`], once it has waited for its patience, or until `deadline`.
    pub(super) async fn enter(
        &self,
        handle: &Handle,
        id: TransferId,
        deadline: Instant,
    ) -> Result<Option<Turn>, Refusal> {
        if handle.key.is_none() {
            return Ok(None);
        }
        let mut first = match self.here().entry(id) {
            Entry::Vacant(free) => {
                free.insert(watch::Sender::new(()));
                return Ok(Some(Turn { running: self.clone(), id }));
            }
            Entry::Occupied(taken) => taken.get().subscribe(),
        };
        let until = deadline.min(Instant::now() + self.patience);
        match tokio::time::timeout_at(until, first.changed()).await {
            Ok(_) => Ok(None),
            Err(_) => Err(Refusal::StillRunning),
        }
    }

    /// A set of ids is whole, whoever panicked.
    fn here(&self) -> MutexGuard<'_, HashMap<TransferId, watch::Sender<()>>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Running;
    use crate::api::Refusal;
    use crate::api::transfer::Handle;
    use crate::domain::transfer::{IdempotencyKey, TransferId};

    const PATIENCE: Duration = Duration::from_secs(1);
    const ID: TransferId = TransferId([1; 16]);

    fn keyed() -> Handle {
        Handle::new(Some(IdempotencyKey::parse("k").expect("a key")))
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_second_waits_for_its_patience_and_no_longer_than_its_time() {
        let running = Running::new(PATIENCE);
        let turn = running.enter(&keyed(), ID, far()).await.expect("the first");
        assert!(turn.is_some());
        let began = Instant::now();
        assert_eq!(running.enter(&keyed(), ID, far()).await.expect_err("it runs"), Refusal::StillRunning);
        assert_eq!(began.elapsed().as_secs(), 1);
        let soon = Instant::now() + Duration::from_millis(300);
        assert_eq!(running.enter(&keyed(), ID, soon).await.expect_err("it runs"), Refusal::StillRunning);
        assert!(Instant::now() < soon + Duration::from_millis(10));
        assert!(running.enter(&keyed(), TransferId([2; 16]), far()).await.expect("another").is_some());
        assert!(running.enter(&Handle::new(None), ID, far()).await.expect("like no other").is_none());
    }

    #[tokio::test]
    async fn all_who_wait_go_on_when_the_first_has_ended_and_the_next_is_a_first_again() {
        let running = Running::new(Duration::from_secs(60));
        let turn = running.enter(&keyed(), ID, far()).await.expect("the first");
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let running = running.clone();
                tokio::spawn(async move { running.enter(&keyed(), ID, far()).await.expect("it ends").is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(turn);
        for one in waiting {
            one.await.expect("no panic");
        }
        assert!(running.enter(&keyed(), ID, far()).await.expect("nobody").is_some());
        assert!(running.here().is_empty());
    }
}
