//! A round: the events of one account that one webhook has not got yet, one after the other, until one fails, all are brought, or it is somebody else's
//! turn. And dead letters, each of which is a round of its own.

use std::time::Duration;

use tokio::time::Instant;

use super::dispatch::Desk;
use super::{is_open, message_id};
use crate::courier::signature::Secret;
use crate::courier::{Answer, Parcel};
use crate::domain::time::Timestamp;
use crate::domain::webhook::{DeadLetter, Delivery, DeliveryStatus, Event, Message, Place, Webhook, WebhookStatus};
use crate::store::webhook::{Claimed, Due, Health, Kept, Lease, Seen, Settlement};
use crate::store::{Store, StoreError};

/// Most events of a round: as many may come twice if its backend dies in it.
const EVENTS: usize = 16;
/// How much longer than one try a round may last: after it no other try is begun, and what was done is written down.
const ROOM: Duration = Duration::from_secs(5);
/// What of that is left for writing, and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(1);

/// What has come of a round so far.
struct Round {
    webhook: Webhook,
    due: Due,
    seq: u64,
    attempts: u32,
    next_at: Timestamp,
    deliveries: Vec<Delivery>,
    dead: Option<DeadLetter>,
    stopped: Option<WebhookStatus>,
}

impl<S: Store> Desk<S> {
    /// Brings what is due, as far as that can be; whether there is more to bring at once.
    ///
    /// # Errors
    ///
    /// The store failed: what was brought may be brought again.
    pub(super) async fn round(&self, due: Due) -> Result<bool, StoreError> {
        let (lease, end) = self.lease();
        let Some(claimed) = self.store.claim(due.webhook, due.account, lease).await? else { return Ok(false) };
        let Claimed { kept: Kept { webhook, seal }, seq, attempts } = claimed;
        let secrets = self.post.sealer.open(&seal, lease.now).filter(|_| is_open(&webhook));
        let events = match secrets.is_some() {
            true => self.store.events(due.account, seq, due.last, EVENTS).await?,
            false => Vec::new(),
        };
        let found = events.len();
        let mut round = Round {
            webhook,
            due,
            seq,
            attempts,
            next_at: Timestamp(0),
            deliveries: Vec::new(),
            dead: None,
            stopped: None,
        };
        let secrets = secrets.unwrap_or_default();
        for event in events {
            if !round.webhook.events.has(event.kind()) {
                (round.seq, round.attempts) = (event.entry.seq, 0);
            } else if Instant::now() + self.post.courier.timeout + MARGIN > end
                || !self.step(&mut round, &event, &secrets).await
            {
                break;
            }
        }
        let more = round.next_at == Timestamp(0) && round.stopped.is_none() && found > 0 && round.seq < due.last;
        self.store.settle(self.settlement(round, lease.number)).await.map(|settled| settled && more)
    }

    /// Tries one event; whether the next one may be tried.
    async fn step(&self, round: &mut Round, event: &Event, secrets: &[Secret]) -> bool {
        let answer = self.bring(&round.webhook, event, secrets).await;
        let attempt = round.attempts.saturating_add(1);
        let place = Place { webhook: round.webhook.id, account: round.due.account, seq: event.entry.seq };
        let mut tried = delivery(place, event, attempt, &answer, (self.clock)());
        if answer.is_taken() {
            (round.seq, round.attempts) = (event.entry.seq, 0);
        } else if answer.is_gone() {
            round.stopped = Some(WebhookStatus::Gone);
        } else if let Some(pause) = self.rules.pause(attempt, rand::random_range(0.8..1.2)) {
            let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
            (round.attempts, round.next_at) = (attempt, Timestamp(tried.at.0.saturating_add(pause)));
            tried.next_at = Some(round.next_at);
        } else {
            tried.status = DeliveryStatus::Dead;
            round.dead = Some(DeadLetter {
                place,
                kind: tried.kind,
                attempts: attempt,
                detail: tried.detail.clone(),
                queued: false,
                died_at: tried.at,
            });
            // Others are not to wait for it for ever.
            (round.seq, round.attempts) = (event.entry.seq, 0);
        }
        self.count(&tried, event);
        let goes_on = answer.is_taken();
        round.deliveries.push(tried);
        goes_on
    }

