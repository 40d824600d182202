//! Profiles through the cache, and the one way to change them.
//!
//! The cache is never stale after a change, whatever the interleaving: see the protocol at [`Volatile`]. A cache that is away costs
//! speed, not correctness: reads go to the store; changes wait for it, because they could not undo what it holds.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Settings, chain, to_the_end};
use crate::coalesce::Coalescer;
use crate::domain::user::{Profile, UserId};
use crate::error::Error;
use crate::store::{Store, StoreError, Volatile};

/// How long the first wait is before the cache is told of a change once more; it doubles up to [`FORGET_WAIT_MAX`].
const FORGET_WAIT: Duration = Duration::from_millis(50);
const FORGET_WAIT_MAX: Duration = Duration::from_secs(5);

/// Reads and changes profiles.
#[derive(Clone)]
pub struct Profiles<S, V> {
    store: S,
    cache: Cache<V>,
    look_up: Arc<Coalescer<UserId, Option<Profile>, Arc<StoreError>>>,
}

#[derive(Clone)]
struct Cache<V> {
    volatile: V,
    ttl: Duration,
    guard: Duration,
}

impl<S: Store, V: Volatile> Profiles<S, V> {
    /// Profiles of `store`, cached in `volatile`.
    pub fn new(store: S, volatile: V, settings: &Settings) -> Self {
        let cache = Cache { volatile, ttl: settings.profile_ttl, guard: settings.change_guard };
        let (source, through) = (store.clone(), cache.clone());
        let look_up = Coalescer::merging(settings.coalesce, move |users: Vec<UserId>| {
            let (source, through) = (source.clone(), through.clone());
            async move { read(&source, &through, &users).await.map_err(Arc::new) }
        });
        Self { store, cache, look_up: Arc::new(look_up) }
    }

    /// The profile of `user`, from the cache if it is there.
    pub async fn get(&self, user: UserId) -> Result<Option<Profile>, Error> {
        Ok(self.look_up.call(user).await?)
    }

    /// Changes the profile of `user` by `change`, which answers it as it is afterwards. It runs to its end, also when the caller goes away.
    pub async fn change<F, C>(&self, user: UserId, change: F) -> Result<Option<Profile>, Error>
    where
        F: FnOnce(S) -> C + Send + 'static,
        C: Future<Output = Result<Option<Profile>, StoreError>> + Send,
    {
        let (store, cache) = (self.store.clone(), self.cache.clone());
        to_the_end(async move {
            cache.volatile.guard_profile(user, cache.guard).await?;
            let changed = change(store).await;
            match &changed {
                Ok(Some(profile)) => cache.forget(user, profile.version).await,
                Err(StoreError::Unavailable(_)) => cache.distrust(user).await,
                Ok(None) | Err(StoreError::Refused(_)) => {}
            }
            Ok(changed?)
        })
        .await
    }
}

impl<V: Volatile> Cache<V> {
    /// A change was given up that may yet happen, when the disk under the store moves again, say, and then nobody is left to tell the cache.
    /// So for a long time nothing is cached that might be older.
    async fn distrust(&self, user: UserId) {
        if let Err(error) = self.volatile.guard_profile(user, self.guard.max(self.ttl)).await {
            tracing::warn!(%user, error = chain(&error), "a profile whose change is in doubt is guarded for a short time only");
        }
    }

    /// Tells the cache that `version` is there. If it cannot be told now, the change has happened all the same: the guard holds old
    /// values off meanwhile, and the telling goes on behind the answer.
    async fn forget(&self, user: UserId, version: u64) {
        let Err(error) = self.volatile.forget_profile(user, version, self.ttl).await else { return };
        tracing::warn!(%user, error = chain(&error), "the profile cache was not told of a change; trying again");
        let cache = self.clone();
        tokio::spawn(async move {
            let mut wait = FORGET_WAIT;
            // After a TTL nothing older can be left in the cache.
            let give_up = tokio::time::Instant::now() + cache.ttl;
            while tokio::time::Instant::now() < give_up {
                tokio::time::sleep(wait).await;
                if cache.volatile.forget_profile(user, version, cache.ttl).await.is_ok() {
                    return;
                }
                wait = (wait * 2).min(FORGET_WAIT_MAX);
            }
        });
    }
}

/// The profiles of `users`, in their order: first from the cache, then what is missing from the store, which is then offered to the cache.
async fn read<S: Store, V: Volatile>(
    store: &S,
    cache: &Cache<V>,
    users: &[UserId],
) -> Result<Vec<Option<Profile>>, StoreError> {
    let began = Instant::now();
    let mut found = match cache.volatile.cached_profiles(users).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(error = chain(&error), "the profile cache is away; reading from the store");
            vec![None; users.len()]
        }
    };
    let missing: Vec<UserId> =
        users.iter().zip(&found).filter(|(_, hit)| hit.is_none()).map(|(user, _)| *user).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let fresh = store.profiles(&missing).await?;
    // What took longer than a guard lasts may be older than a change whose guard has run out: it is answered, but not offered.
    if began.elapsed() < cache.guard
        && let Err(error) = cache.volatile.cache_profiles(&fresh, cache.ttl).await
    {
        tracing::warn!(error = chain(&error), "profiles were not cached");
    }
    let mut fresh: HashMap<UserId, Profile> = fresh.into_iter().map(|profile| (profile.id, profile)).collect();
    for (user, slot) in users.iter().zip(&mut found) {
        if slot.is_none() {
            *slot = fresh.remove(user);
        }
    }
    Ok(found)
}
