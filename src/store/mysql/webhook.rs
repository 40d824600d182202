//! Webhooks: units of work, and the part of the store that they are.

use mysql_async::{Conn, Result, Transaction};

use super::Mysql;
use super::found::transfers;
use super::unit::{Atomic, Attempt, Change, Unit};
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;
use crate::domain::webhook::{DeadLetter, Delivery, DeliveryStatus, Event, Place, Seal, Webhook, WebhookId};
use crate::store::StoreError;
use crate::store::queries::ledger::read;
use crate::store::queries::webhook::{backlogs, due_page, events, taken};
use crate::store::queries::{mysql as queries, rows};
use crate::store::webhook::{
    Backlog, Claimed, Due, DuePage, Health, Kept, Lease, NewWebhook, Seen, Settlement, WebhookChange, WebhookStore,
};

type Answer<T> = std::result::Result<T, StoreError>;

/// SQL counts to here.
const LAST: u64 = i64::MAX as u64;

impl WebhookStore for Mysql {
    async fn add_webhook(&self, webhook: NewWebhook, most: usize) -> Answer<Option<Webhook>> {
        self.unit(Atomic(Add { new: webhook, most })).await
    }

    async fn webhook(&self, id: WebhookId) -> Answer<Option<Kept>> {
        self.unit(Get(id)).await
    }

    async fn webhooks_of(&self, user: UserId) -> Answer<Vec<Kept>> {
        self.unit(Of(user)).await
    }

    async fn webhooks(&self, after: WebhookId, limit: usize) -> Answer<Vec<Kept>> {
        self.unit(After { after, limit }).await
    }

    async fn amend_webhook(&self, id: WebhookId, change: WebhookChange, now: Timestamp) -> Answer<Option<Webhook>> {
        self.unit(Atomic(Amend { id, change, now })).await
    }

    async fn renew_webhook(&self, id: WebhookId, old: [u8; 16], seal: Seal, now: Timestamp) -> Answer<bool> {
        self.unit(Renew { id, old, seal, now }).await
    }

    async fn delete_webhook(&self, id: WebhookId) -> Answer<bool> {
        self.unit(Atomic(Delete(id))).await
    }

    async fn backlogs(&self, ids: &[WebhookId]) -> Answer<Vec<Backlog>> {
        self.unit(Backlogs(ids.iter().map(|id| id.0.min(LAST)).collect())).await
    }

    async fn due(&self, kid: [u8; 4], now: Timestamp, after: (WebhookId, AccountId), limit: usize) -> Answer<DuePage> {
        self.unit(FindDue { kid, now, after, limit }).await
    }

    async fn claim(&self, webhook: WebhookId, account: AccountId, lease: Lease) -> Answer<Option<Claimed>> {
        self.unit(Claim { webhook, account, lease }).await
    }

    async fn events(&self, account: AccountId, after: u64, last: u64, limit: usize) -> Answer<Vec<Event>> {
        self.unit(Events { account, after, last, limit }).await
    }

    async fn settle(&self, settlement: Settlement) -> Answer<bool> {
        self.unit(Atomic(settlement)).await
    }

    async fn rewind(&self, webhook: WebhookId, account: AccountId, from: u64) -> Answer<bool> {
        self.unit(Rewind { webhook, account, from }).await
    }

    async fn deliveries(&self, webhook: WebhookId, limit: usize) -> Answer<Vec<Delivery>> {
        self.unit(Deliveries { webhook, limit }).await
    }

    async fn dead_letters(&self, webhook: WebhookId, after: (AccountId, u64), limit: usize) -> Answer<Vec<DeadLetter>> {
        self.unit(DeadLetters { webhook, after, limit }).await
    }

    async fn queue_dead(&self, webhook: WebhookId, account: Option<AccountId>) -> Answer<u64> {
        self.unit(QueueDead { webhook, account }).await
    }

    async fn due_dead(&self, kid: [u8; 4], now: Timestamp, after: Place, limit: usize) -> Answer<Vec<Due>> {
        self.unit(FindDueDead { kid, now, after, limit }).await
    }

    async fn claim_dead(&self, place: Place, lease: Lease) -> Answer<Option<Kept>> {
        self.unit(ClaimDead { place, lease }).await
    }

