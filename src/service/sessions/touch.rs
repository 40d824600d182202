//! Sessions in use: written down from time to time, and ended if their password was changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::service::{Clock, chain};
use crate::store::{SESSION_TOUCH, Store, StoreError, Volatile};

/// Touches sessions behind the answers of those who use them. Clones share the work.
#[derive(Clone)]
pub(super) struct Touch<S, V> {
    store: S,
    volatile: V,
    clock: Clock,
    ttl: Duration,
    /// One round at a time. Whoever misses it is touched by a later look-up, so that nothing gathers while the stores are slow.
    turn: Arc<Semaphore>,
}

impl<S: Store, V: Volatile> Touch<S, V> {
    pub(super) fn new(store: S, volatile: V, clock: Clock, ttl: Duration) -> Self {
        Self { store, volatile, clock, ttl, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Of sessions that were looked up just now, touches those that were not for a while.
    pub(super) fn those_in_use(&self, keys: &[SessionKey], found: &[Option<Arc<Session>>]) {
        let now = (self.clock)();
        let pairs = keys.iter().zip(found).filter_map(|(key, session)| Some((*key, session.clone()?)));
        let due: Vec<_> = pairs.filter(|(_, session)| is_due(session, now)).collect();
        if due.is_empty() {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.touch(due, now).await {
                tracing::warn!(
                    error = chain(&error),
                    "sessions in use were not written down; the next use tries again"
                );
            }
            drop(turn);
        });
    }

    async fn touch(&self, due: Vec<(SessionKey, Arc<Session>)>, now: Timestamp) -> Result<(), StoreError> {
        let users: Vec<_> = due.iter().map(|(_, session)| session.user).collect();
        let versions: HashMap<_, _> = self.store.password_versions(&users).await?.into_iter().collect();
        for (key, session) in due {
            if versions.get(&session.user) == Some(&session.password_version) {
                let seen = Session { seen_at: now, ..Session::clone(&session) };
                self.volatile.touch_session(key, &seen, self.ttl).await?;
            } else {
                tracing::info!(user = %session.user, session = %session.number, "a session of an old password was ended");
                self.volatile.drop_sessions(session.user, &[key]).await?;
            }
        }
        Ok(())
    }
}

fn is_due(session: &Session, now: Timestamp) -> bool {
    let unseen = now.0.saturating_sub(session.seen_at.0);
    u64::try_from(unseen).is_ok_and(|micros| Duration::from_micros(micros) >= SESSION_TOUCH)
}
