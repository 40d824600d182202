//! Whatever is refused is refused as described: a little of everything that is wrong, on every call.

use std::collections::BTreeSet;

use hyper::{Method, Request};
use serde_json::{Value, json};

use crate::answers::signed_in;
use crate::described::{Call, Described, is_done};
use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply, fetch};
use crate::support::program::Program;

const JSON: Option<&str> = Some("application/json");

pub async fn every_refusal_is_a_described_one(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let described = Described::of(&program).await;
    let calls = described.calls();
    let find = |name: &str| calls.iter().find(|call| call.told["operationId"] == name).expect("it is described");
    let mut refused = BTreeSet::new();
    for call in &calls {
        for user in ["", "alice", "operator"] {
            for reply in wrong(&program, &described, call, user).await {
                refused.extend((!is_done(&reply)).then(|| call.name()));
            }
        }
    }
    for call in calls.iter().filter(|call| !call.told["parameters"].is_null() || !call.takes().is_empty()) {
        assert!(refused.contains(&call.name()), "nothing was refused by {}", call.name());
    }
    let mut seen = BTreeSet::new();
    let (mut alice, mut operator) = (signed_in(&program, "alice").await, signed_in(&program, "operator").await);
    for (operation, path, body, kind) in ladder() {
        let browser = if path.contains("accounts/") { &mut operator } else { &mut alice };
        browser.key = Some(format!("ladder-{kind}"));
        let reply = described.ask(browser, find(operation), path, JSON, &body.to_string()).await;
        assert!(reply.json()["type"] == format!("/problems/{kind}"), "{kind}: {reply:?}");
        seen.insert(kind);
    }
    settled(&described, find("postPending"), find("postTransfer"), &mut alice).await;
    assert!(seen.len() > 10, "{seen:?}");
    program.stop().await;
}

/// What is wrong with any call like this, or may be.
async fn wrong(program: &Program, described: &Described, call: &Call, user: &str) -> Vec<Reply> {
    let mut browser = if user.is_empty() { program.browser() } else { signed_in(program, user).await };
    let session = browser.session.clone();
    let path = call.example_path();
    let long = "x".repeat(70_000);
    let mut replies = Vec::new();
    let bodies = ["", "{", "[]", "{\"unknown\":1}", "{\"amount\":1e400,\"user_id\":1}", "username=a&password=b", &long];
    for body in bodies.into_iter().take(if call.takes().is_empty() { 1 } else { bodies.len() }) {
        for media_type in [None, JSON, Some("application/x-www-form-urlencoded"), Some("text/plain")] {
            browser.session.clone_from(&session);
            replies.push(described.ask(&mut browser, call, &path, media_type, body).await);
        }
    }
    for query in ["?limit=0", "?cursor=x", "?from=yesterday", "?at=noon", "?unknown=1", "?%FF"] {
        browser.session.clone_from(&session);
        replies.push(described.ask(&mut browser, call, &format!("{path}{query}"), None, "").await);
    }
    for part in ["0", "999999999", "x", "00000000-0000-4000-8000-000000000000", "%FF"] {
        browser.session.clone_from(&session);
        let path = call.path.replace("{id}", part).replace("{name}", part).replace("{place}", part);
        replies.push(described.ask(&mut browser, call, &path, None, "").await);
    }
    for header in
        [("sec-fetch-site", "cross-site"), ("host", "another"), ("idempotency-key", ""), ("authorization", "Basic x")]
    {
        let reply = fetch(program.http(), headed(call, &path, &session, header)).await;
        described.check(call, &reply);
        replies.push(reply);
    }
    replies
}

fn headed(
    call: &Call,
    path: &str,
    session: &Option<String>,
    (name, value): (&str, &str),
) -> Request<http_body_util::Full<bytes::Bytes>> {
    let mut request =
        Request::builder().method(call.method.clone()).uri(path).header("host", "teller").header(name, value);
    if let Some(session) = session {
        request = request.header("cookie", format!("sessionID={session}"));
    }
    request.body(Default::default()).expect("a request")
}

/// A call, its path and body, and the type of problem that it comes to. In order: later ones need what earlier ones did.
fn ladder() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let order = |from: u64, to: u64, amount: &str, currency: &str| json!({"from_account_id": from, "to_account_id": to, "amount": amount, "currency": currency});
    let bank =
        |amount: &str, currency: &str| json!({"amount": amount, "currency": currency, "reference": "seed-1-CNY"});
    let transfers = "/v1/transfers";
    vec![
        ("openAccount", "/v1/accounts", json!({"currency": "CNY"}), "account-exists"),
        ("openAccount", "/v1/accounts", json!({"currency": "XAU"}), "invalid-request"),
        ("postTransfer", transfers, order(1, 1, "1", "CNY"), "same-account"),
        ("postTransfer", transfers, order(3, 1, "1", "CNY"), "account-not-found"),
        ("postTransfer", transfers, order(1, 3, "1", "USD"), "currency-mismatch"),
        ("postTransfer", transfers, order(1, 3, "0", "CNY"), "amount-not-positive"),
        ("postTransfer", transfers, order(1, 3, "0.001", "CNY"), "too-many-decimals"),
        ("postTransfer", transfers, order(1, 3, &"9".repeat(37), "CNY"), "amount-too-large"),
        ("postTransfer", transfers, order(1, 3, "1000.01", "CNY"), "insufficient-funds"),
        ("postPending", "/v1/transfers/e16acaf6-88ce-8d6f-995f-35f5770f46a1/post", json!({}), "not-pending"),
        ("deposit", "/v1/accounts/1/deposits", bank("1", "CNY"), "reference-used"),
        ("deposit", "/v1/accounts/999999/deposits", bank("1", "CNY"), "account-not-found"),
        ("withdraw", "/v1/accounts/1/withdrawals", bank("5000", "CNY"), "insufficient-funds"),
        (
            "withdraw",
            "/v1/accounts/1/withdrawals",
            json!({"amount": "1", "currency": "CNY", "reference": ""}),
            "invalid-request",
        ),
        ("amendAccount", "/v1/accounts/1", json!({"status": "closed"}), "account-not-empty"),
    ]
}

/// A hold that is posted in part, and then once more, and a key that is used for another request.
async fn settled(described: &Described, post: &Call, transfer: &Call, alice: &mut Browser) {
    let mut hold =
        json!({"from_account_id": 1, "to_account_id": 3, "amount": "10", "currency": "CNY", "pending": true});
    alice.key = Some("hold".to_owned());
    let made = described.ask(alice, transfer, "/v1/transfers", JSON, &hold.to_string()).await;
    hold["amount"] = json!("11");
    let reused = described.ask(alice, transfer, "/v1/transfers", JSON, &hold.to_string()).await;
    assert_eq!(reused.json()["type"], "/problems/key-reused");
    alice.key = None;
    let path = format!("{}/post", made.header("location"));
    for (amount, kind) in [("11", Some("more-than-held")), ("4", None), ("4", Some("already-settled"))] {
        let reply = described.ask(alice, post, &path, JSON, &json!({"amount": amount}).to_string()).await;
        assert_eq!(reply.json()["type"].as_str().map(|text| text.trim_start_matches("/problems/")), kind);
    }
    let get = alice.send(Method::GET, made.header("location"), None, "").await;
    assert_eq!(get.json()["hold"]["status"], "posted");
}