    async fn settle_dead(&self, lease: u64, tried: Delivery, health: Health, seen: Seen) -> Answer<bool> {
        self.unit(Atomic(SettleDead { lease, tried, health, seen })).await
    }
}

/// Done twice, because its answer was lost, it leaves two, as whoever asks twice does.
struct Add {
    new: NewWebhook,
    most: usize,
}

impl Change for Add {
    type Value = Option<Webhook>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Option<Webhook>> {
        let NewWebhook { user, url, description, events, seal, now } = &self.new;
        // So that two at once count each other.
        queries::hold_password(db, user.0).await?;
        if queries::webhooks_of(db, user.0).await?.len() >= self.most {
            return Ok(None);
        }
        let (url, description, bits) = (url.as_str(), description.as_str(), events.bits().into());
        let id = queries::insert_webhook(db, user.0, url, description, bits, &seal.salt, &seal.kid, now.0).await?;
        let heads = queries::account_heads(db, user.0).await?;
        let cursor = |head: rows::AccountHead| rows::NewWebhookCursor {
            webhook_id: id,
            account_id: head.account_id,
            seq: head.seq,
        };
        queries::insert_webhook_cursors(db, &heads.into_iter().map(cursor).collect::<Vec<_>>()).await?;
        let made = queries::webhook(db, id).await?.map(Kept::try_from).transpose()?;
        Ok(made.map(|kept| kept.webhook))
    }
}

struct Get(WebhookId);

impl Unit for Get {
    type Value = Option<Kept>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Kept>> {
        Ok(queries::webhook(db, self.0.0.min(LAST)).await?.map(Kept::try_from).transpose()?)
    }
}

struct Of(UserId);

impl Unit for Of {
    type Value = Vec<Kept>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Kept>> {
        Ok(read(queries::webhooks_of(db, self.0.0.min(LAST)).await?)?)
    }
}

struct After {
    after: WebhookId,
    limit: usize,
}

impl Unit for After {
    type Value = Vec<Kept>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Kept>> {
        Ok(read(queries::webhooks_after(db, self.after.0.min(LAST), self.limit as u64).await?)?)
    }
}

/// Done twice, because its answer was lost, it leaves the same.
struct Amend {
    id: WebhookId,
    change: WebhookChange,
    now: Timestamp,
}

impl Change for Amend {
    type Value = Option<Webhook>;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<Option<Webhook>> {
        let WebhookChange { url, description, events, status } = &self.change;
        let url = url.as_ref().map(|url| url.as_str());
        let description = description.as_ref().map(|text| text.as_str());
        let events = events.map(|events| events.bits().into());
        let (id, status) = (self.id.0.min(LAST), status.map(|status| status as u64));
        queries::amend_webhook(db, id, url, description, events, status, self.now.0).await?;
        if self.change.is_hopeful() {
            queries::hurry_webhook_cursors(db, id).await?;
        }
        let amended = queries::webhook(db, id).await?.map(Kept::try_from).transpose()?;
        Ok(amended.map(|kept| kept.webhook))
    }
}

/// One statement that commits by itself. If its answer was lost, nobody else knows the new salt.
struct Renew {
    id: WebhookId,
    old: [u8; 16],
    seal: Seal,
    now: Timestamp,
}

impl Unit for Renew {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        let (id, seal) = (self.id.0.min(LAST), &self.seal);
        let former = seal.former.as_ref();
        let (salt, until) = (former.map(|(salt, _)| &salt[..]), former.map(|(_, until)| until.0));
        queries::renew_webhook(db, id, &self.old, &seal.salt, &seal.kid, salt, until, self.now.0).await?;
        Ok(queries::webhook(db, id).await?.is_some_and(|row| row.salt == seal.salt))
    }
}

struct Delete(WebhookId);

impl Change for Delete {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let id = self.0.0.min(LAST);
        // The webhook first: whoever sets to work waits for it, and finds none.
        let there = queries::delete_webhook(db, id).await? == 1;
        queries::delete_webhook_cursors(db, id).await?;
        queries::delete_webhook_deliveries(db, id).await?;
        queries::delete_webhook_letters(db, id).await?;
        Ok(there)
    }
}

struct Backlogs(Vec<u64>);

