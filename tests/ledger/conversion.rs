//! Money of one currency for money of another: exact, as it was quoted, once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::program::Program;
use crate::teller::{account, balance, made, money, problem, signed_in, text};

/// A quote of one second has expired by then, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lets the house buy and sell: rates, and what it has of each currency.
async fn trade(operator: &mut Browser, rates: &[(&str, &str, &str)], funds: &[(&str, &str)]) {
    for (from, to, rate) in rates {
        let set = operator.put(&format!("/v1/rates/{from}/{to}"), &json!({"rate": rate})).await;
        assert_eq!(set.status, 200, "{set:?}");
    }
    for (currency, amount) in funds {
        let path = format!("/v1/accounts/{}/deposits", liquidity(operator, currency).await.0);
        let body =
            json!({"amount": amount, "currency": currency, "reference": format!("treasury-{currency}-{amount}")});
        made(&operator.json(&path, &body).await);
    }
}

/// The house's account to sell out of, and what is in it.
async fn liquidity(operator: &mut Browser, currency: &str) -> (u64, String) {
    let house = operator.get(&format!("/v1/house?currency={currency}")).await.json();
    let account = &house["liquidity"][0];
    (account["id"].as_u64().expect("a number"), text(&account["balance"]))
}

/// A quote for `sell_amount` of `from`.
async fn quote(browser: &mut Browser, from: &str, to: &str, amount: &str) -> Value {
    let ask = json!({"from_currency": from, "to_currency": to, "sell_amount": amount});
    let reply = browser.json("/v1/quotes", &ask).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

async fn convert(browser: &mut Browser, quote: &Value) -> Reply {
    browser.json("/v1/conversions", &json!({"quote": quote["quote"]})).await
}

/// Opens an account, and says which.
async fn opened(browser: &mut Browser, currency: &str) -> u64 {
    made(&browser.json("/v1/accounts", &json!({"currency": currency})).await);
    account(browser, currency).await
}

pub async fn a_conversion_is_exact_in_every_currency_and_the_rest_is_the_houses(engine: Engine) {
    let program = Program::start(&engine).await;
    let (mut alice, mut operator) = (signed_in(&program, "alice").await, signed_in(&program, "operator").await);
    let cny = account(&mut alice, "CNY").await;
    let (eur, jpy, kwd) =
        (opened(&mut alice, "EUR").await, opened(&mut alice, "JPY").await, opened(&mut alice, "KWD").await);
    let rates =
        [("CNY", "EUR", "0.1412"), ("CNY", "JPY", "21.37"), ("JPY", "KWD", "0.0020641"), ("EUR", "CNY", "7.05")];
    trade(&mut operator, &rates, &[("EUR", "500"), ("JPY", "50000"), ("KWD", "100.000"), ("CNY", "100")]).await;
    // 100.05 at 0.1412 are 14.12706; 10.01 at 21.37 are 213.9137; 213 at 0.0020641 are 0.4396533; 1.99 at 7.05 are 14.0295.
    for (from, to, sold, bought, rest) in [
        ("CNY", "EUR", "100.05", "14.12", ("353", "500")),
        ("CNY", "JPY", "10.01", "213", ("9137", "10000")),
        ("JPY", "KWD", "213", "0.439", ("6533", "10000")),
        ("EUR", "CNY", "1.99", "14.02", ("19", "20")),
    ] {
        let quoted = quote(&mut alice, from, to, sold).await;
        assert_eq!((&quoted["sell_amount"], &quoted["buy_amount"]), (&json!(sold), &json!(bought)), "{quoted}");
        assert_eq!(quoted["remainder"], json!({"numerator": rest.0, "denominator": rest.1}));
        let body = made(&convert(&mut alice, &quoted).await);
        assert_eq!((&body["sell_amount"], &body["buy_amount"]), (&json!(sold), &json!(bought)));
        assert_eq!((&body["rate"], &body["remainder"]), (&quoted["rate"], &quoted["remainder"]));
        for (id, kind) in [(&body["id"], "conversion"), (&body["buy_transfer_id"], "conversion")] {
            let transfer = alice.get(&format!("/v1/transfers/{}", text(id))).await.json();
            assert_eq!(transfer["transfer"]["kind"], kind);
        }
    }
    // 1000.00 - 100.05 - 10.01 + 14.02; 14.12 - 1.99; 213 - 213; 0.439.
    for (account, expected) in [(cny, "903.96"), (eur, "12.13"), (jpy, "0"), (kwd, "0.439")] {
        assert_eq!(balance(&mut alice, account).await.0, expected);
    }
    for (currency, expected) in [("CNY", "196.04"), ("EUR", "487.87"), ("JPY", "50000"), ("KWD", "99.561")] {
        assert_eq!(liquidity(&mut operator, currency).await.1, expected);
    }
    let ask = json!({"from_currency": "CNY", "to_currency": "EUR", "buy_amount": "1.00"});
    let least = alice.json("/v1/quotes", &ask).await.json();
    assert_eq!((&least["sell_amount"], &least["buy_amount"]), (&json!("7.09"), &json!("1.00")));
    program.verified().await;
    program.stop().await;
}

pub async fn a_quote_converts_once_as_it_was_given_whatever_happens_meanwhile(engine: Engine) {
    let fee = [("TELLER_FEES_CONVERSION", "CNY 1%")];
    let program = Program::start_with(&engine, &fee).await;
    let (mut alice, mut operator) = (signed_in(&program, "alice").await, signed_in(&program, "operator").await);
    let cny = account(&mut alice, "CNY").await;
    opened(&mut alice, "EUR").await;
    trade(&mut operator, &[("CNY", "EUR", "0.14")], &[("EUR", "100")]).await;
    let quoted = quote(&mut alice, "CNY", "EUR", "100.00").await;
    assert_eq!(quoted["fee_amount"], "1.00");
    trade(&mut operator, &[("CNY", "EUR", "0.01")], &[]).await;

    let mut tries = JoinSet::new();
    for _ in 0..16 {
        let (mut browser, quoted) = (alice.clone(), quoted.clone());
        tries.spawn(async move { convert(&mut browser, &quoted).await });
    }
    let replies = tries.join_all().await;
    let first = replies.iter().find(|reply| reply.header("idempotency-replayed").is_empty()).expect("one did it");
    let body = made(first);
    assert_eq!((&body["buy_amount"], &body["fee"]["amount"]), (&json!("14.00"), &json!("1.00")), "{body}");
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty()).count(), 1);
    assert!(replies.iter().all(|reply| reply.body == first.body));
    assert_eq!(balance(&mut alice, cny).await, money("899.00", "0.00"));

    let program = program.restart_with(&engine, &[("TELLER_CONVERSION_QUOTE_TTL_S", "1")]).await;
    let mut alice = signed_in(&program, "alice").await;
    let again = convert(&mut alice, &quoted).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    assert_eq!(balance(&mut alice, cny).await, money("899.00", "0.00"));
    let reused = json!({"quote": quoted["quote"], "from_account_id": cny, "to_account_id": cny});
    problem(&alice.json("/v1/conversions", &reused).await, 422, "key-reused");
    program.verified().await;
    program.stop().await;
}

