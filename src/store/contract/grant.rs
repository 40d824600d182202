//! The promises of [`GrantStore`](crate::store::grant::GrantStore), checked on a migrated database without users.

use std::collections::HashSet;

use tokio::task::JoinSet;

use super::{Promise, promises};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, UserId};
use crate::store::{Contact, Inserted, NewUser, Store};

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);
const MANY: usize = 100;

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        a_person_is_who_they_said_and_an_unknown_user_is_nobody,
        an_address_is_one_users_and_none_may_be_everybodys,
        a_role_is_changed_where_there_is_a_user,
        a_session_is_kept_as_it_was_begun,
        sessions_of_none_one_and_many_come_without_the_unknown,
        a_users_sessions_are_those_that_may_be_used_the_newest_first,
        a_session_too_many_blocks_the_oldest,
        of_64_exchanges_of_one_token_at_once_one_takes_place,
        a_blocked_session_is_never_exchanged_nor_unblocked,
        all_of_a_users_sessions_are_blocked_but_the_one_that_is_spared,
        sessions_that_ended_long_ago_are_forgotten,
    ]
}

async fn a_person_is_who_they_said_and_an_unknown_user_is_nobody<S: Store>(store: S) {
    let contact = Contact { full_name: "Alice Ünïcode 界".to_owned(), email: Some("alice@example.com".to_owned()) };
    let alice = create(&store, "alice", contact).await;
    let person = store.person(alice).await.expect("person").expect("alice");
    assert_eq!(
        person,
        Person {
            id: alice,
            user_name: "alice".to_owned(),
            full_name: "Alice Ünïcode 界".to_owned(),
            email: Some("alice@example.com".to_owned()),
            role: Role::Customer,
            created_at: NOW,
        }
    );
    let bob = create(&store, "bob", Contact::default()).await;
    let person = store.person(bob).await.expect("person").expect("bob");
    assert_eq!((person.full_name.as_str(), person.email), ("", None));
    for nobody in [UserId(4711), UserId(0), UserId(u64::MAX)] {
        assert_eq!(store.person(nobody).await.expect("person"), None);
    }
}

async fn an_address_is_one_users_and_none_may_be_everybodys<S: Store>(store: S) {
    let with = |email: Option<&str>| Contact { email: email.map(str::to_owned), ..Contact::default() };
    for (name, email, wanted) in [
        ("first", Some("a@example.com"), true),
        ("second", Some("a@example.com"), false),
        ("third", Some("b@example.com"), true),
        ("fourth", None, true),
        ("fifth", None, true),
    ] {
        let inserted = store.insert_user(user(name, with(email))).await.expect("insert_user");
        assert_eq!(inserted != Inserted::Taken, wanted, "{name}");
    }
    assert_eq!(store.credentials("second").await.expect("credentials"), None);
}

async fn a_role_is_changed_where_there_is_a_user<S: Store>(store: S) {
    let alice = create(&store, "alice", Contact::default()).await;
    for role in [Role::Operator, Role::Operator, Role::Customer] {
        assert!(store.set_role(alice, role, event(), NOW).await.expect("set_role"));
        assert_eq!(store.role(alice).await.expect("role"), Some(role));
    }
    for nobody in [UserId(4711), UserId(u64::MAX)] {
        assert!(!store.set_role(nobody, Role::Operator, event(), NOW).await.expect("set_role"));
    }
}

async fn a_session_is_kept_as_it_was_begun<S: Store>(store: S) {
    let begun = Grant { user_agent: "ü".repeat(256), address: "2001:db8::1".to_owned(), ..grant(1, UserId(7)) };
    store.begin_grant(begun.clone(), MANY).await.expect("begin_grant");
    assert_eq!(get(&store, begun.id).await, Some(begun));
}

