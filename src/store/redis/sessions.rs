//! Sessions, and which of them are whose.
//!
//! A session is a key of its own, because it must be found by what the browser holds alone. Whose sessions there are is a sorted set for each user,
//! by when they were seen. The two may differ for a moment, always to the safe side: a session is listed before it can be used, and taken
//! off the list after it has ended; what is listed and not there counts as ended.

use std::time::Duration;

use deadpool_redis::redis::{self, Pipeline};

use super::{Redis, millis};
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::UserId;
use crate::store::{SESSION_TOUCH, SESSIONS_OF_USER_MAX, StoreError};

/// How much longer a session is listed than it lived when it was last touched: for sessions that are in use while the database is away, without
/// which none is touched, and for clocks that differ.
const LISTED: Duration = SESSION_TOUCH.saturating_mul(10);

impl Redis {
    pub(super) async fn put(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        let list = self.keys().sessions_of(session.user);
        let expired = session.seen_at.0.saturating_sub(micros(ttl.saturating_add(LISTED)));
        let mut pipeline = redis::pipe();
        self.list(&mut pipeline, key, session, ttl);
        pipeline.cmd("SET").arg(self.keys().session(&key)).arg(written(session)?).arg("PX").arg(millis(ttl)).ignore();
        pipeline.cmd("ZREMRANGEBYSCORE").arg(&list).arg("-inf").arg(expired).ignore();
        // All but the last so many: those too many.
        let most = i64::try_from(SESSIONS_OF_USER_MAX).expect("a small number");
        pipeline.cmd("ZRANGE").arg(&list).arg(0).arg(-most - 1);
        let (too_many,): (Vec<Vec<u8>>,) = self.run(&pipeline).await?;
        self.end(session.user, &too_many.into_iter().filter_map(key_of).collect::<Vec<_>>()).await
    }

    pub(super) async fn look_up(&self, keys: &[SessionKey], ttl: Duration) -> Result<Vec<Option<Session>>, StoreError> {
        let mut pipeline = Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.cmd("GETEX").arg(self.keys().session(key)).arg("PX").arg(millis(ttl));
        }
        let held = self.values(&pipeline).await?;
        Ok(held.into_iter().map(|value| value.as_deref().and_then(read)).collect())
    }

    pub(super) async fn touch(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        let mut pipeline = redis::pipe();
        self.list(&mut pipeline, key, session, ttl);
        // XX: one that has ended meanwhile does not come back.
        let set = pipeline.cmd("SET").arg(self.keys().session(&key)).arg(written(session)?);
        set.arg("XX").arg("PX").arg(millis(ttl)).ignore();
        self.run(&pipeline).await
    }

    pub(super) async fn of(&self, user: UserId) -> Result<Vec<(SessionKey, Session)>, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("ZRANGE").arg(self.keys().sessions_of(user)).arg(0).arg(-1);
        let (listed,): (Vec<Vec<u8>>,) = self.run(&pipeline).await?;
        let keys: Vec<_> = listed.into_iter().filter_map(key_of).collect();
        let mut pipeline = Pipeline::with_capacity(keys.len());
        for key in &keys {
            pipeline.cmd("GET").arg(self.keys().session(key));
        }
        let held = self.values(&pipeline).await?;
        let sessions = keys.into_iter().zip(held);
        let sessions = sessions.filter_map(|(key, value)| Some((key, value.as_deref().and_then(read)?)));
        Ok(sessions.filter(|(_, session)| session.user == user).collect())
    }

    pub(super) async fn end(&self, user: UserId, keys: &[SessionKey]) -> Result<(), StoreError> {
        let mut pipeline = Pipeline::with_capacity(2 * keys.len());
        for key in keys {
            pipeline.cmd("DEL").arg(self.keys().session(key)).ignore();
            pipeline.cmd("ZREM").arg(self.keys().sessions_of(user)).arg(&key.0).ignore();
        }
        self.run_some(&pipeline).await
    }

    fn list(&self, pipeline: &mut Pipeline, key: SessionKey, session: &Session, ttl: Duration) {
        let list = self.keys().sessions_of(session.user);
        pipeline.cmd("ZADD").arg(&list).arg(session.seen_at.0).arg(&key.0).ignore();
        pipeline.cmd("PEXPIRE").arg(&list).arg(millis(ttl.saturating_add(LISTED))).ignore();
    }
}

fn written(session: &Session) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(session).map_err(|error| StoreError::Refused(error.into()))
}

fn read(value: &[u8]) -> Option<Session> {
    serde_json::from_slice(value).ok()
}

fn key_of(member: Vec<u8>) -> Option<SessionKey> {
    member.try_into().ok().map(SessionKey)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_cannot_be_understood_is_no_session() {
        for value in [&b"x"[..], b"", b"1", b"{}", br#"{"user":1}"#] {
            assert_eq!(read(value), None);
        }
    }
}
