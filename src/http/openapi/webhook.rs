//! `/v1/webhooks`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Delete, Get, Patch, Post};

use super::account::{invalid, json_of};
use super::answer::Said;
use super::operation::{JSON, Operation, Taken, Who};
use super::value::{Need, Others, Shape, description, event, like, list, number, one_of, record, whole};
use crate::api::Refusal;
use crate::api::account::PAGE_MAX;
use crate::domain::webhook::EventKind;
use crate::http::reply::Reply;
use crate::http::webhook::{DeadLetters, Deliveries, Ping, Replayed, ShownIssued, ShownWebhook, Webhooks};

/// What they are, in short.
pub(super) const ABOUT: &str = "Where events of a user's accounts are brought to: every entry of an account is one, signed after Standard Webhooks, \
    brought in order and at least once. docs/webhooks.md says how to receive them.";

const URL: &str = "https://hooks.example/teller";
const TIME: &str = "2026-03-01T12:00:00.000001Z";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![list_all(), add(), get(), amend(), end(), deliveries(), dead_letters(), replay(), renew(), ping()]
}

fn list_all() -> Operation {
    Operation::new(Get, "/v1/webhooks", "listWebhooks", "List a user's webhooks")
        .query("user_id", number(""), "Whose, for operators; one's own, if it is missing.")
        .by(Who::SignedIn)
        .answers::<Webhooks<'_>>("All of them, oldest first.", json!({"webhooks": [example()]}))
        .refuses([Refusal::InvalidSession, invalid("user_id", "must be a whole number from 1"), Refusal::NoSuchUser])
        .asks()
}

fn add() -> Operation {
    let fields = [
        ("url", Need::Must, url()),
        ("description", Need::May, description()),
        ("events", Need::May, events()),
        ("user_id", Need::May, number("Whose, for operators; one's own, if it is missing.")),
    ];
    let body = json!({"url": URL, "description": "shop", "events": ["transfer.posted", "deposit.posted"]});
    Operation::new(Post, "/v1/webhooks", "addWebhook", "Have events brought somewhere")
        .about("From now on, for all accounts, those that are opened later included. The secret is told this once.")
        .by(Who::SignedIn)
        .takes(json_of(record(Others::Refused, fields), vec![("shop", body)]))
        .creates::<ShownIssued<'_>>("The webhook, and its secret.", issued())
        .refuses([
            Refusal::InvalidSession,
            invalid("url", "must be https://"),
            Refusal::NoSuchUser,
            Refusal::TooManyWebhooks(10),
        ])
        .asks()
}

fn get() -> Operation {
    one(Operation::new(Get, "/v1/webhooks/{id}", "getWebhook", "Get a webhook"))
        .answers::<ShownWebhook<'_>>("The webhook.", example())
}

fn amend() -> Operation {
    let fields = [
        ("url", Need::May, url()),
        ("description", Need::May, description()),
        ("events", Need::May, events()),
        ("status", Need::May, one_of(["enabled", "disabled"], "Enabled again, it goes on where it stopped.")),
    ];
    let examples = vec![("stop", json!({"status": "disabled"})), ("start", json!({"status": "enabled"}))];
    one(Operation::new(Patch, "/v1/webhooks/{id}", "amendWebhook", "Change a webhook"))
        .takes(json_of(record(Others::Refused, fields), examples))
        .answers::<ShownWebhook<'_>>("The webhook as it is now.", example())
        .refuses([invalid("status", "must be enabled or disabled")])
}

fn end() -> Operation {
    one(Operation::new(Delete, "/v1/webhooks/{id}", "endWebhook", "Delete a webhook"))
        .says(Said::bare(Reply::done().status(), "It is deleted, with all that was known of it."))
}

