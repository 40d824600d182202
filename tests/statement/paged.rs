//! Page by page, and as CSV.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made, problem, text};

/// What Alice does: pays, holds and releases, holds and pays in part, is paid.
pub async fn busy(cast: &mut Cast) {
    made(&cast.alice.json("/v1/transfers", &cast.order("10.00")).await);
    for (end, amount) in [("void", json!({})), ("post", json!({"amount": "2.50"}))] {
        let mut order = cast.order("5.00");
        order["pending"] = json!(true);
        let held = made(&cast.alice.json("/v1/transfers", &order).await);
        let path = format!("/v1/transfers/{}/{end}", text(&held["transfer"]["id"]));
        let ended = cast.alice.json(&path, &amount).await;
        assert!(ended.status.is_success(), "{ended:?}");
    }
    let mut back = json!({"from_account_id": cast.to, "to_account_id": cast.from, "amount": "1.25", "currency": "CNY"});
    back["description"] = json!("=1+1");
    made(&cast.bob.json("/v1/transfers", &back).await);
}

/// In cents.
fn cents(amount: &Value) -> i64 {
    text(amount).replace('.', "").parse().expect("digits")
}

pub async fn a_statement_leads_from_the_opening_balance_to_the_closing_one_on_pages_of_any_size(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    busy(&mut cast).await;
    let path = format!("/v1/accounts/{}/statement", cast.from);
    let whole = cast.alice.get(&path).await.json();
    assert_eq!((&whole["account_id"], &whole["currency"]), (&json!(cast.from), &json!("CNY")));
    assert_eq!((&whole["opening_balance"], &whole["closing_balance"]), (&json!("0.00"), &json!("988.75")));
    assert_eq!((&whole["total_in"], &whole["total_out"]), (&json!("1001.25"), &json!("12.50")));
    let lines = whole["entries"].as_array().expect("a list").clone();
    let told: Vec<_> = lines.iter().map(|line| (text(&line["kind"]), text(&line["amount"]))).collect();
    let wanted = [("deposit", "1000.00"), ("transfer", "-10.00"), ("transfer", "-2.50"), ("transfer", "1.25")];
    assert_eq!(told, wanted.map(|(kind, amount)| (kind.to_owned(), amount.to_owned())), "no hold is a change");
    let sides: Vec<&Value> = lines[1..].iter().map(|line| &line["counterparty_account_id"]).collect();
    assert_eq!(sides, [&json!(cast.to); 3]);

    for limit in 1..=5 {
        let (mut paged, mut next) = (Vec::new(), String::new());
        loop {
            let (from, to) = (text(&whole["from"]), text(&whole["to"]));
            let page = cast.alice.get(&format!("{path}?from={from}&to={to}&limit={limit}{next}")).await.json();
            let part = page["entries"].as_array().expect("a list").clone();
            assert!(part.len() <= limit, "{page}");
            assert_eq!(page["closing_balance"], whole["closing_balance"]);
            paged.extend(part);
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, lines, "{limit} at a time");
    }
    let mut balance = cents(&whole["opening_balance"]);
    for line in &lines {
        balance += cents(&line["amount"]);
        assert_eq!(cents(&line["balance"]), balance);
    }
    assert_eq!(balance, cents(&whole["closing_balance"]));

    let seen = cast.operator.get(&path).await.json();
    assert_eq!(seen["entries"], whole["entries"], "operators see every account's");
    problem(&cast.bob.get(&path).await, 404, "account-not-found");
    problem(&cast.bob.get(&format!("{path}.csv")).await, 404, "account-not-found");
    problem(&program.browser().get(&path).await, 401, "unauthenticated");
    program.stop().await;
}

pub async fn a_day_is_all_of_it_and_both_ends_count(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    busy(&mut cast).await;
    let path = format!("/v1/accounts/{}/statement", cast.from);
    let whole = cast.alice.get(&path).await.json();
    let at = |index: usize| text(&whole["entries"][index]["created_at"]);
    for (from, to, opening, closing, changes) in [
        (at(1), at(2), "1000.00", "987.50", 2),
        (at(1), at(1), "1000.00", "990.00", 1),
        (at(3), "2100-01-01".to_owned(), "987.50", "988.75", 1),
        ("2000-01-01".to_owned(), "2000-12-31".to_owned(), "0.00", "0.00", 0),
        ("2100-01-01".to_owned(), "2100-01-01".to_owned(), "988.75", "988.75", 0),
        (at(0)[..10].to_owned(), at(3)[..10].to_owned(), "0.00", "988.75", 4),
    ] {
        let page = cast.alice.get(&format!("{path}?from={from}&to={to}")).await.json();
        assert_eq!((&page["opening_balance"], &page["closing_balance"]), (&json!(opening), &json!(closing)), "{page}");
        assert_eq!(page["entries"].as_array().expect("a list").len(), changes, "{from} to {to}");
    }
    let day = cast.alice.get(&format!("{path}?from=2026-02-01&to=2026-02-28")).await.json();
    let bounds = (json!("2026-02-01T00:00:00.000000Z"), json!("2026-02-28T23:59:59.999999Z"));
    assert_eq!((&day["from"], &day["to"]), (&bounds.0, &bounds.1));
    program.stop().await;
}

pub async fn a_csv_file_begins_and_ends_with_the_balances_and_runs_nothing(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    busy(&mut cast).await;
    let reply = cast.alice.get(&format!("/v1/accounts/{}/statement.csv", cast.from)).await;
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8; header=present");
    let name = format!("attachment; filename=\"statement-{}-CNY.csv\"", cast.from);
    assert_eq!((reply.header("content-disposition"), reply.header("cache-control")), (name.as_str(), "no-store"));
    assert_eq!(reply.header("link"), "", "it is whole");
    let file = String::from_utf8(reply.body.to_vec()).expect("text");
    let rows: Vec<Vec<&str>> = file.lines().map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 11), "{file}");
    let ends: Vec<_> = [1, rows.len() - 1].iter().map(|row| (rows[*row][4], rows[*row][10])).collect();
    assert_eq!(ends, [("opening_balance", "0.00"), ("closing_balance", "988.75")]);
    let amounts: Vec<&str> = rows[2..rows.len() - 1].iter().map(|row| row[9]).collect();
    assert_eq!(amounts, ["1000.00", "-10.00", "-2.50", "1.25"]);
    assert_eq!(rows[5][8], "'=1+1");
    program.stop().await;
}

pub async fn what_cannot_be_a_statement_is_refused_by_name(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let path = format!("/v1/accounts/{}/statement", cast.from);
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=x", "cursor"),
        // Of another period, or nobody's.
        ("to=2000-01-01&cursor=10000000000000001", "cursor"),
        ("cursor=10000000000000099", "cursor"),
        ("at=2026-01-01", "at"),
    ] {
        let refused = problem(&cast.alice.get(&format!("{path}?{query}")).await, 400, "invalid-request");
        assert_eq!(refused["field"], field, "{query}");
    }
    let refused = cast.alice.get(&format!("{path}.csv?limit=5")).await;
    assert_eq!(problem(&refused, 400, "invalid-request")["field"], "limit", "a file is as long as it is");
    problem(&cast.alice.get("/v1/accounts/9223372036854775807/statement").await, 404, "account-not-found");
    program.stop().await;
}
