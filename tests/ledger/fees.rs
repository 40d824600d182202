//! What transfers cost: on top of the amount, in the same transaction, once.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made, money, problem, text};

const TARIFF: [(&str, &str); 2] =
    [("TELLER_FEES_TRANSFER", "CNY 0.25% + 0.10 min 0.20 max 5.00"), ("TELLER_FEES_WITHDRAWAL", "CNY 1.00")];

/// What the house has taken in fees in CNY, all stripes together, in minor units.
async fn taken(cast: &mut Cast) -> i64 {
    let house = cast.operator.get("/v1/house?currency=CNY").await.json();
    let minor = |account: &Value| text(&account["balance"]).replace('.', "").parse::<i64>().expect("a number");
    house["fees"].as_array().expect("a list").iter().map(minor).sum()
}

pub async fn a_fee_is_taken_with_its_transfer_and_once(engine: Engine) {
    let program = Program::start_with(&engine, &TARIFF).await;
    let mut cast = Cast::of(&program).await;
    for (amount, fee) in [("10.00", "0.20"), ("100.00", "0.35"), ("0.01", "0.20"), ("600.00", "1.60")] {
        let reply = cast.alice.json("/v1/transfers", &cast.order(amount)).await;
        let body = made(&reply);
        assert_eq!(body["fee"]["amount"], fee, "of {amount}");
        let taker = cast.alice.get(&format!("/v1/transfers/{}", text(&body["fee"]["transfer_id"]))).await.json();
        assert_eq!((&taker["transfer"]["kind"], &taker["transfer"]["amount"]), (&json!("fee"), &json!(fee)));
        let shown = cast.alice.get(reply.header("location")).await.json();
        assert_eq!(shown["fee"], body["fee"]);
        let payees = cast.bob.get(reply.header("location")).await.json();
        assert_eq!(payees["fee"], Value::Null, "what it cost her is hers alone to know");
    }
    // 1000.00 less 710.01 and 2.35.
    assert_eq!((cast.alices().await, cast.bobs().await), (money("287.64", "0.00"), money("1710.01", "0.00")));
    assert_eq!(taken(&mut cast).await, 235);

    // 286.82 and 0.82 are all she has; one more minor unit is too much, and the refusal says what there is.
    let poor = problem(&cast.alice.json("/v1/transfers", &cast.order("286.83")).await, 422, "insufficient-funds");
    assert_eq!(poor["available"], "287.64");
    let all = made(&cast.alice.keyed("/v1/transfers", "all", &cast.order("286.82")).await);
    assert_eq!(all["fee"]["amount"], "0.82");
    assert_eq!(cast.alices().await, money("0.00", "0.00"));

    // Whatever it would cost now, it is answered as it was.
    let mut program = program;
    for tariff in ["", "CNY 50%"] {
        program = program.restart_with(&engine, &[("TELLER_FEES_TRANSFER", tariff)]).await;
        let mut cast = Cast::of(&program).await;
        let again = cast.alice.keyed("/v1/transfers", "all", &cast.order("286.82")).await;
        assert_eq!((again.header("idempotency-replayed"), &again.json()["fee"]), ("true", &all["fee"]), "{tariff}");
        assert_eq!(taken(&mut cast).await, 317);
    }
    program.verified().await;
    program.stop().await;
}

pub async fn a_hold_pays_when_it_is_posted_for_what_is_posted(engine: Engine) {
    let program = Program::start_with(&engine, &TARIFF).await;
    let mut cast = Cast::of(&program).await;
    let mut order = cast.order("1000.00");
    order["pending"] = json!(true);
    let hold = made(&cast.alice.json("/v1/transfers", &order).await);
    assert_eq!((&hold["fee"], cast.alices().await), (&Value::Null, money("1000.00", "1000.00")));
    let post = format!("/v1/transfers/{}/post", text(&hold["transfer"]["id"]));
    let poor = problem(&cast.alice.json(&post, &json!({})).await, 422, "insufficient-funds");
    assert_eq!(poor["available"], "0.00", "all of it is held, and nothing is left for the fee");
    assert_eq!(cast.alices().await, money("1000.00", "1000.00"), "it still is");
    let posted = made(&cast.alice.keyed(&post, "post", &json!({"amount": "400.00"})).await);
    assert_eq!(posted["fee"]["amount"], "1.10");
    assert_eq!((cast.alices().await, cast.bobs().await), (money("598.90", "0.00"), money("1400.00", "0.00")));
    let again = cast.alice.keyed(&post, "post", &json!({"amount": "400.00"})).await;
    assert_eq!(again.json()["fee"], posted["fee"]);
    let hold = made(&cast.alice.json("/v1/transfers", &cast.order("1.00")).await);
    assert_eq!(hold["fee"]["amount"], "0.20");
    let mut order = cast.order("10.00");
    order["pending"] = json!(true);
    let hold = made(&cast.alice.json("/v1/transfers", &order).await);
    let void = format!("/v1/transfers/{}/void", text(&hold["transfer"]["id"]));
    assert_eq!(made(&cast.alice.json(&void, &json!({})).await)["fee"], Value::Null);
    assert_eq!((cast.alices().await, taken(&mut cast).await), (money("597.70", "0.00"), 130));
    program.verified().await;
    program.stop().await;
}

