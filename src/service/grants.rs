//! Sessions with tokens: begun, found by their access tokens, exchanged, listed and ended.
//!
//! An access token is checked by its signature and by its session's row, looked up for many callers at once: what was ended is refused by the
//! next call, on every backend.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use uuid::Uuid;

use super::Clock;
use crate::api::token::Granted;
use crate::coalesce::{Coalescer, Limits};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::{Device, Written};
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::domain::user::UserId;
use crate::error::{Code, Error};
use crate::store::grant::GrantStore;
use crate::store::{Store, StoreError};
use crate::token::refresh::{Refresh, SALT_BYTES, Worth};
use crate::token::{self, Claims, Format, Keys};

/// How often an exchange that another one overtook looks again. The other one is then done, and the answer is known.
const LOOKS: usize = 3;
/// How long sessions that have ended by themselves are kept, so that their last tokens are still told apart from forged ones in the log.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How often they are looked for, and how many are forgotten in one go.
const PAUSE: Duration = Duration::from_secs(600);
const AT_ONCE: usize = 1000;

/// How tokens are made and how long they hold.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What new access tokens look like.
    pub format: Format,
    /// How long an access token holds.
    pub access_ttl: Duration,
    /// How long a session lasts.
    pub refresh_ttl: Duration,
    /// How long a refresh token that was exchanged is still answered with its successor.
    pub grace: Duration,
    /// Sessions that one user may have at once; a further sign-in ends the oldest.
    pub sessions_max: usize,
}

/// Begins, finds, exchanges, lists and ends sessions with tokens.
#[derive(Clone)]
pub struct Grants<S> {
    store: S,
    keys: Keys,
    rules: Rules,
    clock: Clock,
    look_up: Arc<Coalescer<SessionNumber, Option<Arc<Grant>>, Arc<StoreError>>>,
}

impl<S: Store> Grants<S> {
    /// Sessions kept in `store`, their access tokens made with `keys`.
    pub fn new(store: S, keys: Keys, rules: Rules, clock: Clock, limits: Limits) -> Self {
        let source = store.clone();
        let look_up = Coalescer::merging(limits, move |ids: Vec<SessionNumber>| {
            let store = source.clone();
            async move { find(&store, &ids).await.map_err(Arc::new) }
        });
        Self { store, keys, rules, clock, look_up: Arc::new(look_up) }
    }

    /// The session of an access token, if both may be used.
    pub async fn find(&self, token: &AccessToken) -> Result<Option<Arc<Grant>>, Error> {
        let now = (self.clock)();
        let claims = match token::open(&self.keys.ring(), token.expose(), now) {
            Ok(claims) => claims,
            Err(unfit) => {
                tracing::debug!(%unfit, "an access token was refused");
                return Ok(None);
            }
        };
        let grant = self.look_up.call(claims.session).await?;
        Ok(grant.filter(|grant| grant.user == claims.user && grant.is_active(now)))
    }

    /// Begins a session for `user`, who has shown who they are.
    pub async fn begin(&self, user: UserId, device: &Device) -> Result<Granted, Error> {
        let (mut salt, mut secret) = (vec![0; SALT_BYTES], [0; 32]);
        rand::rng().fill_bytes(&mut salt);
        rand::rng().fill_bytes(&mut secret);
        let (id, now) = (SessionNumber(Uuid::now_v7().into_bytes()), (self.clock)());
        let refresh = Refresh::first(id, secret, &salt);
        let grant = Grant {
            id,
            user,
            salt,
            refresh_hash: refresh.hash().to_vec(),
            previous_hash: None,
            user_agent: device.user_agent().to_owned(),
            address: Written(device.address).to_string(),
            status: GrantStatus::Active,
            created_at: now,
            rotated_at: now,
            expires_at: later(now, self.rules.refresh_ttl),
        };
        self.store.begin_grant(grant.clone(), self.rules.sessions_max).await?;
        self.issue(&grant, &refresh, now)
    }

