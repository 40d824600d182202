//! The examples of the description, as somebody would copy them.

use hyper::Method;
use serde_json::{Value, json};
use teller::gateway::simulated::Faults;

use crate::described::{Call, Described, is_done};
use crate::matrix::sells_euros;
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::http::{Browser, Reply};
use crate::support::pictures;
use crate::support::program::Program;

/// A demo user, signed in.
pub async fn signed_in(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    let body = serde_json::json!({"username": user_name, "password": "teller-demo"});
    assert_eq!(browser.json("/api/entrytask/user/signin", &body).await.err_code(), "7");
    browser
}

pub async fn every_example_works_and_is_answered_as_described(engine: Engine) {
    // One that declines nothing.
    let gateway = Gateway::start(Faults::none()).await;
    let program = Program::start(&engine.with("TELLER_PAYMENT_GATEWAY_URL", gateway.url())).await;
    let described = Described::of(&program).await;
    let calls = described.calls();
    assert!(calls.len() > 25, "{calls:?}");
    sells_euros(&mut signed_in(&program, "operator").await).await;
    for call in &calls {
        let who = if described.is_operators(call) { "operator" } else { "alice" };
        let mut browser = signed_in(&program, who).await;
        for reply in works(&described, &mut browser, call).await {
            assert!(is_done(&reply), "{}: {reply:?}", call.name());
        }
    }
    let mut browser = program.browser();
    let document = browser.get("/openapi.json").await;
    let tag = document.header("etag").to_owned();
    let request = hyper::Request::get("/openapi.json").header("host", "teller").header("if-none-match", &tag);
    let request = request.body(Default::default()).expect("a request");
    let kept = crate::support::http::fetch(program.http(), request).await;
    assert_eq!((kept.status.as_u16(), kept.header("etag"), kept.body.len()), (304, tag.as_str(), 0));
    program.stop().await;
}

/// What becomes of a call's examples.
async fn works(described: &Described, browser: &mut Browser, call: &Call) -> Vec<Reply> {
    let mut path = call.example_path();
    match call.told["operationId"].as_str().expect("a name") {
        "updateProfilePic" => {
            let reply = upload(browser).await;
            described.check(call, &reply);
            return vec![reply];
        }
        "uploadBankStatement" => {
            let body = call.takes()["text/csv"]["examples"]["csv"]["value"].as_str().expect("a text").to_owned();
            let sent = described.ask(browser, call, &path, Some("text/csv"), &body).await;
            let again = described.ask(browser, call, &path, Some("text/csv"), &body).await;
            assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &sent.body));
            return vec![sent, again];
        }
        // No demo user has a picture before somebody uploads one.
        "getPicture" => {
            let uploaded = upload(browser).await.json();
            path = format!("/pictures/{}", uploaded["data"]["profilePath"].as_str().expect("a name"));
        }
        // Its example is a hold that the other example's caller makes again.
        "voidPending" => {
            let hold = r#"{"from_account_id":1,"to_account_id":3,"amount":"10.00","currency":"CNY","pending":true}"#;
            browser.key = Some("hold-12".to_owned());
            let made = browser.send(Method::POST, "/v1/transfers", None, hold).await;
            assert_eq!(path, format!("{}/void", made.header("location")));
        }
        _ => {}
    }
    let mut replies = Vec::new();
    for (name, mut body) in call.bodies() {
        // A session and a token that are there.
        match call.told["operationId"].as_str().expect("a name") {
            "convert" => body = json!({"quote": quoted(browser).await}).to_string(),
            "renewAccess" => body = json!({"refresh_token": login(browser).await["refresh_token"]}).to_string(),
            // Its own: the others' are still needed.
            "endWebhook" => {
                let made = browser.json("/v1/webhooks", &json!({"url": "https://hooks.example/teller"})).await;
                path = made.header("location").to_owned();
            }
            "getSession" | "endSession" => {
                path = format!("/v1/sessions/{}", login(browser).await["session_id"].as_str().expect("an id"));
            }
            _ => {}
        }
        browser.key = call.is_keyed().then(|| format!("{name}-11"));
        let media_type = (!body.is_empty()).then_some("application/json");
        replies.push(described.ask(browser, call, &path, media_type, &body).await);
        if described.is_replayed(call) {
            let again = described.ask(browser, call, &path, media_type, &body).await;
            assert_eq!(again.header("idempotency-replayed"), "true", "{}", call.name());
            // A batch says of each of its transfers that it was in effect before.
            let same = again.body == replies.last().expect("there is one").body;
            assert!(same || call.path.ends_with("/batch"), "{}: {again:?}", call.name());
        }
    }
    browser.key = None;
    if call.told["operationId"] == "putPassword" {
        let back = r#"{"current_password":"four-green-keys","new_password":"teller-demo"}"#;
        replies.push(described.ask(browser, call, &path, Some("application/json"), back).await);
    }
    replies
}

/// A quote of whoever is signed in, for ten yuan.
pub async fn quoted(browser: &mut Browser) -> String {
    let ask = json!({"from_currency": "CNY", "to_currency": "EUR", "sell_amount": "10.00"});
    let quote = browser.json("/v1/quotes", &ask).await.json();
    quote["quote"].as_str().unwrap_or_else(|| panic!("{quote}")).to_owned()
}

/// A session of Alice's with tokens.
pub async fn login(browser: &mut Browser) -> Value {
    browser.json("/v1/users/login", &json!({"username": "alice", "password": "teller-demo"})).await.json()
}

async fn upload(browser: &mut Browser) -> Reply {
    browser.upload("/api/entrytask/user/update_profile_pic", &[], &pictures::png(16, 16)).await
}
