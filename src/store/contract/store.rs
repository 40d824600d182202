//! The promises of [`Store`], checked on a migrated database without users.

use std::collections::BTreeSet;
use std::future::Future;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use super::{Promise, promises};
use crate::domain::picture::{Picture, PictureFormat, PictureName};
use crate::domain::time::Timestamp;
use crate::domain::user::{Nickname, Profile, Role, UserId};
use crate::store::{Contact, Inserted, NewUser, PasswordChange, Store};

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    let own = promises![
        a_migrated_database_has_nothing_left_to_migrate,
        a_database_that_answers_is_pinged,
        a_fresh_database_has_no_users,
        a_user_is_created_once_per_name,
        of_64_users_with_one_name_at_once_one_is_created,
        of_many_users_those_with_new_names_are_created,
        names_are_compared_byte_for_byte,
        a_fixed_number_is_kept_and_the_next_one_is_higher,
        credentials_are_those_of_the_name,
        credentials_of_many_names_come_without_the_unknown,
        a_password_is_changed_once_from_one_version,
        of_64_changes_from_one_version_one_is_made,
        a_password_is_hashed_anew_only_if_the_old_hash_is_there,
        a_role_is_kept_and_an_unknown_user_has_none,
        profiles_of_none_one_and_many_come_without_the_unknown,
        a_nickname_is_changed_and_the_version_grows_by_one,
        nicknames_set_at_once_take_a_version_each,
        a_nickname_keeps_every_character,
        a_picture_is_kept_byte_for_byte,
        a_picture_replaces_the_one_before,
        of_pictures_set_at_once_one_is_left,
        a_change_of_an_unknown_user_writes_nothing,
        a_caller_who_leaves_stops_nothing,
    ];
    own.into_iter()
        .chain(super::reconciliation::promises())
        .chain(super::matching::promises())
        .chain(super::audit::promises())
        .collect()
}

async fn a_migrated_database_has_nothing_left_to_migrate<S: Store>(store: S) {
    assert_eq!(store.migrate().await.expect("migrate"), 0);
}

async fn a_database_that_answers_is_pinged<S: Store>(store: S) {
    store.ping().await.expect("ping");
}

async fn a_fresh_database_has_no_users<S: Store>(store: S) {
    assert!(store.has_no_users().await.expect("has_no_users"));
    create(&store, "alice").await;
    assert!(!store.has_no_users().await.expect("has_no_users"));
}

async fn a_user_is_created_once_per_name<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let impostor = NewUser { password_hash: "other".to_owned(), nickname: "other".to_owned(), ..new("alice") };
    assert_eq!(store.insert_user(impostor).await.expect("insert_user"), Inserted::Taken);
    let credentials = store.credentials("alice").await.expect("credentials").expect("alice is there");
    assert_eq!((credentials.user, credentials.password_hash.as_str()), (alice, "hash of alice"));
    assert_eq!(profile(&store, alice).await.nickname, "alice");
}

async fn of_64_users_with_one_name_at_once_one_is_created<S: Store>(store: S) {
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let store = store.clone();
        let user = NewUser { password_hash: format!("hash {number}"), ..new("alice") };
        at_once.spawn(async move { store.insert_user(user).await.expect("insert_user") });
    }
    let outcomes = at_once.join_all().await;
    let created: Vec<_> = outcomes.iter().filter(|outcome| matches!(outcome, Inserted::Created(_))).collect();
    let found = store.credentials("alice").await.expect("credentials").expect("alice is there");
    assert_eq!(created, [&Inserted::Created(found.user)]);
}

async fn of_many_users_those_with_new_names_are_created<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let many =
        ["bob", "alice", "carol", "bob"].map(|name| NewUser { password_hash: format!("many {name}"), ..new(name) });
    assert_eq!(store.insert_users(many.to_vec()).await.expect("insert_users"), 2);
    for (name, hash) in [("bob", "many bob"), ("carol", "many carol")] {
        let credentials = store.credentials(name).await.expect("credentials").expect(name);
        assert_eq!(credentials.password_hash, hash);
    }
    let kept = store.credentials("alice").await.expect("credentials").expect("alice");
    assert_eq!((kept.user, kept.password_hash), (alice, new("alice").password_hash));
    assert_eq!(store.insert_users(Vec::new()).await.expect("none"), 0);
}

