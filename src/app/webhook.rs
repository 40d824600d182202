//! What bringing events takes, as it is configured; and what is done about webhooks from where the program runs.

use std::fs;

use super::offline::{Work, on_existing_store};
use super::{Error, secret};
use crate::api::webhook::Again;
use crate::config::Config;
use crate::courier::{Authorities, Courier, system};
use crate::domain::account::AccountId;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::webhook::{DeadLetter, Webhook, WebhookId};
use crate::http::written;
use crate::service::system_clock;
use crate::service::webhook::Post;
use crate::service::webhook::dispatch::Rules;
use crate::store::webhook::{Backlog, Kept};
use crate::store::{Store, StoreError};

/// Who brings events, and what they are signed with.
pub(super) fn post(config: &Config) -> Result<Post, Error> {
    let webhook = &config.webhook;
    let courier = Courier {
        timeout: webhook.timeout(),
        private: webhook.allow_private,
        authorities: authorities(config)?,
        resolve: system(),
    };
    Ok(Post { courier, sealer: secret::sealer(config)?, write: written, most: webhook.max_per_user })
}

/// How events are brought.
pub(super) fn rules(config: &Config) -> Rules {
    let webhook = &config.webhook;
    Rules {
        poll: webhook.poll(),
        pauses: webhook.pauses().into(),
        give_up_after: webhook.give_up_after(),
        max_in_flight: webhook.max_in_flight,
        max_in_flight_per_user: webhook.max_in_flight_per_user,
    }
}

fn authorities(config: &Config) -> Result<Authorities, Error> {
    let file = &config.webhook.ca_file;
    let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(format!("cannot use webhook.ca_file {}", file.display()), error)
            .with_fix("name a PEM file with the certificate of an authority, or none")
    };
    if file.as_os_str().is_empty() {
        return Authorities::new(None).map_err(|error| unusable(error.into()));
    }
    let pem = fs::read(file).map_err(|error| unusable(error.into()))?;
    Authorities::new(Some(&pem)).map_err(|error| unusable(error.into()))
}

/// A webhook as it stands, for whoever runs the program.
#[derive(Debug)]
pub struct Overview {
    /// The webhook.
    pub webhook: Webhook,
    /// What waits for it.
    pub backlog: Backlog,
    /// The first dead letters, at most [`LETTERS`].
    pub dead: Vec<DeadLetter>,
}

/// Most dead letters of a webhook that are listed.
pub const LETTERS: usize = 1000;
/// Webhooks that are read at once.
const PAGE: usize = 256;

/// Every webhook, by ascending number.
pub async fn list(config: &Config) -> Result<Vec<Overview>, Error> {
    struct All;
    impl Work for All {
        type Value = Vec<Overview>;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<Self::Value, Error> {
            let mut all = Vec::new();
            loop {
                let after = all.last().map_or(WebhookId(0), |last: &Overview| last.webhook.id);
                let page = store.webhooks(after, PAGE).await.map_err(failed)?;
                let ids: Vec<WebhookId> = page.iter().map(|kept| kept.webhook.id).collect();
                let backlogs = store.backlogs(&ids).await.map_err(failed)?;
                for (kept, backlog) in page.into_iter().zip(backlogs) {
                    let dead = store.dead_letters(kept.webhook.id, (AccountId(0), 0), LETTERS).await.map_err(failed)?;
                    all.push(Overview { webhook: kept.webhook, backlog, dead });
                }
                if ids.len() < PAGE {
                    return Ok(all);
                }
            }
        }
    }
    on_existing_store(config, All).await
}

/// Has dead letters of one webhook or all tried once more, or all of an account from some entry on brought to one again, and writes that down.
/// Returns how many dead letters, or accounts.
pub async fn replay(config: &Config, webhook: Option<WebhookId>, again: Again) -> Result<u64, Error> {
    struct Replay(Option<WebhookId>, Again);
    impl Work for Replay {
        type Value = u64;
        async fn on<S: Store>(self, _: &Config, store: S) -> Result<u64, Error> {
            let Self(only, again) = self;
            let mut count = 0;
            let mut after = WebhookId(0);
            loop {
                let page = store.webhooks(after, PAGE).await.map_err(failed)?;
                for Kept { webhook, .. } in &page {
                    after = webhook.id;
                    if only.is_none_or(|only| only == webhook.id) {
                        let event = AuditEvent::new(AuditKind::WebhookChanged).about(webhook.user);
                        let event =
                            event.with_detail(format!("webhook {}: {again:?}, by teller webhooks replay", webhook.id));
                        store.record(vec![event], system_clock()).await.map_err(failed)?;
                        count += match again {
                            Again::Dead(account) => store.queue_dead(webhook.id, account).await,
                            Again::From(account, seq) => store.rewind(webhook.id, account, seq).await.map(u64::from),
                        }
                        .map_err(failed)?;
                    }
                }
                if page.len() < PAGE {
                    return Ok(count);
                }
            }
        }
    }
    on_existing_store(config, Replay(webhook, again)).await
}

fn failed(error: StoreError) -> Error {
    Error::new("cannot use the webhooks", error)
        .with_fix("if the database is older than this program, run `teller migrate`")
}
