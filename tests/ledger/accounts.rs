//! Accounts, their entries and their past.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made, money, problem, signed_in, text};

pub async fn accounts_are_opened_once_and_listed_page_by_page(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = signed_in(&program, "alice").await;
    let opened = alice.json("/v1/accounts", &json!({"currency": "JPY"})).await;
    let account = made(&opened);
    let id = account["id"].as_u64().expect("a number");
    assert_eq!(opened.header("location"), format!("/v1/accounts/{id}"));
    let shown = alice.get(&format!("/v1/accounts/{id}")).await;
    assert_eq!((shown.status.as_u16(), shown.json()), (200, account.clone()));
    for (field, value) in [("balance", "0"), ("held", "0"), ("available", "0"), ("floor", "0"), ("status", "open")] {
        assert_eq!(account[field], value, "{field}");
    }
    let again = problem(&alice.json("/v1/accounts", &json!({"currency": "JPY"})).await, 409, "account-exists");
    assert_eq!(again["account_id"], id);

    let mut seen = Vec::new();
    let mut path = "/v1/accounts?limit=2".to_owned();
    loop {
        let page = alice.get(&path).await.json();
        seen.extend(page["accounts"].as_array().expect("a list").iter().map(|one| text(&one["currency"])));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/accounts?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["CNY", "USD", "JPY"]);
    program.stop().await;
}

pub async fn entries_are_paged_and_every_past_balance_is_known(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let mut times = Vec::new();
    for amount in ["1.00", "2.00", "3.00", "4.00"] {
        let transfer = made(&cast.alice.json("/v1/transfers", &cast.order(amount)).await);
        times.push((text(&transfer["transfer"]["created_at"]), text(&transfer["from_account"]["balance"])));
    }
    let path = format!("/v1/accounts/{}/entries", cast.from);
    let all = cast.alice.get(&path).await.json();
    let entries: Vec<Value> = all["entries"].as_array().expect("a list").clone();
    let seqs: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().expect("a number")).collect();
    assert_eq!((seqs, &all["next"]), (vec![5, 4, 3, 2, 1], &Value::Null), "newest first, without gaps");
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["balance_before"], pair[1]["balance_after"]);
    }
    assert_eq!((&entries[0]["amount"], &entries[0]["balance_after"]), (&json!("-4.00"), &json!("990.00")));

    let mut paged = Vec::new();
    let mut next = String::new();
    for size in [2, 2, 1] {
        let page = cast.alice.get(&format!("{path}?limit=2{next}")).await.json();
        let part = page["entries"].as_array().expect("a list").clone();
        assert_eq!(part.len(), size);
        paged.extend(part);
        next = page["next"].as_str().map_or(String::new(), |cursor| format!("&cursor={cursor}"));
    }
    assert_eq!((paged, next.as_str()), (entries, ""));

    let range = format!("{path}?from={}&to={}", times[1].0, times[3].0);
    let some = cast.alice.get(&range).await.json();
    let amounts: Vec<String> = some["entries"].as_array().expect("a list").iter().map(|e| text(&e["amount"])).collect();
    assert_eq!(amounts, ["-3.00", "-2.00"], "from counts, to does not");

    for (at, balance) in &times {
        let then = cast.alice.get(&format!("/v1/accounts/{}/balance?at={at}", cast.from)).await.json();
        assert_eq!((&then["balance"], &then["at"]), (&json!(balance), &json!(at)));
    }
    let before = cast.alice.get(&format!("/v1/accounts/{}/balance?at=2000-01-01T00:00:00Z", cast.from)).await.json();
    assert_eq!((&before["balance"], &before["seq"]), (&json!("0.00"), &json!(0)));
    let now = cast.alice.get(&format!("/v1/accounts/{}/balance", cast.from)).await.json();
    assert_eq!((&now["balance"], &now["at"]), (&json!("990.00"), &Value::Null));
    program.stop().await;
}

pub async fn only_an_operator_freezes_closes_and_lends(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let path = format!("/v1/accounts/{}", cast.from);
    for body in [json!({"status": "frozen"}), json!({"floor": "-1.00"}), json!({"status": "closed"})] {
        problem(&cast.alice.patch(&path, &body).await, 403, "operator-only");
    }
    assert_eq!(cast.operator.patch(&path, &json!({"status": "frozen"})).await.json()["status"], "frozen");
    let frozen = problem(&cast.alice.json("/v1/transfers", &cast.order("1.00")).await, 422, "account-frozen");
    assert_eq!(frozen["field"], "from_account_id");
    problem(&cast.operator.patch(&path, &json!({"status": "closed"})).await, 422, "account-not-empty");
    assert_eq!(cast.operator.patch(&path, &json!({"status": "open"})).await.json()["status"], "open");

    let lent = cast.operator.patch(&path, &json!({"floor": "-50.00"})).await.json();
    assert_eq!((&lent["floor"], &lent["available"]), (&json!("-50.00"), &json!("1050.00")));
    let short = problem(&cast.alice.json("/v1/transfers", &cast.order("1050.01")).await, 422, "insufficient-funds");
    assert_eq!(short["available"], "1050.00");
    made(&cast.alice.json("/v1/transfers", &cast.order("1050.00")).await);
    assert_eq!(cast.alices().await, money("-50.00", "0.00"));

    let empty =
        made(&cast.bob.json("/v1/accounts", &json!({"currency": "EUR"})).await)["id"].as_u64().expect("a number");
    let path = format!("/v1/accounts/{empty}");
    for _ in 0..2 {
        assert_eq!(cast.operator.patch(&path, &json!({"status": "closed"})).await.json()["status"], "closed");
    }
    problem(&cast.operator.patch(&path, &json!({"status": "open"})).await, 422, "account-closed");
    for body in [json!({}), json!({"floor": "0", "status": "open"}), json!({"status": "shut"}), json!({"floor": "1"})] {
        problem(&cast.operator.patch(&path, &body).await, 400, "invalid-request");
    }
    program.stop().await;
}
