//! What is another's: every route with a number in it, by every method it takes, asked by somebody else.

use hyper::Method;
use serde_json::{Value, json};

use crate::program::{Holder, PASSWORD, text};
use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::program::Program;

/// What Alice has, as she is shown it.
async fn alices(alice: &mut Holder, account: u64, transfer: &str) -> Vec<Value> {
    let mut shown = Vec::new();
    for path in [
        "/v1/users/me".to_owned(),
        "/v1/accounts".to_owned(),
        format!("/v1/accounts/{account}/entries"),
        format!("/v1/transfers/{transfer}"),
    ] {
        let reply = alice.browser.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        shown.push(reply.json());
    }
    shown
}

/// A body for `path` that would do something there, if it were one's own.
fn body(path: &str, account: u64, own: u64) -> Value {
    match path.rsplit('/').next().expect("a part") {
        "deposits" | "withdrawals" => json!({"amount": "1.00", "currency": "CNY", "reference": "matrix"}),
        "transfers" => {
            json!({"from_account_id": account, "to_account_id": own, "amount": "1.00", "currency": "CNY"})
        }
        "batch" => json!({"transfers": [body("/v1/transfers", account, own)]}),
        "post" | "void" => json!({}),
        _ => json!({"status": "frozen"}),
    }
}

pub async fn what_is_anothers_is_neither_shown_nor_moved_by_any_route(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = Holder::demo(&program, "alice").await;
    let mut bob = Holder::demo(&program, "bob").await;
    let own = bob.browser.get("/v1/accounts").await.json()["accounts"][0]["id"].as_u64().expect("a number");
    let accounts = alice.browser.get("/v1/accounts").await.json();
    let account = accounts["accounts"][0]["id"].as_u64().expect("a number");
    // To somebody who is not Bob; and held, so that it could be posted or voided.
    let order = json!({"from_account_id": account, "to_account_id": carols(&program).await, "amount": "5.00",
        "currency": "CNY", "pending": true});
    let held = alice.browser.json("/v1/transfers", &order).await;
    assert_eq!(held.status, 201, "{held:?}");
    let transfer = text(&held.json()["transfer"]["id"]);
    let before = alices(&mut alice, account, &transfer).await;

    let mut cookie = program.browser();
    let signed_in = json!({"username": "bob", "password": PASSWORD});
    assert_eq!(cookie.json("/api/entrytask/user/signin", &signed_in).await.err_code(), "7");
    let mut asked = 0;
    for path in [
        format!("/v1/accounts/{account}"),
        format!("/v1/accounts/{account}/entries"),
        format!("/v1/accounts/{account}/balance"),
        format!("/v1/accounts/{account}/deposits"),
        format!("/v1/accounts/{account}/withdrawals"),
        "/v1/transfers".to_owned(),
        "/v1/transfers/batch".to_owned(),
        format!("/v1/transfers/{transfer}"),
        format!("/v1/transfers/{transfer}/post"),
        format!("/v1/transfers/{transfer}/void"),
        format!("/v1/sessions/{}", alice.session),
    ] {
        let options = cookie.send(Method::OPTIONS, &path, None, "").await;
        let allow = options.header("allow").to_owned();
        let methods = allow.split(", ").filter(|method| *method != "OPTIONS");
        for method in methods {
            for browser in [&mut bob.browser, &mut cookie] {
                assert!(is_refused(browser, method, &path, &body(&path, account, own)).await, "{method} {path}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 28, "only {asked} were asked");
    assert_eq!(alices(&mut alice, account, &transfer).await, before, "nothing has changed");
    program.stop().await;
}

/// Whether the answer is a refusal that shows nothing.
async fn is_refused(browser: &mut Browser, method: &str, path: &str, body: &Value) -> bool {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let has_body = method != Method::GET && method != Method::HEAD && method != Method::DELETE;
    let reply = match has_body {
        true => browser.send(method.clone(), path, Some("application/json"), body.to_string()).await,
        false => browser.send(method.clone(), path, None, "").await,
    };
    if path.ends_with("/batch") {
        // Each of a batch has an answer of its own.
        return reply.status == 200 && reply.json()["results"][0]["problem"]["type"] == "/problems/account-not-found";
    }
    if method == Method::HEAD {
        return reply.status == 404;
    }
    let kind = text(&reply.json()["type"]);
    let hidden = reply.status == 404 && kind.ends_with("-not-found");
    hidden || (reply.status == 403 && kind == "/problems/operator-only")
}

/// The account of somebody else.
async fn carols(program: &Program) -> u64 {
    let mut carol = program.browser();
    let user =
        json!({"username": "carol", "password": "plausible lemur", "full_name": "Carol", "email": "c@example.com"});
    assert_eq!(carol.json("/v1/users", &user).await.status, 201);
    let reply = crate::program::log_in(&mut carol, "carol", "plausible lemur").await;
    let mut carol = Holder::of(&carol, &reply);
    let opened = carol.browser.json("/v1/accounts", &json!({"currency": "CNY"})).await.json();
    opened["id"].as_u64().expect("a number")
}
