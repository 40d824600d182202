//! Webhooks: units of work, and the part of the store that they are.

use rusqlite::{Connection, Result};

use super::Sqlite;
use super::user::row_id;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Stored;
use crate::domain::user::UserId;
use crate::domain::webhook::{DeadLetter, Delivery, DeliveryStatus, Event, Place, Seal, Webhook, WebhookId};
use crate::store::StoreError;
use crate::store::queries::ledger::read;
use crate::store::queries::webhook::{backlogs, due_page, events, taken};
use crate::store::queries::{rows, sqlite as queries};
use crate::store::webhook::{
    Backlog, Claimed, Due, DuePage, Health, Kept, Lease, NewWebhook, Seen, Settlement, WebhookChange, WebhookStore,
};

/// SQL counts to here.
const LAST: u64 = i64::MAX as u64;

impl WebhookStore for Sqlite {
    async fn add_webhook(&self, webhook: NewWebhook, most: usize) -> Result<Option<Webhook>, StoreError> {
        self.write(move |db| add(db, &webhook, most)).await
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<Kept>, StoreError> {
        self.read(move |db| get(db, id)).await
    }

    async fn webhooks_of(&self, user: UserId) -> Result<Vec<Kept>, StoreError> {
        self.read(move |db| match row_id(user) {
            Some(user) => Ok(read(queries::webhooks_of(db, user)?)?),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn webhooks(&self, after: WebhookId, limit: usize) -> Result<Vec<Kept>, StoreError> {
        self.read(move |db| Ok(read(queries::webhooks_after(db, after.0.min(LAST), limit as u64)?)?)).await
    }

    async fn amend_webhook(
        &self,
        id: WebhookId,
        change: WebhookChange,
        now: Timestamp,
    ) -> Result<Option<Webhook>, StoreError> {
        self.write(move |db| {
            let id = id.0.min(LAST);
            let WebhookChange { url, description, events, status } = &change;
            let url = url.as_ref().map(|url| url.as_str());
            let description = description.as_ref().map(|text| text.as_str());
            let events = events.map(|events| events.bits().into());
            let status = status.map(|status| status as u64);
            queries::amend_webhook(db, id, url, description, events, status, now.0)?;
            if change.is_hopeful() {
                queries::hurry_webhook_cursors(db, id)?;
            }
            Ok(get(db, WebhookId(id))?.map(|kept| kept.webhook))
        })
        .await
    }

    async fn renew_webhook(
        &self,
        id: WebhookId,
        old: [u8; 16],
        seal: Seal,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |db| {
            let former = seal.former.as_ref();
            let (salt, until) = (former.map(|(salt, _)| &salt[..]), former.map(|(_, until)| until.0));
            Ok(queries::renew_webhook(db, id.0.min(LAST), &old, &seal.salt, &seal.kid, salt, until, now.0)? == 1)
        })
        .await
    }

    async fn delete_webhook(&self, id: WebhookId) -> Result<bool, StoreError> {
        self.write(move |db| {
            let id = id.0.min(LAST);
            queries::delete_webhook_cursors(db, id)?;
            queries::delete_webhook_deliveries(db, id)?;
            queries::delete_webhook_letters(db, id)?;
            Ok(queries::delete_webhook(db, id)? == 1)
        })
        .await
    }

    async fn backlogs(&self, ids: &[WebhookId]) -> Result<Vec<Backlog>, StoreError> {
        let ids: Vec<u64> = ids.iter().map(|id| id.0.min(LAST)).collect();
        self.read(move |db| {
            Ok(backlogs(&ids, queries::webhook_backlogs(db, &ids)?, queries::dead_letter_counts(db, &ids)?))
        })
        .await
    }

    async fn due(
        &self,
        kid: [u8; 4],
        now: Timestamp,
        (webhook, account): (WebhookId, AccountId),
        limit: usize,
    ) -> Result<DuePage, StoreError> {
        self.read(move |db| {
            let (first, account, most) = (webhook.0.min(LAST), account.0.min(LAST), limit as u64);
            let ids = queries::webhook_ids(db, first, most)?;
            let Some(last) = ids.last().map(|row| row.id) else { return Ok(DuePage::default()) };
            let found = queries::due_webhooks(db, &kid, now.0, first, account, last, most)?;
            Ok(due_page(found, last, ids.len() >= limit, limit))
        })
        .await
    }

    async fn claim(&self, webhook: WebhookId, account: AccountId, lease: Lease) -> Result<Option<Claimed>, StoreError> {
        self.write(move |db| claim(db, webhook, account, lease)).await
    }

    async fn events(&self, account: AccountId, after: u64, last: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| {
            let entries = queries::entries_up(db, account.0.min(LAST), after.min(LAST - 1) + 1, limit as u64)?;
            let ids: Vec<[u8; 16]> = entries.iter().map(|entry| entry.transfer_id).collect();
            let transfers: Vec<Stored> = read(queries::stored_transfers(db, &ids)?)?;
            Ok(events(entries, last, transfers)?)
        })
        .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<bool, StoreError> {
        self.write(move |db| settle(db, &settlement)).await
    }

    async fn rewind(&self, webhook: WebhookId, account: AccountId, from: u64) -> Result<bool, StoreError> {
        self.write(move |db| {
            let (webhook, account) = (webhook.0.min(LAST), account.0.min(LAST));
            let seq = from.clamp(1, LAST) - 1;
            Ok(queries::rewind_webhook_cursor(db, webhook, account, seq)? == 1)
        })
        .await
    }

    async fn deliveries(&self, webhook: WebhookId, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.read(move |db| Ok(read(queries::webhook_deliveries(db, webhook.0.min(LAST), limit as u64)?)?)).await
    }

    async fn dead_letters(
        &self,
        webhook: WebhookId,
        (account, seq): (AccountId, u64),
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |db| {
            let after = (account.0.min(LAST), seq.min(LAST));
            Ok(read(queries::dead_letters(db, webhook.0.min(LAST), after.0, after.1, limit as u64)?)?)
        })
        .await
    }

    async fn queue_dead(&self, webhook: WebhookId, account: Option<AccountId>) -> Result<u64, StoreError> {
        self.write(move |db| match account {
            None => queries::queue_dead_letters(db, webhook.0.min(LAST)),
            Some(account) => queries::queue_dead_letters_of(db, webhook.0.min(LAST), account.0.min(LAST)),
        })
        .await
    }

    async fn due_dead(&self, kid: [u8; 4], now: Timestamp, after: Place, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.read(move |db| {
            let Place { webhook, account, seq } = after;
            let found = queries::queued_dead_letters(db, &kid, now.0, webhook.0, account.0, seq, limit as u64)?;
            Ok(found.into_iter().map(Due::from).collect())
        })
        .await
    }

    async fn claim_dead(&self, place: Place, lease: Lease) -> Result<Option<Kept>, StoreError> {
        self.write(move |db| {
            let Lease { number, now, until } = lease;
            let (webhook, account) = (place.webhook.0, place.account.0);
            match queries::claim_dead_letter(db, webhook, account, place.seq, number, until.0, now.0)? {
                1 => get(db, place.webhook),
                _ => Ok(None),
            }
        })
        .await
    }

    async fn settle_dead(&self, lease: u64, tried: Delivery, health: Health, seen: Seen) -> Result<bool, StoreError> {
        self.write(move |db| {
            let Place { webhook, account, seq } = tried.place;
            let held = queries::hold_webhook(db, webhook.0)?.map(Seen::from);
            let settled = match tried.status {
                DeliveryStatus::Delivered => queries::drop_dead_letter(db, webhook.0, account.0, seq, lease)?,
                _ => queries::keep_dead_letter(db, webhook.0, account.0, seq, lease, &tried.detail, tried.at.0)?,
            };
            if settled == 1 {
                note(db, webhook, seen.holds(held, health), tried.at)?;
            }
            Ok(settled == 1)
        })
        .await
    }
}

fn get(db: &Connection, id: WebhookId) -> Result<Option<Kept>> {
    Ok(queries::webhook(db, id.0.min(LAST))?.map(Kept::try_from).transpose()?)
}

fn add(db: &Connection, new: &NewWebhook, most: usize) -> Result<Option<Webhook>> {
    let NewWebhook { user, url, description, events, seal, now } = new;
    if queries::webhooks_of(db, user.0)?.len() >= most {
        return Ok(None);
    }
    let (url, description, bits) = (url.as_str(), description.as_str(), events.bits().into());
    let id = queries::insert_webhook(db, user.0, url, description, bits, &seal.salt, &seal.kid, now.0)?;
    let heads = queries::account_heads(db, user.0)?;
    queries::insert_webhook_cursors(db, &heads.into_iter().map(|head| at_head(id, &head)).collect::<Vec<_>>())?;
    Ok(get(db, WebhookId(id))?.map(|kept| kept.webhook))
}

fn at_head(webhook_id: u64, head: &rows::AccountHead) -> rows::NewWebhookCursor {
    rows::NewWebhookCursor { webhook_id, account_id: head.account_id, seq: head.seq }
}

fn claim(db: &Connection, webhook: WebhookId, account: AccountId, lease: Lease) -> Result<Option<Claimed>> {
    let Lease { number, now, until } = lease;
    queries::begin_webhook_cursor(db, webhook.0, account.0)?;
    if queries::claim_webhook_cursor(db, webhook.0, account.0, number, until.0, now.0)? != 1 {
        return Ok(None);
    }
    let Some(kept) = get(db, webhook)? else { return Ok(None) };
    let cursor = queries::webhook_cursor(db, webhook.0, account.0)?;
    Ok(cursor.map(|row| Claimed { kept, seq: row.seq, attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX) }))
}

fn settle(db: &Connection, settlement: &Settlement) -> Result<bool> {
    let Settlement { place, lease, attempts, next_at, deliveries, dead, health, seen, now } = settlement;
    let (webhook, account) = (place.webhook.0, place.account.0);
    let held = queries::hold_webhook(db, webhook)?.map(Seen::from);
    let (attempts, next_at) = if seen.is_unchanged(held) { (*attempts, next_at.0) } else { (0, 0) };
    if queries::settle_webhook_cursor(db, webhook, account, *lease, place.seq, attempts.into(), next_at)? != 1 {
        return Ok(false);
    }
    queries::drop_dead_letters(db, webhook, account, &taken(deliveries))?;
    queries::put_webhook_deliveries(db, &deliveries.iter().map(rows::WebhookDelivery::from).collect::<Vec<_>>())?;
    queries::put_dead_letters(db, &dead.iter().map(rows::DeadLetter::from).collect::<Vec<_>>())?;
    note(db, place.webhook, seen.holds(held, *health), *now)?;
    Ok(true)
}

/// Writes down what was heard of a webhook as a whole.
fn note(db: &Connection, WebhookId(webhook): WebhookId, health: Health, now: Timestamp) -> Result<()> {
    match health {
        Health::Unchanged => 0,
        Health::Well => queries::mend_webhook(db, webhook)?,
        Health::Failing => queries::fail_webhook(db, webhook, now.0)?,
        Health::Stopped(status) => queries::stop_webhook(db, webhook, status as u64, now.0)?,
    };
    Ok(())
}
