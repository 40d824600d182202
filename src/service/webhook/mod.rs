//! Webhooks: who may make, look at and change them; and, beside the calls, the work of bringing events.
//!
//! - [`seal`]: the secrets.
//! - [`dispatch`]: finds what is to be brought, and sets to work on it.
//! - [`round`]: the events of one account, one after the other.

pub mod dispatch;
mod round;
pub mod seal;

use std::time::Duration;

use teller_rpc::{Context, Status};

use self::seal::Sealer;
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::page::page_size;
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::webhook::{Add, Again, Amend, Issued, Listed, OfUser, OfWebhook, Pinged, Replay, Service, Shown};
use crate::courier::{Answer, Courier, Parcel};
use crate::domain::account::AccountId;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::invalid::Invalid;
use crate::domain::user::UserId;
use crate::domain::webhook::{DeadLetter, Delivery, Message, Webhook, WebhookId, WebhookStatus, WebhookUrl};
use crate::store::webhook::{Kept, NewWebhook, WebhookChange};
use crate::store::{Store, Volatile};

/// How long the host of a new address is looked for: within what a call may take.
const LOOK_UP: Duration = Duration::from_millis(300);
/// How long the answer to a ping is waited for, the same.
const PING: Duration = Duration::from_millis(1000);

/// How a message is written as JSON.
pub type Write = fn(&Message<'_>) -> Vec<u8>;

/// What bringing messages takes.
#[derive(Clone)]
pub struct Post {
    /// Who brings them.
    pub courier: Courier,
    /// What they are signed with.
    pub sealer: Sealer,
    /// How they are written.
    pub write: Write,
    /// The most webhooks that a user may have.
    pub most: usize,
}

/// The service `webhook`.
pub struct Webhooks<S, V> {
    pub(super) store: S,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) post: Post,
    pub(super) clock: Clock,
}

impl<S: Store, V: Volatile> Service for Webhooks<S, V> {
    async fn add(&self, cx: Context, request: Add) -> Result<Result<Issued, Refusal>, Status> {
        answer("webhook.add", &cx, async { heard(self.make(request).await) }).await
    }

    async fn list(&self, cx: Context, request: OfUser) -> Result<Result<Vec<Shown>, Refusal>, Status> {
        answer("webhook.list", &cx, async { heard(self.of_user(request).await) }).await
    }

    async fn get(&self, cx: Context, request: OfWebhook) -> Result<Result<Shown, Refusal>, Status> {
        answer("webhook.get", &cx, async { heard(self.look(request).await) }).await
    }

    async fn amend(&self, cx: Context, request: Amend) -> Result<Result<Shown, Refusal>, Status> {
        answer("webhook.amend", &cx, async { heard(self.change(request).await) }).await
    }

    async fn end(&self, cx: Context, request: OfWebhook) -> Result<Result<(), Refusal>, Status> {
        answer("webhook.end", &cx, async { heard(self.delete(request).await) }).await
    }

    async fn renew(&self, cx: Context, request: OfWebhook) -> Result<Result<Issued, Refusal>, Status> {
        answer("webhook.renew", &cx, async { heard(self.other_secret(request).await) }).await
    }

    async fn ping(&self, cx: Context, request: OfWebhook) -> Result<Result<Pinged, Refusal>, Status> {
        answer("webhook.ping", &cx, async { heard(self.try_out(request).await) }).await
    }

    async fn deliveries(&self, cx: Context, request: Listed) -> Result<Result<Vec<Delivery>, Refusal>, Status> {
        answer("webhook.deliveries", &cx, async { heard(self.tries(request).await) }).await
    }

    async fn dead_letters(&self, cx: Context, request: Listed) -> Result<Result<Vec<DeadLetter>, Refusal>, Status> {
        answer("webhook.dead_letters", &cx, async { heard(self.given_up(request).await) }).await
    }