    async fn bring(&self, webhook: &Webhook, event: &Event, secrets: &[Secret]) -> Answer {
        let id = message_id(event.entry.account, event.entry.seq);
        let timestamp = (self.clock)().0.div_euclid(1_000_000);
        let body = (self.post.write)(&Message::Event(event));
        self.post.courier.bring(Parcel { url: &webhook.url, id: &id, timestamp, secrets, body }).await
    }

    fn settlement(&self, round: Round, lease: u64) -> Settlement {
        let now = (self.clock)();
        let was_failing = round.webhook.failing_since;
        let taken = round.deliveries.iter().any(|tried| tried.status == DeliveryStatus::Delivered);
        let failed = round.deliveries.last().is_some_and(|tried| tried.status != DeliveryStatus::Delivered);
        let health = match (round.stopped, was_failing) {
            (Some(status), _) => Health::Stopped(status),
            (None, Some(_)) if taken => Health::Well,
            (None, Some(since)) if failed && self.rules.is_too_long(since, now) => {
                Health::Stopped(WebhookStatus::Failing)
            }
            (None, None) if failed => Health::Failing,
            _ => Health::Unchanged,
        };
        if let Health::Stopped(status) = health {
            tracing::warn!(webhook = %round.webhook.id, status = status.as_str(), "nothing is brought to a webhook any more");
        }
        Settlement {
            place: Place { webhook: round.webhook.id, account: round.due.account, seq: round.seq },
            lease,
            attempts: round.attempts,
            next_at: round.next_at,
            deliveries: round.deliveries,
            dead: round.dead,
            health,
            seen: Seen::from(&round.webhook),
            now,
        }
    }

    /// Tries a dead letter once more.
    ///
    /// # Errors
    ///
    /// The store failed: it may be tried again.
    pub(super) async fn letter(&self, due: Due) -> Result<bool, StoreError> {
        let place = Place { webhook: due.webhook, account: due.account, seq: due.last };
        let (lease, _) = self.lease();
        let Some(Kept { webhook, seal }) = self.store.claim_dead(place, lease).await? else { return Ok(false) };
        let secrets = self.post.sealer.open(&seal, lease.now).filter(|_| is_open(&webhook));
        let event = self.store.events(due.account, due.last.saturating_sub(1), due.last, 1).await?.pop();
        let (Some(secrets), Some(event)) = (secrets, event) else { return Ok(false) };
        let answer = self.bring(&webhook, &event, &secrets).await;
        let mut tried = delivery(place, &event, 1, &answer, (self.clock)());
        let mut health = Health::Unchanged;
        if answer.is_taken() {
            health = Health::Well;
        } else {
            tried.status = DeliveryStatus::Dead;
            if answer.is_gone() {
                health = Health::Stopped(WebhookStatus::Gone);
            }
        }
        self.count(&tried, &event);
        self.store.settle_dead(lease.number, tried, health, Seen::from(&webhook)).await.map(|_| false)
    }

    /// A lease that is longer than a try, and when it ends by this process's own clock.
    fn lease(&self) -> (Lease, Instant) {
        let (now, length) = ((self.clock)(), self.post.courier.timeout + ROOM);
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let number = rand::random_range(1..=i64::MAX.unsigned_abs());
        (Lease { number, now, until: Timestamp(now.0.saturating_add(micros)) }, Instant::now() + length)
    }

    fn count(&self, tried: &Delivery, event: &Event) {
        metrics::counter!("teller_webhook_deliveries_total", "status" => tried.status.as_str()).increment(1);
        metrics::histogram!("teller_webhook_delivery_duration_seconds").record(f64::from(tried.took_ms) / 1000.0);
        if tried.status == DeliveryStatus::Delivered {
            let age = tried.at.0.saturating_sub(event.entry.created_at.0).max(0);
            metrics::histogram!("teller_webhook_age_seconds")
                .record(Duration::from_micros(age.unsigned_abs()).as_secs_f64());
        }
    }
}

fn delivery(place: Place, event: &Event, attempt: u32, answer: &Answer, at: Timestamp) -> Delivery {
    Delivery {
        place,
        kind: event.kind(),
        attempt,
        status: if answer.is_taken() { DeliveryStatus::Delivered } else { DeliveryStatus::Retrying },
        answered: answer.outcome.as_ref().ok().copied(),
        detail: answer.detail.clone(),
        took_ms: u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX),
        next_at: None,
        at,
    }
}
