//! Many transfers in one request.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, money, problem};

const BATCH: &str = "/v1/transfers/batch";

/// What became of each: `posted`, or the last part of the problem's type.
fn outcomes(body: &Value) -> Vec<String> {
    let results = body["results"].as_array().unwrap_or_else(|| panic!("no results: {body}"));
    let word = |result: &Value| match result["status"].as_str() {
        Some("refused") => result["problem"]["type"].as_str().expect("a type").replace("/problems/", ""),
        status => status.expect("a status").to_owned(),
    };
    results.iter().map(word).collect()
}

pub async fn a_batch_is_answered_one_by_one(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let amounts = ["600.00", "500.00", "0", "400.00", "0.01"];
    let transfers: Vec<Value> = amounts.iter().map(|amount| cast.order(amount)).collect();
    let reply = cast.alice.keyed(BATCH, "batch-1", &json!({"transfers": transfers})).await;
    let body = reply.json();
    let expected = ["posted", "insufficient-funds", "amount-not-positive", "posted", "insufficient-funds"];
    assert_eq!((reply.status.as_u16(), outcomes(&body)), (200, expected.map(str::to_owned).to_vec()));
    assert_eq!((&body["done"], &body["refused"]), (&json!(2), &json!(3)));
    assert_eq!(body["results"][1]["problem"]["available"], "400.00", "each sees what those before it left");
    let last = &body["results"][3];
    assert_eq!((&last["from_balance"], &last["to_balance"]), (&json!("0.00"), &json!("2000.00")));
    let id = last["transfer_id"].as_str().expect("an id");
    assert_eq!(cast.alice.get(&format!("/v1/transfers/{id}")).await.json()["transfer"]["amount"], "400.00");

    let again = cast.alice.keyed(BATCH, "batch-1", &json!({"transfers": transfers})).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json()["results"][3]["transfer_id"], id);
    assert_eq!(cast.alices().await, money("0.00", "0.00"));
    program.stop().await;
}

pub async fn a_chain_stands_or_falls_together(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let linked = |amount: &str, linked: bool| {
        let mut order = cast.order(amount);
        order["linked"] = json!(linked);
        order
    };
    let transfers = [
        linked("1.00", false),
        linked("2.00", true),
        linked("5000.00", true),
        linked("3.00", false),
        linked("4.00", false),
    ];
    let body = cast.alice.json(BATCH, &json!({"transfers": transfers})).await.json();
    let expected = ["posted", "chain-broken", "insufficient-funds", "chain-broken", "posted"];
    assert_eq!(outcomes(&body), expected);
    assert_eq!(body["results"][1]["problem"]["index"], 2);
    assert_eq!(cast.alices().await, money("995.00", "0.00"));

    let all = [cast.order("1.00"), cast.order("5000.00")];
    let body = cast.alice.json(BATCH, &json!({"transfers": all, "atomic": true})).await.json();
    assert_eq!(outcomes(&body), ["chain-broken", "insufficient-funds"]);
    assert_eq!(cast.alices().await, money("995.00", "0.00"));
    let all = [cast.order("1.00"), cast.order("2.00")];
    let body = cast.alice.json(BATCH, &json!({"transfers": all, "atomic": true})).await.json();
    assert_eq!(outcomes(&body), ["posted", "posted"]);
    assert_eq!((cast.alices().await, cast.bobs().await), (money("992.00", "0.00"), money("1008.00", "0.00")));
    program.stop().await;
}

