//! Who a session id stands for, and which sessions are whose.
//!
//! Sessions are an allow-list in the volatile store: what is not there is not signed in. The store knows a session by the SHA-256 of
//! its id only.
//!
//! A session ends with the password it was begun with. A change of the password ends all others at once; whatever is left, because the volatile
//! store lost a list or a process died, is found when the session is touched, within a minute of use (see [`Touch`]).

mod touch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use md5::Md5;
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::touch::Touch;
use super::{Clock, Settings};
use crate::coalesce::Coalescer;
use crate::domain::caller::Device;
use crate::domain::session::{Session, SessionId, SessionKey, SessionNumber};
use crate::domain::user::UserId;
use crate::error::Error;
use crate::store::{Credentials, Store, StoreError, Volatile};

/// Begins, finds, lists and ends sessions.
#[derive(Clone)]
pub struct Sessions<V> {
    volatile: V,
    ttl: Duration,
    clock: Clock,
    look_up: Arc<Coalescer<SessionKey, Option<Arc<Session>>, Arc<StoreError>>>,
}

impl<V: Volatile> Sessions<V> {
    /// Sessions kept in `volatile`, of the users of `store`.
    pub fn new<S: Store>(store: S, volatile: V, clock: Clock, settings: &Settings) -> Self {
        let ttl = settings.session_ttl;
        let touch = Touch::new(store, volatile.clone(), clock, ttl);
        let sessions = volatile.clone();
        let look_up = Coalescer::merging(settings.coalesce, move |keys: Vec<SessionKey>| {
            let (sessions, touch) = (sessions.clone(), touch.clone());
            async move {
                let found = sessions.sessions(&keys, ttl).await.map_err(Arc::new)?;
                let found: Vec<_> = found.into_iter().map(|session| session.map(Arc::new)).collect();
                touch.those_in_use(&keys, &found);
                Ok(found)
            }
        });
        Self { volatile, ttl, clock, look_up: Arc::new(look_up) }
    }

    /// Begins a session for whoever has shown the password of `known`.
    pub async fn begin(&self, known: &Credentials, device: Device) -> Result<SessionId, Error> {
        let (id, now) = (fresh_id(&known.user_name), (self.clock)());
        let session = Session {
            number: SessionNumber(Uuid::now_v7().into_bytes()),
            user: known.user,
            password_version: known.password_version,
            device,
            created_at: now,
            seen_at: now,
        };
        self.volatile.put_session(key_of(&id), &session, self.ttl).await?;
        Ok(id)
    }

    /// Who `id` stands for, if it stands for anyone. The session then lives for another TTL.
    pub async fn find(&self, id: &SessionId) -> Result<Option<UserId>, Error> {
        Ok(self.session(id).await?.map(|session| session.user))
    }

    /// The session itself, as [`Self::find`].
    pub async fn session(&self, id: &SessionId) -> Result<Option<Arc<Session>>, Error> {
        Ok(self.look_up.call(key_of(id)).await?)
    }

    /// Ends the session; `false` if it has ended before.
    pub async fn end(&self, id: &SessionId) -> Result<bool, Error> {
        let Some(session) = self.session(id).await? else { return Ok(false) };
        self.volatile.drop_sessions(session.user, &[key_of(id)]).await?;
        Ok(true)
    }

    /// The user's sessions, the one seen last first.
    pub async fn of(&self, user: UserId) -> Result<Vec<Session>, Error> {
        let mut sessions: Vec<_> = self.volatile.sessions_of(user).await?.into_iter().map(|(_, own)| own).collect();
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.seen_at), session.number.0));
        Ok(sessions)
    }

    /// Ends the user's session of that number; `false` if there is none.
    pub async fn end_numbered(&self, user: UserId, number: SessionNumber) -> Result<bool, Error> {
        let own = self.volatile.sessions_of(user).await?;
        let Some((key, _)) = own.into_iter().find(|(_, session)| session.number == number) else { return Ok(false) };
        self.volatile.drop_sessions(user, &[key]).await?;
        Ok(true)
    }

    /// Ends the user's sessions but one; returns how many.
    pub async fn end_others(&self, user: UserId, keep: Option<&SessionId>) -> Result<usize, Error> {
        Ok(self.volatile.drop_sessions_of(user, keep.map(key_of)).await?)
    }

    /// Ends the user's sessions that were begun with a password before `version`, except one, which is of `version` from now on.
    pub async fn renew_password(&self, user: UserId, version: u64, keep: Option<&SessionId>) -> Result<(), StoreError> {
        let keep = keep.map(key_of);
        let own: HashMap<_, _> = self.volatile.sessions_of(user).await?.into_iter().collect();
        if let Some((key, session)) = keep.and_then(|key| Some((key, own.get(&key)?))) {
            let session = Session { password_version: version, ..session.clone() };
            self.volatile.touch_session(key, &session, self.ttl).await?;
        }
        let old = own.iter().filter(|(key, session)| Some(**key) != keep && session.password_version < version);
        self.volatile.drop_sessions(user, &old.map(|(key, _)| *key).collect::<Vec<_>>()).await
    }
}

/// MD5 only shortens what goes in, 122 + 128 random bits, to the 32 digits that the entry task prescribes; nothing rests on its strength.
fn fresh_id(user_name: &str) -> SessionId {
    let mut random = [0; 16];
    rand::rng().fill_bytes(&mut random);
    let digest = Md5::new().chain_update(Uuid::new_v4()).chain_update(random).chain_update(user_name).finalize();
    SessionId::parse(hex::encode(digest)).expect("16 bytes make 32 lower-case hex digits")
}

fn key_of(id: &SessionId) -> SessionKey {
    SessionKey(Sha256::digest(id.expose()).into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{fresh_id, key_of};
    use crate::domain::session::SessionId;

    #[test]
    fn ids_of_one_user_never_repeat() {
        let ids: HashSet<String> = (0..1000).map(|_| fresh_id("alice").into()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn the_store_knows_a_session_by_its_sha256() {
        let id = SessionId::parse("d41d8cd98f00b204e9800998ecf8427e").expect("well formed");
        let expected = "f215faf9d88b7f0a881632ee22459ee452a296c808d261b6cc993d3a1fd0600e";
        assert_eq!(hex::encode(key_of(&id).0), expected);
    }
}
