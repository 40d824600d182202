//! Rows of webhooks to and from what they mean, the same for every database.

use std::collections::HashMap;

use super::ledger::{Unreadable, numbered};
use super::rows;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, Entry, Stored, Transfer};
use crate::domain::user::UserId;
use crate::domain::webhook::{
    DeadLetter, Delivery, DeliveryStatus, Event, EventKind, EventKinds, Place, Seal, Webhook, WebhookId, WebhookStatus,
    WebhookUrl,
};
use crate::store::webhook::{Backlog, DELIVERIES_KEPT, Due, DuePage, Kept, Seen};

impl TryFrom<rows::Webhook> for Kept {
    type Error = Unreadable;

    fn try_from(row: rows::Webhook) -> Result<Self, Unreadable> {
        let former = row.former_salt.zip(row.former_until);
        let former = former.map(|(salt, until)| Ok((fixed("former_salt", &salt)?, Timestamp(until)))).transpose()?;
        let events = u32::try_from(row.events).map_err(|_| Unreadable("events"))?;
        let known = WebhookStatus::ALL.map(|status| (status, status as u64));
        let webhook = Webhook {
            id: WebhookId(row.id),
            user: UserId(row.user_id),
            url: WebhookUrl::parse(row.url).map_err(|_| Unreadable("url"))?,
            description: Description::parse(row.description).map_err(|_| Unreadable("description"))?,
            events: EventKinds::from_bits(events),
            status: numbered("status", row.status, &known)?,
            failing_since: row.failing_since.map(Timestamp),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        };
        Ok(Self { webhook, seal: Seal { salt: fixed("salt", &row.salt)?, kid: fixed("kid", &row.kid)?, former } })
    }
}

fn fixed<const N: usize>(column: &'static str, bytes: &[u8]) -> Result<[u8; N], Unreadable> {
    bytes.try_into().map_err(|_| Unreadable(column))
}

impl From<rows::DueWebhook> for Due {
    fn from(row: rows::DueWebhook) -> Self {
        Self {
            webhook: WebhookId(row.webhook_id),
            user: UserId(row.user_id),
            account: AccountId(row.account_id),
            last: row.last,
        }
    }
}

/// What is `due` of webhooks up to `last`, of which it may be that not all were asked for.
pub fn due_page(due: Vec<rows::DueWebhook>, last: u64, are_there_more: bool, limit: usize) -> DuePage {
    let due: Vec<Due> = due.into_iter().map(Due::from).collect();
    let next = match due.last() {
        Some(one) if due.len() >= limit => Some((one.webhook, one.account)),
        _ => are_there_more.then(|| (WebhookId(last.saturating_add(1)), AccountId(0))),
    };
    DuePage { due, next }
}

impl From<rows::HeldWebhook> for Seen {
    fn from(row: rows::HeldWebhook) -> Self {
        Self { updated_at: Timestamp(row.updated_at), failing_since: row.failing_since.map(Timestamp) }
    }
}

/// The numbers of what was taken.
pub fn taken(deliveries: &[Delivery]) -> Vec<u64> {
    let taken = deliveries.iter().filter(|tried| tried.status == DeliveryStatus::Delivered);
    taken.map(|tried| tried.place.seq).collect()
}

impl From<rows::QueuedLetter> for Due {
    fn from(row: rows::QueuedLetter) -> Self {
        Self {
            webhook: WebhookId(row.webhook_id),
            user: UserId(row.user_id),
            account: AccountId(row.account_id),
            last: row.seq,
        }
    }
}

fn kind(text: &str) -> Result<EventKind, Unreadable> {
    EventKind::parse(text).map_err(|_| Unreadable("event"))
}

impl TryFrom<rows::WebhookDelivery> for Delivery {
    type Error = Unreadable;

