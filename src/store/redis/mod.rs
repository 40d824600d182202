//! The volatile store in Redis 6.2 or later: for any number of backends.
//!
//! Every call is one pipeline and one round trip, also for many keys. What Redis holds, under the store's prefix:
//! ```text
//! session:{SHA-256 of the session id}   the session, as JSON                lives for the session's time, from its last use
//! sessions:{user}                       those SHA-256, by when it was seen  lives for ten minutes longer than the last of them
//! failures:{tries}:{digest}             how many                            lives for the window, from the last one
//! wait:{tries}:{digest}                 empty                               no further try while it lives
//! device:{tries}:{digest}               empty                               is known while it lives
//! profile:{user}                        version (20 digits), then JSON      lives for the cache's time
//! guard:{user}                          empty                               nothing is cached while it lives
//! tombstone:{user}                      version (20 digits)                 nothing older is cached while it lives
//! ```
//! A value that cannot be understood counts as none: whoever is logged out by it signs in again, and a profile is read anew.
//!
//! Redis may be lost at any time (restart, FLUSHALL, eviction): people are logged out, profiles are read from the database. Two things are
//! weaker then: a tombstone that is lost no longer stops a reader who was on the way at that very moment; and a session that is left while
//! its user's list is lost is on it again, and found to be of an old password, only when it is touched.

mod attempts;
mod keys;
mod link;
mod scripts;
mod sessions;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{self, Pipeline};

use crate::domain::attempt::{AttemptKey, Counter};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::{Profile, UserId};

use super::{StoreError, Volatile};
use keys::Keys;
use link::Links;
use scripts::Scripts;

/// Digits of a version: as many as the greatest u64 has.
const VERSION_DIGITS: usize = 20;

/// Where Redis is and how it is spoken to.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://[user:password@]host[:port][/database]`.
    pub url: String,
    /// What all keys begin with, so that several can share a database.
    pub prefix: String,
    /// How long a call may take, connecting included; then it is [`StoreError::Unavailable`].
    pub timeout: Duration,
    /// Connections to Redis, at least 1. Each carries any number of calls at once.
    pub connections: usize,
}

impl RedisConfig {
    /// The usual prefix, time-out (500 ms) and number of connections (2).
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "teller:".into(), timeout: Duration::from_millis(500), connections: 2 }
    }
}

/// The volatile store in Redis. Clones share its connections.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Keys,
    links: Links,
    scripts: Scripts,
}

impl Redis {
    /// A store that connects when it is first asked, and again whenever the connection is lost.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] for a URL that is none.
    pub fn new(config: RedisConfig) -> Result<Self, StoreError> {
        let links = Links::new(&config)?;
        Ok(Self { shared: Arc::new(Shared { keys: Keys::new(config.prefix), links, scripts: Scripts::new() }) })
    }

    /// Whether it writes what it holds to disk, as its settings say. Started again, it would bring back sessions that were ended since.
    ///
    /// # Errors
    ///
    /// It is away, or does not tell its settings.
    pub async fn keeps_on_disk(&self) -> Result<bool, StoreError> {
        let mut ask = redis::pipe();
        ask.cmd("CONFIG").arg("GET").arg("save").cmd("CONFIG").arg("GET").arg("appendonly");
        let (save, log): (HashMap<String, String>, HashMap<String, String>) = self.run(&ask).await?;
        Ok(save.values().any(|points| !points.is_empty()) || log.values().any(|on| on == "yes"))
    }

    fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    async fn run<T: redis::FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, StoreError> {
        self.shared.links.run(pipeline, &self.shared.scripts).await
    }
}

impl Volatile for Redis {
    async fn ping(&self) -> Result<(), StoreError> {
        self.run::<()>(redis::pipe().cmd("PING").ignore()).await
    }

