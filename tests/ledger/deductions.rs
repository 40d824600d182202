//! `POST /deduct`, as published.

use hyper::Method;
use serde_json::json;

use crate::support::engine::Engine;
use crate::support::http::Reply;
use crate::support::program::Program;
use crate::teller::{account, balance, money, signed_in};

#[track_caller]
fn says(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status.as_u16(), String::from_utf8_lossy(&reply.body).as_ref()), (status, body));
}

pub async fn deductions_are_answered_to_the_letter(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let json = "application/json";
    let sent = anyone.send(Method::POST, "/deduct", Some(json), r#"{"user_id":1,"amount":10.00}"#).await;
    says(&sent, 200, r#"{"code":200,"message":"success","data":{"user_id":1,"balance":990.00}}"#);
    assert_eq!(sent.header("content-type"), json);
    let sent = anyone.send(Method::POST, "/deduct", Some(json), r#"{"user_id":"1","amount":"0.05","note":1}"#).await;
    says(&sent, 200, r#"{"code":200,"message":"success","data":{"user_id":1,"balance":989.95}}"#);
    let sent = anyone.form("/deduct", "user_id=1&amount=9.95").await;
    says(&sent, 200, r#"{"code":200,"message":"success","data":{"user_id":1,"balance":980.00}}"#);
    let sent = anyone.send(Method::POST, "/deduct", Some(json), r#"{"user_id":1,"amount":980.01}"#).await;
    says(&sent, 400, r#"{"code":400,"message":"insufficient balance"}"#);

    for (body, field) in [
        (json!({"user_id": 1}), "amount: "),
        (json!({"amount": 1}), "user_id: "),
        (json!({"user_id": 1, "amount": 0}), "amount: "),
        (json!({"user_id": 1, "amount": -5}), "amount: "),
        (json!({"user_id": 1, "amount": "ten"}), "amount: "),
        (json!({"user_id": 1, "amount": 0.001}), "amount: "),
        (json!({"user_id": "x", "amount": 1}), "user_id: "),
        (json!([]), "body: "),
    ] {
        let refused = anyone.json("/deduct", &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!(400)), "{body}");
        assert!(refused.json()["message"].as_str().expect("a text").starts_with(field), "{body}: {refused:?}");
    }
    for user in [999, 20_241_222] {
        let unknown = anyone.json("/deduct", &json!({"user_id": user, "amount": 1})).await;
        says(&unknown, 404, r#"{"code":404,"message":"user not found"}"#);
    }

    let body = json!({"user_id": 1, "amount": "80.00"});
    let first = anyone.keyed("/deduct", "once", &body).await;
    let again = anyone.keyed("/deduct", "once", &body).await;
    assert_eq!((first.status.as_u16(), &first.body), (200, &again.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = anyone.keyed("/deduct", "once", &json!({"user_id": 1, "amount": "80.01"})).await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (422, &json!(422)));
    program.stop().await;
}

pub async fn a_thousand_deductions_at_once_lose_nothing(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut anyone = program.browser();
        tries.spawn(async move {
            let mut done = 0;
            for _ in 0..20 {
                let reply = anyone.json("/deduct", &json!({"user_id": 3, "amount": "1.01"})).await;
                done += i64::from(reply.status == 200);
            }
            done
        });
    }
    let done: i64 = tries.join_all().await.into_iter().sum();
    assert_eq!(done, 1000);
    let mut payer = signed_in(&program, "user_123").await;
    let id = account(&mut payer, "CNY").await;
    assert_eq!(balance(&mut payer, id).await, money("98990.00", "0.00"));
    program.stop().await;
}