    fn try_from(row: rows::WebhookDelivery) -> Result<Self, Unreadable> {
        let known = DeliveryStatus::ALL.map(|status| (status, status as u64));
        Ok(Self {
            place: Place { webhook: WebhookId(row.webhook_id), account: AccountId(row.account_id), seq: row.seq },
            kind: kind(&row.event)?,
            attempt: u32::try_from(row.attempt).map_err(|_| Unreadable("attempt"))?,
            status: numbered("status", row.status, &known)?,
            answered: row.answered.map(u16::try_from).transpose().map_err(|_| Unreadable("answered"))?,
            detail: row.detail,
            took_ms: u32::try_from(row.took_ms).map_err(|_| Unreadable("took_ms"))?,
            next_at: row.next_at.map(Timestamp),
            at: Timestamp(row.created_at),
        })
    }
}

impl From<&Delivery> for rows::WebhookDelivery {
    fn from(delivery: &Delivery) -> Self {
        let Place { webhook, account, seq } = delivery.place;
        Self {
            webhook_id: webhook.0,
            account_id: account.0,
            slot: seq % DELIVERIES_KEPT,
            seq,
            event: delivery.kind.as_str().to_owned(),
            attempt: delivery.attempt.into(),
            status: delivery.status as u64,
            answered: delivery.answered.map(u64::from),
            detail: delivery.detail.clone(),
            took_ms: delivery.took_ms.into(),
            next_at: delivery.next_at.map(|at| at.0),
            created_at: delivery.at.0,
        }
    }
}

impl TryFrom<rows::DeadLetter> for DeadLetter {
    type Error = Unreadable;

    fn try_from(row: rows::DeadLetter) -> Result<Self, Unreadable> {
        Ok(Self {
            place: Place { webhook: WebhookId(row.webhook_id), account: AccountId(row.account_id), seq: row.seq },
            kind: kind(&row.event)?,
            attempts: u32::try_from(row.attempts).map_err(|_| Unreadable("attempts"))?,
            detail: row.detail,
            queued: row.queued != 0,
            died_at: Timestamp(row.died_at),
        })
    }
}

impl From<&DeadLetter> for rows::DeadLetter {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            webhook_id: letter.place.webhook.0,
            account_id: letter.place.account.0,
            seq: letter.place.seq,
            event: letter.kind.as_str().to_owned(),
            attempts: letter.attempts.into(),
            detail: letter.detail.clone(),
            queued: letter.queued.into(),
            died_at: letter.died_at.0,
        }
    }
}

/// What waits for each of `ids`, in their order.
pub fn backlogs(ids: &[u64], waiting: Vec<rows::WebhookBacklog>, dead: Vec<rows::DeadLetterCount>) -> Vec<Backlog> {
    let waiting: HashMap<u64, i64> = waiting.into_iter().map(|row| (row.webhook_id, row.waiting)).collect();
    let dead: HashMap<u64, i64> = dead.into_iter().map(|row| (row.webhook_id, row.letters)).collect();
    let count = |of: &HashMap<u64, i64>, id| of.get(id).copied().and_then(|count| u64::try_from(count).ok());
    let backlog =
        |id| Backlog { waiting: count(&waiting, id).unwrap_or_default(), dead: count(&dead, id).unwrap_or_default() };
    ids.iter().map(backlog).collect()
}

/// Each entry up to number `last` with its transfer.
pub fn events(entries: Vec<rows::Entry>, last: u64, transfers: Vec<Stored>) -> Result<Vec<Event>, Unreadable> {
    let mut of: HashMap<_, Transfer> = HashMap::new();
    for Stored { receipt, .. } in transfers {
        of.insert(receipt.transfer.id, receipt.transfer);
    }
    let entries = entries.into_iter().map(Entry::from).take_while(|entry| entry.seq <= last);
    let event = |entry: Entry| {
        let transfer = of.get(&entry.transfer).cloned().ok_or(Unreadable("transfer_id"))?;
        Ok(Event { entry, transfer })
    };
    entries.map(event).collect()
}
