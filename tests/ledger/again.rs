//! The same request, sent again.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use rusqlite::Connection;
use serde_json::json;

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, made, money, problem, signed_in};

#[track_caller]
fn is_replay(again: &Reply, first: &Reply) {
    assert_eq!(again.header("idempotency-replayed"), "true", "{again:?}");
    assert_eq!((again.status, &again.body), (first.status, &first.body), "to the byte");
    assert_eq!(again.header("location"), first.header("location"));
}

pub async fn a_key_stands_for_one_request_and_says_what_differs(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let order = cast.order("10.00");
    let first = cast.alice.keyed("/v1/transfers", "order-1", &order).await;
    made(&first);
    made(&cast.alice.json("/v1/transfers", &cast.order("7.00")).await);
    is_replay(&cast.alice.keyed("/v1/transfers", "order-1", &order).await, &first);
    for (field, value) in [
        ("amount", json!("10.01")),
        ("description", json!("another")),
        ("pending", json!(true)),
        ("to_account_id", json!(cast.from + 1_000_000)),
    ] {
        let mut other = order.clone();
        other[field] = value;
        let refused = problem(&cast.alice.keyed("/v1/transfers", "order-1", &other).await, 422, "key-reused");
        assert_eq!(refused["field"], field);
    }
    let mut same = order.clone();
    same["amount"] = json!("10.0");
    is_replay(&cast.alice.keyed("/v1/transfers", "order-1", &same).await, &first);
    made(&cast.operator.keyed("/v1/transfers", "order-1", &order).await);
    assert_eq!(cast.alices().await, money("973.00", "0.00"), "another's key is another key");

    let refused = cast.alice.keyed("/v1/transfers", "order-2", &cast.order("5000.00")).await;
    problem(&refused, 422, "insufficient-funds");
    let deposit = json!({"amount": "5000.00", "currency": "CNY", "reference": "r"});
    let path = format!("/v1/accounts/{}/deposits", cast.from);
    let brought = cast.operator.keyed(&path, "deposit-1", &deposit).await;
    made(&brought);
    is_replay(&cast.operator.keyed(&path, "deposit-1", &deposit).await, &brought);
    made(&cast.alice.keyed("/v1/transfers", "order-2", &cast.order("5000.00")).await);
    program.stop().await;
}

/// Somebody who keeps all accounts to themselves, so that no transfer comes to its end.
enum Held {
    File(Connection),
    Rows(mysql_async::Conn),
}

impl Held {
    async fn of(engine: &Engine, backend: &BackendProcess) -> Self {
        let Some((url, _)) = engine.servers() else {
            let other = Connection::open(backend.database()).expect("the file is there");
            other.busy_timeout(Duration::from_secs(10)).expect("a time-out");
            other.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
            return Self::File(other);
        };
        let mut other = mysql_async::Conn::from_url(url).await.expect("the server is there");
        other.query_drop("BEGIN").await.expect("a transaction");
        other.query_drop("SELECT id FROM accounts FOR UPDATE").await.expect("the rows are free");
        Self::Rows(other)
    }

    async fn release(self) {
        match self {
            Self::File(other) => other.execute_batch("ROLLBACK").expect("it holds the lock"),
            Self::Rows(mut other) => other.query_drop("ROLLBACK").await.expect("it holds the rows"),
        }
    }
}

pub async fn the_same_request_beside_one_that_is_running_is_told_so(engine: Engine) {
    let engine = engine.with("TELLER_LEDGER_SAME_KEY_WAIT_MS", 100);
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut cast = Cast::of(&program).await;
    let held = Held::of(&engine, &backend).await;
    let mut both = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (mut alice, order) = (cast.alice.clone(), cast.order("10.00"));
        both.spawn(async move { alice.keyed("/v1/transfers", "held", &order).await });
    }
    let first = both.join_next().await.expect("two").expect("no panic");
    held.release().await;
    problem(&first, 409, "still-running");
    assert_eq!(first.header("retry-after"), "1");
    let second = both.join_next().await.expect("the other").expect("no panic");
    made(&second);
    is_replay(&cast.alice.keyed("/v1/transfers", "held", &cast.order("10.00")).await, &second);
    assert_eq!(cast.alices().await, money("990.00", "0.00"), "once");
    program.stop().await;
    backend.stop().await;
}

/// Sends the order under one key through all of `browsers` at once, many times each.
async fn all_at_once(browsers: &[Browser], cast: &Cast) -> Vec<Reply> {
    let mut tries = tokio::task::JoinSet::new();
    for browser in browsers.iter().cycle().take(32) {
        let (mut browser, order) = (browser.clone(), cast.order("10.00"));
        tries.spawn(async move { browser.keyed("/v1/transfers", "wanted", &order).await });
    }
    tries.join_all().await
}

pub async fn a_key_is_one_transfer_through_every_front_end_and_backend(engine: Engine) {
    // Where caches are shared, also through two backends; one process alone has what is in its memory.
    let (program, backends) = match engine.servers() {
        Some(_) => {
            let backends = [BackendProcess::start(&engine).await, BackendProcess::start(&engine).await];
            (Program::front_end(&[&backends[0], &backends[1]]).await, Some(backends))
        }
        None => (Program::start(&engine).await, None),
    };
    let other = match &backends {
        Some([a, b]) => Program::front_end(&[b, a]).await,
        None => program.another_front_end().await,
    };
    let mut cast = Cast::of(&program).await;
    let there = Browser { address: other.http(), ..cast.alice.clone() };
    let replies = all_at_once(&[cast.alice.clone(), there], &cast).await;
    let firsts: Vec<&Reply> = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty()).collect();
    assert_eq!(firsts.len(), 1, "one of them did it");
    made(firsts[0]);
    for reply in replies.iter().filter(|reply| !reply.header("idempotency-replayed").is_empty()) {
        is_replay(reply, firsts[0]);
    }
    assert_eq!((cast.alices().await, cast.bobs().await), (money("990.00", "0.00"), money("1010.00", "0.00")));
    other.stop().await;
    program.stop().await;
    for backend in backends.into_iter().flatten() {
        backend.stop().await;
    }
}

pub async fn a_restart_answers_the_same_to_the_byte(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let mut hold = cast.order("3.00");
    hold["pending"] = json!(true);
    hold["timeout_seconds"] = json!(3600);
    let orders = [("plain", cast.order("10.00")), ("held", hold)];
    let mut firsts = Vec::new();
    for (key, order) in &orders {
        firsts.push(cast.alice.keyed("/v1/transfers", key, order).await);
    }
    made(
        &cast
            .bob
            .json("/v1/transfers", &{
                let mut back = cast.order("4.00");
                (back["from_account_id"], back["to_account_id"]) = (json!(cast.to), json!(cast.from));
                back
            })
            .await,
    );

    let program = program.restart().await;
    let mut alice = signed_in(&program, "alice").await;
    for ((key, order), first) in orders.iter().zip(&firsts) {
        is_replay(&alice.keyed("/v1/transfers", key, order).await, first);
    }
    let mut cast = Cast::of(&program).await;
    assert_eq!(cast.alices().await, money("994.00", "3.00"), "and the demo users were not given money twice");
    program.stop().await;
}
