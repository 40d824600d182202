//! Cached profiles: what is kept, and what guards and tombstones keep out.

use crate::domain::user::{Profile, UserId};
use crate::store::Volatile;
use crate::store::contract::{Promise, promises};

use super::{MARGIN, MINUTE, Subject, cached, offer, profile};

pub(super) fn promises<S: Subject>() -> Vec<Promise<S>> {
    promises![
        an_offered_profile_is_cached_whole_until_its_time_ends,
        profiles_come_in_the_order_of_their_users_with_gaps_for_unknown_ones,
        a_newer_version_replaces_an_older_one_and_never_the_other_way_round,
        an_equal_version_is_kept_for_its_own_time,
        a_guard_drops_the_profile_and_refuses_any_until_it_ends,
        a_shorter_guard_does_not_shorten_a_longer_one,
        forgetting_drops_what_is_older_and_keeps_what_is_not,
        a_tombstone_refuses_what_is_older_until_it_ends,
        a_tombstone_outlives_the_profile_that_replaced_it,
        an_older_tombstone_does_not_weaken_a_newer_one,
        a_guard_stays_until_it_ends_though_the_change_is_forgotten,
        one_users_guards_and_tombstones_are_nobody_elses,
        versions_compare_exactly_up_to_the_greatest,
        a_batch_of_offers_is_decided_one_by_one,
    ]
}

async fn guard<S: Subject>(subject: &S, user: u64) {
    subject.volatile().guard_profile(UserId(user), MINUTE).await.expect("the store answers");
}

async fn forget<S: Subject>(subject: &S, user: u64, version: u64) {
    subject.volatile().forget_profile(UserId(user), version, MINUTE).await.expect("the store answers");
}

async fn an_offered_profile_is_cached_whole_until_its_time_ends<S: Subject>(subject: S) {
    let store = subject.volatile();
    let whole = Profile {
        id: UserId(u64::MAX),
        user_name: "o'\"\\é\u{1F600}{}".into(),
        nickname: "界\u{0}\n".into(),
        picture: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.png".into(),
        version: 3,
    };
    store.cache_profiles(std::slice::from_ref(&whole), MINUTE).await.expect("the store answers");
    assert_eq!(store.cached_profiles(&[whole.id]).await.expect("the store answers"), [Some(whole.clone())]);
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(cached(store, u64::MAX).await, Some(3));
    subject.pass(MARGIN).await;
    assert_eq!(cached(store, u64::MAX).await, None, "looking at it did not make it live longer");
}

async fn profiles_come_in_the_order_of_their_users_with_gaps_for_unknown_ones<S: Subject>(subject: S) {
    let store = subject.volatile();
    store.cache_profiles(&[profile(1, 1), profile(2, 1), profile(3, 1)], MINUTE).await.expect("the store answers");
    let users = [3, 99, 1, 3].map(UserId);
    let answer = store.cached_profiles(&users).await.expect("the store answers");
    assert_eq!(answer, [Some(profile(3, 1)), None, Some(profile(1, 1)), Some(profile(3, 1))]);
    assert_eq!(store.cached_profiles(&[]).await.expect("the store answers"), []);
    store.cache_profiles(&[], MINUTE).await.expect("nothing to do");
}

async fn a_newer_version_replaces_an_older_one_and_never_the_other_way_round<S: Subject>(subject: S) {
    let store = subject.volatile();
    assert_eq!(offer(store, 1, 5).await, Some(5));
    assert_eq!(offer(store, 1, 4).await, Some(5));
    assert_eq!(offer(store, 1, 6).await, Some(6));
}

async fn an_equal_version_is_kept_for_its_own_time<S: Subject>(subject: S) {
    let store = subject.volatile();
    offer(store, 1, 5).await;
    subject.pass(MINUTE - MARGIN).await;
    offer(store, 1, 5).await;
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(cached(store, 1).await, Some(5));
}

async fn a_guard_drops_the_profile_and_refuses_any_until_it_ends<S: Subject>(subject: S) {
    let store = subject.volatile();
    offer(store, 1, 5).await;
    guard(&subject, 1).await;
    assert_eq!(cached(store, 1).await, None);
    assert_eq!(offer(store, 1, 6).await, None);
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(offer(store, 1, 6).await, None);
    subject.pass(MARGIN).await;
    assert_eq!(offer(store, 1, 6).await, Some(6));
}

