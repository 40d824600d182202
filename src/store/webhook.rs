//! What webhooks ask of the durable store. Events are read from the entries, so that none is ever missing and none is made twice; what is written here
//! is how far they were brought.

use std::future::Future;

use super::StoreError;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Description;
use crate::domain::user::UserId;
use crate::domain::webhook::{
    DeadLetter, Delivery, Event, EventKinds, Place, Seal, Webhook, WebhookId, WebhookStatus, WebhookUrl,
};

/// How many of an account's last events a webhook's deliveries are kept of: each takes the place of the one so many before it.
pub const DELIVERIES_KEPT: u64 = 64;

/// A webhook that is about to exist.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Whose.
    pub user: UserId,
    /// Where to.
    pub url: WebhookUrl,
    /// What it says to people.
    pub description: Description,
    /// Which events.
    pub events: EventKinds,
    /// What its secret follows from.
    pub seal: Seal,
    /// Now.
    pub now: Timestamp,
}

/// What is to be changed of a webhook; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// Where to.
    pub url: Option<WebhookUrl>,
    /// What it says to people.
    pub description: Option<Description>,
    /// Which events.
    pub events: Option<EventKinds>,
    /// Whether anything is brought. Enabled again, it goes on where it stopped, at once.
    pub status: Option<WebhookStatus>,
}

/// A webhook, and what its secret follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// As it may be shown.
    pub webhook: Webhook,
    /// As it may not.
    pub seal: Seal,
}

impl WebhookChange {
    /// Whether what failed may not fail any more, so that it is tried again at once.
    pub(super) fn is_hopeful(&self) -> bool {
        self.url.is_some() || self.status == Some(WebhookStatus::Enabled)
    }
}

/// A webhook as it was when something was decided about it. By the time that this is written down it may be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When its owner had changed it.
    pub updated_at: Timestamp,
    /// Since when nothing had been taken.
    pub failing_since: Option<Timestamp>,
}

impl From<&Webhook> for Seen {
    fn from(webhook: &Webhook) -> Self {
        Self { updated_at: webhook.updated_at, failing_since: webhook.failing_since }
    }
}

impl Seen {
    /// Whether the owner has changed nothing until `now`.
    pub(super) fn is_unchanged(self, now: Option<Self>) -> bool {
        now.is_some_and(|now| now.updated_at == self.updated_at)
    }

    /// What of `health` holds for the webhook as it is `now`: what another address answered stops nothing, and neither does a failure that has ended.
    pub(super) fn holds(self, now: Option<Self>, health: Health) -> Health {
        let still = match health {
            Health::Unchanged | Health::Well => true,
            Health::Stopped(WebhookStatus::Failing) => now == Some(self),
            Health::Failing | Health::Stopped(_) => self.is_unchanged(now),
        };
        if still { health } else { Health::Unchanged }
    }
}

/// An account with events that are to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Where to.
    pub webhook: WebhookId,
    /// Whose account it is.
    pub user: UserId,
    /// Which.
    pub account: AccountId,
    /// Its newest entry, as far as was seen.
    pub last: u64,
}

/// What there is to do for some webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DuePage {
    /// In ascending order.
    pub due: Vec<Due>,
    /// Where those begin that were not looked at; `None` if these were the last.
    pub next: Option<(WebhookId, AccountId)>,
}

/// The right to bring events of one account, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What tells it from all others: random, less than 2^63 and not zero.
    pub number: u64,
    /// Now.
    pub now: Timestamp,
    /// Until when it is nobody else's.
    pub until: Timestamp,
}

/// What there is to do under a [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Where to.
    pub kept: Kept,
    /// The entry up to which everything was brought.
    pub seq: u64,
    /// How often the next one was tried.
    pub attempts: u32,
}

/// What was heard of a webhook as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing new.
    Unchanged,
    /// It took something.
    Well,
    /// It took nothing.
    Failing,
    /// It is to be stopped.
    Stopped(WebhookStatus),
}

/// What came of the work under a [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Where to, whose, and up to which entry everything was brought or given up.
    pub place: Place,
    /// The number of the lease.
    pub lease: u64,
    /// How often the next one was tried.
    pub attempts: u32,
    /// When it may be tried again.
    pub next_at: Timestamp,
    /// Every event that was tried, in order.
    pub deliveries: Vec<Delivery>,
    /// The event that was given up, if one was.
    pub dead: Option<DeadLetter>,
    /// What was heard.
    pub health: Health,
    /// Of which webhook.
    pub seen: Seen,
    /// Now.
    pub now: Timestamp,
}

