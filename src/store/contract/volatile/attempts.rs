//! Tries to sign in: free ones, waits, and known devices.

use std::time::Duration;

use crate::domain::attempt::{AttemptKey, Counter};
use crate::store::Volatile;
use crate::store::contract::{Promise, promises};

use super::{MINUTE, Subject};

const SECOND: Duration = Duration::from_secs(1);
/// Longer than any wait.
const WINDOW: Duration = Duration::from_secs(600);

pub(super) fn promises<S: Subject>() -> Vec<Promise<S>> {
    promises![
        free_failures_cost_nothing_and_then_waits_double_up_to_a_minute,
        the_longest_wait_of_several_counters_holds_and_what_is_refused_counts_for_none,
        a_try_that_may_go_on_holds_up_the_next_until_it_is_decided,
        failures_are_forgotten_when_none_was_for_a_window,
        a_device_is_known_until_its_time_ends_and_its_failures_are_gone,
    ]
}

fn counter(number: u8, free: u32) -> Counter {
    Counter { key: AttemptKey([number; 16]), free }
}

async fn admitted<S: Subject>(subject: &S, counters: &[Counter]) -> Option<Duration> {
    subject.volatile().admit(counters).await.expect("the store answers")
}

async fn fail<S: Subject>(subject: &S, counters: &[Counter]) {
    subject.volatile().count_failure(counters, WINDOW).await.expect("the store answers");
}

/// A wait, of which a check itself has taken a part.
#[track_caller]
fn is_about(found: Option<Duration>, wait: Duration) {
    let found = found.unwrap_or_default();
    assert!(found <= wait && found + SECOND > wait, "{found:?} is not {wait:?}");
}

async fn free_failures_cost_nothing_and_then_waits_double_up_to_a_minute<S: Subject>(subject: S) {
    let one = [counter(1, 2)];
    for _ in 0..2 {
        assert_eq!(admitted(&subject, &one).await, None);
        fail(&subject, &one).await;
    }
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let wait = Duration::from_secs(seconds);
        is_about(admitted(&subject, &one).await, wait);
        assert_eq!(admitted(&subject, &[counter(2, 2)]).await, None, "another counter");
        subject.pass(wait).await;
        assert_eq!(admitted(&subject, &one).await, None, "after {wait:?}");
        fail(&subject, &one).await;
    }
}

async fn the_longest_wait_of_several_counters_holds_and_what_is_refused_counts_for_none<S: Subject>(subject: S) {
    let (short, long) = (counter(1, 1), counter(2, 0));
    fail(&subject, &[short, long]).await;
    fail(&subject, &[long]).await;
    is_about(admitted(&subject, &[short, long]).await, 4 * SECOND);
    subject.pass(SECOND).await;
    is_about(admitted(&subject, &[short, long]).await, 3 * SECOND);
    // The refused tries have taken nothing of the counter that would have let them go on.
    assert_eq!(admitted(&subject, &[short]).await, None);
}

async fn a_try_that_may_go_on_holds_up_the_next_until_it_is_decided<S: Subject>(subject: S) {
    let one = [counter(1, 3)];
    for _ in 0..20 {
        assert_eq!(admitted(&subject, &one).await, None, "while failures are free, tries are side by side");
    }
    for _ in 0..6 {
        fail(&subject, &one).await;
    }
    subject.pass(8 * SECOND).await;
    assert_eq!(admitted(&subject, &one).await, None);
    is_about(admitted(&subject, &one).await, 8 * SECOND);
    subject.pass(8 * SECOND).await;
    assert_eq!(admitted(&subject, &one).await, None, "the one before was never decided");
}

async fn failures_are_forgotten_when_none_was_for_a_window<S: Subject>(subject: S) {
    let one = [counter(1, 2)];
    fail(&subject, &one).await;
    subject.pass(WINDOW - MINUTE).await;
    fail(&subject, &one).await;
    assert!(admitted(&subject, &one).await.is_some(), "the window is counted from the last one");
    subject.pass(WINDOW).await;
    assert_eq!(admitted(&subject, &one).await, None);
    fail(&subject, &one).await;
    assert_eq!(admitted(&subject, &one).await, None, "it begins anew");
}

async fn a_device_is_known_until_its_time_ends_and_its_failures_are_gone<S: Subject>(subject: S) {
    let (device, other) = (AttemptKey([1; 16]), AttemptKey([2; 16]));
    let knows = async |key| subject.volatile().knows_device(key).await.expect("the store answers");
    assert!(!knows(device).await);
    let own = [Counter { key: device, free: 0 }];
    fail(&subject, &own).await;
    subject.volatile().welcome_device(device, MINUTE).await.expect("the store answers");
    assert!(knows(device).await && !knows(other).await);
    assert_eq!(admitted(&subject, &own).await, None);
    subject.pass(MINUTE).await;
    assert!(!knows(device).await);
}
