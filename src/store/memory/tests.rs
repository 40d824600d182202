//! What memory promises beyond the contract: what happens when it is full. The contract itself is run by `tests/volatile.rs`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::domain::session::SessionKey;
use crate::domain::user::{Profile, UserId};
use crate::store::contract::volatile::session;
use crate::store::{StoreError, Volatile};

use super::Memory;

const TTL: Duration = Duration::from_secs(60);

/// A store and the hand of its clock.
fn memory(max_entries: usize) -> (Memory, Arc<Mutex<Instant>>) {
    let time = Arc::new(Mutex::new(Instant::now()));
    let hand = Arc::clone(&time);
    (Memory::with_clock(max_entries, Arc::new(move || *time.lock().expect("not poisoned"))), hand)
}

fn pass(hand: &Mutex<Instant>, time: Duration) {
    *hand.lock().expect("not poisoned") += time;
}

fn profile(user: u64, version: u64) -> Profile {
    Profile { id: UserId(user), user_name: "alice".into(), nickname: "Al".into(), picture: String::new(), version }
}

async fn version(memory: &Memory, user: u64) -> Option<u64> {
    memory.cached_profiles(&[UserId(user)]).await.expect("memory answers")[0].as_ref().map(|profile| profile.version)
}

#[tokio::test]
async fn a_full_store_refuses_new_sessions_and_keeps_the_old_ones() {
    let (memory, hand) = memory(2);
    let session = session(1);
    for key in [1, 2] {
        memory.put_session(SessionKey([key; 32]), &session, TTL).await.expect("room");
    }
    let refused = memory.put_session(SessionKey([3; 32]), &session, TTL).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let held = memory.sessions(&[SessionKey([1; 32]), SessionKey([2; 32])], TTL).await.expect("memory answers");
    assert_eq!(held, [Some(session.clone()), Some(session.clone())]);
    pass(&hand, TTL);
    memory.put_session(SessionKey([3; 32]), &session, TTL).await.expect("the old ones have expired");
}

#[tokio::test]
async fn a_full_cache_makes_room_for_a_new_profile() {
    let (memory, _) = memory(2);
    memory.cache_profiles(&[profile(1, 1), profile(2, 1)], TTL).await.expect("memory answers");
    memory.cache_profiles(&[profile(3, 1)], 2 * TTL).await.expect("memory answers");
    assert_eq!(version(&memory, 3).await, Some(1));
}

#[tokio::test]
async fn a_tombstone_that_gives_way_closes_the_cache_until_it_would_have_ended() {
    let (memory, hand) = memory(2);
    memory.forget_profile(UserId(1), 5, TTL).await.expect("memory answers");
    for user in [2, 3] {
        memory.forget_profile(UserId(user), 5, 2 * TTL).await.expect("memory answers");
    }
    memory.cache_profiles(&[profile(1, 4), profile(9, 1)], TTL).await.expect("memory answers");
    assert_eq!(version(&memory, 1).await, None, "forgotten, though its tombstone gave way");
    assert_eq!(version(&memory, 9).await, None, "the price: nothing is cached");
    pass(&hand, TTL);
    memory.cache_profiles(&[profile(9, 1)], TTL).await.expect("memory answers");
    assert_eq!(version(&memory, 9).await, Some(1));
}

#[tokio::test]
async fn a_time_to_live_without_end_is_no_overflow() {
    let (memory, hand) = memory(2);
    memory.cache_profiles(&[profile(1, 1)], Duration::MAX).await.expect("memory answers");
    pass(&hand, Duration::from_secs(86_400));
    assert_eq!(version(&memory, 1).await, Some(1));
}