impl Unit for Backlogs {
    type Value = Vec<Backlog>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Backlog>> {
        let waiting = queries::webhook_backlogs(db, &self.0).await?;
        Ok(backlogs(&self.0, waiting, queries::dead_letter_counts(db, &self.0).await?))
    }
}

struct FindDue {
    kid: [u8; 4],
    now: Timestamp,
    after: (WebhookId, AccountId),
    limit: usize,
}

impl Unit for FindDue {
    type Value = DuePage;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<DuePage> {
        let (first, account, most) = (self.after.0.0.min(LAST), self.after.1.0.min(LAST), self.limit as u64);
        let ids = queries::webhook_ids(db, first, most).await?;
        let Some(last) = ids.last().map(|row| row.id) else { return Ok(DuePage::default()) };
        let found = queries::due_webhooks(db, &self.kid, self.now.0, first, account, last, most).await?;
        Ok(due_page(found, last, ids.len() >= self.limit, self.limit))
    }
}

/// Statements that commit by themselves. If an answer was lost the lease's number tells whose it is. Each claim writes, and so comes later in the log
/// than whatever was seen before it: once it is on disk, so is that.
struct Claim {
    webhook: WebhookId,
    account: AccountId,
    lease: Lease,
}

impl Unit for Claim {
    type Value = Option<Claimed>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Claimed>> {
        let (webhook, account, Lease { number, now, until }) = (self.webhook.0, self.account.0, self.lease);
        queries::claim_webhook_cursor(db, webhook, account, number, until.0, now.0).await?;
        let mut cursor = queries::webhook_cursor(db, webhook, account).await?;
        if cursor.is_none() {
            queries::begin_webhook_cursor(db, webhook, account).await?;
            queries::claim_webhook_cursor(db, webhook, account, number, until.0, now.0).await?;
            cursor = queries::webhook_cursor(db, webhook, account).await?;
        }
        let Some(cursor) = cursor.filter(|cursor| cursor.lease == number) else { return Ok(None) };
        let Some(kept) = queries::webhook(db, webhook).await?.map(Kept::try_from).transpose()? else {
            return Ok(None);
        };
        Ok(Some(Claimed { kept, seq: cursor.seq, attempts: u32::try_from(cursor.attempts).unwrap_or(u32::MAX) }))
    }
}

struct Events {
    account: AccountId,
    after: u64,
    last: u64,
    limit: usize,
}

impl Unit for Events {
    type Value = Vec<Event>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Event>> {
        let (account, first) = (self.account.0.min(LAST), self.after.min(LAST - 1) + 1);
        let entries = queries::entries_up(db, account, first, self.limit as u64).await?;
        let ids: Vec<TransferId> = entries.iter().map(|entry| TransferId(entry.transfer_id)).collect();
        Ok(events(entries, self.last, transfers(db, &ids).await?)?)
    }
}

/// Done twice, because its answer was lost, it finds its lease given back and writes nothing.
impl Change for Settlement {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let Self { place, lease, attempts, next_at, deliveries, dead, health, seen, now } = self;
        let (webhook, account) = (place.webhook.0, place.account.0);
        // The webhook first, as whoever changes or deletes it does.
        let held = queries::hold_webhook(db, webhook).await?.map(Seen::from);
        let (attempts, next_at) = if seen.is_unchanged(held) { (*attempts, next_at.0) } else { (0, 0) };
        let settled =
            queries::settle_webhook_cursor(db, webhook, account, *lease, place.seq, attempts.into(), next_at).await?;
        if settled != 1 {
            return Ok(false);
        }
        queries::drop_dead_letters(db, webhook, account, &taken(deliveries)).await?;
        let rows: Vec<_> = deliveries.iter().map(rows::WebhookDelivery::from).collect();
        queries::put_webhook_deliveries(db, &rows).await?;
        let rows: Vec<_> = dead.iter().map(rows::DeadLetter::from).collect();
        queries::put_dead_letters(db, &rows).await?;
        note(db, place.webhook, seen.holds(held, *health), *now).await?;
        Ok(true)
    }
}

