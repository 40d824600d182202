//! Promises about webhooks, of [`WebhookStore`](crate::store::webhook::WebhookStore): checked on a migrated database without accounts.

use tokio::task::JoinSet;

use super::ledger::books::{Books, asset, at, two_accounts, write};
use super::{Promise, promises};
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Description;
use crate::domain::user::UserId;
use crate::domain::webhook::{
    DeadLetter, Delivery, DeliveryStatus, EventKind, EventKinds, Place, Seal, Webhook, WebhookId, WebhookStatus,
    WebhookUrl,
};
use crate::store::Store;
use crate::store::webhook::{Due, Health, Lease, NewWebhook, Settlement, WebhookChange};

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        a_webhook_is_read_back_changed_and_deleted_whole,
        a_user_has_no_more_than_may_be,
        a_webhook_begins_with_what_happens_after_it,
        of_many_who_set_to_work_one_does_until_its_lease_ends,
        whoever_lost_the_lease_writes_nothing,
        what_is_given_up_is_a_dead_letter_until_it_is_brought,
        what_is_rewound_begins_again_after_whoever_is_at_work,
        a_stopped_webhook_and_one_of_another_key_are_never_due,
    ]
}

const KID: [u8; 4] = [7; 4];
const START: (WebhookId, AccountId) = (WebhookId(0), AccountId(0));

fn new(user: u64) -> NewWebhook {
    NewWebhook {
        user: UserId(user),
        url: WebhookUrl::parse("https://example.com/hook").expect("an address"),
        description: Description::parse("caf\u{e9}").expect("a description"),
        events: [EventKind::RefundPosted].into_iter().collect(),
        seal: Seal { salt: [3; 16], kid: KID, former: None },
        now: at(1),
    }
}

async fn made<S: Store>(store: &S, user: u64) -> Webhook {
    store.add_webhook(new(user), 100).await.expect("add").expect("there is room")
}

fn lease(number: u64, now: i64, until: i64) -> Lease {
    Lease { number, now: at(now), until: at(until) }
}

async fn due<S: Store>(store: &S, now: i64) -> Vec<Due> {
    store.due(KID, at(now), START, 100).await.expect("due")
}

fn settlement(place: Place, lease: u64) -> Settlement {
    Settlement {
        place,
        lease,
        attempts: 0,
        next_at: Timestamp(0),
        deliveries: Vec::new(),
        dead: None,
        health: Health::Unchanged,
        now: at(9),
    }
}

fn tried(place: Place, status: DeliveryStatus) -> Delivery {
    Delivery {
        place,
        kind: EventKind::TransferPosted,
        attempt: 2,
        status,
        answered: Some(500),
        detail: "no \u{8336}".to_owned(),
        took_ms: 3,
        next_at: Some(at(5)),
        at: at(4),
    }
}

/// Two accounts with money moved between them, so often.
async fn moved<S: Store>(store: &S, times: u32) -> [AccountId; 2] {
    let accounts = two_accounts(store).await;
    let ids = [accounts[0].id, accounts[1].id];
    let mut books = Books::of(&accounts);
    for number in 1..=times {
        books = books.post(number, ids, 1, at(number.into()));
    }
    write(store, books.effects).await.expect("written");
    ids
}

async fn a_webhook_is_read_back_changed_and_deleted_whole<S: Store>(store: S) {
    let first = made(&store, 1).await;
    let second = made(&store, 1).await;
    assert!(first.id < second.id && first.status == WebhookStatus::Enabled);
    let kept = store.webhook(first.id).await.expect("read").expect("it is there");
    assert_eq!((kept.webhook, kept.seal), (first.clone(), new(1).seal));
    assert_eq!(store.webhooks_of(UserId(1)).await.expect("read").len(), 2);
    assert_eq!(store.webhooks(first.id, 9).await.expect("read").len(), 1);
    let change = WebhookChange {
        events: Some(EventKinds::ALL),
        status: Some(WebhookStatus::Disabled),
        ..WebhookChange::default()
    };
    let changed = store.amend_webhook(first.id, change, at(5)).await.expect("amend").expect("it is there");
    let wanted =
        Webhook { events: EventKinds::ALL, status: WebhookStatus::Disabled, updated_at: at(5), ..first.clone() };
    assert_eq!(changed, wanted);
    let seal = Seal { salt: [4; 16], kid: [8; 4], former: Some(([3; 16], at(99))) };
    assert!(store.renew_webhook(first.id, [3; 16], seal.clone(), at(6)).await.expect("renew"));
    assert!(!store.renew_webhook(first.id, [3; 16], new(1).seal, at(6)).await.expect("renew"), "the salt is another");
    assert_eq!(store.webhook(first.id).await.expect("read").expect("it is there").seal, seal);
    assert!(store.delete_webhook(first.id).await.expect("delete"));
    assert!(!store.delete_webhook(first.id).await.expect("delete"));
    assert_eq!(store.webhook(first.id).await.expect("read"), None);
    assert_eq!(store.webhook(WebhookId(u64::MAX)).await.expect("read"), None);
}

