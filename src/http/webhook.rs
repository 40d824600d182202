//! `/v1/webhooks`: where events are brought to; and how an event is written, with the same words as `/v1` has for entries and transfers.

use hyper::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::ShownEntry;
use super::front::Call;
use super::json::{self, ID_MAX, Object};
use super::openapi::value::{delivery_status, event, webhook_status};
use super::query::{self, Query};
use super::reply::{Reply, Trouble};
use super::show::Instant;
use super::transfer::ShownTransfer;
use crate::api::webhook::{Add, Again, Amend, Issued, Listed, OfUser, OfWebhook, Pinged, Replay, Shown};
use crate::domain::account::AccountId;
use crate::domain::invalid::Invalid;
use crate::domain::transfer::Description;
use crate::domain::user::UserId;
use crate::domain::webhook::{DeadLetter, Delivery, EventKind, EventKinds, Message, WebhookUrl};

/// Where events are brought to.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct ShownWebhook<'a> {
    id: u64,
    user_id: u64,
    url: &'a str,
    description: &'a str,
    /// The events that were asked for; none named is all.
    #[schema(schema_with = events)]
    events: Vec<&'static str>,
    #[schema(schema_with = webhook_status)]
    status: &'static str,
    /// Since when everything failed; `null` if the last event was taken.
    #[schema(required)]
    failing_since: Option<Instant>,
    /// Whether its secret can be worked out. If not, the server has another key now: renew the secret.
    signed: bool,
    /// Entries that were not brought yet.
    waiting: u64,
    /// Events that were given up.
    dead_letters: u64,
    created_at: Instant,
    updated_at: Instant,
}

/// A webhook, and the secret that its events are signed with, which is told this once.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookIssued)]
pub(super) struct ShownIssued<'a> {
    webhook: ShownWebhook<'a>,
    secret: &'a str,
}

/// A user's webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhooks<'a> {
    webhooks: Vec<ShownWebhook<'a>>,
}

/// The last try to bring an event.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
struct ShownDelivery<'a> {
    message_id: String,
    account_id: u64,
    seq: u64,
    #[schema(schema_with = event)]
    event: &'static str,
    attempt: u32,
    #[schema(schema_with = delivery_status)]
    status: &'static str,
    /// The HTTP status that was answered; `null` if nothing was.
    #[schema(required)]
    response_status: Option<u16>,
    /// The beginning of the answer, or what went wrong.
    detail: &'a str,
    duration_ms: u32,
    /// When it is tried again.
    #[schema(required)]
    next_try_at: Option<Instant>,
    at: Instant,
}

/// The last tries.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries<'a> {
    deliveries: Vec<ShownDelivery<'a>>,
}

/// An event that was given up.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetter)]
struct ShownLetter<'a> {
    message_id: String,
    account_id: u64,
    seq: u64,
    #[schema(schema_with = event)]
    event: &'static str,
    attempts: u32,
    /// What went wrong the last time.
    detail: &'a str,
    /// Whether it is about to be tried once more.
    queued: bool,
    died_at: Instant,
}

/// Events that were given up.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadLetters<'a> {
    dead_letters: Vec<ShownLetter<'a>>,
}

/// How many dead letters are tried once more, or accounts begun again.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    replayed: u64,
}

/// What came of a ping.
#[derive(Serialize, ToSchema)]
pub(super) struct Ping<'a> {
    delivered: bool,
    /// The HTTP status that was answered; `null` if nothing was within a second.
    #[schema(required)]
    response_status: Option<u16>,
    /// The beginning of the answer, or what went wrong.
    detail: &'a str,
    duration_ms: u32,
}

fn events() -> super::openapi::value::Shape {
    super::openapi::value::list_of(event())
}

impl<'a> From<&'a Shown> for ShownWebhook<'a> {
    fn from(Shown { webhook, signed, waiting, dead_letters }: &'a Shown) -> Self {
        Self {
            id: webhook.id.0,
            user_id: webhook.user.0,
            url: webhook.url.as_str(),
            description: webhook.description.as_str(),
            events: webhook.events.named().map(EventKind::as_str).collect(),
            status: webhook.status.as_str(),
            failing_since: webhook.failing_since.map(Instant),
            signed: *signed,
            waiting: *waiting,
            dead_letters: *dead_letters,
            created_at: Instant(webhook.created_at),
            updated_at: Instant(webhook.updated_at),
        }
    }
}

impl<'a> From<&'a Issued> for ShownIssued<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self { webhook: (&issued.shown).into(), secret: &issued.secret }
    }
}