    async fn replay(&self, cx: Context, request: Replay) -> Result<Result<u64, Refusal>, Status> {
        answer("webhook.replay", &cx, async { heard(self.bring_again(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Webhooks<S, V> {
    async fn make(&self, Add { caller, user, url, description, events }: Add) -> Result<Issued, Halt> {
        let (actor, user) = self.about(&caller, user).await?;
        if self.store.role(user).await?.is_none() {
            return Err(Refusal::NoSuchUser.into());
        }
        self.may_be_sent_to(&url).await?;
        self.write_down(&caller, actor, user, format!("webhook to {url} was made")).await?;
        let (seal, now) = (self.post.sealer.fresh(rand::random()), (self.clock)());
        let secret = self.secret(&seal)?;
        let new = NewWebhook { user, url, description, events, seal, now };
        let most = self.post.most;
        let webhook = self.store.add_webhook(new, most).await?.ok_or(Refusal::TooManyWebhooks(most as u64))?;
        Ok(Issued { shown: Shown { webhook, signed: true, waiting: 0, dead_letters: 0 }, secret })
    }

    async fn of_user(&self, OfUser { caller, user }: OfUser) -> Result<Vec<Shown>, Halt> {
        let (_, user) = self.about(&caller, user).await?;
        self.shown(self.store.webhooks_of(user).await?).await
    }

    async fn look(&self, of: OfWebhook) -> Result<Shown, Halt> {
        let (_, kept) = self.find(&of).await?;
        self.one(kept).await
    }

    async fn change(&self, Amend { of, url, description, events, enabled }: Amend) -> Result<Shown, Halt> {
        let (actor, Kept { webhook, seal }) = self.find(&of).await?;
        if let Some(url) = &url {
            self.may_be_sent_to(url).await?;
        }
        let status = enabled.map(|on| if on { WebhookStatus::Enabled } else { WebhookStatus::Disabled });
        let what = match (&url, status) {
            (Some(url), _) => format!("webhook {} is to {url}", webhook.id),
            (None, Some(status)) => format!("webhook {} is {}", webhook.id, status.as_str()),
            (None, None) => format!("webhook {} was changed", webhook.id),
        };
        self.write_down(&of.caller, actor, webhook.user, what).await?;
        let change = WebhookChange { url, description, events, status };
        let webhook = self.store.amend_webhook(webhook.id, change, (self.clock)()).await?;
        self.one(Kept { webhook: webhook.ok_or(Refusal::NoSuchWebhook)?, seal }).await
    }

    async fn delete(&self, of: OfWebhook) -> Result<(), Halt> {
        let (actor, Kept { webhook, .. }) = self.find(&of).await?;
        self.write_down(&of.caller, actor, webhook.user, format!("webhook {} was deleted", webhook.id)).await?;
        self.store.delete_webhook(webhook.id).await?;
        Ok(())
    }

    async fn other_secret(&self, of: OfWebhook) -> Result<Issued, Halt> {
        let (actor, Kept { webhook, seal: old }) = self.find(&of).await?;
        self.write_down(&of.caller, actor, webhook.user, format!("webhook {} has another secret", webhook.id)).await?;
        let now = (self.clock)();
        let seal = self.post.sealer.renewed(&old, rand::random(), now);
        let secret = self.secret(&seal)?;
        if !self.store.renew_webhook(webhook.id, old.salt, seal.clone(), now).await? {
            // Somebody else has renewed it at this very moment, or deleted it.
            return Err(Refusal::NoSuchWebhook.into());
        }
        Ok(Issued { shown: self.one(Kept { webhook, seal }).await?, secret })
    }

    async fn try_out(&self, of: OfWebhook) -> Result<Pinged, Halt> {
        let (_, Kept { webhook, seal }) = self.find(&of).await?;
        let now = (self.clock)();
        let Some(secrets) = self.post.sealer.open(&seal, now) else {
            let detail = "the secret was made with another key, and must be renewed".to_owned();
            return Ok(Pinged { delivered: false, answered: None, detail, took_ms: 0 });
        };
        let id = format!("msg_ping_{:016x}", rand::random::<u64>());
        let body = (self.post.write)(&Message::Ping { webhook: webhook.id, at: now });
        let (url, timestamp) = (&webhook.url, now.0.div_euclid(1_000_000));
        let courier = Courier { timeout: self.post.courier.timeout.min(PING), ..self.post.courier.clone() };
        let heard: Answer = courier.bring(Parcel { url, id: &id, timestamp, secrets: &secrets, body }).await;
        let took_ms = u32::try_from(heard.took.as_millis()).unwrap_or(u32::MAX);
        Ok(Pinged { delivered: heard.is_taken(), answered: heard.outcome.ok(), detail: heard.detail, took_ms })
    }

    async fn tries(&self, Listed { of, limit }: Listed) -> Result<Vec<Delivery>, Halt> {
        let (_, kept) = self.find(&of).await?;
        Ok(self.store.deliveries(kept.webhook.id, page_size(limit)).await?)
    }

    async fn given_up(&self, Listed { of, limit }: Listed) -> Result<Vec<DeadLetter>, Halt> {
        let (_, kept) = self.find(&of).await?;
        Ok(self.store.dead_letters(kept.webhook.id, (AccountId(0), 0), page_size(limit)).await?)
    }

    async fn bring_again(&self, Replay { of, what }: Replay) -> Result<u64, Halt> {
        let (actor, Kept { webhook, .. }) = self.find(&of).await?;
        let said = match what {
            Again::Dead(_) => format!("dead letters of webhook {} are tried again", webhook.id),
            Again::From(account, seq) => format!("webhook {}: account {account} from {seq} on again", webhook.id),
        };
        self.write_down(&of.caller, actor, webhook.user, said).await?;
        match what {
            Again::Dead(account) => Ok(self.store.queue_dead(webhook.id, account).await?),
            Again::From(account, seq) => {
                let there = self.store.rewind(webhook.id, account, seq).await?;
                if there { Ok(1) } else { Err(Refusal::NoSuchAccount.into()) }
            }
        }
    }

    /// Who asks, and about whom.
    async fn about(&self, caller: &Caller, user: Option<UserId>) -> Result<(UserId, UserId), Halt> {
        let actor = self.callers.user(caller).await?;
        let Some(user) = user.filter(|user| *user != actor) else { return Ok((actor, actor)) };
        if self.callers.is_operator(actor).await? {
            return Ok((actor, user));
        }
        // Who else there is, is nobody else's business.
        Err(Refusal::NoSuchUser.into())
    }

    /// A webhook that the caller may see: their own or, for an operator, any. Another's is answered as none.
    async fn find(&self, OfWebhook { caller, webhook }: &OfWebhook) -> Result<(UserId, Kept), Halt> {
        let user = self.callers.user(caller).await?;
        let kept = self.store.webhook(*webhook).await?.ok_or(Refusal::NoSuchWebhook)?;
        if kept.webhook.user == user || self.callers.is_operator(user).await? {
            return Ok((user, kept));
        }
        Err(Refusal::NoSuchWebhook.into())
    }

    async fn may_be_sent_to(&self, url: &WebhookUrl) -> Result<(), Invalid> {
        self.post.courier.check(url, LOOK_UP).await.map_err(|rule| Invalid::new("url", rule))
    }

    async fn write_down(&self, caller: &Caller, actor: UserId, user: UserId, what: String) -> Result<(), Halt> {
        let event = AuditEvent::new(AuditKind::WebhookChanged).about(user).by(actor).from_caller(caller);
        Ok(self.audit.record(event.with_detail(what)).await?)
    }

    fn secret(&self, seal: &crate::domain::webhook::Seal) -> Result<String, Halt> {
        let secrets = self.post.sealer.open(seal, (self.clock)()).unwrap_or_default();
        Ok(secrets.first().expect("it was sealed with this key a moment ago").expose())
    }

    async fn one(&self, kept: Kept) -> Result<Shown, Halt> {
        Ok(self.shown(vec![kept]).await?.pop().expect("as many are shown as were given"))
    }

    async fn shown(&self, kept: Vec<Kept>) -> Result<Vec<Shown>, Halt> {
        let ids: Vec<WebhookId> = kept.iter().map(|kept| kept.webhook.id).collect();
        let backlogs = self.store.backlogs(&ids).await?;
        let show = |(Kept { webhook, seal }, backlog): (Kept, crate::store::webhook::Backlog)| Shown {
            signed: seal.kid == self.post.sealer.kid(),
            waiting: backlog.waiting,
            dead_letters: backlog.dead,
            webhook,
        };
        Ok(kept.into_iter().zip(backlogs).map(show).collect())
    }
}

/// What an event is known by to its receivers: the same each time it is tried, and wherever to.
fn message_id(account: AccountId, seq: u64) -> String {
    format!("msg_{account}_{seq}")
}

/// Whether `webhook` is to hear of anything now.
fn is_open(webhook: &Webhook) -> bool {
    webhook.status == WebhookStatus::Enabled
}
