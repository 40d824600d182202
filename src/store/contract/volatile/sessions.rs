//! Sessions: an allow-list whose entries slide.

use std::collections::BTreeSet;

use crate::domain::caller::Device;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::contract::{Promise, promises};
use crate::store::{SESSIONS_OF_USER_MAX, Volatile};

use super::{MARGIN, MINUTE, Subject, session};

pub(super) fn promises<S: Subject>() -> Vec<Promise<S>> {
    promises![
        a_ping_is_answered,
        a_session_is_known_until_its_time_ends,
        every_look_up_renews_a_session,
        a_session_keeps_all_that_is_known_of_it,
        a_dropped_session_is_unknown_at_once,
        dropping_an_unknown_session_is_no_error,
        a_session_put_again_is_the_new_one,
        sessions_come_in_the_order_of_their_keys_with_gaps_for_unknown_ones,
        a_thousand_sessions_are_answered_at_once,
        sessions_are_listed_to_their_user_alone_as_long_as_they_live,
        a_list_renews_nothing,
        a_touched_session_says_when_and_lives_on_and_one_that_has_ended_stays_so,
        all_sessions_of_a_user_but_one_end_at_once,
        of_too_many_sessions_the_one_not_seen_for_longest_ends,
    ]
}

fn key(number: u64) -> SessionKey {
    let mut key = [0xa5; 32];
    key[..8].copy_from_slice(&number.to_le_bytes());
    SessionKey(key)
}

fn session_seen(user: u64, at: i64) -> Session {
    Session { seen_at: Timestamp(at), ..session(user) }
}

async fn put<S: Subject>(subject: &S, number: u64, user: u64) {
    put_session(subject, number, &session(user)).await;
}

async fn put_session<S: Subject>(subject: &S, number: u64, session: &Session) {
    subject.volatile().put_session(key(number), session, MINUTE).await.expect("the store answers");
}

async fn end<S: Subject>(subject: &S, number: u64, user: u64) {
    subject.volatile().drop_sessions(UserId(user), &[key(number)]).await.expect("the store answers");
}

/// The numbers of a user's sessions.
async fn listed<S: Subject>(subject: &S, user: u64) -> BTreeSet<u64> {
    let sessions = subject.volatile().sessions_of(UserId(user)).await.expect("the store answers");
    let number = |key: SessionKey| u64::from_le_bytes(key.0[..8].try_into().expect("eight bytes"));
    sessions
        .into_iter()
        .map(|(key, session)| {
            assert_eq!(session.user, UserId(user));
            number(key)
        })
        .collect()
}

async fn users<S: Subject>(subject: &S, numbers: &[u64]) -> Vec<Option<u64>> {
    let keys: Vec<_> = numbers.iter().map(|number| key(*number)).collect();
    let sessions = subject.volatile().sessions(&keys, MINUTE).await.expect("the store answers");
    sessions.into_iter().map(|session| session.map(|session| session.user.0)).collect()
}

async fn a_ping_is_answered<S: Subject>(subject: S) {
    subject.volatile().ping().await.expect("the store answers");
}

async fn a_session_is_known_until_its_time_ends<S: Subject>(subject: S) {
    assert_eq!(users(&subject, &[1]).await, [None]);
    put(&subject, 1, u64::MAX).await;
    assert_eq!(users(&subject, &[1]).await, [Some(u64::MAX)]);
    subject.pass(MINUTE).await;
    assert_eq!(users(&subject, &[1]).await, [None]);
    assert_eq!(users(&subject, &[1]).await, [None], "asking for it does not bring it back");
}

async fn every_look_up_renews_a_session<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    for _ in 0..3 {
        subject.pass(MINUTE - MARGIN).await;
        assert_eq!(users(&subject, &[1]).await, [Some(7)]);
    }
    subject.pass(MINUTE).await;
    assert_eq!(users(&subject, &[1]).await, [None]);
}

async fn a_session_keeps_all_that_is_known_of_it<S: Subject>(subject: S) {
    let unknown = Session { device: Device::default(), ..session(u64::MAX) };
    for (number, session) in [(1, session(7)), (2, unknown)] {
        put_session(&subject, number, &session).await;
        let found = subject.volatile().sessions(&[key(number)], MINUTE).await.expect("the store answers");
        assert_eq!(found, [Some(session.clone())]);
        let listed = subject.volatile().sessions_of(session.user).await.expect("the store answers");
        assert_eq!(listed, [(key(number), session)]);
    }
}

async fn a_dropped_session_is_unknown_at_once<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    put(&subject, 2, 7).await;
    end(&subject, 1, 7).await;
    assert_eq!(users(&subject, &[1, 2]).await, [None, Some(7)], "the user's other session lives");
}

async fn dropping_an_unknown_session_is_no_error<S: Subject>(subject: S) {
    for _ in 0..2 {
        end(&subject, 1, 7).await;
    }
}

