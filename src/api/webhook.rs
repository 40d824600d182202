//! Webhooks: where a user's events are brought to, and what became of them.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::account::AccountId;
use crate::domain::caller::Caller;
use crate::domain::transfer::Description;
use crate::domain::user::UserId;
use crate::domain::webhook::{DeadLetter, Delivery, EventKinds, Webhook, WebhookId, WebhookUrl};

teller_rpc::service! {
    /// Webhooks: their owner's, and operators'. Refused by all: `InvalidSession`; by all that name one: `NoSuchWebhook`, also for another's.
    pub service "webhook" {
        /// Makes a webhook for what happens from now on. Refused: `NoSuchUser` (also for another than the caller, unless that is an operator), `Invalid` (an address that nobody may
        /// have something sent to), `TooManyWebhooks`.
        fn add(Add) -> Result<Issued, Refusal>;

        /// A user's webhooks. Refused: `NoSuchUser`, as above.
        idempotent fn list(OfUser) -> Result<Vec<Shown>, Refusal>;

        /// A webhook as it stands.
        idempotent fn get(OfWebhook) -> Result<Shown, Refusal>;

        /// Changes a webhook. Refused: `Invalid`.
        idempotent fn amend(Amend) -> Result<Shown, Refusal>;

        /// Deletes a webhook, and what is known of it.
        idempotent fn end(OfWebhook) -> Result<(), Refusal>;

        /// Another secret; the one before it signs as well for a day.
        fn renew(OfWebhook) -> Result<Issued, Refusal>;

        /// Sends a message that tells of nothing, and waits a moment for the answer.
        fn ping(OfWebhook) -> Result<Pinged, Refusal>;

        /// The last tries, newest first.
        idempotent fn deliveries(Listed) -> Result<Vec<Delivery>, Refusal>;

        /// Dead letters, by account and number.
        idempotent fn dead_letters(Listed) -> Result<Vec<DeadLetter>, Refusal>;

        /// Has dead letters tried once more, or all of an account from some entry on brought again. Refused: `NoSuchAccount`.
        idempotent fn replay(Replay) -> Result<u64, Refusal>;
    }
}

/// A new webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Add {
    /// Its owner, or an operator.
    pub caller: Caller,
    /// Whose it will be; the caller's if nobody is named.
    pub user: Option<UserId>,
    /// Where to.
    pub url: WebhookUrl,
    /// What it says to people.
    pub description: Description,
    /// Which events.
    pub events: EventKinds,
}

/// A webhook, with a secret that is never told again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The webhook.
    pub shown: Shown,
    /// `whsec_` and base64.
    pub secret: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A webhook, and what waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// As it stands.
    pub webhook: Webhook,
    /// Whether its secret can be worked out: if not, the key is another one, and nothing is brought until the secret is renewed.
    pub signed: bool,
    /// Entries that were not brought yet, those of kinds that are not wanted included.
    pub waiting: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

/// A user's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfUser {
    /// The user, or an operator.
    pub caller: Caller,
    /// Whose; the caller's if nobody is named.
    pub user: Option<UserId>,
}

/// One webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfWebhook {
    /// Its owner, or an operator.
    pub caller: Caller,
    /// Which.
    pub webhook: WebhookId,
}

/// What is known of a webhook's events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub of: OfWebhook,
    /// At most as many: 1 to [`PAGE_MAX`](super::account::PAGE_MAX).
    pub limit: u16,
}

/// A change of a webhook; what is `None` stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Amend {
    /// Which.
    pub of: OfWebhook,
    /// Where to.
    pub url: Option<WebhookUrl>,
    /// What it says to people.
    pub description: Option<Description>,
    /// Which events.
    pub events: Option<EventKinds>,
    /// Whether anything is brought. Enabled again, it goes on where it stopped.
    pub enabled: Option<bool>,
}

/// What is to be brought again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replay {
    /// Where to.
    pub of: OfWebhook,
    /// What.
    pub what: Again,
}

/// What is to be brought again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// Dead letters: of one account, or all.
    Dead(Option<AccountId>),
    /// Everything of an account from this entry on, in order.
    From(AccountId, u64),
}

/// What came of a message that tells of nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinged {
    /// Whether it was taken.
    pub delivered: bool,
    /// The HTTP status that was answered, if anything was.
    pub answered: Option<u16>,
    /// The beginning of the answer, or what went wrong.
    pub detail: String,
    /// How long it took.
    pub took_ms: u32,
}