async fn names_are_compared_byte_for_byte<S: Store>(store: S) {
    // Case, trailing space, accents composed and not, and what collations hold equal: `ß` and `ss`, the long s, a wide letter.
    let names =
        ["alice", "Alice", "ALICE", "alice ", "älice", "a\u{308}lice", "weiß", "weiss", "wei\u{17f}s", "ａlice"];
    let mut numbers = BTreeSet::new();
    for name in names {
        numbers.insert(create(&store, name).await);
    }
    assert_eq!(numbers.len(), names.len());
    for name in names {
        let found = store.credentials(name).await.expect("credentials").expect(name);
        assert_eq!(found.password_hash, format!("hash of {name}"));
        assert_eq!(profile(&store, found.user).await.user_name, name);
    }
    assert!(store.credentials("aLICE").await.expect("credentials").is_none());
}

async fn a_fixed_number_is_kept_and_the_next_one_is_higher<S: Store>(store: S) {
    let fixed = UserId(20_241_222);
    let user = NewUser { id: Some(fixed), ..new("wallet_demo") };
    assert_eq!(store.insert_user(user).await.expect("insert_user"), Inserted::Created(fixed));
    let same = NewUser { id: Some(fixed), ..new("someone_else") };
    assert_eq!(store.insert_user(same).await.expect("insert_user"), Inserted::Taken);
    assert!(store.credentials("someone_else").await.expect("credentials").is_none());
    assert!(create(&store, "alice").await > fixed);
}

async fn credentials_are_those_of_the_name<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let bob = create(&store, "bob").await;
    for (name, user) in [("alice", alice), ("bob", bob)] {
        let found = store.credentials(name).await.expect("credentials").expect(name);
        assert_eq!((found.user, found.password_hash), (user, format!("hash of {name}")));
    }
    assert_eq!(store.credentials("nobody").await.expect("credentials"), None);
}

async fn credentials_of_many_names_come_without_the_unknown<S: Store>(store: S) {
    create(&store, "alice").await;
    create(&store, "bob").await;
    let names = ["bob", "nobody", "alice", "Bob"].map(str::to_owned);
    let mut found = store.credentials_of(&names).await.expect("credentials_of");
    found.sort_by(|one, other| one.user_name.cmp(&other.user_name));
    let names: Vec<_> = found.iter().map(|known| known.user_name.as_str()).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(found[1], store.credentials("bob").await.expect("credentials").expect("bob"));
    assert!(store.credentials_of(&[]).await.expect("none").is_empty());
}

fn change(user: UserId, version: u64, hash: &str) -> PasswordChange {
    PasswordChange { user, version, password_hash: hash.to_owned(), keep: None, now: NOW }
}

/// The hash of alice's password and its version.
async fn password<S: Store>(store: &S) -> (String, u64) {
    let known = store.credentials("alice").await.expect("credentials").expect("alice is there");
    let versions = store.password_versions(&[known.user, UserId(u64::MAX)]).await.expect("password_versions");
    assert_eq!(versions, [(known.user, known.password_version)]);
    (known.password_hash, known.password_version)
}

async fn a_password_is_changed_once_from_one_version<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    create(&store, "bob").await;
    let before = profile(&store, alice).await;
    let (_, version) = password(&store).await;
    assert!(store.change_password(change(alice, version, "second")).await.expect("change_password"));
    assert_eq!(password(&store).await, ("second".to_owned(), version + 1));
    assert!(!store.change_password(change(alice, version, "third")).await.expect("change_password"));
    assert_eq!(password(&store).await, ("second".to_owned(), version + 1));
    assert_eq!(profile(&store, alice).await, before, "the profile is the same");
    for nobody in [UserId(4711), UserId(u64::MAX)] {
        assert!(!store.change_password(change(nobody, 1, "x")).await.expect("change_password"));
    }
    let bob = store.credentials("bob").await.expect("credentials").expect("bob is there");
    assert_eq!((bob.password_hash.as_str(), bob.password_version), ("hash of bob", version));
}

