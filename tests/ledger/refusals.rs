//! What is refused, why, and in which order.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, account, made, money, problem, text};

pub async fn refusals_have_types_in_order_of_precedence(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let dollars = account(&mut cast.bob, "USD").await;
    let (from, to) = (cast.from, cast.to);
    let order = |from: u64, to: u64, amount: &str, currency: &str| json!({"from_account_id": from, "to_account_id": to, "amount": amount, "currency": currency});
    let nobody = 999_999_999;
    // Each order breaks a rule and, but for the last, also one or more of those below it.
    let cases = [
        (order(from, from, "-1.001", "USD"), 422, "same-account", "to_account_id"),
        (order(nobody, to, "-1.001", "USD"), 404, "account-not-found", "from_account_id"),
        (order(from, nobody, "-1.001", "USD"), 404, "account-not-found", "to_account_id"),
        (order(to, from, "-1.001", "USD"), 404, "account-not-found", "from_account_id"),
        (order(from, to, "-1.001", "USD"), 422, "currency-mismatch", "from_account_id"),
        (order(from, dollars, "-1.001", "CNY"), 422, "currency-mismatch", "to_account_id"),
        (order(from, to, "-1.001", "CNY"), 422, "amount-not-positive", "amount"),
        (order(from, to, "0", "CNY"), 422, "amount-not-positive", "amount"),
        (order(from, to, "5000.001", "CNY"), 422, "too-many-decimals", "amount"),
        (order(from, to, &"9".repeat(37), "CNY"), 422, "amount-too-large", "amount"),
        (order(from, to, "1000.01", "CNY"), 422, "insufficient-funds", "amount"),
    ];
    for (body, status, kind, field) in cases {
        let refused = problem(&cast.alice.json("/v1/transfers", &body).await, status, kind);
        assert_eq!(refused["field"], field, "{body}");
        assert!(!text(&refused["detail"]).is_empty() && !text(&refused["title"]).is_empty(), "{refused}");
        let explained = program.browser().get(&text(&refused["type"])).await;
        assert_eq!((explained.status.as_u16(), &explained.json()["type"]), (200, &refused["type"]));
    }
    let short = cast.alice.json("/v1/transfers", &order(from, to, "1000.01", "CNY")).await.json();
    assert_eq!((&short["available"], &short["currency"]), (&json!("1000.00"), &json!("CNY")));
    let fine = cast.alice.json("/v1/transfers", &order(from, to, "1.001", "CNY")).await.json();
    assert_eq!(fine["decimals"], 2);
    assert_eq!((cast.alices().await, cast.bobs().await), (money("1000.00", "0.00"), money("1000.00", "0.00")));
    program.stop().await;
}

pub async fn what_is_anothers_is_not_there(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let to_itself = json!({"amount": "1", "currency": "CNY", "reference": "r"});
    let deposit = made(&cast.operator.json(&format!("/v1/accounts/{}/deposits", cast.from), &to_itself).await);
    let outside = deposit["from_account"]["id"].as_u64().expect("a number");
    let transfer = text(&deposit["transfer"]["id"]);
    for path in ["", "/entries", "/balance"] {
        for id in [cast.from, outside, 999_999] {
            problem(&cast.bob.get(&format!("/v1/accounts/{id}{path}")).await, 404, "account-not-found");
        }
        assert_eq!(cast.operator.get(&format!("/v1/accounts/{}{path}", cast.from)).await.status, 200);
    }
    let unknown = "00000000-0000-7000-8000-000000000000";
    for id in [&transfer, unknown] {
        problem(&cast.bob.get(&format!("/v1/transfers/{id}")).await, 404, "transfer-not-found");
        for end in ["post", "void"] {
            let ended = cast.bob.json(&format!("/v1/transfers/{id}/{end}"), &json!({})).await;
            problem(&ended, 404, "transfer-not-found");
        }
    }
    for sees in [&mut cast.alice, &mut cast.operator] {
        problem(&sees.json(&format!("/v1/transfers/{transfer}/void"), &json!({})).await, 422, "not-pending");
    }
    assert_eq!(cast.operator.get(&format!("/v1/transfers/{transfer}")).await.status, 200);
    let pay_outside = json!({"from_account_id": cast.to, "to_account_id": outside, "amount": "1", "currency": "CNY"});
    problem(&cast.bob.json("/v1/transfers", &pay_outside).await, 404, "account-not-found");

    let mut stranger = program.browser();
    for session in [None, Some("0123456789abcdef0123456789abcdef"), Some("x")] {
        for path in
            ["/v1/accounts".to_owned(), format!("/v1/accounts/{}", cast.from), format!("/v1/transfers/{transfer}")]
        {
            stranger.session = session.map(str::to_owned);
            problem(&stranger.get(&path).await, 401, "unauthenticated");
        }
        stranger.session = session.map(str::to_owned);
        problem(&stranger.json("/v1/transfers", &cast.order("1.00")).await, 401, "unauthenticated");
        stranger.session = session.map(str::to_owned);
        problem(
            &stranger.json("/v1/transfers/batch", &json!({"transfers": [cast.order("1")]})).await,
            401,
            "unauthenticated",
        );
    }
    made(&cast.operator.json("/v1/transfers", &cast.order("1.00")).await);
    assert_eq!(cast.alices().await, money("1000.00", "0.00"), "an operator may move anybody's money");
    program.stop().await;
}

pub async fn what_is_not_understood_is_named(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let wrong: [(&str, Value); 14] = [
        ("amount", json!(1.0)),
        ("amount", json!("1e3")),
        ("amount", json!("")),
        ("amount", Value::Null),
        ("currency", json!("cny")),
        ("currency", json!("XAU")),
        ("from_account_id", json!("1")),
        ("from_account_id", json!(0)),
        ("to_account_id", json!(-1)),
        ("description", json!("x".repeat(141))),
        ("description", json!("a\nb")),
        ("pending", json!("yes")),
        ("timeout_seconds", json!(5)),
        ("memo", json!("unknown")),
    ];
    for (field, value) in wrong {
        let mut order = cast.order("1.00");
        order[field] = value;
        let refused = problem(&cast.alice.json("/v1/transfers", &order).await, 400, "invalid-request");
        assert_eq!(refused["field"], field, "{order}");
    }
    for body in ["", "[]", "null", "{", "{\"amount\":\"1\"} x"] {
        let sent = cast.alice.send(Method::POST, "/v1/transfers", Some("application/json"), body).await;
        assert_eq!(sent.status, 400, "{body}");
    }
    let form = cast.alice.form("/v1/transfers", "amount=1").await;
    assert_eq!(form.status, 415, "/v1 takes no forms");
    for query in ["limit=0", "limit=1001", "cursor=x", "from=yesterday", "order=asc"] {
        let path = format!("/v1/accounts/{}/entries?{query}", cast.from);
        problem(&cast.alice.get(&path).await, 400, "invalid-request");
    }
    for (key, field) in [
        ("k".repeat(256), "Idempotency-Key"),
        (String::new(), "Idempotency-Key"),
        ("a b".to_owned(), "Idempotency-Key"),
    ] {
        let refused =
            problem(&cast.alice.keyed("/v1/transfers", &key, &cast.order("1.00")).await, 400, "invalid-request");
        assert_eq!(refused["field"], field);
    }
    made(&cast.alice.keyed("/v1/transfers", &"k".repeat(255), &cast.order("1.00")).await);
    program.stop().await;
}
