//! Who a session id stands for.
//!
//! Sessions are an allow-list in the volatile store: what is not there is not signed in. The store knows a session by the SHA-256 of
//! its id only.

use std::sync::Arc;
use std::time::Duration;

use md5::Md5;
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Settings;
use crate::coalesce::Coalescer;
use crate::domain::session::{Session, SessionId, SessionKey};
use crate::domain::user::UserId;
use crate::error::Error;
use crate::store::{StoreError, Volatile};

/// Begins, finds and ends sessions.
#[derive(Clone)]
pub struct Sessions<V> {
    volatile: V,
    ttl: Duration,
    look_up: Arc<Coalescer<SessionKey, Option<Session>, Arc<StoreError>>>,
}

impl<V: Volatile> Sessions<V> {
    /// Sessions kept in `volatile`.
    pub fn new(volatile: V, settings: &Settings) -> Self {
        let ttl = settings.session_ttl;
        let store = volatile.clone();
        let look_up = Coalescer::merging(settings.coalesce, move |keys: Vec<SessionKey>| {
            let store = store.clone();
            async move { store.sessions(&keys, ttl).await.map_err(Arc::new) }
        });
        Self { volatile, ttl, look_up: Arc::new(look_up) }
    }

    /// Begins a session for `user`.
    pub async fn begin(&self, user: UserId, user_name: &str) -> Result<SessionId, Error> {
        let id = fresh_id(user_name);
        self.volatile.put_session(key_of(&id), Session { user }, self.ttl).await?;
        Ok(id)
    }

    /// Who `id` stands for, if it stands for anyone. The session then lives for another TTL.
    pub async fn find(&self, id: &SessionId) -> Result<Option<UserId>, Error> {
        let session = self.look_up.call(key_of(id)).await?;
        Ok(session.map(|session| session.user))
    }

    /// Ends the session.
    pub async fn end(&self, id: &SessionId) -> Result<(), Error> {
        Ok(self.volatile.drop_session(key_of(id)).await?)
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