impl<'a> From<&'a Delivery> for ShownDelivery<'a> {
    fn from(tried: &'a Delivery) -> Self {
        Self {
            message_id: message_id(tried.place.account, tried.place.seq),
            account_id: tried.place.account.0,
            seq: tried.place.seq,
            event: tried.kind.as_str(),
            attempt: tried.attempt,
            status: tried.status.as_str(),
            response_status: tried.answered,
            detail: &tried.detail,
            duration_ms: tried.took_ms,
            next_try_at: tried.next_at.map(Instant),
            at: Instant(tried.at),
        }
    }
}

impl<'a> From<&'a DeadLetter> for ShownLetter<'a> {
    fn from(letter: &'a DeadLetter) -> Self {
        Self {
            message_id: message_id(letter.place.account, letter.place.seq),
            account_id: letter.place.account.0,
            seq: letter.place.seq,
            event: letter.kind.as_str(),
            attempts: letter.attempts,
            detail: &letter.detail,
            queued: letter.queued,
            died_at: Instant(letter.died_at),
        }
    }
}

/// `GET` and `POST /v1/webhooks`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::POST { add(call).await } else { list(call).await }
}

/// `GET`, `PATCH` and `DELETE /v1/webhooks/{id}`.
pub(super) async fn one(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    match *call.head.method() {
        Method::PATCH => amend(call).await,
        Method::DELETE => {
            call.backend().webhook.end(&call.context(), &of(call)?).await??;
            Ok(Reply::done())
        }
        _ => {
            let shown = call.backend().webhook.get(&call.context(), &of(call)?).await??;
            Ok(Reply::document(&ShownWebhook::from(&shown)))
        }
    }
}

async fn add(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let fields = Object::strict(&["url", "description", "events", "user_id"], &body)?;
    let request = Add {
        caller,
        user: fields.number("user_id", ID_MAX)?.map(UserId),
        url: WebhookUrl::parse(fields.required("url")?)?,
        description: fields.description()?,
        events: kinds(&fields)?.unwrap_or_default(),
    };
    let issued = call.backend().webhook.add(&call.context(), &request).await??;
    Ok(Reply::created(&format!("/v1/webhooks/{}", issued.shown.webhook.id), &ShownIssued::from(&issued)))
}

/// The events that are named, if the field is there.
fn kinds<const N: usize>(fields: &Object<'_, N>) -> Result<Option<EventKinds>, Invalid> {
    let Some(raw) = fields.raw("events") else { return Ok(None) };
    let names = json::elements("events", raw, EventKind::ALL.len())?;
    let kind = |name: &serde_json::value::RawValue| EventKind::parse(name.get().trim_matches('"'));
    names.into_iter().map(kind).collect::<Result<EventKinds, _>>().map(Some)
}

async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let user = Query::read(&["user_id"], call.head.uri().query())?.user()?;
    let found = call.backend().webhook.list(&call.context(), &OfUser { caller, user }).await??;
    Ok(Reply::document(&Webhooks { webhooks: found.iter().map(ShownWebhook::from).collect() }))
}

async fn amend(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let body = call.json().await?;
    let fields = Object::strict(&["url", "description", "events", "status"], &body)?;
    let enabled = match fields.text("status")?.as_deref() {
        None => None,
        Some("enabled") => Some(true),
        Some("disabled") => Some(false),
        Some(_) => return Err(Invalid::new("status", "must be enabled or disabled").into()),
    };
    let request = Amend {
        of,
        url: fields.text("url")?.map(WebhookUrl::parse).transpose()?,
        description: fields.text("description")?.map(Description::parse).transpose()?,
        events: kinds(&fields)?,
        enabled,
    };
    let shown = call.backend().webhook.amend(&call.context(), &request).await??;
    Ok(Reply::document(&ShownWebhook::from(&shown)))
}

/// `POST /v1/webhooks/{id}/secret`.
pub(super) async fn renew(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    nothing(call).await?;
    let issued = call.backend().webhook.renew(&call.context(), &of).await??;
    Ok(Reply::document(&ShownIssued::from(&issued)))
}

/// `POST /v1/webhooks/{id}/test`.
pub(super) async fn ping(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    nothing(call).await?;
    let Pinged { delivered, answered, detail, took_ms } = call.backend().webhook.ping(&call.context(), &of).await??;
    Ok(Reply::document(&Ping { delivered, response_status: answered, detail: &detail, duration_ms: took_ms }))
}

/// `GET /v1/webhooks/{id}/deliveries`: newest first.
pub(super) async fn deliveries(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = listed(call)?;
    let tried = call.backend().webhook.deliveries(&call.context(), &request).await??;
    Ok(Reply::document(&Deliveries { deliveries: tried.iter().map(ShownDelivery::from).collect() }))
}