async fn of_64_changes_from_one_version_one_is_made<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let (_, version) = password(&store).await;
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let store = store.clone();
        let change = change(alice, version, &format!("hash {number}"));
        at_once.spawn(async move {
            let hash = change.password_hash.clone();
            store.change_password(change).await.expect("change_password").then_some(hash)
        });
    }
    let made: Vec<_> = at_once.join_all().await.into_iter().flatten().collect();
    assert_eq!((made, version + 1), (vec![password(&store).await.0], password(&store).await.1));
}

async fn a_password_is_hashed_anew_only_if_the_old_hash_is_there<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let (old, version) = password(&store).await;
    assert!(!store.rehash_password(alice, "another", "new").await.expect("rehash_password"));
    assert_eq!(password(&store).await, (old.clone(), version));
    assert!(store.rehash_password(alice, &old, "new").await.expect("rehash_password"));
    assert!(!store.rehash_password(alice, &old, "newer").await.expect("rehash_password"));
    assert_eq!(password(&store).await, ("new".to_owned(), version), "the same password");
    assert!(!store.rehash_password(UserId(u64::MAX), "new", "x").await.expect("rehash_password"));
}

async fn a_role_is_kept_and_an_unknown_user_has_none<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let operator = NewUser { id: Some(UserId(7)), role: Role::Operator, ..new("operator") };
    assert_eq!(store.insert_users(vec![operator]).await.expect("insert_users"), 1);
    for (user, wanted) in [
        (alice, Some(Role::Customer)),
        (UserId(7), Some(Role::Operator)),
        (UserId(4711), None),
        (UserId(u64::MAX), None),
    ] {
        assert_eq!(store.role(user).await.expect("role"), wanted);
    }
}

async fn profiles_of_none_one_and_many_come_without_the_unknown<S: Store>(store: S) {
    let mut known = Vec::new();
    for number in 0..150 {
        known.push(create(&store, &format!("user_{number}")).await);
    }
    let nobody = |number: u64| UserId(1_000_000 + number);
    let mut many = known.clone();
    many.extend((0..150).map(nobody));
    // More than one round trip takes, of users who are not there, and the largest number there is.
    let mut crowd: Vec<_> = (0..3000).map(nobody).collect();
    crowd.extend([UserId(u64::MAX), UserId(0), known[7]]);
    for (asked, wanted) in [
        (vec![], vec![]),
        (vec![known[0]], vec![known[0]]),
        (vec![nobody(0)], vec![]),
        (vec![known[0], known[0], nobody(0)], vec![known[0]]),
        (many, known.clone()),
        (crowd, vec![known[7]]),
    ] {
        let mut found = store.profiles(&asked).await.expect("profiles");
        found.sort_by_key(|profile| profile.id);
        found.dedup();
        let found: Vec<_> = found.into_iter().map(|profile| profile.id).collect();
        assert_eq!(found, wanted, "of {} asked", asked.len());
    }
}

async fn a_nickname_is_changed_and_the_version_grows_by_one<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let bob = create(&store, "bob").await;
    let (before, bob_before) = (profile(&store, alice).await, profile(&store, bob).await);
    for (step, text) in (1..).zip(["queen", "queen", "alice"]) {
        let after = rename(&store, alice, text).await;
        let wanted = Profile { nickname: text.to_owned(), version: before.version + step, ..before.clone() };
        assert_eq!(after, wanted);
        assert_eq!(profile(&store, alice).await, wanted);
    }
    assert_eq!(profile(&store, bob).await, bob_before);
}

async fn nicknames_set_at_once_take_a_version_each<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let first = profile(&store, alice).await.version;
    let mut at_once = JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        at_once.spawn(async move { rename(&store, alice, &format!("n{number}")).await.version });
    }
    let mut versions = at_once.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (first + 1..=first + 32).collect::<Vec<_>>());
}

async fn a_nickname_keeps_every_character<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    for text in ["ÄÖÜß", "界世界世界世界世", "🦀🦀🦀🦀🦀🦀🦀🦀", "'\";--\\%", "e\u{301}"] {
        assert_eq!(rename(&store, alice, text).await.nickname, text);
        assert_eq!(profile(&store, alice).await.nickname, text);
    }
}

