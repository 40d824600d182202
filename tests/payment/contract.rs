//! What is answered, field by field.

use serde_json::{Value, json};

use crate::paying::{agree, balance, pay, payment, record, said, start, token};
use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::teller::signed_in;

const UUID: &str = "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e";

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

pub async fn payments_are_answered_to_the_letter(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    assert_eq!(browser.get("/health").await.json(), json!({"status": "healthy"}));

    let issued = browser.json("/payment/token", &json!({"user_id": "user_123", "amount": 10.00})).await.json();
    assert_eq!(names(&issued), ["expires_at", "token"]);
    let token = issued["token"].as_str().expect("a text").to_owned();
    let unknown = browser.get(&format!("/payment/status?token={token}")).await;
    said(&unknown, 404, "ERROR");

    let first = pay(&mut browser, &token, "10.00").await;
    let paid = said(&first, 200, "SUCCESS");
    assert_eq!(names(&paid), ["message", "order_id", "request_id", "status"]);
    let order = paid["order_id"].as_str().expect("a text").to_owned();
    let digits = order.strip_prefix("PAY_").expect("a prefix");
    assert!(digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{order}");
    assert_eq!(gateway.charged().await, [(order.clone(), "10.00".to_owned())]);
    assert_eq!(balance(&program).await, ("99990.00".to_owned(), "0.00".to_owned()));

    let again = said(&pay(&mut browser, &token, "10").await, 200, "SUCCESS");
    assert_eq!((&again["order_id"], &again["message"]), (&paid["order_id"], &paid["message"]));
    assert_ne!(again["request_id"], paid["request_id"]);
    assert_eq!(gateway.charged().await.len(), 1);

    let kept = record(&mut browser, &token).await;
    assert_eq!(names(&kept), ["created_at", "idempotent_key", "result", "status", "updated_at"]);
    assert_eq!((kept["idempotent_key"].as_str(), kept["status"].as_str()), (Some(token.as_str()), Some("SUCCESS")));
    assert_eq!((&kept["result"]["order_id"], &kept["result"]["amount"]), (&json!(order), &json!("10.00")));

    // A form, a number for the user, a UUID in either case.
    let body = format!("idempotent_token={}&amount=0.01&user_id=3&description=tea", UUID.to_uppercase());
    let form = said(&browser.form("/payment", &body).await, 200, "SUCCESS");
    let json = json!({"idempotent_token": UUID, "amount": 0.01, "user_id": 3, "description": "tea", "more": [1]});
    assert_eq!(said(&browser.json("/payment", &json).await, 200, "SUCCESS")["order_id"], form["order_id"]);
    assert_eq!(record(&mut browser, UUID).await["idempotent_key"], UUID);
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn what_cannot_be_a_payment_is_an_error(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    let good = token(&mut browser).await;
    let tampered = format!("{}A", &good[..good.len() - 1]);
    let set = |field: &str, value: Value| {
        let mut body = payment(&good, "10.00");
        body[field] = value;
        body
    };
    let mut for_ten = browser.json("/payment/token", &json!({"user_id": "user_123", "amount": "10.00"})).await.json();
    let mut of_alice = browser.json("/payment/token", &json!({"user_id": "alice"})).await.json();
    let cases = [
        (set("idempotent_token", Value::Null), "idempotent_token"),
        (set("idempotent_token", json!("")), "idempotent_token"),
        (set("idempotent_token", json!("order 1")), "idempotent_token"),
        (set("idempotent_token", json!("order-1")), "idempotent_token"),
        (
            set(
                "idempotent_token",
                json!(if tampered == good { format!("{}B", &good[..good.len() - 1]) } else { tampered }),
            ),
            "idempotent_token",
        ),
        (set("idempotent_token", of_alice["token"].take()), "idempotent_token"),
        (set("amount", Value::Null), "amount"),
        (set("amount", json!(0)), "amount"),
        (set("amount", json!("-1.00")), "amount"),
        (set("amount", json!("0.001")), "amount"),
        (set("amount", json!("ten")), "amount"),
        (set("amount", json!("1".repeat(40))), "amount"),
        (set("user_id", Value::Null), "user_id"),
        (set("description", json!("x".repeat(141))), "description"),
        (set("description", json!("a\u{0}b")), "description"),
    ];
    for (body, field) in &cases {
        let refused = said(&browser.json("/payment", body).await, 400, "ERROR");
        assert!(refused["message"].as_str().is_some_and(|text| text.starts_with(&format!("{field}: "))), "{refused}");
    }
    let mut dear = payment(for_ten["token"].take().as_str().expect("a token"), "11.00");
    said(&browser.json("/payment", &dear).await, 400, "ERROR");
    dear["amount"] = json!("10.00");
    said(&browser.json("/payment", &dear).await, 200, "SUCCESS");
    said(&browser.json("/payment", &set("user_id", json!("nobody"))).await, 404, "ERROR");
    said(&browser.get("/payment/status").await, 400, "ERROR");
    said(&browser.get(&format!("/payment/status?token={UUID}")).await, 404, "ERROR");
    said(&browser.get("/payment").await, 405, "ERROR");
    said(&browser.json("/payment", &json!([])).await, 400, "ERROR");
    assert_eq!(gateway.charged().await.len(), 1);
    program.stop().await;

    // With no money, or no account: a failure that is kept.
    let mut poor = payment(&good, "100000.01");
    let (program, gateway) = start(Engine::embedded()).await;
    let mut browser = program.browser();
    poor["idempotent_token"] = json!(token(&mut browser).await);
    let failed = said(&browser.json("/payment", &poor).await, 500, "FAILED");
    assert_eq!(failed["message"], "insufficient balance");
    let kept = record(&mut browser, poor["idempotent_token"].as_str().expect("a text")).await;
    assert_eq!((&kept["status"], &kept["error_message"]), (&json!("FAILED"), &json!("insufficient balance")));
    let none = json!({"idempotent_token": UUID, "amount": "1", "user_id": "wallet_demo", "description": ""});
    said(&browser.json("/payment", &none).await, 500, "FAILED");
    assert_eq!(gateway.charged().await.len(), 0);
    program.stop().await;
}

/// The tokens of a page, and where the next one is.
async fn page(browser: &mut Browser, path: &str) -> (Vec<String>, Option<String>) {
    let reply = browser.get(path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let records = reply.json();
    let records = records.as_array().expect("a list").iter();
    let tokens = records.map(|record| record["idempotent_key"].as_str().expect("a text").to_owned()).collect();
    let next = reply.header("link").split_once('>').map(|(target, _)| target.trim_start_matches('<').to_owned());
    (tokens, next)
}

pub async fn records_are_newest_first_page_by_page(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    assert_eq!(page(&mut browser, "/payment/records").await, (Vec::new(), None));
    let mut paid = Vec::new();
    for _ in 0..5 {
        paid.push(token(&mut browser).await);
        said(&pay(&mut browser, paid.last().expect("just now"), "1.00").await, 200, "SUCCESS");
    }
    paid.reverse();
    assert_eq!(page(&mut browser, "/payment/records").await, (paid.clone(), None));
    let (mut found, mut path) = (Vec::new(), Some("/payment/records?limit=2".to_owned()));
    while let Some(next) = path {
        let (tokens, after) = page(&mut browser, &next).await;
        assert!(tokens.len() <= 2);
        found.extend(tokens);
        path = after;
    }
    assert_eq!(found, paid);
    said(&browser.get("/payment/records?cursor=x").await, 400, "ERROR");
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn without_open_contracts_only_the_payer_pays(engine: Engine) {
    let (program, gateway) = start(engine.with("TELLER_CONTRACTS_OPEN", false)).await;
    let mut nobody = program.browser();
    let mut payer = signed_in(&program, "user_123").await;
    let (mut alice, mut operator) = (signed_in(&program, "alice").await, signed_in(&program, "operator").await);
    let wanted = json!({"user_id": "user_123"});
    said(&nobody.json("/payment/token", &wanted).await, 401, "ERROR");
    said(&alice.json("/payment/token", &wanted).await, 404, "ERROR");
    let issued = token(&mut payer).await;
    said(&pay(&mut nobody, &issued, "1.00").await, 401, "ERROR");
    said(&pay(&mut alice, &issued, "1.00").await, 404, "ERROR");
    said(&pay(&mut payer, &issued, "1.00").await, 200, "SUCCESS");
    said(&pay(&mut operator, &issued, "1.00").await, 200, "SUCCESS");
    let path = format!("/payment/status?token={issued}");
    said(&nobody.get(&path).await, 401, "ERROR");
    said(&alice.get(&path).await, 404, "ERROR");
    assert_eq!(
        (payer.get(&path).await.status, operator.get(&path).await.status),
        (200.try_into().expect("a status"), 200.try_into().expect("a status"))
    );
    assert_eq!(page(&mut alice, "/payment/records").await.0.len(), 0);
    assert_eq!(page(&mut payer, "/payment/records").await.0, std::slice::from_ref(&issued));
    assert_eq!(page(&mut operator, "/payment/records").await.0, [issued]);
    said(&nobody.get("/payment/records").await, 401, "ERROR");
    assert_eq!(gateway.charged().await.len(), 1);
    program.stop().await;
}
