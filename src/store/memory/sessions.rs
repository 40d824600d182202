//! Sessions, and which of them are whose.

use std::time::Instant;

use super::expiring::{Expiring, Full};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::UserId;
use crate::store::SESSIONS_OF_USER_MAX;

/// All sessions.
pub(super) struct Sessions {
    held: Expiring<SessionKey, Session>,
    /// Each user's, some of which may have expired. It expires no sooner than the last of them.
    of: Expiring<UserId, Vec<SessionKey>>,
}

impl Sessions {
    /// At most `capacity` of them.
    pub(super) fn new(capacity: usize) -> Self {
        Self { held: Expiring::new(capacity), of: Expiring::new(capacity) }
    }

    /// Adds or replaces one, in the place of another of the same user if there are too many.
    pub(super) fn put(
        &mut self,
        key: SessionKey,
        session: Session,
        expires: Instant,
        now: Instant,
    ) -> Result<(), Full> {
        let user = session.user;
        self.remove(&key);
        let mut keys = self.keys(user, now);
        if keys.len() >= SESSIONS_OF_USER_MAX {
            let oldest = keys.iter().copied().min_by_key(|key| self.held.get(key, now).map(|(held, _)| held.seen_at));
            keys.retain(|key| Some(*key) != oldest);
            if let Some(key) = oldest {
                self.remove(&key);
            }
        }
        self.held.insert(key, session, expires, now)?;
        keys.push(key);
        let until = self.of.get(&user, now).map_or(expires, |(_, until)| until.max(expires));
        let listed = self.of.insert(user, keys, until, now);
        if listed.is_err() {
            self.held.remove(&key);
        }
        listed
    }

    /// One of them, which from now on expires at `expires`.
    pub(super) fn renew(&mut self, key: &SessionKey, expires: Instant, now: Instant) -> Option<Session> {
        let session = self.held.renew(key, expires, now)?.clone();
        if let Some((_, until)) = self.of.get(&session.user, now)
            && until < expires
        {
            self.of.renew(&session.user, expires, now);
        }
        Some(session)
    }

    /// Writes down what has changed of one that is there.
    pub(super) fn touch(&mut self, key: &SessionKey, session: &Session, expires: Instant, now: Instant) {
        if self.renew(key, expires, now).is_some()
            && let Some((held, _)) = self.held.get(key, now)
        {
            held.clone_from(session);
        }
    }

    /// A user's.
    pub(super) fn of(&mut self, user: UserId, now: Instant) -> Vec<(SessionKey, Session)> {
        let keys = self.keys(user, now);
        keys.into_iter().filter_map(|key| self.held.get(&key, now).map(|(session, _)| (key, session.clone()))).collect()
    }

    /// The keys of a user's sessions that have not expired.
    fn keys(&mut self, user: UserId, now: Instant) -> Vec<SessionKey> {
        let mut keys = self.of.get(&user, now).map(|(keys, _)| keys.clone()).unwrap_or_default();
        keys.retain(|key| self.held.get(key, now).is_some());
        keys
    }

    /// Ends one.
    pub(super) fn remove(&mut self, key: &SessionKey) {
        let Some(session) = self.held.remove(key) else { return };
        let Some(keys) = self.of.value(&session.user) else { return };
        keys.retain(|other| other != key);
        if keys.is_empty() {
            self.of.remove(&session.user);
        }
    }
}
