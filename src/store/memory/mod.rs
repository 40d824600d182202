//! The volatile store in this process's memory: for one backend, for development and for tests.
//!
//! Each call takes one lock once, also for many keys. What happens at `max_entries`:
//! - sessions: a new one is refused, nobody is logged out;
//! - failed sign-ins and known devices: one of a few that are next to expire gives way, and whoever tries passwords may try a few more;
//! - cached profiles: one of a few that are next to expire gives way;
//! - guards and tombstones: one gives way too, and no profile is cached until it would have ended. Speed is lost, truth is not.
//!
//! What has expired is never answered, and goes when it is met or when the sweep that rides on every write passes it.

mod attempts;
mod expiring;
mod profiles;
mod sessions;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::domain::attempt::{AttemptKey, Counter};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::{Profile, UserId};

use super::{StoreError, Volatile};
use attempts::Attempts;
use profiles::Profiles;
use sessions::Sessions;

/// Tells the time: `Instant::now`, or what a test says.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The volatile store in memory. Clones share it.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    profiles: Mutex<Profiles>,
}

impl Memory {
    /// An empty store for at most `max_entries` sessions, as many profiles, counts of failures and known devices, and as many guards and tombstones.
    pub fn new(max_entries: usize) -> Self {
        Self::with_clock(max_entries, Arc::new(Instant::now))
    }

    /// As [`new`](Self::new), with the time told by `clock`.
    pub fn with_clock(max_entries: usize, clock: Clock) -> Self {
        let sessions = Mutex::new(Sessions::new(max_entries));
        let attempts = Mutex::new(Attempts::new(max_entries));
        let profiles = Mutex::new(Profiles::new(max_entries));
        Self { shared: Arc::new(Shared { clock, sessions, attempts, profiles }) }
    }

    fn now(&self) -> Instant {
        (self.shared.clock)()
    }

    fn lock_sessions(&self) -> MutexGuard<'_, Sessions> {
        self.shared.sessions.lock().expect("nothing panics under this lock")
    }

    fn lock_attempts(&self) -> MutexGuard<'_, Attempts> {
        self.shared.attempts.lock().expect("nothing panics under this lock")
    }

    fn lock_profiles(&self) -> MutexGuard<'_, Profiles> {
        self.shared.profiles.lock().expect("nothing panics under this lock")
    }
}

impl Volatile for Memory {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        let now = self.now();
        let full = |_| StoreError::Unavailable("as many sessions as max_entries are held".into());
        self.lock_sessions().put(key, session.clone(), after(now, ttl), now).map_err(full)
    }

    async fn sessions(&self, keys: &[SessionKey], ttl: Duration) -> Result<Vec<Option<Session>>, StoreError> {
        let now = self.now();
        let mut sessions = self.lock_sessions();
        Ok(keys.iter().map(|key| sessions.renew(key, after(now, ttl), now)).collect())
    }

    async fn touch_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        let now = self.now();
        self.lock_sessions().touch(&key, session, after(now, ttl), now);
        Ok(())
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(SessionKey, Session)>, StoreError> {
        let now = self.now();
        Ok(self.lock_sessions().of(user, now))
    }

    async fn drop_sessions(&self, _: UserId, keys: &[SessionKey]) -> Result<(), StoreError> {
        let mut sessions = self.lock_sessions();
        keys.iter().for_each(|key| sessions.remove(key));
        Ok(())
    }

    async fn admit(&self, counters: &[Counter]) -> Result<Option<Duration>, StoreError> {
        let now = self.now();
        Ok(self.lock_attempts().admit(counters, now))
    }

    async fn count_failure(&self, counters: &[Counter], window: Duration) -> Result<(), StoreError> {
        let now = self.now();
        let mut attempts = self.lock_attempts();
        counters.iter().for_each(|counter| attempts.count(counter, window, now));
        Ok(())
    }

    async fn welcome_device(&self, device: AttemptKey, ttl: Duration) -> Result<(), StoreError> {
        let now = self.now();
        self.lock_attempts().welcome(device, ttl, now);
        Ok(())
    }

    async fn knows_device(&self, device: AttemptKey) -> Result<bool, StoreError> {
        let now = self.now();
        Ok(self.lock_attempts().knows(device, now))
    }

    async fn cached_profiles(&self, users: &[UserId]) -> Result<Vec<Option<Profile>>, StoreError> {
        let now = self.now();
        let mut profiles = self.lock_profiles();
        Ok(users.iter().map(|user| profiles.cached(*user, now).cloned()).collect())
    }

    async fn cache_profiles(&self, offered: &[Profile], ttl: Duration) -> Result<(), StoreError> {
        let now = self.now();
        let mut profiles = self.lock_profiles();
        for profile in offered {
            profiles.offer(profile, after(now, ttl), now);
        }
        Ok(())
    }

    async fn guard_profile(&self, user: UserId, guard: Duration) -> Result<(), StoreError> {
        let now = self.now();
        self.lock_profiles().guard(user, after(now, guard), now);
        Ok(())
    }

    async fn forget_profile(&self, user: UserId, version: u64, ttl: Duration) -> Result<(), StoreError> {
        let now = self.now();
        self.lock_profiles().forget(user, version, after(now, ttl), now);
        Ok(())
    }
}

/// A century: what a longer time to live comes to.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

fn after(now: Instant, ttl: Duration) -> Instant {
    now + ttl.min(LONGEST)
}

#[cfg(test)]
mod tests;