async fn a_user_has_no_more_than_may_be<S: Store>(store: S) {
    for _ in 0..2 {
        assert!(store.add_webhook(new(1), 2).await.expect("add").is_some());
    }
    assert_eq!(store.add_webhook(new(1), 2).await.expect("add"), None);
    assert!(store.add_webhook(new(2), 2).await.expect("add").is_some());
}

async fn a_webhook_begins_with_what_happens_after_it<S: Store>(store: S) {
    let [from, to] = moved(&store, 2).await;
    let webhook = made(&store, 1).await;
    assert_eq!(due(&store, 1).await, []);
    // An account that is opened later is brought from its first entry on.
    let opened = store.open_account(UserId(1), asset("EUR"), at(3)).await.expect("open").expect("the first");
    let accounts = [store.account(from).await, store.account(to).await];
    let accounts = accounts.map(|found| found.expect("read").expect("it is there"));
    let books = Books::of(&accounts).post(9, [from, to], 1, at(9));
    write(&store, books.effects).await.expect("written");
    let wanted = Due { webhook: webhook.id, user: UserId(1), account: from, last: 3 };
    assert_eq!(due(&store, 1).await, [wanted]);
    assert_eq!(store.due(KID, at(1), (webhook.id, from), 9).await.expect("due"), []);
    let events = store.events(from, 2, 3, 9).await.expect("read");
    let seen: Vec<_> =
        events.iter().map(|event| (event.entry.seq, event.entry.transfer == event.transfer.id)).collect();
    assert_eq!(seen, [(3, true)]);
    assert_eq!(store.events(from, 0, 2, 9).await.expect("read").len(), 2, "nothing beyond the last");
    let claimed = store.claim(webhook.id, opened.id, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    assert_eq!((claimed.seq, claimed.attempts, claimed.kept.webhook.id), (0, 0, webhook.id));
    assert_eq!(store.backlogs(&[webhook.id]).await.expect("read")[0].waiting, 1);
}

async fn of_many_who_set_to_work_one_does_until_its_lease_ends<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 2).await;
    let mut racing = JoinSet::new();
    for number in 1..=16 {
        let store = store.clone();
        racing.spawn(
            async move { store.claim(webhook.id, account, lease(number, 10, 20)).await.expect("claim").is_some() },
        );
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|one| *one).count(), 1);
    assert_eq!((due(&store, 19).await.len(), due(&store, 20).await.len()), (0, 1));
    assert!(store.claim(webhook.id, account, lease(99, 19, 30)).await.expect("claim").is_none());
    assert!(store.claim(webhook.id, account, lease(99, 20, 30)).await.expect("claim").is_some());
}

async fn whoever_lost_the_lease_writes_nothing<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 3).await;
    let place = |seq| Place { webhook: webhook.id, account, seq };
    store.claim(webhook.id, account, lease(1, 10, 20)).await.expect("claim").expect("nobody else");
    store.claim(webhook.id, account, lease(2, 20, 30)).await.expect("claim").expect("the first has ended");
    let late = Settlement { deliveries: vec![tried(place(3), DeliveryStatus::Delivered)], ..settlement(place(3), 1) };
    assert!(!store.settle(late).await.expect("settle"));
    assert_eq!(store.deliveries(webhook.id, 9).await.expect("read"), []);
    let failing = Settlement {
        attempts: 2,
        next_at: at(50),
        deliveries: vec![tried(place(1), DeliveryStatus::Delivered), tried(place(2), DeliveryStatus::Retrying)],
        health: Health::Failing,
        ..settlement(place(1), 2)
    };
    assert!(store.settle(failing).await.expect("settle"));
    let tries = store.deliveries(webhook.id, 9).await.expect("read");
    assert_eq!(tries, [tried(place(2), DeliveryStatus::Retrying), tried(place(1), DeliveryStatus::Delivered)]);
    assert_eq!((due(&store, 49).await.len(), due(&store, 50).await.len()), (0, 1), "what failed waits for its time");
    let claimed = store.claim(webhook.id, account, lease(3, 50, 60)).await.expect("claim").expect("it is time");
    assert_eq!((claimed.seq, claimed.attempts, claimed.kept.webhook.failing_since), (1, 2, Some(at(9))));
    let well = Settlement { health: Health::Well, ..settlement(place(3), 3) };
    assert!(store.settle(well).await.expect("settle"));
    let healed = store.webhook(webhook.id).await.expect("read").expect("it is there").webhook;
    assert_eq!((healed.failing_since, due(&store, 99).await), (None, vec![]));
}