async fn a_shorter_guard_does_not_shorten_a_longer_one<S: Subject>(subject: S) {
    let store = subject.volatile();
    guard(&subject, 1).await;
    store.guard_profile(UserId(1), MARGIN / 2).await.expect("the store answers");
    subject.pass(MARGIN).await;
    assert_eq!(offer(store, 1, 5).await, None);
}

async fn forgetting_drops_what_is_older_and_keeps_what_is_not<S: Subject>(subject: S) {
    let store = subject.volatile();
    for (version, left) in [(4, None), (5, Some(5)), (6, Some(6))] {
        let user = version;
        offer(store, user, version).await;
        forget(&subject, user, 5).await;
        assert_eq!(cached(store, user).await, left);
    }
    forget(&subject, 99, 5).await;
    assert_eq!(cached(store, 99).await, None, "forgetting what is not there leaves nothing but the tombstone");
}

async fn a_tombstone_refuses_what_is_older_until_it_ends<S: Subject>(subject: S) {
    let store = subject.volatile();
    forget(&subject, 1, 5).await;
    assert_eq!(offer(store, 1, 4).await, None);
    subject.pass(MINUTE - MARGIN).await;
    assert_eq!(offer(store, 1, 4).await, None);
    assert_eq!(offer(store, 1, 5).await, Some(5), "the version itself is the newest");
    forget(&subject, 2, 5).await;
    subject.pass(MINUTE).await;
    assert_eq!(offer(store, 2, 4).await, Some(4), "it has ended");
}

async fn a_tombstone_outlives_the_profile_that_replaced_it<S: Subject>(subject: S) {
    let store = subject.volatile();
    forget(&subject, 1, 5).await;
    store.cache_profiles(&[profile(1, 5)], MARGIN).await.expect("the store answers");
    subject.pass(MARGIN).await;
    assert_eq!(cached(store, 1).await, None);
    assert_eq!(offer(store, 1, 4).await, None);
}

async fn an_older_tombstone_does_not_weaken_a_newer_one<S: Subject>(subject: S) {
    let store = subject.volatile();
    forget(&subject, 1, 7).await;
    store.forget_profile(UserId(1), 6, MARGIN / 2).await.expect("the store answers");
    assert_eq!(offer(store, 1, 6).await, None);
    subject.pass(MARGIN).await;
    assert_eq!(offer(store, 1, 6).await, None, "nor does it end sooner");
    assert_eq!(offer(store, 1, 7).await, Some(7));
}

async fn a_guard_stays_until_it_ends_though_the_change_is_forgotten<S: Subject>(subject: S) {
    let store = subject.volatile();
    guard(&subject, 1).await;
    forget(&subject, 1, 5).await;
    assert_eq!(offer(store, 1, 5).await, None, "another change may be under way");
    subject.pass(MINUTE).await;
    assert_eq!(offer(store, 1, 5).await, Some(5));
}

async fn one_users_guards_and_tombstones_are_nobody_elses<S: Subject>(subject: S) {
    let store = subject.volatile();
    // Numbers whose texts begin alike.
    guard(&subject, 1).await;
    forget(&subject, 2, 9).await;
    for user in [11, 12, 21, 22] {
        assert_eq!(offer(store, user, 1).await, Some(1));
    }
}

async fn versions_compare_exactly_up_to_the_greatest<S: Subject>(subject: S) {
    let store = subject.volatile();
    let steps = [9, 10, 99, 100, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, u64::MAX - 1, u64::MAX];
    for pair in steps.windows(2) {
        let (older, newer) = (pair[0], pair[1]);
        forget(&subject, 1, newer).await;
        assert_eq!(offer(store, 1, older).await, None, "{older} is older than {newer}");
        assert_eq!(offer(store, 1, newer).await, Some(newer));
        assert_eq!(offer(store, 1, older).await, Some(newer));
    }
}

async fn a_batch_of_offers_is_decided_one_by_one<S: Subject>(subject: S) {
    let store = subject.volatile();
    guard(&subject, 1).await;
    forget(&subject, 2, 5).await;
    let batch: Vec<_> = (1..=300).map(|user| profile(user, 4)).collect();
    store.cache_profiles(&batch, MINUTE).await.expect("the store answers");
    let users: Vec<_> = (1..=300).map(UserId).collect();
    let answer = store.cached_profiles(&users).await.expect("the store answers");
    let kept: Vec<_> = answer.into_iter().flatten().collect();
    assert_eq!(kept, batch[2..], "all but the guarded and the forgotten one");
}