    async fn put_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.put(key, session, ttl).await
    }

    async fn sessions(&self, keys: &[SessionKey], ttl: Duration) -> Result<Vec<Option<Session>>, StoreError> {
        self.look_up(keys, ttl).await
    }

    async fn touch_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.touch(key, session, ttl).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(SessionKey, Session)>, StoreError> {
        self.of(user).await
    }

    async fn drop_sessions(&self, user: UserId, keys: &[SessionKey]) -> Result<(), StoreError> {
        self.end(user, keys).await
    }

    async fn admit(&self, counters: &[Counter]) -> Result<Option<Duration>, StoreError> {
        let (wait,): (u64,) = self.run(&attempts::admit(self.keys(), &self.shared.scripts, counters)).await?;
        Ok((wait > 0).then(|| Duration::from_millis(wait)))
    }

    async fn count_failure(&self, counters: &[Counter], window: Duration) -> Result<(), StoreError> {
        self.run(&attempts::count(self.keys(), &self.shared.scripts, counters, window)).await
    }

    async fn welcome_device(&self, device: AttemptKey, ttl: Duration) -> Result<(), StoreError> {
        self.run(&attempts::welcome(self.keys(), device, ttl)).await
    }

    async fn knows_device(&self, device: AttemptKey) -> Result<bool, StoreError> {
        let (known,): (bool,) = self.run(redis::pipe().cmd("EXISTS").arg(self.keys().device(device))).await?;
        Ok(known)
    }

    async fn cached_profiles(&self, users: &[UserId]) -> Result<Vec<Option<Profile>>, StoreError> {
        let mut pipeline = Pipeline::with_capacity(users.len());
        for user in users {
            pipeline.cmd("GET").arg(self.keys().profile(*user));
        }
        let held = self.values(&pipeline).await?;
        Ok(held.into_iter().map(|value| value.as_deref().and_then(read_profile)).collect())
    }

    async fn cache_profiles(&self, profiles: &[Profile], ttl: Duration) -> Result<(), StoreError> {
        let keys = self.keys();
        let mut pipeline = Pipeline::with_capacity(profiles.len());
        for profile in profiles {
            let user = profile.id;
            let json = serde_json::to_vec(profile).map_err(|error| StoreError::Refused(error.into()))?;
            self.shared
                .scripts
                .offer
                .call(&mut pipeline, &[keys.profile(user), keys.guard(user), keys.tombstone(user)])
                .arg(digits(profile.version))
                .arg(json)
                .arg(millis(ttl))
                .ignore();
        }
        self.run_some(&pipeline).await
    }

    async fn guard_profile(&self, user: UserId, guard: Duration) -> Result<(), StoreError> {
        let keys = self.keys();
        let mut pipeline = redis::pipe();
        let script = &self.shared.scripts.guard;
        script.call(&mut pipeline, &[keys.profile(user), keys.guard(user)]).arg(millis(guard)).ignore();
        self.run(&pipeline).await
    }

    async fn forget_profile(&self, user: UserId, version: u64, ttl: Duration) -> Result<(), StoreError> {
        let keys = self.keys();
        let mut pipeline = redis::pipe();
        let script = &self.shared.scripts.forget;
        script
            .call(&mut pipeline, &[keys.profile(user), keys.tombstone(user)])
            .arg(digits(version))
            .arg(millis(ttl))
            .ignore();
        self.run(&pipeline).await
    }
}

impl Redis {
    /// What the pipeline's commands answer, one value each.
    async fn values(&self, pipeline: &Pipeline) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        // An empty pipeline is an error to the driver.
        if pipeline.is_empty() { Ok(Vec::new()) } else { self.run(pipeline).await }
    }

    async fn run_some(&self, pipeline: &Pipeline) -> Result<(), StoreError> {
        if pipeline.is_empty() { Ok(()) } else { self.run(pipeline).await }
    }
}

fn read_profile(value: &[u8]) -> Option<Profile> {
    serde_json::from_slice(value.get(VERSION_DIGITS..)?).ok()
}

/// The version as text that compares as the number does.
fn digits(version: u64) -> String {
    format!("{version:0width$}", width = VERSION_DIGITS)
}

/// At least 1, as Redis demands; at most a century, so that adding the time of day cannot overflow.
fn millis(time: Duration) -> u64 {
    const CENTURY: u64 = 100 * 365 * 86_400_000;
    u64::try_from(time.as_millis()).unwrap_or(CENTURY).clamp(1, CENTURY)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{digits, millis, read_profile};

    #[test]
    fn versions_compare_as_text_as_they_do_as_numbers() {
        let versions = [0, 1, 9, 10, 99, 1 << 53, (1 << 53) + 1, u64::MAX - 1, u64::MAX];
        for pair in versions.windows(2) {
            assert!(digits(pair[0]) < digits(pair[1]), "{pair:?}");
        }
        assert_eq!(digits(u64::MAX).len(), digits(0).len());
    }

    #[test]
    fn what_cannot_be_understood_counts_as_none() {
        assert_eq!(read_profile(b""), None);
        assert_eq!(read_profile(b"00000000000000000001{"), None);
    }

    #[test]
    fn times_stay_within_what_redis_takes() {
        assert_eq!(millis(Duration::ZERO), 1);
        assert_eq!(millis(Duration::from_secs(2)), 2000);
        assert!(millis(Duration::MAX) < u64::MAX / 1_000_000);
    }
}
