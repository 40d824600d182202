//! The promises about what is written down, checked on a migrated database without events.

use std::net::IpAddr;

use tokio::task::JoinSet;

use super::{Promise, promises};
use crate::domain::audit::{AuditEvent, AuditKind, AuditRecord, DETAIL_MAX_CHARS};
use crate::domain::caller::{Device, USER_AGENT_MAX_CHARS};
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::store::{AuditRange, Store};

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);
const ALL: AuditRange = AuditRange { user: None, kind: None, before: None, limit: 10_000 };

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        an_event_is_kept_as_it_was_written,
        events_are_read_newest_first_by_user_and_kind,
        pages_follow_on_each_other_whatever_is_written_meanwhile,
        events_written_at_once_are_all_there,
        only_what_is_old_is_forgotten,
    ]
}

async fn an_event_is_kept_as_it_was_written<S: Store>(store: S) {
    let device = |address: &str, agent: &str| Device::new(address.parse::<IpAddr>().ok(), agent);
    let bare = AuditEvent::new(AuditKind::SignInFailed);
    let events = [
        bare.clone(),
        bare.clone().about(UserId(7)).from_device(device("2001:db8::1", "curl/8 'x'; --")),
        AuditEvent::new(AuditKind::Deposit)
            .about(UserId(i64::MAX as u64))
            .by(UserId(1))
            .from_device(device("192.0.2.1", &"🦀".repeat(USER_AGENT_MAX_CHARS)))
            .with_detail("🦀".repeat(DETAIL_MAX_CHARS)),
    ];
    let kinds = AuditKind::ALL.iter().map(|kind| AuditEvent::new(*kind));
    let events: Vec<AuditEvent> = events.into_iter().chain(kinds).collect();
    store.record(events.clone(), NOW).await.expect("record");
    store.record(Vec::new(), NOW).await.expect("nothing");
    let mut kept = read(&store, ALL).await;
    assert!(kept.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first");
    assert!(kept.iter().all(|record| record.at == NOW));
    kept.reverse();
    assert_eq!(kept.into_iter().map(|record| record.event).collect::<Vec<_>>(), events);
}

async fn events_are_read_newest_first_by_user_and_kind<S: Store>(store: S) {
    let (alice, bob) = (UserId(1), UserId(2));
    let mut events = Vec::new();
    for number in 0..12 {
        let kind = if number % 3 == 0 { AuditKind::SignIn } else { AuditKind::SignOut };
        let user = if number % 2 == 0 { alice } else { bob };
        events.push(AuditEvent::new(kind).about(user).with_detail(number.to_string()));
    }
    store.record(events, NOW).await.expect("record");
    for (user, kind, wanted) in [
        (None, None, vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (Some(alice), None, vec![10, 8, 6, 4, 2, 0]),
        (None, Some(AuditKind::SignIn), vec![9, 6, 3, 0]),
        (Some(bob), Some(AuditKind::SignIn), vec![9, 3]),
        (Some(bob), Some(AuditKind::Deposit), vec![]),
        (Some(UserId(u64::MAX)), None, vec![]),
    ] {
        let found = read(&store, AuditRange { user, kind, ..ALL }).await;
        let numbers: Vec<_> = found.iter().map(|record| record.event.detail().to_owned()).collect();
        assert_eq!(numbers, wanted.iter().map(i32::to_string).collect::<Vec<_>>(), "{user:?} {kind:?}");
    }
}

async fn pages_follow_on_each_other_whatever_is_written_meanwhile<S: Store>(store: S) {
    let event = |number: usize| AuditEvent::new(AuditKind::SignIn).about(UserId(1)).with_detail(number.to_string());
    store.record((0..10).map(event).collect(), NOW).await.expect("record");
    for range in [ALL, AuditRange { user: Some(UserId(1)), ..ALL }, AuditRange { kind: Some(AuditKind::SignIn), ..ALL }]
    {
        let whole = read(&store, range).await;
        let (mut paged, mut before) = (Vec::new(), Some(whole[0].id + 1));
        loop {
            let page = read(&store, AuditRange { before, limit: 3, ..range }).await;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            paged.extend(page);
            store.record(vec![event(99)], NOW).await.expect("record");
        }
        assert_eq!(paged, whole);
    }
}

async fn events_written_at_once_are_all_there<S: Store>(store: S) {
    let mut at_once = JoinSet::new();
    for writer in 0..16_u64 {
        let store = store.clone();
        // More than one statement takes, and no power of two.
        let events = (0..300).map(|_| AuditEvent::new(AuditKind::SignIn).about(UserId(writer))).collect();
        at_once.spawn(async move { store.record(events, NOW).await.expect("record") });
    }
    at_once.join_all().await;
    for writer in 0..16 {
        let found = read(&store, AuditRange { user: Some(UserId(writer)), ..ALL }).await;
        assert_eq!(found.len(), 300, "{writer}");
    }
}

async fn only_what_is_old_is_forgotten<S: Store>(store: S) {
    let at = |second: i64| Timestamp(NOW.0 + second * 1_000_000);
    for second in 0..10 {
        let event = AuditEvent::new(AuditKind::SignIn).with_detail(second.to_string());
        store.record(vec![event], at(second)).await.expect("record");
    }
    for (before, most, gone, left) in [(0, 100, 0, 10), (5, 3, 3, 7), (5, 3, 2, 5), (5, 3, 0, 5), (6, 1, 1, 4)] {
        assert_eq!(store.forget_audit(at(before), most).await.expect("forget_audit"), gone);
        let kept = read(&store, ALL).await;
        assert_eq!(kept.len(), left);
        assert!(gone < most || kept.iter().all(|record| record.at >= at(3)), "the oldest go first");
    }
}

async fn read<S: Store>(store: &S, range: AuditRange) -> Vec<AuditRecord> {
    store.audit(range).await.expect("audit")
}
