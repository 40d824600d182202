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
use crate::store::webhook::{Due, DuePage, Health, Lease, NewWebhook, Seen, Settlement, WebhookChange};

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
        what_is_rewound_is_never_left_out,
        so_many_webhooks_and_no_more_are_looked_at_in_one_page,
        what_failed_is_tried_at_once_when_its_webhook_is_put_right,
        a_webhook_that_was_changed_meanwhile_is_not_stopped,
        a_dead_letter_tells_of_its_webhook_too,
        a_stopped_webhook_and_one_of_another_key_are_never_due,
    ]
}

const KID: [u8; 4] = [7; 4];
const START: (WebhookId, AccountId) = (WebhookId(0), AccountId(0));
const FIRST: Place = Place { webhook: START.0, account: START.1, seq: 0 };
/// A webhook that nobody has changed since [`new`].
const FRESH: Seen = Seen { updated_at: at(1), failing_since: None };

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
    store.due(KID, at(now), START, 100).await.expect("due").due
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
        seen: FRESH,
        now: at(9),
    }
}

fn letter(place: Place) -> DeadLetter {
    let (kind, detail) = (EventKind::TransferPosted, "late".to_owned());
    DeadLetter { place, kind, attempts: 8, detail, queued: false, died_at: at(3) }
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
    assert_eq!(store.due(KID, at(1), (webhook.id, from), 9).await.expect("due"), DuePage::default());
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
    let letter = letter(place);
    store.claim(webhook.id, account, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    let given_up = Settlement { dead: Some(letter.clone()), ..settlement(place, 1) };
    assert!(store.settle(given_up).await.expect("settle"));
    let letters = async || store.dead_letters(webhook.id, (AccountId(0), 0), 9).await.expect("read");
    assert_eq!(letters().await, std::slice::from_ref(&letter));
    assert_eq!(store.due_dead(KID, at(9), FIRST, 9).await.expect("due"), []);
    assert_eq!(store.queue_dead(webhook.id, Some(AccountId(999))).await.expect("queue"), 0);
    assert_eq!(store.queue_dead(webhook.id, None).await.expect("queue"), 1);
    let queued = Due { webhook: webhook.id, user: UserId(1), account, last: 1 };
    assert_eq!(store.due_dead(KID, at(9), FIRST, 9).await.expect("due"), [queued]);
    assert_eq!(store.due_dead(KID, at(9), place, 9).await.expect("due"), [], "those after it");
    assert!(store.claim_dead(place, lease(7, 9, 20)).await.expect("claim").is_some());
    assert!(store.claim_dead(place, lease(8, 9, 20)).await.expect("claim").is_none());
    let settle = async |lease, status| {
        store.settle_dead(lease, tried(place, status), Health::Unchanged, FRESH).await.expect("settle")
    };
    assert!(!settle(8, DeliveryStatus::Delivered).await);
    assert!(settle(7, DeliveryStatus::Dead).await);
    let kept = DeadLetter { attempts: 9, detail: "no \u{8336}".to_owned(), died_at: at(4), ..letter };
    assert_eq!((letters().await, store.backlogs(&[webhook.id]).await.expect("read")[0].dead), (vec![kept], 1));
    store.queue_dead(webhook.id, Some(account)).await.expect("queue");
    assert!(store.claim_dead(place, lease(9, 30, 40)).await.expect("claim").is_some());
    assert!(settle(9, DeliveryStatus::Delivered).await);
    assert_eq!(letters().await, []);
    // Of what lies between two events that were taken, nothing was.
    let (one, two) = (place, Place { seq: 2, ..place });
    store.claim(webhook.id, account, lease(2, 50, 60)).await.expect("claim").expect("nobody else");
    let given_up = Settlement { dead: Some(self::letter(one)), ..settlement(one, 2) };
    assert!(store.settle(given_up).await.expect("settle"));
    store.claim(webhook.id, account, lease(3, 50, 60)).await.expect("claim").expect("nobody else");
    let around = [Place { seq: 0, ..place }, two].map(|place| tried(place, DeliveryStatus::Delivered));
    assert!(store.settle(Settlement { deliveries: around.into(), ..settlement(two, 3) }).await.expect("settle"));
    assert_eq!(letters().await, [self::letter(one)]);
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

async fn what_is_rewound_is_never_left_out<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 3).await;
    let place = |seq| Place { webhook: webhook.id, account, seq };
    let waiting = async || store.backlogs(&[webhook.id]).await.expect("read")[0].waiting;
    let rewind = async |from| assert!(store.rewind(webhook.id, account, from).await.expect("rewind"));
    let claim = async |number| store.claim(webhook.id, account, lease(number, 1, 5)).await.expect("claim");
    claim(1).await.expect("nobody else");
    assert!(store.settle(settlement(place(1), 1)).await.expect("settle"));
    for forward in [3, 4, u64::MAX] {
        rewind(forward).await;
        assert_eq!(waiting().await, 2, "{forward}: what waits still does");
    }
    assert_eq!(claim(2).await.expect("nobody else").seq, 1);
    assert!(store.settle(settlement(place(3), 2)).await.expect("settle"));
    for (from, left) in [(3, 1), (2, 2), (3, 2), (9, 2)] {
        rewind(from).await;
        assert_eq!(waiting().await, left, "{from}: the earlier one stays");
    }
    assert_eq!(claim(3).await.expect("nobody else").seq, 1);
}

