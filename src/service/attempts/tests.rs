//! Who must wait, and who need not.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Attempts, Tried, one_of_few, whole_seconds};
use crate::api::Refusal;
use crate::domain::attempt::AttemptRule;
use crate::domain::user::UserId;
use crate::store::memory::Memory;

const RULE: AttemptRule = AttemptRule { free: 3, free_per_address: 8, window: Duration::from_secs(900) };
const ALICE: Tried<'_> = Tried::User(UserId(1));

/// Attempts, and the hand of their clock.
struct Rig {
    attempts: Attempts<Memory>,
    hand: Arc<Mutex<Instant>>,
}

impl Rig {
    fn new() -> Self {
        let hand = Arc::new(Mutex::new(Instant::now()));
        let clock = Arc::clone(&hand);
        let memory = Memory::with_clock(1000, Arc::new(move || *clock.lock().expect("not poisoned")));
        Self { attempts: Attempts::new(memory, RULE), hand }
    }

    fn pass(&self, seconds: u64) {
        *self.hand.lock().expect("not poisoned") += Duration::from_secs(seconds);
    }

    /// Tries with a wrong password, or a right one: how long to wait, if it is not even looked at.
    async fn tries(&self, tried: Tried<'_>, address: &str, right: bool) -> Option<u32> {
        let address: IpAddr = address.parse().expect(address);
        match self.attempts.begin(tried, Some(address)).await.expect("memory answers") {
            Ok(attempt) if right => self.attempts.succeeded(&attempt).await.expect("memory answers"),
            Ok(attempt) => self.attempts.failed(&attempt).await.expect("memory answers"),
            Err(Refusal::TooManyRequests { retry_after_s }) => return Some(retry_after_s),
            Err(other) => panic!("{other}"),
        }
        None
    }
}

#[tokio::test]
async fn failures_from_anywhere_slow_an_account_down_and_time_forgives() {
    let rig = Rig::new();
    for number in 0..3 {
        assert_eq!(rig.tries(ALICE, &format!("192.0.2.{number}"), false).await, None, "{number} is free");
    }
    for (number, wait) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        let address = format!("198.51.100.{number}");
        assert_eq!(rig.tries(ALICE, &address, true).await, Some(wait as u32), "even the right password");
        assert_eq!(rig.tries(Tried::User(UserId(2)), &address, true).await, None, "others are not slowed down");
        rig.pass(wait - 1);
        assert_eq!(rig.tries(ALICE, &address, false).await, Some(1), "a second too early");
        rig.pass(1);
        assert_eq!(rig.tries(ALICE, &address, false).await, None);
    }
    rig.pass(RULE.window.as_secs());
    for _ in 0..3 {
        assert_eq!(rig.tries(ALICE, "203.0.113.1", false).await, None, "all is forgotten");
    }
}

#[tokio::test]
async fn who_was_here_before_gets_in_whatever_strangers_do() {
    let rig = Rig::new();
    let home = "2001:db8:1:2::7";
    assert_eq!(rig.tries(ALICE, home, true).await, None);
    for number in 0..100 {
        rig.tries(ALICE, &format!("192.0.2.{number}"), false).await;
        rig.tries(ALICE, "2001:db8:1:3::7", false).await;
    }
    assert!(rig.tries(ALICE, "198.51.100.1", true).await.is_some(), "strangers wait");
    assert_eq!(rig.tries(ALICE, home, true).await, None);
    assert_eq!(rig.tries(ALICE, "2001:db8:1:2:ffff::1", true).await, None, "the same place");
    rig.pass(31 * 24 * 60 * 60);
    for _ in 0..3 {
        assert_eq!(rig.tries(ALICE, "192.0.2.1", false).await, None);
    }
    assert_eq!(rig.tries(ALICE, home, true).await, Some(1), "not known any more");
}

#[tokio::test]
async fn a_known_place_is_no_way_to_try_without_end_and_a_success_begins_anew() {
    let rig = Rig::new();
    assert_eq!(rig.tries(ALICE, "192.0.2.1", true).await, None);
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(rig.tries(ALICE, "192.0.2.1", false).await, None);
        }
        assert_eq!(rig.tries(ALICE, "192.0.2.1", true).await, None);
    }
    for _ in 0..3 {
        assert_eq!(rig.tries(ALICE, "192.0.2.1", false).await, None);
    }
    assert_eq!(rig.tries(ALICE, "192.0.2.1", true).await, Some(1));
}

#[tokio::test]
async fn one_place_is_slowed_down_over_all_accounts_and_a_name_of_nobody_looks_like_one() {
    let rig = Rig::new();
    let names: Vec<String> = (0..9).map(|number| format!("name {number}")).collect();
    for name in &names[..8] {
        assert_eq!(rig.tries(Tried::Nobody(name), "192.0.2.1", false).await, None);
    }
    assert_eq!(rig.tries(Tried::Nobody(&names[8]), "192.0.2.1", false).await, Some(1));
    assert_eq!(rig.tries(ALICE, "192.0.2.1", true).await, Some(1), "a stranger to this place");

    for number in 0..3 {
        assert_eq!(rig.tries(Tried::Nobody("bob"), &format!("198.51.100.{number}"), false).await, None);
    }
    assert_eq!(rig.tries(Tried::Nobody("bob"), "198.51.100.9", false).await, Some(1), "as an account would");
}

#[tokio::test]
async fn while_tries_must_wait_one_at_a_time_goes_on() {
    let rig = Rig::new();
    for _ in 0..3 {
        rig.tries(ALICE, "192.0.2.1", false).await;
    }
    rig.pass(1);
    let first = rig.attempts.begin(ALICE, None).await.expect("memory answers");
    assert!(first.is_ok());
    let second = rig.attempts.begin(ALICE, None).await.expect("memory answers");
    assert_eq!(second.expect_err("the first is not decided"), Refusal::TooManyRequests { retry_after_s: 1 });
}

#[test]
fn seconds_are_rounded_up_and_names_share_counters() {
    for (millis, seconds) in [(1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
        assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
    }
    assert_eq!(one_of_few("alice"), one_of_few("alice"));
    assert_ne!(one_of_few("alice"), one_of_few("bob"));
}
