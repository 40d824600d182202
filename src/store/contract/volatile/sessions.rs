//! Sessions: an allow-list whose entries slide.

use crate::domain::session::{Session, SessionKey};
use crate::domain::user::UserId;
use crate::store::Volatile;
use crate::store::contract::{Promise, promises};

use super::{MARGIN, MINUTE, Subject};

pub(super) fn promises<S: Subject>() -> Vec<Promise<S>> {
    promises![
        a_ping_is_answered,
        a_session_is_known_until_its_time_ends,
        every_look_up_renews_a_session,
        a_dropped_session_is_unknown_at_once,
        dropping_an_unknown_session_is_no_error,
        a_session_put_again_is_the_new_one,
        sessions_come_in_the_order_of_their_keys_with_gaps_for_unknown_ones,
        a_thousand_sessions_are_answered_at_once,
    ]
}

fn key(number: u64) -> SessionKey {
    let mut key = [0xa5; 32];
    key[..8].copy_from_slice(&number.to_le_bytes());
    SessionKey(key)
}

fn session(user: u64) -> Session {
    Session { user: UserId(user) }
}

async fn put<S: Subject>(subject: &S, number: u64, user: u64) {
    subject.volatile().put_session(key(number), session(user), MINUTE).await.expect("the store answers");
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

async fn a_dropped_session_is_unknown_at_once<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    put(&subject, 2, 7).await;
    subject.volatile().drop_session(key(1)).await.expect("the store answers");
    assert_eq!(users(&subject, &[1, 2]).await, [None, Some(7)], "the user's other session lives");
}

async fn dropping_an_unknown_session_is_no_error<S: Subject>(subject: S) {
    for _ in 0..2 {
        subject.volatile().drop_session(key(1)).await.expect("no error");
    }
}

async fn a_session_put_again_is_the_new_one<S: Subject>(subject: S) {
    put(&subject, 1, 7).await;
    subject.pass(MINUTE - MARGIN).await;
    put(&subject, 1, 8).await;
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(users(&subject, &[1]).await, [Some(8)]);
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
