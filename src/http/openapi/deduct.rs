//! `POST /deduct`, described.

use serde_json::json;
use utoipa::openapi::path::HttpMethod::Post;

use super::account::invalid;
use super::answer::Said;
use super::operation::{FORM, JSON, Operation, Taken, Who};
use super::transfer::movement;
use super::value::{Need, Others, Shape, amount, decimal, either, just, like, number, record};
use crate::api::Refusal;
use crate::http::reply::Reply;

/// What it is, in short.
pub(super) const ABOUT: &str = "Money taken from a user's account in the default currency, as published: statuses, and the same code in the body. \
    A thousand at once lose nothing.";

/// The one call.
pub(super) fn operations() -> Vec<Operation> {
    let success = json!({"code": 200, "message": "success", "data": {"user_id": 1, "balance": 990.00}});
    let said = Said::document(Reply::document(&()).status(), "Taken, and what is left.", taken(), success);
    let body = Taken {
        media_types: &[JSON, FORM],
        shape: asked(),
        required: true,
        examples: vec![("ten", json!({"user_id": 1, "amount": 10.00}))],
    };
    let operation = Operation::new(Post, "/deduct", "deduct", "Take money from a user")
        .about("Open to all in development on this machine; elsewhere for the user and for operators.")
        .by(Who::Contract)
        .keyed()
        .takes(body)
        .says(said)
        .replayed()
        .refuses([Refusal::InvalidSession, invalid("user_id", "is required"), Refusal::NoSuchUser])
        .refuses(movement())
        .asks();
    vec![operation]
}

fn asked() -> Shape {
    let digits = like("^[0-9]+$", "The same, as text.", "1");
    let fields = [
        ("user_id", Need::Must, either([number("The user."), digits])),
        (
            "amount",
            Need::Must,
            either([decimal("In the currency's units, read from its text and never through a float."), amount()]),
        ),
    ];
    record(Others::Ignored, fields)
}

fn taken() -> Shape {
    let left = [
        ("user_id", Need::Must, number("The user.")),
        ("balance", Need::Must, decimal("What is left, with two decimals.")),
    ];
    let fields = [
        ("code", Need::Must, just(Reply::document(&()).status())),
        ("message", Need::Must, just("success")),
        ("data", Need::Must, record(Others::Ignored, left)),
    ];
    record(Others::Ignored, fields)
}
