//! `/v1/payments` and their refunds, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Get, Post};

use super::account::{invalid, paged};
use super::answer::Said;
use super::operation::{JSON, Operation, Taken, Who};
use super::value::{Need, Others, amount, description, like, record};
use crate::api::Refusal;
use crate::domain::asset::Asset;
use crate::domain::command::{Refusal as Reason, Side};
use crate::domain::money::Amount;
use crate::http::refund::{RefundPage, ShownPayment, ShownRefund};
use crate::http::reply::Reply;

/// What they are, in short.
pub(super) const ABOUT: &str = "What of a payment is given back, whole or in parts, and never more than was paid. By operators; where the published \
    contracts are open (in development on this machine), by anybody.";

const TOKEN: &str = "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e";
const ORDER: &str = "PAY_9F86D081884C7D65";
const REFUND: &str = "dde543f7-8d7e-816d-b2e2-b228e08f25d1";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![payment(), give_back(), list()]
}

fn payment() -> Operation {
    let example = json!({
        "token": TOKEN, "order_id": ORDER, "user_id": 3, "status": "SUCCESS", "amount": "10.00", "currency": "CNY", "refunded": "4.00",
        "refundable": "6.00", "description": "tea", "reference": "sim-1", "error_message": null,
        "created_at": "2026-03-01T12:00:00.000001Z", "updated_at": "2026-03-01T12:00:00.300001Z",
    });
    one(Operation::new(Get, "/v1/payments/{id}", "getPayment", "Get a payment"))
        .about("For its payer and for operators.")
        .by(Who::Contract)
        .answers::<ShownPayment<'_>>("The payment.", example)
        .refuses([Refusal::InvalidSession, Refusal::NoSuchPayment])
        .asks()
}

fn give_back() -> Operation {
    let fields = [("amount", Need::May, amount()), ("description", Need::May, description())];
    let example = json!({"amount": "0.40", "description": "the tea was cold"});
    let taken = Taken {
        media_types: &[JSON],
        shape: record(Others::Refused, fields),
        required: false,
        examples: vec![("part", example)],
    };
    let mut under_way = shown();
    (under_way["status"], under_way["transfer_id"], under_way["reference"]) =
        (json!("PROCESSING"), Value::Null, Value::Null);
    let accepted = Said::document(
        Reply::accepted(&()).status(),
        "On its way; it is finished whatever happens, and the list of refunds tells how.",
        utoipa::openapi::Ref::from_schema_name("Refund").into(),
        under_way,
    );
    let (left, asset) = (Amount::new(600).expect("it is small"), Asset::parse("CNY").expect("a currency"));
    one(Operation::new(Post, "/v1/payments/{id}/refunds", "refundPayment", "Give a payment back"))
        .about("As much as `amount` says; all that is left, without one. Under an `Idempotency-Key` it is one refund, also one that the gateway declined: another key is another try.")
        .keyed()
        .takes(taken)
        .creates::<ShownRefund<'_>>("The money is back.", shown())
        .replayed()
        .says(accepted)
        .replayed()
        .refuses([Refusal::InvalidSession, invalid("amount", "must be more than zero")])
        .by(Who::Operator)
        .refuses([
            Reason::IdReused { field: "amount".to_owned() }.into(),
            Refusal::NoSuchPayment,
            Refusal::PaymentNotPaid,
            Reason::Frozen(Side::To).into(),
            Reason::Closed(Side::To).into(),
            Refusal::MoreThanPaid { left, asset },
            Refusal::RefundDeclined { reason: "the bank declined".to_owned() },
        ])
        .asks()
}

fn list() -> Operation {
    let page = json!({"refunds": [shown()], "next": null});
    paged(one(Operation::new(Get, "/v1/payments/{id}/refunds", "listRefunds", "List a payment's refunds")))
        .about("Newest first, also those that failed. For whoever may see the payment.")
        .by(Who::Contract)
        .answers::<RefundPage<'_>>("A page of refunds.", page)
        .refuses([
            Refusal::InvalidSession,
            invalid("limit", "must be a whole number from 1 to 1000"),
            Refusal::NoSuchPayment,
        ])
        .asks()
}

fn one(operation: Operation) -> Operation {
    let name = like("^[!-~]{1,255}$", "", TOKEN);
    operation.part("id", name, TOKEN, "The payment's token, or the order that its last attempt is known by.")
}

fn shown() -> Value {
    json!({
        "id": REFUND, "payment": TOKEN, "order_id": ORDER, "status": "SUCCESS", "amount": "0.40", "currency": "CNY",
        "description": "the tea was cold", "transfer_id": REFUND, "reference": "sim-2", "error_message": null,
        "created_at": "2026-03-01T12:00:00.000001Z", "updated_at": "2026-03-01T12:00:00.300001Z",
    })
}