async fn sessions_of_none_one_and_many_come_without_the_unknown<S: Store>(store: S) {
    for number in 0..50 {
        store.begin_grant(grant(number, UserId(7)), MANY).await.expect("begin_grant");
    }
    for (asked, wanted) in [(0..0, 0), (3..4, 1), (40..60, 10), (60..2100, 0)] {
        let ids: Vec<_> = asked.map(|number| grant(number, UserId(7)).id).collect();
        let mut found = store.grants(&ids).await.expect("grants");
        found.dedup();
        let found: HashSet<_> = found.iter().map(|grant| grant.id).collect();
        assert_eq!(found.len(), wanted);
        assert!(found.iter().all(|id| ids.contains(id)));
    }
}

async fn a_users_sessions_are_those_that_may_be_used_the_newest_first<S: Store>(store: S) {
    let (alice, bob) = (UserId(7), UserId(8));
    for number in 0..6 {
        let ends = if number == 2 { later(10) } else { later(1000) };
        let begun = Grant { expires_at: ends, ..grant(number, alice) };
        store.begin_grant(begun, MANY).await.expect("begin_grant");
    }
    store.begin_grant(grant(6, bob), MANY).await.expect("begin_grant");
    assert!(store.block_grant(grant(4, alice).id, GrantStatus::Blocked, None).await.expect("block_grant"));
    for (now, most, wanted) in [
        (NOW, 9, vec![5, 3, 2, 1, 0]),
        (later(10), 9, vec![5, 3, 1, 0]),
        (NOW, 2, vec![5, 3]),
        (later(1000), 9, vec![]),
    ] {
        let found = store.grants_of(alice, now, most).await.expect("grants_of");
        let wanted: Vec<_> = wanted.into_iter().map(|number| grant(number, alice).id).collect();
        assert_eq!(found.into_iter().map(|grant| grant.id).collect::<Vec<_>>(), wanted);
    }
    for nobody in [UserId(9), UserId(u64::MAX)] {
        assert_eq!(store.grants_of(nobody, NOW, 9).await.expect("grants_of"), []);
    }
}

async fn a_session_too_many_blocks_the_oldest<S: Store>(store: S) {
    let (alice, bob) = (UserId(7), UserId(8));
    store.begin_grant(grant(0, bob), 3).await.expect("begin_grant");
    for number in 1..=5 {
        store.begin_grant(grant(number, alice), 3).await.expect("begin_grant");
    }
    let found = store.grants_of(alice, NOW, MANY).await.expect("grants_of");
    let wanted: Vec<_> = [5, 4, 3].into_iter().map(|number| grant(number, alice).id).collect();
    assert_eq!(found.into_iter().map(|grant| grant.id).collect::<Vec<_>>(), wanted);
    assert_eq!(status(&store, grant(1, alice).id).await, GrantStatus::Blocked);
    assert_eq!(status(&store, grant(0, bob).id).await, GrantStatus::Active, "another's is another's");
}

async fn of_64_exchanges_of_one_token_at_once_one_takes_place<S: Store>(store: S) {
    let begun = grant(1, UserId(7));
    let id = begun.id;
    store.begin_grant(begun, MANY).await.expect("begin_grant");
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let store = store.clone();
        at_once.spawn(async move {
            let done = store.rotate_grant(id, [1; 32], [100 + number; 32], later(5)).await.expect("rotate_grant");
            (number, done)
        });
    }
    let done: Vec<u8> =
        at_once.join_all().await.into_iter().filter(|(_, done)| *done).map(|(number, _)| number).collect();
    let after = get(&store, id).await.expect("it is there");
    let [number] = done[..] else { panic!("{done:?} took place") };
    assert_eq!(after.refresh_hash, [100 + number; 32]);
    assert_eq!(after.previous_hash.as_deref(), Some(&[1; 32][..]));
    assert_eq!((after.rotated_at, after.expires_at), (later(5), later(1000)));
    let unknown = store.rotate_grant(SessionNumber([9; 16]), [1; 32], [2; 32], NOW).await;
    assert!(!unknown.expect("rotate_grant"));
}