async fn what_is_given_up_is_a_dead_letter_until_it_is_brought<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 2).await;
    let place = Place { webhook: webhook.id, account, seq: 1 };
    let letter = DeadLetter {
        place,
        kind: EventKind::TransferPosted,
        attempts: 8,
        detail: "late".to_owned(),
        queued: false,
        died_at: at(3),
    };
    store.claim(webhook.id, account, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    let given_up = Settlement { dead: Some(letter.clone()), ..settlement(place, 1) };
    assert!(store.settle(given_up).await.expect("settle"));
    let letters = async || store.dead_letters(webhook.id, (AccountId(0), 0), 9).await.expect("read");
    assert_eq!(letters().await, std::slice::from_ref(&letter));
    assert_eq!(store.due_dead(KID, at(9), 9).await.expect("due"), []);
    assert_eq!(store.queue_dead(webhook.id, Some(AccountId(999))).await.expect("queue"), 0);
    assert_eq!(store.queue_dead(webhook.id, None).await.expect("queue"), 1);
    let queued = Due { webhook: webhook.id, user: UserId(1), account, last: 1 };
    assert_eq!(store.due_dead(KID, at(9), 9).await.expect("due"), [queued]);
    assert!(store.claim_dead(place, lease(7, 9, 20)).await.expect("claim").is_some());
    assert!(store.claim_dead(place, lease(8, 9, 20)).await.expect("claim").is_none());
    assert!(!store.settle_dead(8, tried(place, DeliveryStatus::Delivered)).await.expect("settle"));
    assert!(store.settle_dead(7, tried(place, DeliveryStatus::Dead)).await.expect("settle"));
    let kept = DeadLetter { attempts: 9, detail: "no \u{8336}".to_owned(), died_at: at(4), ..letter };
    assert_eq!((letters().await, store.backlogs(&[webhook.id]).await.expect("read")[0].dead), (vec![kept], 1));
    store.queue_dead(webhook.id, Some(account)).await.expect("queue");
    assert!(store.claim_dead(place, lease(9, 30, 40)).await.expect("claim").is_some());
    assert!(store.settle_dead(9, tried(place, DeliveryStatus::Delivered)).await.expect("settle"));
    assert_eq!(letters().await, []);
}

async fn what_is_rewound_begins_again_after_whoever_is_at_work<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 3).await;
    let place = |seq| Place { webhook: webhook.id, account, seq };
    assert!(!store.rewind(webhook.id, AccountId(999), 1).await.expect("rewind"));
    store.claim(webhook.id, account, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    assert!(store.rewind(webhook.id, account, 2).await.expect("rewind"));
    let waits = Settlement { attempts: 1, next_at: at(99), ..settlement(place(3), 1) };
    assert!(store.settle(waits).await.expect("settle"));
    let claimed =
        store.claim(webhook.id, account, lease(2, 1, 5)).await.expect("claim").expect("nothing is waited for");
    assert_eq!((claimed.seq, claimed.attempts), (1, 0));
    assert!(store.settle(settlement(place(3), 2)).await.expect("settle"));
    assert_eq!(due(&store, 99).await, [], "it was begun again once");
}

async fn a_stopped_webhook_and_one_of_another_key_are_never_due<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 1).await;
    assert_eq!(due(&store, 1).await.len(), 1);
    assert_eq!(store.due([8; 4], at(1), START, 9).await.expect("due"), []);
    let place = Place { webhook: webhook.id, account, seq: 0 };
    store.claim(webhook.id, account, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    let gone = Settlement { health: Health::Stopped(WebhookStatus::Gone), ..settlement(place, 1) };
    assert!(store.settle(gone).await.expect("settle"));
    assert_eq!(due(&store, 9).await, []);
    let change = WebhookChange { status: Some(WebhookStatus::Enabled), ..WebhookChange::default() };
    store.amend_webhook(webhook.id, change, at(9)).await.expect("amend").expect("it is there");
    assert_eq!(due(&store, 9).await.len(), 1, "it goes on where it stopped");
    store.delete_webhook(webhook.id).await.expect("delete");
    assert_eq!(
        (due(&store, 9).await.len(), store.claim(webhook.id, account, lease(2, 9, 20)).await.expect("claim")),
        (0, None)
    );
}