pub async fn a_full_batch_fits_and_one_more_does_not(engine: Engine) {
    let program = Program::start_patient(&engine).await;
    let mut cast = Cast::of(&program).await;
    let cent = cast.order("0.01");
    let many = |count: usize| json!({"transfers": vec![cent.clone(); count]});
    let full = cast.alice.json(BATCH, &many(10_000)).await;
    assert_eq!((full.status.as_u16(), &full.json()["done"]), (200, &json!(10_000)), "{:?}", full.status);
    assert_eq!((cast.alices().await, cast.bobs().await), (money("900.00", "0.00"), money("1100.00", "0.00")));
    for wrong in [many(10_001), many(0)] {
        let refused = problem(&cast.alice.json(BATCH, &wrong).await, 400, "invalid-request");
        assert_eq!(refused["field"], "transfers");
    }
    let mut order = cast.order("1");
    order["amount"] = json!(1);
    let named =
        problem(&cast.alice.json(BATCH, &json!({"transfers": [cast.order("1"), order]})).await, 400, "invalid-request");
    assert_eq!(named["field"], "transfers[1].amount");
    let long = json!({"transfers": [], "padding": "x".repeat(4 << 20)});
    assert_eq!(cast.alice.json(BATCH, &long).await.status, 413);
    program.stop().await;
}

pub async fn a_batch_under_a_key_is_one_request(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let of = |amounts: &[&str]| json!({"transfers": amounts.iter().map(|one| cast.order(one)).collect::<Vec<_>>()});
    let (body, again) = (of(&["1.00", "2.00", "2.00"]), of(&["1", "2.0", "2.00"]));
    let longer = of(&["1.00", "2.00", "2.00", "4.00"]);
    let mut others = vec![longer, of(&["1.00", "2.00"]), of(&["1.00", "2.00", "3.00"]), of(&["2.00", "1.00", "2.00"])];
    others.push(json!({"transfers": body["transfers"], "atomic": true}));
    let first = cast.alice.keyed(BATCH, "key", &body).await;
    assert_eq!(first.json()["done"], 3, "{first:?}");
    for other in &others {
        let refused = problem(&cast.alice.keyed(BATCH, "key", other).await, 422, "key-reused");
        assert_eq!(refused["field"], "transfers");
    }
    let replay = cast.alice.keyed(BATCH, "key", &again).await;
    assert_eq!(replay.header("idempotency-replayed"), "true");
    assert_eq!(replay.json()["results"][2]["transfer_id"], first.json()["results"][2]["transfer_id"]);
    assert_eq!(cast.alices().await, money("995.00", "0.00"), "none of the others had an effect");
    let id = first.json()["results"][0]["transfer_id"].as_str().expect("an id").to_owned();
    assert_eq!(cast.alice.get(&format!("/v1/transfers/{id}")).await.json()["transfer"]["reference"], Value::Null);

    // The same key for a single transfer is another key.
    let single = cast.order("5.00");
    let made = cast.alice.keyed("/v1/transfers", "key", &single).await;
    assert_eq!((made.status.as_u16(), made.header("idempotency-replayed")), (201, ""), "{made:?}");
    let replayed = cast.alice.keyed("/v1/transfers", "key", &single).await;
    assert_eq!((replayed.header("idempotency-replayed"), &replayed.body), ("true", &made.body));
    let replay = cast.alice.keyed(BATCH, "key", &body).await;
    assert_eq!(replay.header("idempotency-replayed"), "true");
    assert_eq!(replay.json()["results"][0]["transfer_id"], id);
    assert_eq!(cast.alices().await, money("990.00", "0.00"), "each once");

    let mut tries = tokio::task::JoinSet::new();
    for body in [body, others.swap_remove(0)].into_iter().cycle().take(16) {
        let mut alice = cast.alice.clone();
        tries.spawn(async move { alice.keyed(BATCH, "contended", &body).await });
    }
    let replies = tries.join_all().await;
    let done: Vec<_> =
        replies.iter().filter(|reply| reply.status == 200).map(|reply| reply.json()["done"].clone()).collect();
    assert!(done.len() == 8 && done.iter().all(|count| *count == done[0]), "one of the two: {done:?}");
    assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 200 | 422)));
    let left = if done[0] == 3 { "985.00" } else { "981.00" };
    assert_eq!(cast.alices().await, money(left, "0.00"));
    program.stop().await;
}