/// Writes down what was heard of a webhook as a whole.
async fn note(
    db: &mut Transaction<'_>,
    WebhookId(webhook): WebhookId,
    health: Health,
    Timestamp(now): Timestamp,
) -> Result<()> {
    match health {
        Health::Unchanged => 0,
        Health::Well => queries::mend_webhook(db, webhook).await?,
        Health::Failing => queries::fail_webhook(db, webhook, now).await?,
        Health::Stopped(status) => queries::stop_webhook(db, webhook, status as u64, now).await?,
    };
    Ok(())
}

/// Done twice, because its answer was lost, it begins again once more.
struct Rewind {
    webhook: WebhookId,
    account: AccountId,
    from: u64,
}

impl Unit for Rewind {
    type Value = bool;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<bool> {
        let (webhook, account) = (self.webhook.0.min(LAST), self.account.0.min(LAST));
        let seq = self.from.clamp(1, LAST) - 1;
        Ok(queries::rewind_webhook_cursor(db, webhook, account, seq).await? == 1)
    }
}

struct Deliveries {
    webhook: WebhookId,
    limit: usize,
}

impl Unit for Deliveries {
    type Value = Vec<Delivery>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Delivery>> {
        Ok(read(queries::webhook_deliveries(db, self.webhook.0.min(LAST), self.limit as u64).await?)?)
    }
}

struct DeadLetters {
    webhook: WebhookId,
    after: (AccountId, u64),
    limit: usize,
}

impl Unit for DeadLetters {
    type Value = Vec<DeadLetter>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<DeadLetter>> {
        let (account, seq) = (self.after.0.0.min(LAST), self.after.1.min(LAST));
        Ok(read(queries::dead_letters(db, self.webhook.0.min(LAST), account, seq, self.limit as u64).await?)?)
    }
}

struct QueueDead {
    webhook: WebhookId,
    account: Option<AccountId>,
}

impl Unit for QueueDead {
    type Value = u64;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<u64> {
        let webhook = self.webhook.0.min(LAST);
        match self.account {
            None => queries::queue_dead_letters(db, webhook).await,
            Some(account) => queries::queue_dead_letters_of(db, webhook, account.0.min(LAST)).await,
        }
    }
}

struct FindDueDead {
    kid: [u8; 4],
    now: Timestamp,
    after: Place,
    limit: usize,
}

impl Unit for FindDueDead {
    type Value = Vec<Due>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<Due>> {
        let (kid, now, Place { webhook, account, seq }) = (&self.kid, self.now.0, self.after);
        let found = queries::queued_dead_letters(db, kid, now, webhook.0, account.0, seq, self.limit as u64).await?;
        Ok(found.into_iter().map(Due::from).collect())
    }
}

/// As [`Claim`].
struct ClaimDead {
    place: Place,
    lease: Lease,
}

impl Unit for ClaimDead {
    type Value = Option<Kept>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Option<Kept>> {
        let (Place { webhook, account, seq }, Lease { number, now, until }) = (self.place, self.lease);
        queries::claim_dead_letter(db, webhook.0, account.0, seq, number, until.0, now.0).await?;
        match queries::dead_letter_lease(db, webhook.0, account.0, seq).await? {
            Some(row) if row.lease == number => {
                Ok(queries::webhook(db, webhook.0).await?.map(Kept::try_from).transpose()?)
            }
            _ => Ok(None),
        }
    }
}

/// Done twice, because its answer was lost, it finds its lease given back and writes nothing.
struct SettleDead {
    lease: u64,
    tried: Delivery,
    health: Health,
    seen: Seen,
}

impl Change for SettleDead {
    type Value = bool;

    async fn apply(&self, db: &mut Transaction<'_>) -> Result<bool> {
        let Self { lease, tried, health, seen } = self;
        let Place { webhook, account, seq } = tried.place;
        let held = queries::hold_webhook(db, webhook.0).await?.map(Seen::from);
        let settled = match tried.status {
            DeliveryStatus::Delivered => queries::drop_dead_letter(db, webhook.0, account.0, seq, *lease).await?,
            _ => {
                let Delivery { detail, at, .. } = tried;
                queries::keep_dead_letter(db, webhook.0, account.0, seq, *lease, detail, at.0).await?
            }
        };
        if settled == 1 {
            note(db, webhook, seen.holds(held, *health), tried.at).await?;
        }
        Ok(settled == 1)
    }
}