async fn a_session_put_again_is_the_new_one<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    subject.pass(MINUTE - MARGIN).await;
    put(&subject, 1, 8).await;
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(users(&subject, &[1]).await, [Some(8)]);
    assert_eq!((listed(&subject, 7).await.len(), listed(&subject, 8).await.len()), (0, 1));
}

async fn sessions_come_in_the_order_of_their_keys_with_gaps_for_unknown_ones<S: Subject>(subject: S) {
    for number in 1..=3 {
        put(&subject, number, number * 10).await;
    }
    assert_eq!(users(&subject, &[3, 99, 1, 2, 3]).await, [Some(30), None, Some(10), Some(20), Some(30)]);
    assert_eq!(users(&subject, &[]).await, []);
}

async fn a_thousand_sessions_are_answered_at_once<S: Subject>(subject: S) {
    for number in 0..1000 {
        put(&subject, number, number).await;
    }
    let numbers: Vec<u64> = (0..1000).collect();
    assert_eq!(users(&subject, &numbers).await, numbers.iter().copied().map(Some).collect::<Vec<_>>());
}

async fn sessions_are_listed_to_their_user_alone_as_long_as_they_live<S: Subject>(subject: S) {
    assert_eq!(listed(&subject, 7).await, BTreeSet::new());
    for (number, user) in [(1, 7), (2, 8), (3, 7)] {
        put(&subject, number, user).await;
    }
    assert_eq!(listed(&subject, 7).await, BTreeSet::from([1, 3]));
    assert_eq!(listed(&subject, 8).await, BTreeSet::from([2]));
    subject.pass(MINUTE - MARGIN).await;
    // Used, the third one lives on; its list lives with it.
    assert_eq!(users(&subject, &[3]).await, [Some(7)]);
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(listed(&subject, 7).await, BTreeSet::from([3]));
    subject.pass(MINUTE).await;
    assert_eq!(listed(&subject, 7).await, BTreeSet::new());
    put(&subject, 4, 7).await;
    assert_eq!(listed(&subject, 7).await, BTreeSet::from([4]));
    end(&subject, 4, 7).await;
    assert_eq!(listed(&subject, 7).await, BTreeSet::new());
}

async fn a_list_renews_nothing<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(listed(&subject, 7).await, BTreeSet::from([1]));
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(users(&subject, &[1]).await, [None]);
}

async fn a_touched_session_says_when_and_lives_on_and_one_that_has_ended_stays_so<S: Subject>(subject: S) {
    let later = Session { password_version: 4, ..session_seen(7, 1_770_000_000_000_000) };
    put(&subject, 1, 7).await;
    subject.pass(MINUTE - MARGIN).await;
    subject.volatile().touch_session(key(1), &later, MINUTE).await.expect("the store answers");
    subject.pass(MINUTE - MARGIN).await;
    let found = subject.volatile().sessions(&[key(1)], MINUTE).await.expect("the store answers");
    assert_eq!(found, [Some(later.clone())]);
    end(&subject, 1, 7).await;
    subject.volatile().touch_session(key(1), &later, MINUTE).await.expect("the store answers");
    assert_eq!(users(&subject, &[1]).await, [None]);
    assert_eq!(listed(&subject, 7).await, BTreeSet::new());
}

async fn all_sessions_of_a_user_but_one_end_at_once<S: Subject>(subject: S) {
    for (number, user) in [(1, 7), (2, 7), (3, 7), (4, 8)] {
        put(&subject, number, user).await;
    }
    let ended = subject.volatile().drop_sessions_of(UserId(7), Some(key(2))).await.expect("the store answers");
    assert_eq!(ended, 2);
    assert_eq!(users(&subject, &[1, 2, 3, 4]).await, [None, Some(7), None, Some(8)]);
    let ended = subject.volatile().drop_sessions_of(UserId(7), None).await.expect("the store answers");
    assert_eq!(ended, 1);
    assert_eq!(users(&subject, &[2, 4]).await, [None, Some(8)]);
    assert_eq!(listed(&subject, 7).await, BTreeSet::new());
}

async fn of_too_many_sessions_the_one_not_seen_for_longest_ends<S: Subject>(subject: S) {
    let most = SESSIONS_OF_USER_MAX as u64;
    put(&subject, 1_000_000, 8).await;
    for number in 0..most {
        // The third is the oldest of all.
        let at = if number == 3 { 1 } else { 100 + i64::try_from(number).expect("small") };
        put_session(&subject, number, &session_seen(7, 1_760_000_000_000_000 + at)).await;
    }
    assert_eq!(listed(&subject, 7).await.len(), SESSIONS_OF_USER_MAX);
    put_session(&subject, most, &session_seen(7, 1_760_000_000_001_000)).await;
    let left = listed(&subject, 7).await;
    assert!(left.len() == SESSIONS_OF_USER_MAX && !left.contains(&3) && left.contains(&most), "{left:?}");
    assert_eq!(users(&subject, &[3, 0, most, 1_000_000]).await, [None, Some(7), Some(7), Some(8)]);
}
