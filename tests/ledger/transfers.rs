//! Money that moves, and money that is held until it does.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made, money, problem, text};

/// A hold of one second is released by then, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn a_transfer_moves_money_and_shows_both_sides(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let mut order = cast.order("10.50");
    order["description"] = json!("lunch, \"twice\" 午饭");
    let reply = cast.alice.json("/v1/transfers", &order).await;
    let body = made(&reply);
    assert_eq!(reply.header("idempotency-replayed"), "");
    let transfer = &body["transfer"];
    let id = text(&transfer["id"]);
    let expected = json!({
        "id": id, "kind": "transfer", "status": "posted", "from_account_id": cast.from, "to_account_id": cast.to,
        "amount": "10.50", "currency": "CNY", "description": "lunch, \"twice\" 午饭", "reference": null, "pending_id": null,
        "timeout_seconds": null, "expires_at": null, "created_at": transfer["created_at"],
    });
    assert_eq!(*transfer, expected);
    let at = text(&transfer["created_at"]);
    assert!(at.len() == 27 && at.ends_with('Z'), "microseconds, UTC: {at}");
    assert_eq!(body["from_account"], json!({"id": cast.from, "currency": "CNY", "balance": "989.50", "held": "0.00"}));
    assert_eq!(body["to_account"], json!({"id": cast.to, "currency": "CNY", "balance": "1010.50", "held": "0.00"}));
    let entry = json!({
        "account_id": cast.to, "seq": 2, "transfer_id": id, "amount": "10.50", "balance_before": "1000.00",
        "balance_after": "1010.50", "held_after": "0.00", "created_at": at,
    });
    assert_eq!(body["to_entry"], entry);
    assert_eq!(body["from_entry"]["amount"], "-10.50");
    assert_eq!((cast.alices().await, cast.bobs().await), (money("989.50", "0.00"), money("1010.50", "0.00")));

    let path = format!("/v1/transfers/{id}");
    let payers = cast.alice.get(&path).await.json();
    assert_eq!((&payers["transfer"], &payers["from_account"]), (transfer, &body["from_account"]));
    let payees = cast.bob.get(&path).await.json();
    assert_eq!((&payees["transfer"], &payees["to_account"]), (transfer, &body["to_account"]));
    assert_eq!((&payees["from_account"]["balance"], &payees["from_entry"]), (&Value::Null, &Value::Null), "hers alone");
    program.stop().await;
}

pub async fn held_money_is_posted_voided_or_released_when_its_time_is_over(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let mut order = cast.order("100.00");
    order["pending"] = json!(true);
    let hold = made(&cast.alice.json("/v1/transfers", &order).await);
    let id = text(&hold["transfer"]["id"]);
    assert_eq!((&hold["transfer"]["status"], &hold["to_entry"]), (&json!("pending"), &Value::Null));
    assert_eq!(cast.alices().await, money("1000.00", "100.00"));
    problem(&cast.alice.json("/v1/transfers", &cast.order("900.01")).await, 422, "insufficient-funds");

    let post = format!("/v1/transfers/{id}/post");
    problem(&cast.bob.json(&post, &json!({})).await, 404, "transfer-not-found");
    let more = problem(&cast.alice.json(&post, &json!({"amount": "100.01"})).await, 422, "more-than-held");
    assert_eq!(more["available"], "100.00");
    let posted = made(&cast.alice.json(&post, &json!({"amount": "60.00"})).await);
    assert_eq!((&posted["transfer"]["amount"], &posted["transfer"]["pending_id"]), (&json!("60.00"), &json!(id)));
    assert_eq!((cast.alices().await, cast.bobs().await), (money("940.00", "0.00"), money("1060.00", "0.00")));
    let late = problem(&cast.alice.json(&format!("/v1/transfers/{id}/void"), &json!({})).await, 409, "already-settled");
    assert_eq!(late["status_now"], "posted");
    let shown = cast.alice.get(&format!("/v1/transfers/{id}")).await.json();
    assert_eq!((&shown["transfer"]["status"], &shown["hold"]["status"]), (&json!("pending"), &json!("posted")));
    assert_eq!(shown["hold"]["settled_by"], posted["transfer"]["id"]);
    let settling = text(&posted["transfer"]["id"]);
    problem(&cast.alice.json(&format!("/v1/transfers/{settling}/void"), &json!({})).await, 422, "not-pending");

    let id = text(&made(&cast.alice.json("/v1/transfers", &order).await)["transfer"]["id"]);
    let void = made(&cast.alice.json(&format!("/v1/transfers/{id}/void"), &json!({})).await);
    assert_eq!((&void["transfer"]["status"], &void["from_account"]["held"]), (&json!("voided"), &json!("0.00")));

    order["timeout_seconds"] = json!(1);
    let brief = made(&cast.alice.json("/v1/transfers", &order).await);
    assert!(brief["transfer"]["expires_at"].is_string());
    let path = format!("/v1/transfers/{}", text(&brief["transfer"]["id"]));
    let began = Instant::now();
    while cast.alice.get(&path).await.json()["hold"]["status"] != "expired" {
        assert!(began.elapsed() < PATIENCE, "it is not released");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(cast.alices().await, money("940.00", "0.00"));
    problem(&cast.alice.json(&format!("{path}/post"), &json!({})).await, 409, "already-settled");
    program.stop().await;
}

pub async fn a_reference_is_used_once_in_each_direction(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let (deposits, withdrawals) =
        (format!("/v1/accounts/{}/deposits", cast.from), format!("/v1/accounts/{}/withdrawals", cast.from));
    let body = json!({"amount": "5.00", "currency": "CNY", "reference": "bank-1"});
    problem(&cast.alice.json(&deposits, &body).await, 403, "operator-only");

    let first = made(&cast.operator.json(&deposits, &body).await);
    assert_eq!((&first["transfer"]["kind"], &first["transfer"]["reference"]), (&json!("deposit"), &json!("bank-1")));
    assert_eq!(first["to_account"]["balance"], "1005.00");
    let used = problem(&cast.operator.json(&deposits, &body).await, 409, "reference-used");
    assert_eq!(used["transfer_id"], first["transfer"]["id"]);
    let out = made(&cast.operator.json(&withdrawals, &body).await);
    assert_eq!((&out["transfer"]["kind"], &out["from_account"]["balance"]), (&json!("withdrawal"), &json!("1000.00")));
    problem(&cast.operator.json(&withdrawals, &body).await, 409, "reference-used");

    let much = json!({"amount": "1000.01", "currency": "CNY", "reference": "bank-2"});
    problem(&cast.operator.json(&withdrawals, &much).await, 422, "insufficient-funds");
    problem(&cast.operator.json("/v1/accounts/999999/deposits", &much).await, 404, "account-not-found");
    let other = json!({"amount": "1", "currency": "USD", "reference": "bank-3"});
    problem(&cast.operator.json(&deposits, &other).await, 422, "currency-mismatch");
    let bare = problem(
        &cast.operator.json(&deposits, &json!({"amount": "1", "currency": "CNY"})).await,
        400,
        "invalid-request",
    );
    assert_eq!(bare["field"], "reference");
    assert_eq!(cast.alices().await, money("1000.00", "0.00"));
    program.stop().await;
}