async fn so_many_webhooks_and_no_more_are_looked_at_in_one_page<S: Store>(store: S) {
    let ids = [made(&store, 77).await.id, made(&store, 77).await.id, made(&store, 1).await.id];
    let [account, _] = moved(&store, 1).await;
    let (mut from, mut pages) = (START, Vec::new());
    loop {
        let DuePage { due, next } = store.due(KID, at(1), from, 1).await.expect("due");
        pages.push(due);
        assert!(next.is_none_or(|next| next > from) && pages.len() < 9, "{next:?}");
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    let wanted = Due { webhook: ids[2], user: UserId(1), account, last: 1 };
    // The first two have nothing, and are passed over; behind the third there is none.
    assert_eq!((pages[..2].concat(), pages[2..].concat()), (vec![], vec![wanted]));
    let two = store.due(KID, at(1), START, 2).await.expect("due");
    assert_eq!(two, DuePage { due: vec![], next: Some((WebhookId(ids[1].0 + 1), AccountId(0))) });
}

async fn what_failed_is_tried_at_once_when_its_webhook_is_put_right<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 1).await;
    let place = Place { webhook: webhook.id, account, seq: 0 };
    let amend = async |change, now| store.amend_webhook(webhook.id, change, at(now)).await.expect("amend");
    let claim = async |number| store.claim(webhook.id, account, lease(number, 10, 20)).await.expect("claim");
    let url = WebhookUrl::parse("https://example.com/other").ok();
    let enabled = Some(WebhookStatus::Enabled);
    let renamed = WebhookChange { description: Description::parse("other").ok(), ..WebhookChange::default() };
    let moved = WebhookChange { url, ..WebhookChange::default() };
    let enabled = WebhookChange { status: enabled, ..WebhookChange::default() };
    claim(1).await.expect("nobody else");
    let failed = Settlement { attempts: 3, next_at: at(90), ..settlement(place, 1) };
    assert!(store.settle(failed.clone()).await.expect("settle"));
    amend(renamed, 2).await.expect("it is there");
    assert_eq!(due(&store, 10).await, [], "it says no more than before");
    for (number, change) in [(2, moved), (3, enabled)] {
        amend(change.clone(), 3).await.expect("it is there");
        assert_eq!(due(&store, 10).await.len(), 1);
        let claimed = claim(number).await.expect("nobody else");
        assert_eq!(claimed.attempts, 0);
        // Changed while somebody is at work, who has still asked the old one.
        amend(change, 4).await.expect("it is there");
        let seen = Seen::from(&claimed.kept.webhook);
        assert!(store.settle(Settlement { lease: number, seen, ..failed.clone() }).await.expect("settle"));
        assert_eq!(due(&store, 10).await.len(), 1, "no pause of before is waited for");
    }
}