    /// Exchanges a refresh token; `None` if it is worth nothing, or not any more.
    pub async fn renew(&self, token: &RefreshToken, device: &Device) -> Result<Option<Granted>, Error> {
        let Some(shown) = Refresh::parse(token.expose()) else { return Ok(None) };
        for _ in 0..LOOKS {
            let Some(grant) = self.store.grants(&[shown.session()]).await?.pop() else { return Ok(None) };
            let now = (self.clock)();
            let next = shown.successor(&grant.salt);
            match shown.worth(&grant, now, self.rules.grace) {
                Worth::Nothing => return Ok(None),
                Worth::Reused => {
                    self.betray(&grant, device, now).await?;
                    return Ok(None);
                }
                Worth::Repeated => return self.issue(&grant, &next, now).map(Some),
                Worth::Current => {
                    if self.store.rotate_grant(grant.id, shown.hash(), next.hash(), now).await? {
                        return self.issue(&grant, &next, now).map(Some);
                    }
                }
            }
        }
        Err(Error::new(Code::Store, "a refresh token was neither exchanged nor found exchanged"))
    }

    /// The user's sessions that may be used, the newest first.
    pub async fn of(&self, user: UserId) -> Result<Vec<Grant>, Error> {
        Ok(self.store.grants_of(user, (self.clock)(), self.rules.sessions_max).await?)
    }

    /// Ends one of the user's sessions; `false` if there is none of that number that could be used.
    pub async fn end(&self, user: UserId, id: SessionNumber) -> Result<bool, Error> {
        let own = self.store.grants(&[id]).await?.pop().filter(|grant| grant.user == user);
        if !own.is_some_and(|grant| grant.is_active((self.clock)())) {
            return Ok(false);
        }
        Ok(self.store.block_grant(id, GrantStatus::Blocked, None).await?)
    }

    /// Ends all of the user's sessions but `spared`; returns how many.
    pub async fn end_others(&self, user: UserId, spared: Option<SessionNumber>) -> Result<u64, Error> {
        Ok(self.store.block_grants_of(user, spared).await?)
    }

    /// A token was used again: whoever has the session's tokens is not to be told apart from a thief, so it ends for all.
    async fn betray(&self, grant: &Grant, device: &Device, now: Timestamp) -> Result<(), Error> {
        let event = AuditEvent::new(AuditKind::TokenReused).about(grant.user).from_device(device.clone());
        let event = event.with_detail(format!("session {}", grant.id));
        if self.store.block_grant(grant.id, GrantStatus::Reused, Some((event, now))).await? {
            tracing::warn!(user = %grant.user, session = %grant.id, "a refresh token was used again; its session is blocked");
        }
        Ok(())
    }

    fn issue(&self, grant: &Grant, refresh: &Refresh, now: Timestamp) -> Result<Granted, Error> {
        let ring = self.keys.ring();
        let key = ring.signing(self.rules.format, now);
        let key = key.ok_or_else(|| Error::new(Code::Internal, "there is no key that signs tokens"))?;
        let ttl_s = i64::try_from(self.rules.access_ttl.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims::new(grant.user, grant.id, now, ttl_s, grant.expires_at);
        Ok(Granted {
            session: grant.id,
            access: AccessToken::parse(token::seal(key, &claims)).expect("both forms are short plain text"),
            access_expires_at: claims.expires_at(),
            refresh: RefreshToken::parse(refresh.text()).expect("it is short plain text"),
            refresh_expires_at: grant.expires_at,
        })
    }
}

#[cfg(test)]
impl<S: Store> Grants<S> {
    /// Where nobody has tokens.
    pub fn of_nobody(store: S, limits: Limits) -> Self {
        const LONG: Duration = Duration::from_secs(60);
        let rules = Rules { format: Format::Paseto, access_ttl: LONG, refresh_ttl: LONG, grace: LONG, sessions_max: 1 };
        let lifetime = token::Lifetime { format: Format::Paseto, ttl: LONG, clock: super::system_clock };
        let keys = Keys::new(std::path::PathBuf::new(), token::Ring::default(), lifetime);
        Self::new(store, keys, rules, super::system_clock, limits)
    }
}

/// Forgets sessions that have ended long ago, for ever. Several backends may do this at once.
pub async fn forget<S: GrantStore>(store: S, clock: Clock) {
    loop {
        let before = Timestamp((clock)().0.saturating_sub(micros(KEPT)));
        match store.forget_grants(before, AT_ONCE).await {
            Ok(AT_ONCE..) => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "sessions that have ended are not forgotten; it is tried again"),
        }
        // Backends that started together do not look together.
        tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))).await;
    }
}

async fn find<S: GrantStore>(store: &S, ids: &[SessionNumber]) -> Result<Vec<Option<Arc<Grant>>>, StoreError> {
    let found = store.grants(ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|grant| (grant.id, Arc::new(grant))).collect();
    Ok(ids.iter().map(|id| found.remove(id)).collect())
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(micros(by)))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