async fn a_blocked_session_is_never_exchanged_nor_unblocked<S: Store>(store: S) {
    for (number, as_what) in [(1, GrantStatus::Blocked), (2, GrantStatus::Reused)] {
        let begun = grant(number, UserId(7));
        let id = begun.id;
        store.begin_grant(begun, MANY).await.expect("begin_grant");
        assert!(store.block_grant(id, as_what, Some((event(), NOW))).await.expect("block_grant"));
        for later in [GrantStatus::Blocked, GrantStatus::Reused] {
            assert!(!store.block_grant(id, later, Some((event(), NOW))).await.expect("block_grant"), "once");
        }
        assert!(!store.rotate_grant(id, [number as u8; 32], [3; 32], NOW).await.expect("rotate_grant"));
        assert_eq!(status(&store, id).await, as_what);
    }
}

async fn all_of_a_users_sessions_are_blocked_but_the_one_that_is_spared<S: Store>(store: S) {
    let (alice, bob) = (UserId(7), UserId(8));
    for number in 0..5 {
        store.begin_grant(grant(number, alice), MANY).await.expect("begin_grant");
    }
    let bobs = grant(5, bob);
    store.begin_grant(bobs.clone(), MANY).await.expect("begin_grant");
    let spared = grant(2, alice).id;
    assert_eq!(store.block_grants_of(alice, Some(spared)).await.expect("block_grants_of"), 4);
    assert_eq!(store.block_grants_of(alice, Some(spared)).await.expect("block_grants_of"), 0);
    assert_eq!(status(&store, spared).await, GrantStatus::Active);
    assert_eq!(store.block_grants_of(alice, None).await.expect("block_grants_of"), 1);
    assert_eq!(store.block_grants_of(UserId(u64::MAX), None).await.expect("block_grants_of"), 0);
    assert_eq!(status(&store, bobs.id).await, GrantStatus::Active);
}

async fn sessions_that_ended_long_ago_are_forgotten<S: Store>(store: S) {
    for number in 0..5 {
        let begun = Grant { expires_at: later(i64::from(number)), ..grant(number, UserId(7)) };
        store.begin_grant(begun, MANY).await.expect("begin_grant");
    }
    for forgotten in [2, 1, 0] {
        assert_eq!(store.forget_grants(later(3), 2).await.expect("forget_grants"), forgotten);
    }
    for (number, kept) in [(2, false), (3, true)] {
        assert_eq!(get(&store, grant(number, UserId(7)).id).await.is_some(), kept, "{number}");
    }
}

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000_000)
}

/// The session `number` of `user`, later than those with lower numbers, its refresh token's hash made of the number.
fn grant(number: u32, user: UserId) -> Grant {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&(number + 1).to_be_bytes());
    Grant {
        id: SessionNumber(id),
        user,
        salt: vec![5; 32],
        refresh_hash: vec![number as u8; 32],
        previous_hash: None,
        user_agent: "curl/8.0".to_owned(),
        address: "192.0.2.1".to_owned(),
        status: GrantStatus::Active,
        created_at: NOW,
        rotated_at: NOW,
        expires_at: later(1000),
    }
}

fn event() -> AuditEvent {
    AuditEvent::new(AuditKind::TokenReused).about(UserId(7)).with_detail("words")
}

fn user(name: &str, contact: Contact) -> NewUser {
    NewUser {
        id: None,
        user_name: name.to_owned(),
        nickname: name.to_owned(),
        password_hash: format!("hash of {name}"),
        role: Role::Customer,
        contact,
        created_at: NOW,
    }
}

async fn create<S: Store>(store: &S, name: &str, contact: Contact) -> UserId {
    match store.insert_user(user(name, contact)).await.expect("insert_user") {
        Inserted::Created(user) => user,
        Inserted::Taken => panic!("{name:?} is taken"),
    }
}

async fn get<S: Store>(store: &S, id: SessionNumber) -> Option<Grant> {
    store.grants(&[id]).await.expect("grants").pop()
}

async fn status<S: Store>(store: &S, id: SessionNumber) -> GrantStatus {
    get(store, id).await.expect("it is there").status
}