fn deliveries() -> Operation {
    let tried = json!({
        "message_id": "msg_1_7", "account_id": 1, "seq": 7, "event": "transfer.posted", "attempt": 1, "status": "delivered",
        "response_status": 204, "detail": "", "duration_ms": 12, "next_try_at": null, "at": TIME,
    });
    listed(Operation::new(Get, "/v1/webhooks/{id}/deliveries", "listDeliveries", "List the last tries"))
        .about("Of each account's last 64 events the last try, newest first.")
        .answers::<Deliveries<'_>>("The tries.", json!({"deliveries": [tried]}))
}

fn dead_letters() -> Operation {
    let letter = json!({
        "message_id": "msg_1_7", "account_id": 1, "seq": 7, "event": "transfer.posted", "attempts": 8, "detail": "no answer in time",
        "queued": false, "died_at": TIME,
    });
    listed(Operation::new(Get, "/v1/webhooks/{id}/dead_letters", "listDeadLetters", "List events that were given up"))
        .answers::<DeadLetters<'_>>("They, by account and number.", json!({"dead_letters": [letter]}))
}

fn replay() -> Operation {
    let fields = [
        ("account_id", Need::May, number("Of this account alone.")),
        ("from_seq", Need::May, whole(1, i64::MAX as u64, "All of that account's events from this one on, in order.")),
    ];
    let taken = optional(record(Others::Refused, fields), json!({}));
    one(Operation::new(Post, "/v1/webhooks/{id}/replay", "replayWebhook", "Have events brought again"))
        .about("Dead letters, once more each; or, with `from_seq`, all of an account's events from that one on.")
        .takes(taken)
        .answers::<Replayed>("How many dead letters, or accounts.", json!({"replayed": 1}))
        .refuses([invalid("account_id", "is required with from_seq"), Refusal::NoSuchAccount])
}

fn renew() -> Operation {
    one(Operation::new(Post, "/v1/webhooks/{id}/secret", "renewWebhookSecret", "Get another secret"))
        .about("For a day events are signed with both, the new one first.")
        .takes(optional(record(Others::Refused, []), json!({})))
        .answers::<ShownIssued<'_>>("The webhook, and its new secret.", issued())
        .refuses([invalid("body", "must be a JSON object")])
}

fn ping() -> Operation {
    let heard = json!({"delivered": true, "response_status": 204, "detail": "", "duration_ms": 12});
    one(Operation::new(Post, "/v1/webhooks/{id}/test", "testWebhook", "Try whether a message arrives"))
        .about("Sends a `ping`, signed as events are, and waits a second at most.")
        .takes(optional(record(Others::Refused, []), json!({})))
        .answers::<Ping<'_>>("What came of it.", heard)
        .refuses([invalid("body", "must be a JSON object")])
}

fn one(operation: Operation) -> Operation {
    let operation = operation.part("id", number(""), 1, "The webhook's number.").by(Who::SignedIn);
    operation.refuses([Refusal::InvalidSession, Refusal::NoSuchWebhook]).asks()
}

fn listed(operation: Operation) -> Operation {
    let limit = whole(1, PAGE_MAX.into(), "");
    one(operation)
        .query("limit", limit, "At most as many; 100, if it is missing.")
        .refuses([invalid("limit", "must be a whole number from 1 to 1000")])
}

fn optional(shape: Shape, example: Value) -> Taken {
    Taken { media_types: &[JSON], shape, required: false, examples: vec![("all", example)] }
}

fn url() -> Shape {
    like("^https?://[!-~]+$", "An address of the public Internet, `https://`; of at most 2048 characters.", URL)
}

fn events() -> Shape {
    list(EventKind::ALL.len(), event(), "Which events; all, if it is missing.")
}

fn example() -> Value {
    json!({
        "id": 1, "user_id": 1, "url": URL, "description": "shop", "events": ["transfer.posted", "deposit.posted"], "status": "enabled",
        "failing_since": null, "signed": true, "waiting": 0, "dead_letters": 0, "created_at": TIME, "updated_at": TIME,
    })
}

fn issued() -> Value {
    json!({"webhook": example(), "secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
}
