//! What is written down.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::program::Program;
use crate::teller::{Cast, made, problem, signed_in, text};

const SIGN_IN: &str = "/api/entrytask/user/signin";

pub async fn who_signs_in_and_who_does_not_is_written_down(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut operator = signed_in(&program, "operator").await;
    let mut alice = signed_in(&program, "alice").await;
    for (user_name, password, code) in [("alice", "open-sesame", "5"), ("hunter2-typed", "open-sesame", "4")] {
        let refused = program.browser().json(SIGN_IN, &json!({"username": user_name, "password": password})).await;
        assert_eq!(refused.err_code(), code);
    }
    assert_eq!(alice.json("/api/entrytask/user/signout", &json!({})).await.err_code(), "7");

    let all = operator.get("/v1/audit").await;
    let text = String::from_utf8(all.body.to_vec()).expect("text");
    for secret in ["hunter2-typed", "open-sesame", "teller-demo"] {
        assert!(!text.contains(secret), "{secret} is not kept");
    }
    let told = |event: &Value| (event["kind"].clone(), event["user_id"].clone(), event["actor_id"].clone());
    let seen: Vec<_> = events(&all.json()).iter().map(told).collect();
    let own = seen.last().expect("one").1.clone();
    let none = Value::Null;
    let expected = [
        (json!("sign_out"), json!(1), json!(1)),
        (json!("sign_in_failed"), none.clone(), none.clone()),
        (json!("sign_in_failed"), json!(1), none.clone()),
        (json!("sign_in"), json!(1), json!(1)),
        (json!("sign_in"), own.clone(), own),
    ];
    assert_eq!(seen, expected);
    assert!(events(&all.json()).iter().all(|event| event["address"] == "127.0.0.1"));
    program.stop().await;
}

pub async fn what_operators_do_with_others_money_is_written_down(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let own = made(&cast.alice.json("/v1/transfers", &cast.order("1.00")).await);
    let pending = |order: Value| {
        let mut order = order;
        order["pending"] = json!(true);
        order
    };
    let held = made(&cast.alice.json("/v1/transfers", &pending(cast.order("2.00"))).await);
    let (account, held) = (cast.from, text(&held["transfer"]["id"]));

    let external = |reference: &str| json!({"amount": "5.00", "currency": "CNY", "reference": reference});
    let path = |what: &str| format!("/v1/accounts/{account}/{what}");
    let deposit = made(&cast.operator.json(&path("deposits"), &external("in-1")).await);
    let withdrawal = made(&cast.operator.json(&path("withdrawals"), &external("out-1")).await);
    let moved = made(&cast.operator.json("/v1/transfers", &cast.order("3.00")).await);
    let voided = made(&cast.operator.json(&format!("/v1/transfers/{held}/void"), &json!({})).await);
    let batch = json!({"transfers": [cast.order("1.00"), cast.order("1.00")]});
    let many = cast.operator.json("/v1/transfers/batch", &batch).await;
    assert_eq!(many.status, 200, "{many:?}");
    assert_eq!(cast.operator.patch(&format!("/v1/accounts/{account}"), &json!({"status": "frozen"})).await.status, 200);
    let refused = cast.operator.json(&path("deposits"), &external("in-2")).await;
    problem(&refused, 422, "account-frozen");

    let expected = [
        ("deposit", json!(1), None),
        ("account_changed", json!(1), None),
        ("transfer_by_operator", Value::Null, None),
        ("settlement_by_operator", json!(1), Some(text(&voided["transfer"]["id"]))),
        ("transfer_by_operator", json!(1), Some(text(&moved["transfer"]["id"]))),
        ("withdrawal", json!(1), Some(text(&withdrawal["transfer"]["id"]))),
        ("deposit", json!(1), Some(text(&deposit["transfer"]["id"]))),
    ];
    let all = cast.operator.get("/v1/audit").await.json();
    assert!(!all.to_string().contains(&text(&own["transfer"]["id"])), "what is one's own is in the ledger alone");
    let seen: Vec<Value> = events(&all).into_iter().filter(|event| event["kind"] != "sign_in").collect();
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    for (event, (kind, user, id)) in seen.iter().zip(expected) {
        assert_eq!((&event["kind"], &event["user_id"]), (&json!(kind), &user), "{event}");
        assert!(event["actor_id"].is_u64(), "{event}");
        assert!(id.is_none_or(|id| text(&event["detail"]).contains(&id)), "{event}");
    }
    program.stop().await;
}

pub async fn only_an_operator_reads_what_was_written_down_page_by_page(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut operator = signed_in(&program, "operator").await;
    for _ in 0..5 {
        signed_in(&program, "alice").await;
    }
    let mut bob = signed_in(&program, "bob").await;
    problem(&bob.get("/v1/audit").await, 403, "operator-only");
    problem(&program.browser().get("/v1/audit").await, 401, "unauthenticated");
    for query in ["kind=everything", "user_id=0", "user_id=alice", "limit=0", "cursor=x", "order=asc"] {
        problem(&operator.get(&format!("/v1/audit?{query}")).await, 400, "invalid-request");
    }

    for (query, count) in [("", 7), ("user_id=1&", 5), ("kind=sign_in&", 7), ("kind=deposit&", 0), ("user_id=2&", 1)] {
        let whole = operator.get(&format!("/v1/audit?{query}limit=1000")).await.json();
        assert_eq!((events(&whole).len(), &whole["next"]), (count, &Value::Null), "{query}");
        assert_eq!(paged(&mut operator, query).await, events(&whole), "{query}");
    }
    program.stop().await;
}

/// All of it, two at a time.
async fn paged(operator: &mut Browser, query: &str) -> Vec<Value> {
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/v1/audit?{query}limit=2{next}")).await.json();
        seen.extend(events(&page));
        let Some(cursor) = page["next"].as_str() else { return seen };
        next = format!("&cursor={cursor}");
    }
}

fn events(page: &Value) -> Vec<Value> {
    page["events"].as_array().expect("a list").clone()
}