/// What waits for a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Entries that were not brought yet, those of kinds that are not wanted included.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
}

/// The webhooks' part of the durable store.
pub trait WebhookStore: Clone + Send + Sync + 'static {
    /// Makes a webhook, for what happens to the user's accounts from now on. `None`, and nothing is written, if the user has `most` or more.
    fn add_webhook(
        &self,
        webhook: NewWebhook,
        most: usize,
    ) -> impl Future<Output = Result<Option<Webhook>, StoreError>> + Send;

    /// A webhook.
    fn webhook(&self, id: WebhookId) -> impl Future<Output = Result<Option<Kept>, StoreError>> + Send;

    /// A user's webhooks, by ascending number.
    fn webhooks_of(&self, user: UserId) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// All webhooks by ascending number, those after `after`, at most `limit`.
    fn webhooks(&self, after: WebhookId, limit: usize) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// Changes a webhook, and answers it as it is then; `None` for an unknown one. With another address, and enabled again, it is tried at once.
    fn amend_webhook(
        &self,
        id: WebhookId,
        change: WebhookChange,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Webhook>, StoreError>> + Send;

    /// Puts another seal in the place of the one with the salt `old`: `false`, and nothing is changed, if it is not there any more.
    fn renew_webhook(
        &self,
        id: WebhookId,
        old: [u8; 16],
        seal: Seal,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Deletes a webhook with all that is known of it. `false` for an unknown one.
    fn delete_webhook(&self, id: WebhookId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What waits for each of `ids`, in their order.
    fn backlogs(&self, ids: &[WebhookId]) -> impl Future<Output = Result<Vec<Backlog>, StoreError>> + Send;

    /// Accounts with events to be brought at `now`, to enabled webhooks whose seal has the key `kid`: by ascending webhook and account, those after
    /// `after`, at most `limit` of at most `limit` webhooks, however many there are. None where somebody is at work, or what failed is to be tried later.
    fn due(
        &self,
        kid: [u8; 4],
        now: Timestamp,
        after: (WebhookId, AccountId),
        limit: usize,
    ) -> impl Future<Output = Result<DuePage, StoreError>> + Send;

    /// Sets to work on an account: of several who try, one is answered. When this is answered everything up to [`Due::last`] is on disk, also what
    /// another process has written.
    fn claim(
        &self,
        webhook: WebhookId,
        account: AccountId,
        lease: Lease,
    ) -> impl Future<Output = Result<Option<Claimed>, StoreError>> + Send;

    /// An account's events after number `after` up to number `last`, oldest first, at most `limit`.
    fn events(
        &self,
        account: AccountId,
        after: u64,
        last: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;

    /// Writes down what came of it, and gives the lease back. `false`, and nothing is written, if it was somebody else's by then. What was [`Seen`] may
    /// have been changed meanwhile: then nothing is waited for, and it is not stopped.
    fn settle(&self, settlement: Settlement) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Has everything of an account from number `from` on brought again, in order; `false` if nothing of it was ever to be brought. Nothing that was not
    /// brought yet is left out by it: not what waits, and not what was asked for before.
    fn rewind(
        &self,
        webhook: WebhookId,
        account: AccountId,
        from: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The last tries, newest first, at most `limit`; of each account's last [`DELIVERIES_KEPT`] events the last one.
    fn deliveries(
        &self,
        webhook: WebhookId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send;

    /// Dead letters by ascending account and number, those after `after`, at most `limit`.
    fn dead_letters(
        &self,
        webhook: WebhookId,
        after: (AccountId, u64),
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, StoreError>> + Send;

    /// Has dead letters, of one account or all, tried once more; returns how many.
    fn queue_dead(
        &self,
        webhook: WebhookId,
        account: Option<AccountId>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Dead letters that are to be tried, as [`Self::due`]: those after `after`. Of each the number is [`Due::last`].
    fn due_dead(
        &self,
        kid: [u8; 4],
        now: Timestamp,
        after: Place,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Due>, StoreError>> + Send;

    /// Sets to work on a dead letter: of several who try, one is answered.
    fn claim_dead(&self, place: Place, lease: Lease) -> impl Future<Output = Result<Option<Kept>, StoreError>> + Send;

    /// Writes down what came of it: the letter goes, or stays and waits; and what was heard of the webhook, as [`Self::settle`] does. `false`, and nothing
    /// is written, if the lease was somebody else's by then.
    fn settle_dead(
        &self,
        lease: u64,
        tried: Delivery,
        health: Health,
        seen: Seen,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
