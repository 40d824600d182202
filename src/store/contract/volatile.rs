//! The promises of [`Volatile`].
//!
//! - this file: how a store is put to them;
//! - `sessions`, `attempts`, `profiles`: the promises;
//! - [`interleavings`]: readers and changers in every order, also when some of them die.

mod attempts;
pub mod interleavings;
mod profiles;
mod sessions;

use std::future::Future;
use std::time::Duration;

use super::Promise;
use crate::domain::caller::Device;
use crate::domain::session::{Session, SessionNumber};
use crate::domain::time::Timestamp;
use crate::domain::user::{Profile, UserId};
use crate::store::Volatile;

/// A store under test that nobody else uses, and a hand on its clock.
pub trait Subject: Send + Sync + 'static {
    /// The store's type.
    type Volatile: Volatile;

    /// The store.
    fn volatile(&self) -> &Self::Volatile;

    /// Lets `time` pass for all that the store holds, without waiting.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// Every promise. Each wants a subject of its own.
pub fn promises<S: Subject>() -> Vec<Promise<S>> {
    sessions::promises().into_iter().chain(attempts::promises()).chain(profiles::promises()).collect()
}

/// Longer than any check takes, so that nothing ends but by [`Subject::pass`].
const MINUTE: Duration = Duration::from_secs(60);

/// Steps short of an end of time are this much short, for the time that a check itself takes.
const MARGIN: Duration = Duration::from_secs(20);

fn profile(user: u64, version: u64) -> Profile {
    Profile {
        id: UserId(user),
        user_name: format!("user_{user}"),
        nickname: format!("n{version}"),
        picture: String::new(),
        version,
    }
}

/// A session of a user, as any other.
pub fn session(user: u64) -> Session {
    Session {
        number: SessionNumber([0x5a; 16]),
        user: UserId(user),
        password_version: 3,
        device: Device::new("2001:db8::1".parse().ok(), "Mözilla/5.0 \"x\""),
        created_at: Timestamp(1_750_000_000_000_000),
        seen_at: Timestamp(1_760_000_000_000_000),
    }
}

/// The version that is cached for a user.
async fn cached(volatile: &impl Volatile, user: u64) -> Option<u64> {
    let answer = volatile.cached_profiles(&[UserId(user)]).await.expect("the store answers");
    assert_eq!(answer.len(), 1);
    answer[0].as_ref().map(|profile| {
        assert_eq!(profile.id, UserId(user), "one's own profile");
        profile.version
    })
}

/// Offers a version for a minute and tells which one is cached then.
async fn offer(volatile: &impl Volatile, user: u64, version: u64) -> Option<u64> {
    volatile.cache_profiles(&[profile(user, version)], MINUTE).await.expect("the store answers");
    cached(volatile, user).await
}