pub async fn what_is_no_quote_of_ones_own_converts_nothing(engine: Engine) {
    let patient = [("TELLER_CONVERSION_QUOTE_TTL_S", "600")];
    let program = Program::start_with(&engine, &patient).await;
    let (mut alice, mut bob) = (signed_in(&program, "alice").await, signed_in(&program, "bob").await);
    let mut operator = signed_in(&program, "operator").await;
    let ask =
        |from: &str, to: &str, amount: &str| json!({"from_currency": from, "to_currency": to, "sell_amount": amount});
    problem(&alice.json("/v1/quotes", &ask("CNY", "EUR", "1")).await, 404, "rate-not-found");
    problem(&alice.put("/v1/rates/CNY/EUR", &json!({"rate": "1"})).await, 403, "operator-only");
    problem(&operator.put("/v1/rates/CNY/CNY", &json!({"rate": "1"})).await, 400, "invalid-request");
    problem(&operator.put("/v1/rates/CNY/EUR", &json!({"rate": "0"})).await, 400, "invalid-request");
    trade(&mut operator, &[("CNY", "EUR", "0.14")], &[("EUR", "10")]).await;
    for (from, to, amount, status, kind) in [
        ("CNY", "CNY", "1", 400, "invalid-request"),
        ("EUR", "CNY", "1", 404, "rate-not-found"),
        ("CNY", "EUR", "0", 422, "amount-not-positive"),
        ("CNY", "EUR", "0.001", 422, "too-many-decimals"),
        ("CNY", "EUR", "0.07", 422, "amount-too-small"),
    ] {
        problem(&alice.json("/v1/quotes", &ask(from, to, amount)).await, status, kind);
    }
    let quoted = quote(&mut alice, "CNY", "EUR", "10.00").await;
    let missing = problem(&convert(&mut alice, &quoted).await, 404, "account-not-found");
    assert_eq!(missing["field"], "to_account_id");
    opened(&mut alice, "EUR").await;
    opened(&mut bob, "EUR").await;
    problem(&convert(&mut bob, &quoted).await, 404, "quote-not-found");
    let mut forged = text(&quoted["quote"]);
    forged.replace_range(60..61, if &forged[60..61] == "A" { "B" } else { "A" });
    problem(&convert(&mut alice, &json!({"quote": forged})).await, 404, "quote-not-found");
    let bobs = json!({"quote": quoted["quote"], "to_account_id": account(&mut bob, "EUR").await});
    problem(&alice.json("/v1/conversions", &bobs).await, 404, "account-not-found");
    let poor = quote(&mut alice, "CNY", "EUR", "1000.01").await;
    problem(&convert(&mut alice, &poor).await, 422, "insufficient-funds");
    let much = quote(&mut alice, "CNY", "EUR", "72.00").await;
    let dry = problem(&convert(&mut alice, &much).await, 422, "insufficient-liquidity");
    assert_eq!(dry["available"], Value::Null, "what the house has is its own business");

    let program = program.restart_with(&engine, &[("TELLER_CONVERSION_QUOTE_TTL_S", "1")]).await;
    let mut alice = signed_in(&program, "alice").await;
    let much = quote(&mut alice, "CNY", "EUR", "72.00").await;
    let began = Instant::now();
    while convert(&mut alice, &much).await.json()["type"] != "/problems/quote-expired" {
        assert!(began.elapsed() < PATIENCE, "it does not expire");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let cny = account(&mut alice, "CNY").await;
    assert_eq!(balance(&mut alice, cny).await, money("1000.00", "0.00"), "nothing was converted");
    program.verified().await;
    program.stop().await;
}

pub async fn of_64_conversions_at_once_as_many_succeed_as_the_house_can_pay(engine: Engine) {
    let program = Program::start_with(&engine, &[("TELLER_CONVERSION_QUOTE_TTL_S", "600")]).await;
    let (mut alice, mut operator) = (signed_in(&program, "alice").await, signed_in(&program, "operator").await);
    let (cny, eur) = (account(&mut alice, "CNY").await, opened(&mut alice, "EUR").await);
    trade(&mut operator, &[("CNY", "EUR", "0.14")], &[("EUR", "14.13")]).await;
    let mut tries = JoinSet::new();
    for _ in 0..64 {
        let mut browser = alice.clone();
        tries.spawn(async move {
            let quoted = quote(&mut browser, "CNY", "EUR", "10.00").await;
            convert(&mut browser, &quoted).await
        });
    }
    let replies = tries.join_all().await;
    let done = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(done, 10, "1.40 each");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        problem(reply, 422, "insufficient-liquidity");
    }
    assert_eq!(balance(&mut alice, cny).await, money("900.00", "0.00"));
    assert_eq!(balance(&mut alice, eur).await, money("14.00", "0.00"));
    assert_eq!(liquidity(&mut operator, "EUR").await.1, "0.13");
    assert_eq!(liquidity(&mut operator, "CNY").await.1, "100.00");

    // An operator may let the house owe.
    let house = format!("/v1/accounts/{}", liquidity(&mut operator, "EUR").await.0);
    assert_eq!(operator.patch(&house, &json!({"floor": "-2.00"})).await.json()["floor"], "-2.00");
    problem(&operator.patch(&house, &json!({"status": "frozen"})).await, 404, "account-not-found");
    let quoted = quote(&mut alice, "CNY", "EUR", "15.00").await;
    made(&convert(&mut alice, &quoted).await);
    assert_eq!(liquidity(&mut operator, "EUR").await.1, "-1.97");
    program.verified().await;
    program.stop().await;
}