/// `GET /v1/webhooks/{id}/dead_letters`: by account and number.
pub(super) async fn dead_letters(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = listed(call)?;
    let letters = call.backend().webhook.dead_letters(&call.context(), &request).await??;
    Ok(Reply::document(&DeadLetters { dead_letters: letters.iter().map(ShownLetter::from).collect() }))
}

/// `POST /v1/webhooks/{id}/replay`: dead letters; or, with `from_seq`, all of an account from there on.
pub(super) async fn replay(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let body = call.json().await?;
    let what = again(if body.is_empty() { b"{}" } else { &body })?;
    let replayed = call.backend().webhook.replay(&call.context(), &Replay { of, what }).await??;
    Ok(Reply::document(&Replayed { replayed }))
}

fn again(body: &[u8]) -> Result<Again, Invalid> {
    let fields = Object::strict(&["account_id", "from_seq"], body)?;
    let account = fields.number("account_id", ID_MAX)?.map(AccountId);
    match (account, fields.number("from_seq", ID_MAX)?) {
        (account, None) => Ok(Again::Dead(account)),
        (Some(account), Some(seq)) => Ok(Again::From(account, seq)),
        (None, Some(_)) => Err(Invalid::new("account_id", "is required with from_seq")),
    }
}

/// A body that may be missing, and has no fields.
async fn nothing(call: &mut Call<'_>) -> Result<(), Trouble> {
    let body = call.json().await?;
    if !body.is_empty() {
        Object::strict(&[], &body)?;
    }
    Ok(())
}

fn of(call: &Call<'_>) -> Result<OfWebhook, Trouble> {
    Ok(OfWebhook { caller: call.caller()?, webhook: query::webhook(call.head.uri().path())? })
}

fn listed(call: &Call<'_>) -> Result<Listed, Trouble> {
    let of = of(call)?;
    let limit = Query::read(&["limit"], call.head.uri().query())?.limit()?;
    Ok(Listed { of, limit })
}

fn message_id(account: AccountId, seq: u64) -> String {
    format!("msg_{account}_{seq}")
}

/// A message as it is brought: `type`, `timestamp` and `data`, as Standard Webhooks has it.
pub fn written(message: &Message<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Sent<T> {
        r#type: &'static str,
        timestamp: Instant,
        data: T,
    }
    #[derive(Serialize)]
    struct Happened<'a> {
        account_id: u64,
        seq: u64,
        entry: ShownEntry,
        transfer: ShownTransfer<'a>,
    }
    #[derive(Serialize)]
    struct Nothing {
        webhook_id: u64,
    }
    let body = match message {
        Message::Event(event) => serde_json::to_vec(&Sent {
            r#type: event.kind().as_str(),
            timestamp: Instant(event.entry.created_at),
            data: Happened {
                account_id: event.entry.account.0,
                seq: event.entry.seq,
                entry: ShownEntry::new(&event.entry, event.transfer.asset),
                transfer: (&event.transfer).into(),
            },
        }),
        Message::Ping { webhook, at } => serde_json::to_vec(&Sent {
            r#type: "ping",
            timestamp: Instant(*at),
            data: Nothing { webhook_id: webhook.0 },
        }),
    };
    body.expect("texts and numbers are JSON")
}

#[cfg(test)]
mod tests {
    use super::{again, written};
    use crate::api::webhook::Again;
    use crate::domain::account::AccountId;
    use crate::domain::time::Timestamp;
    use crate::domain::webhook::{Message, WebhookId};

    #[test]
    fn a_ping_is_written_as_events_are() {
        let ping = Message::Ping { webhook: WebhookId(7), at: Timestamp(1_772_366_400_000_001) };
        let text = r#"{"type":"ping","timestamp":"2026-03-01T12:00:00.000001Z","data":{"webhook_id":7}}"#;
        assert_eq!(String::from_utf8(written(&ping)).expect("text"), text);
    }

    #[test]
    fn what_is_to_be_brought_again_is_said_in_one_way() {
        assert_eq!(again(b"{}"), Ok(Again::Dead(None)));
        assert_eq!(again(br#"{"account_id":3}"#), Ok(Again::Dead(Some(AccountId(3)))));
        assert_eq!(again(br#"{"account_id":3,"from_seq":1}"#), Ok(Again::From(AccountId(3), 1)));
        for (wrong, field) in [
            (r#"{"from_seq":1}"#, "account_id"),
            (r#"{"account_id":0}"#, "account_id"),
            (r#"{"account_id":1,"from_seq":0}"#, "from_seq"),
            (r#"{"dead":true}"#, "dead"),
        ] {
            assert_eq!(again(wrong.as_bytes()).expect_err(wrong).field, field);
        }
    }
}
