//! What the stories share: whoever pays, and what they hear.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teller::gateway::simulated::Faults;

use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// Longer than anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program with a gateway that has no faults.
pub async fn start(engine: Engine) -> (Program, Gateway) {
    let gateway = Gateway::start(Faults::none()).await;
    let program = Program::start(&with(engine, &gateway)).await;
    (program, gateway)
}

/// The same stores with this gateway, of whose silence payments are soon taken up.
pub fn with(engine: Engine, gateway: &Gateway) -> Engine {
    let engine = engine.with("TELLER_PAYMENT_GATEWAY_URL", gateway.url());
    engine.with("TELLER_PAYMENT_GATEWAY_TIMEOUT_MS", 200).with("TELLER_PAYMENT_RECOVER_AFTER_S", 2)
}

/// A token for `user_123`.
pub async fn token(browser: &mut Browser) -> String {
    let reply = browser.json("/payment/token", &json!({"user_id": "user_123"})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["token"].as_str().expect("a token").to_owned()
}

/// A payment of `user_123`.
pub fn payment(token: &str, amount: &str) -> Value {
    json!({"idempotent_token": token, "amount": amount, "user_id": "user_123", "description": "tea"})
}

/// Asks for it.
pub async fn pay(browser: &mut Browser, token: &str, amount: &str) -> Reply {
    browser.json("/payment", &payment(token, amount)).await
}

/// The answer of this status and word; returns it.
#[track_caller]
pub fn said(reply: &Reply, status: u16, word: &str) -> Value {
    assert_eq!(reply.status, status, "{word}: {reply:?}");
    assert_eq!(reply.header("content-type"), "application/json");
    let body = reply.json();
    assert_eq!(body["status"], word, "{body}");
    assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert!(body["request_id"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    body
}

/// An answer without what is new in every one.
pub fn lasting(reply: &Reply) -> Value {
    let mut body = reply.json();
    body.as_object_mut().expect("an object").remove("request_id").expect("there is one in each");
    body
}

/// The record of a token.
pub async fn record(browser: &mut Browser, token: &str) -> Value {
    let reply = browser.get(&format!("/payment/status?token={token}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Waits until the payment is no longer processing, and returns its word.
pub async fn ended(browser: &mut Browser, token: &str) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        let reply = browser.get(&format!("/payment/status?token={token}")).await;
        if reply.status == 200 && reply.json()["status"] != "PROCESSING" {
            return reply.json()["status"].as_str().expect("a word").to_owned();
        }
        assert!(Instant::now() < until, "it is still {reply:?}");
        // Nobody tells when a payment ends but its record.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What `user_123` has, and what is held of it.
pub async fn balance(program: &Program) -> (String, String) {
    let mut payer = crate::teller::signed_in(program, "user_123").await;
    let account = crate::teller::account(&mut payer, "CNY").await;
    crate::teller::balance(&mut payer, account).await
}

/// An amount of two decimals in minor units.
pub fn cents(text: &str) -> i64 {
    text.replace('.', "").parse().expect("an amount of two decimals")
}

/// What left the account is what the gateway charged and has not given back, and nothing is held.
pub async fn agree(program: &Program, gateway: &Gateway) {
    let (left, held) = balance(program).await;
    let charged: i64 = gateway.charged().await.iter().map(|(_, amount)| cents(amount)).sum();
    let given: i64 = gateway.refunded().await.iter().map(|(_, amount)| cents(amount)).sum();
    let what = format!("{left} is left, {charged} was charged, {given} given back");
    assert_eq!((cents(&left) + charged - given, held.as_str()), (10_000_000, "0.00"), "{what}");
}