pub async fn each_transfer_of_a_batch_has_its_fee_and_a_broken_chain_none(engine: Engine) {
    let program = Program::start_with(&engine, &TARIFF).await;
    let mut cast = Cast::of(&program).await;
    let batch = |amounts: &[&str], atomic: bool| {
        let transfers: Vec<Value> = amounts.iter().map(|amount| cast.order(amount)).collect();
        json!({"transfers": transfers, "atomic": atomic})
    };
    let (broken, whole) = (batch(&["100.00", "899.45"], true), batch(&["100.00", "899.30", "897.00"], false));
    let refused = cast.alice.json("/v1/transfers/batch", &broken).await.json();
    assert_eq!(refused["done"], 0, "100.00 and 0.35 leave 899.65, which is not enough for 899.45 and 2.35: {refused}");
    assert_eq!((cast.alices().await, taken(&mut cast).await), (money("1000.00", "0.00"), 0));
    let done = cast.alice.keyed("/v1/transfers/batch", "many", &whole).await.json();
    let fees: Vec<&Value> = (0..3).map(|place| &done["results"][place]["fee"]["amount"]).collect();
    assert_eq!(fees, [&json!("0.35"), &Value::Null, &json!("2.34")], "{done}");
    assert_eq!((cast.alices().await, taken(&mut cast).await), (money("0.31", "0.00"), 269));
    let again = cast.alice.keyed("/v1/transfers/batch", "many", &whole).await.json();
    for place in [0, 2] {
        assert_eq!(again["results"][place]["fee"], done["results"][place]["fee"]);
    }
    program.verified().await;
    program.stop().await;
}

pub async fn a_withdrawal_has_its_fee_and_the_house_takes_its_own_for_nothing(engine: Engine) {
    let program = Program::start_with(&engine, &TARIFF).await;
    let mut cast = Cast::of(&program).await;
    let order = |amount: &str, reference: &str| json!({"amount": amount, "currency": "CNY", "reference": reference});
    let out =
        made(&cast.operator.json(&format!("/v1/accounts/{}/withdrawals", cast.from), &order("99.00", "w-1")).await);
    assert_eq!((&out["fee"]["amount"], cast.alices().await), (&json!("1.00"), money("900.00", "0.00")));
    let path = format!("/api/wallets/{}", cast.from);
    let withdrawn = cast.alice.json(&format!("{path}/withdraw"), &json!({"amount": "9.00", "tx_hash": "0x1"})).await;
    assert_eq!((withdrawn.status.as_u16(), cast.alices().await), (200, money("890.00", "0.00")));
    let history = cast.alice.get(&format!("{path}/transactions?limit=2")).await.json().to_string();
    assert!(history.contains("\"fee\"") && history.contains("fee of transfer "), "{history}");
    assert_eq!(taken(&mut cast).await, 200);

    let house = cast.operator.get("/v1/house?currency=CNY").await.json();
    let fees = house["fees"].as_array().expect("a list").iter().find(|one| one["balance"] != "0.00").expect("some");
    let path = format!("/v1/accounts/{}/withdrawals", fees["id"]);
    let own = made(&cast.operator.json(&path, &order(&text(&fees["balance"]), "w-2")).await);
    assert_eq!((&own["fee"], &own["from_account"]["balance"]), (&Value::Null, &json!("0.00")));
    // To customers, and to operators who would pay into them, the house's accounts for fees are not there.
    let fees = json!({"from_account_id": cast.from, "to_account_id": fees["id"], "amount": "1.00", "currency": "CNY"});
    problem(&cast.alice.json("/v1/transfers", &fees).await, 404, "account-not-found");
    problem(&cast.operator.json("/v1/transfers", &fees).await, 404, "account-not-found");
    problem(&cast.alice.get("/v1/house").await, 403, "operator-only");
    program.verified().await;
    program.stop().await;
}
