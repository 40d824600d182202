//! Webhooks: where a user's events are brought to, and what an event is.
//!
//! Nothing is written for an event: each entry of an account is one, with the transfer that made it. They are numbered without gaps, which is
//! also the order in which they are brought.

mod event;
mod url;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::event::{Event, EventKind, EventKinds};
pub use self::url::WebhookUrl;
use super::account::AccountId;
use super::time::Timestamp;
use super::transfer::Description;
use super::user::UserId;

/// A webhook's number: positive, given by the store, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WebhookId(pub u64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether anything is brought to it. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum WebhookStatus {
    /// It is.
    Enabled = 1,
    /// Its owner or an operator has stopped it.
    Disabled = 2,
    /// It answered that it is gone for good (410).
    Gone = 3,
    /// It took nothing for days.
    Failing = 4,
}

impl WebhookStatus {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Disabled, Self::Gone, Self::Failing];

    /// In a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// Where events of all accounts of a user are brought to, those that are opened later included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Whose.
    pub user: UserId,
    /// Where to.
    pub url: WebhookUrl,
    /// What it says to people.
    pub description: Description,
    /// Which events.
    pub events: EventKinds,
    /// Whether anything is brought.
    pub status: WebhookStatus,
    /// Since when everything failed, if the last one did.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a webhook's secret follows from, together with a key that is nowhere near it: the secret itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Random, and new with each new secret.
    pub salt: [u8; 16],
    /// The name of the key.
    pub kid: [u8; 4],
    /// The salt before it, and until when events are signed with its secret as well.
    pub former: Option<([u8; 16], Timestamp)>,
}

/// One of an account's events, for one webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Where to.
    pub webhook: WebhookId,
    /// Whose.
    pub account: AccountId,
    /// The number of its entry.
    pub seq: u64,
}

/// What became of a try to bring an event. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum DeliveryStatus {
    /// It was taken.
    Delivered = 1,
    /// It was not, and is tried again.
    Retrying = 2,
    /// It was not, and is a dead letter.
    Dead = 3,
}

impl DeliveryStatus {
    /// Every status, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Retrying, Self::Dead];

    /// In a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retrying => "retrying",
            Self::Dead => "dead",
        }
    }
}

/// The last try to bring an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which event, and where to.
    pub place: Place,
    /// What it is about.
    pub kind: EventKind,
    /// Which try, from 1.
    pub attempt: u32,
    /// What became of it.
    pub status: DeliveryStatus,
    /// The HTTP status that was answered, if anything was.
    pub answered: Option<u16>,
    /// What was answered, or went wrong, in at most [`DETAIL_CHARS`] characters.
    pub detail: String,
    /// How long it took.
    pub took_ms: u32,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

/// Most characters of what was answered that are kept.
pub const DETAIL_CHARS: usize = 1024;

/// An event that was tried as often as it is to be, and that others have gone past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Which event, and where to.
    pub place: Place,
    /// What it is about.
    pub kind: EventKind,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    pub detail: String,
    /// Whether it is about to be tried once more.
    pub queued: bool,
    /// When it was last given up.
    pub died_at: Timestamp,
}

/// What is brought.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// An event.
    Event(&'a Event),
    /// Nothing happened: somebody tries whether it arrives.
    Ping {
        /// Where to.
        webhook: WebhookId,
        /// When.
        at: Timestamp,
    },
}

/// `text`, plain and short enough to be kept: control characters but line breaks are replaced.
pub fn detail(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { '?' } else { c };
    text.chars().take(DETAIL_CHARS).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::{DETAIL_CHARS, detail};

    #[test]
    fn what_is_kept_of_an_answer_is_short_and_plain() {
        assert_eq!(detail("ok\r\n\0\u{e9}"), "ok?\n?\u{e9}");
        assert_eq!(detail(&"\u{8336}".repeat(5000)).chars().count(), DETAIL_CHARS);
    }
}