async fn a_picture_is_kept_byte_for_byte<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let before = profile(&store, alice).await;
    assert_eq!(before.picture, "");
    let picture = Picture { bytes: (0..=255).cycle().take(1 << 20).collect::<Vec<u8>>().into(), ..picture(1) };
    let after = store.set_picture(alice, &picture, NOW).await.expect("set_picture").expect("alice is there");
    assert_eq!(after, Profile { picture: picture.name.to_string(), version: before.version + 1, ..before });
    assert_eq!(profile(&store, alice).await, after);
    assert_eq!(store.picture(&picture.name).await.expect("picture"), Some(picture));
}

async fn a_picture_replaces_the_one_before<S: Store>(store: S) {
    let (alice, bob) = (create(&store, "alice").await, create(&store, "bob").await);
    let [first, second, bobs] = [picture(1), picture(2), picture(3)];
    store.set_picture(bob, &bobs, NOW).await.expect("set_picture");
    store.set_picture(alice, &first, NOW).await.expect("set_picture");
    store.set_picture(alice, &second, NOW).await.expect("set_picture");
    assert_eq!(profile(&store, alice).await.picture, second.name.as_str());
    assert_eq!(store.picture(&first.name).await.expect("picture"), None);
    assert_eq!(store.picture(&second.name).await.expect("picture"), Some(second));
    assert_eq!(store.picture(&bobs.name).await.expect("picture"), Some(bobs));
}

async fn of_pictures_set_at_once_one_is_left<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let mut at_once = JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        at_once.spawn(async move { store.set_picture(alice, &picture(number), NOW).await.expect("set_picture") });
    }
    at_once.join_all().await;
    let shown = profile(&store, alice).await.picture;
    for number in 0..16 {
        let picture = picture(number);
        let kept = store.picture(&picture.name).await.expect("picture").is_some();
        assert_eq!(kept, picture.name.as_str() == shown, "picture {number} while {shown} is shown");
    }
}

async fn a_change_of_an_unknown_user_writes_nothing<S: Store>(store: S) {
    let nickname = Nickname::parse("nobody").expect("a nickname");
    for user in [UserId(4711), UserId(0), UserId(u64::MAX)] {
        assert_eq!(store.set_nickname(user, &nickname, NOW).await.expect("set_nickname"), None);
        assert_eq!(store.set_picture(user, &picture(1), NOW).await.expect("set_picture"), None);
    }
    assert_eq!(store.picture(&picture(1).name).await.expect("picture"), None);
    assert!(store.has_no_users().await.expect("has_no_users"));
}

async fn a_caller_who_leaves_stops_nothing<S: Store>(store: S) {
    let alice = create(&store, "alice").await;
    let first = profile(&store, alice).await.version;
    let nickname = Nickname::parse("left").expect("a nickname");
    for _ in 0..50 {
        let mut call = Box::pin(store.set_nickname(alice, &nickname, NOW));
        // Begun, and then dropped before it can have ended.
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    let patience = Instant::now() + Duration::from_secs(10);
    while profile(&store, alice).await.version < first + 50 {
        assert!(Instant::now() < patience, "a change was lost with its caller");
    }
    assert_eq!(rename(&store, alice, "stayed").await.version, first + 51);
}

fn new(name: &str) -> NewUser {
    NewUser {
        id: None,
        user_name: name.to_owned(),
        nickname: name.chars().take(Nickname::CHARS.1).collect(),
        password_hash: format!("hash of {name}"),
        role: Role::Customer,
        contact: Contact::default(),
        created_at: NOW,
    }
}

async fn create<S: Store>(store: &S, name: &str) -> UserId {
    match store.insert_user(new(name)).await.expect("insert_user") {
        Inserted::Created(user) => user,
        Inserted::Taken => panic!("{name:?} is taken"),
    }
}

async fn profile<S: Store>(store: &S, user: UserId) -> Profile {
    store.profiles(&[user]).await.expect("profiles").pop().expect("the user is there")
}

async fn rename<S: Store>(store: &S, user: UserId, text: &str) -> Profile {
    let nickname = Nickname::parse(text).expect("a nickname");
    store.set_nickname(user, &nickname, NOW).await.expect("set_nickname").expect("the user is there")
}

fn picture(number: u8) -> Picture {
    Picture { name: PictureName::new([number; 16], PictureFormat::Png), bytes: Bytes::from(vec![number; 100]) }
}
