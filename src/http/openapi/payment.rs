//! `/payment`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Get, Post};
use utoipa::openapi::schema::{ArrayBuilder, Schema};

use super::account::invalid;
use super::answer::{Said, paid};
use super::operation::{FORM, JSON, Operation, Taken, Who};
use super::value::{
    Need, Others, Shape, amount, cursor, decimal, description, either, instant, like, number, payment_status, record,
    whole,
};
use crate::api::Refusal;
use crate::http::payment::Word;
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "Payments through a gateway, as published: under one token a payment is charged once, however often it is asked for. \
    Open to all in development on this machine; elsewhere for the payer and for operators.";

const TOKEN: &str = "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e";
const ORDER: &str = "PAY_9F86D081884C7D65";
const REQUEST: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![token(), pay(), status(), records()]
}

fn token() -> Operation {
    let fields = [("user_id", Need::Must, user()), ("amount", Need::May, sum())];
    let issued = [
        ("token", Need::Must, like("^pt_[A-Za-z0-9_-]+$", "Signed, and good for one payment.", "pt_AAAA")),
        ("expires_at", Need::Must, instant()),
    ];
    let example = json!({"token": "pt_AAAA", "expires_at": "2026-03-01T12:15:00.000001Z"});
    contract(Operation::new(Post, "/payment/token", "issuePaymentToken", "Get a token for a payment"))
        .about("Bound to the user and, where it is given, to the amount.")
        .takes(body(record(Others::Ignored, fields), json!({"user_id": "user_123", "amount": "10.00"})))
        .says(Said::document(Reply::document(&()).status(), "The token.", record(Others::Ignored, issued), example))
        .refuses([Refusal::InvalidSession, invalid("user_id", "is required"), Refusal::NoSuchUser])
        .asks()
}

fn pay() -> Operation {
    let fields = [
        ("idempotent_token", Need::Must, like("^[!-~]{1,255}$", "One that was issued, or a UUID.", TOKEN)),
        ("amount", Need::Must, sum()),
        ("user_id", Need::Must, user()),
        ("description", Need::May, description()),
    ];
    let example = json!({"idempotent_token": TOKEN, "amount": 10.00, "user_id": "user_123", "description": "tea"});
    let said = |word: Word, about: &str, example: Value| {
        Said::document(Reply::payment(word, &()).status(), about, paid(), example)
    };
    let answer = |status: &str, message: &str| json!({"status": status, "message": message, "order_id": ORDER, "request_id": REQUEST});
    let busy = json!({"status": "RETRY", "message": "too busy, nothing was begun", "request_id": REQUEST});
    contract(Operation::new(Post, "/payment", "pay", "Pay"))
        .about("Sent again with the same token it is one payment: what succeeded is answered the same for ever, what failed is tried again.")
        .takes(body(record(Others::Ignored, fields), example))
        .says(said(Word::Success, "Paid.", answer("SUCCESS", "payment successful")))
        .says(said(Word::Processing, "On its way: `GET /payment/status` tells how it ends.", answer("PROCESSING", "payment is being processed")))
        .says(said(Word::Retry, "Nothing was begun.", busy).with_header("Retry-After", "Seconds to wait."))
        .says(said(Word::Failed, "Nothing was charged. The same token may be tried again.", answer("FAILED", "insufficient balance")))
        .refuses([
            Refusal::InvalidSession,
            invalid("idempotent_token", "must be a token as it was issued"),
            Refusal::NoSuchUser,
            Refusal::PaymentDiffers { field: "amount".to_owned() },
        ])
        .asks()
}

fn status() -> Operation {
    contract(Operation::new(Get, "/payment/status", "getPaymentStatus", "Get a payment's record"))
        .asked("token", like("^[!-~]{1,255}$", "", TOKEN), TOKEN, "Which.")
        .says(Said::document(Reply::document(&()).status(), "The record.", kept(), example()))
        .refuses([Refusal::InvalidSession, invalid("token", "is required"), Refusal::NoSuchPayment])
        .asks()
}

fn records() -> Operation {
    let list = Schema::from(ArrayBuilder::new().items(kept()));
    let said =
        Said::document(Reply::document(&()).status(), "A page of them, newest first.", list.into(), json!([example()]));
    contract(Operation::new(Get, "/payment/records", "listPayments", "List payments"))
        .about("One's own; all, for operators.")
        .query("limit", whole(1, 1000, ""), "Items on a page; 100, if it is missing.")
        .query("cursor", cursor(), "What `Link` says of the next page.")
        .says(said.with_header("Link", "The next page's address, with `rel=\"next\"`, if there is one."))
        .refuses([Refusal::InvalidSession, invalid("limit", "must be a whole number from 1 to 1000")])
        .asks()
}

fn contract(operation: Operation) -> Operation {
    operation.by(Who::Contract)
}

fn body(shape: Shape, example: Value) -> Taken {
    Taken { media_types: &[JSON, FORM], shape, required: true, examples: vec![("tea", example)] }
}

fn user() -> Shape {
    either([like("^.{1,64}$", "The payer's user name.", "user_123"), number("Or number.")])
}

fn sum() -> Shape {
    either([decimal("In the currency of payments, read from its text and never through a float."), amount()])
}

/// A record.
fn kept() -> Shape {
    let charged = record(
        Others::Ignored,
        [
            ("order_id", Need::Must, like("^PAY_[0-9A-F]{16}$", "", ORDER)),
            ("amount", Need::Must, amount()),
            ("currency", Need::Must, like("^[A-Z]{3}$", "", "CNY")),
            (
                "refunded",
                Need::Must,
                like(r"^[0-9]+(\.[0-9]+)?$", "What was given back, refunds on their way included.", "0.00"),
            ),
            ("reference", Need::May, like("^.*$", "The gateway's own name for it.", "sim-1")),
        ],
    );
    let none =
        Schema::from(utoipa::openapi::schema::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::Null));
    record(
        Others::Ignored,
        [
            ("idempotent_key", Need::Must, like("^[!-~]{1,255}$", "The token.", TOKEN)),
            ("status", Need::Must, payment_status()),
            ("result", Need::Must, either([charged, none.into()])),
            ("created_at", Need::Must, instant()),
            ("updated_at", Need::Must, instant()),
            ("error_message", Need::May, like("^.*$", "Why it failed.", "insufficient balance")),
        ],
    )
}

fn example() -> Value {
    json!({
        "idempotent_key": TOKEN, "status": "SUCCESS",
        "result": {"order_id": ORDER, "amount": "10.00", "currency": "CNY", "refunded": "0.00", "reference": "sim-1"},
        "created_at": "2026-03-01T12:00:00.000001Z", "updated_at": "2026-03-01T12:00:00.300001Z",
    })
}