async fn a_webhook_that_was_changed_meanwhile_is_not_stopped<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 1).await;
    let place = Place { webhook: webhook.id, account, seq: 0 };
    let settle = async |number, health, seen| {
        store.claim(webhook.id, account, lease(number, 10, 20)).await.expect("claim").expect("nobody else");
        let heard = Settlement { health, seen, ..settlement(place, number) };
        assert!(store.settle(heard).await.expect("settle"));
        store.webhook(webhook.id).await.expect("read").expect("it is there").webhook
    };
    let (gone, failing) = (Health::Stopped(WebhookStatus::Gone), Health::Stopped(WebhookStatus::Failing));
    let since = Seen { failing_since: Some(at(9)), ..FRESH };
    assert_eq!(settle(1, Health::Failing, FRESH).await.failing_since, Some(at(9)));
    let earlier = Seen { failing_since: Some(at(8)), ..FRESH };
    assert_eq!(settle(2, failing, earlier).await.status, WebhookStatus::Enabled, "something was taken since");
    let change = WebhookChange { status: Some(WebhookStatus::Enabled), ..WebhookChange::default() };
    store.amend_webhook(webhook.id, change.clone(), at(20)).await.expect("amend").expect("it is there");
    assert_eq!(settle(3, gone, since).await.status, WebhookStatus::Enabled, "its owner has changed it");
    assert_eq!(settle(4, Health::Failing, FRESH).await.failing_since, None, "another address has failed");
    let seen = Seen { updated_at: at(20), failing_since: None };
    assert_eq!(settle(5, Health::Failing, seen).await.failing_since, Some(at(9)));
    assert_eq!(settle(6, failing, Seen { updated_at: at(20), ..since }).await.status, WebhookStatus::Failing);
}

async fn a_dead_letter_tells_of_its_webhook_too<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 1).await;
    let place = Place { webhook: webhook.id, account, seq: 1 };
    store.claim(webhook.id, account, lease(1, 1, 5)).await.expect("claim").expect("nobody else");
    let given_up = Settlement { dead: Some(letter(place)), health: Health::Failing, ..settlement(place, 1) };
    assert!(store.settle(given_up).await.expect("settle"));
    let retry = async |number, status, health, seen| {
        store.queue_dead(webhook.id, None).await.expect("queue");
        store.claim_dead(place, lease(number, 9, 20)).await.expect("claim").expect("nobody else");
        assert!(!store.settle_dead(99, tried(place, status), health, seen).await.expect("settle"), "no lease");
        assert!(store.settle_dead(number, tried(place, status), health, seen).await.expect("settle"));
        let now = store.webhook(webhook.id).await.expect("read").expect("it is there").webhook;
        (now.status, now.failing_since)
    };
    let gone = Health::Stopped(WebhookStatus::Gone);
    let stale = Seen { updated_at: at(0), failing_since: None };
    let before = (WebhookStatus::Enabled, Some(at(9)));
    assert_eq!(retry(2, DeliveryStatus::Dead, Health::Unchanged, FRESH).await, before);
    assert_eq!(retry(3, DeliveryStatus::Dead, gone, stale).await, before);
    assert_eq!(retry(4, DeliveryStatus::Dead, gone, FRESH).await, (WebhookStatus::Gone, Some(at(9))));
    assert_eq!(retry(5, DeliveryStatus::Delivered, Health::Well, FRESH).await, (WebhookStatus::Gone, None));
}

async fn a_stopped_webhook_and_one_of_another_key_are_never_due<S: Store>(store: S) {
    let webhook = made(&store, 1).await;
    let [account, _] = moved(&store, 1).await;
    assert_eq!(due(&store, 1).await.len(), 1);
    assert_eq!(store.due([8; 4], at(1), START, 9).await.expect("due").due, []);
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
