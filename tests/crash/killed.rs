//! What dies, freezes or is restarted while money moves.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use tokio::task::JoinSet;

use crate::books::clean;
use crate::long;
use crate::paying::{Paying, cents, each_is_done_once};
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{account, balance, signed_in, text};

/// `http.request_timeout_ms`, and what a busy machine may add.
const DEADLINE: Duration = Duration::from_millis(2000 + 1500);
/// How often something dies.
const DEATHS: u32 = 4;

pub async fn what_was_acknowledged_outlives_a_killed_backend(engine: Engine) {
    let mut backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut paying = Paying::begin(&program, 4).await;
    for death in 0..DEATHS * long() {
        paying.until_more(60).await;
        backend.kill().await;
        clean(&backend, &[]).await;
        // Of a short death nobody hears: the front end asks again by itself. One is to be longer than anybody waits.
        if death == 0 {
            paying.until_turned_away().await;
        }
        backend.start_again().await;
    }
    paying.until_more(20).await;
    let sent = paying.end().await;
    each_is_done_once(&program, &sent).await;
    clean(&backend, &[]).await;
    program.stop().await;
}

pub async fn what_was_acknowledged_outlives_a_killed_database(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut paying = Paying::begin(&program, 4).await;
    for _ in 0..DEATHS * long() {
        paying.until_more(60).await;
        engine.server().expect("it is the story's own").kill();
        paying.until_turned_away().await;
        engine.server().expect("it is the story's own").run();
    }
    paying.until_more(20).await;
    let sent = paying.end().await;
    each_is_done_once(&program, &sent).await;
    clean(&backend, &[]).await;
    program.stop().await;
}

pub async fn what_was_acknowledged_outlives_a_restart_in_good_order(engine: Engine) {
    let mut backends = vec![BackendProcess::start(&engine).await];
    if engine.sessions_survive() {
        backends.push(BackendProcess::start(&engine).await);
    }
    let program = Program::front_end(&backends.iter().collect::<Vec<_>>()).await;
    let mut paying = Paying::begin(&program, 4).await;
    for _ in 0..2 * long() {
        for backend in &mut backends {
            paying.until_more(60).await;
            backend.restart().await;
        }
    }
    paying.until_more(20).await;
    let sent = paying.end().await;
    for one in &sent {
        // A session in memory ends with its backend; besides, nobody is turned away without being told when to come back.
        let (status, took, ref retry_after) = one.heard;
        let fine = matches!(status, 200 | 201) || status == 503 && retry_after == "1";
        assert!(fine || status == 401 && !engine.sessions_survive(), "{:?}", one.heard);
        assert!(took < DEADLINE, "{:?}", one.heard);
    }
    each_is_done_once(&program, &sent).await;
    clean(&backends[0], &[]).await;
    program.stop().await;
}

/// A database that keeps its connections and does nothing: until it is thawed.
enum Frozen<'a> {
    Server(&'a Engine),
    /// Another process writes, and does not come to an end.
    File(Connection),
}

impl<'a> Frozen<'a> {
    fn freeze(engine: &'a Engine, backend: &BackendProcess) -> Self {
        match engine.server() {
            Some(server) => {
                server.freeze();
                Self::Server(engine)
            }
            None => {
                let other = Connection::open(backend.database()).expect("the file is there");
                other.busy_timeout(Duration::from_secs(10)).expect("a time-out");
                other.execute_batch("BEGIN IMMEDIATE").expect("the lock is free between two batches");
                Self::File(other)
            }
        }
    }

    fn thaw(self) {
        match self {
            Self::Server(engine) => engine.server().expect("it was frozen").thaw(),
            Self::File(other) => other.execute_batch("ROLLBACK").expect("it holds the lock"),
        }
    }
}

pub async fn a_database_that_stops_answering_leaves_nothing_in_doubt(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut alice = signed_in(&program, "alice").await;
    let mut bob = signed_in(&program, "bob").await;
    let (from, to) = (account(&mut alice, "USD").await, account(&mut bob, "USD").await);
    let mut paying = Paying::begin(&program, 4).await;
    paying.until_more(60).await;
    let frozen = Frozen::freeze(&engine, &backend);
    // Without a key, the id in the answer is what to ask by.
    let order = json!({"from_account_id": from, "to_account_id": to, "amount": "0.01", "currency": "USD"});
    let mut tries = JoinSet::new();
    for _ in 0..16 {
        let (mut alice, order) = (alice.clone(), order.clone());
        tries.spawn(async move {
            let begun = Instant::now();
            (alice.json("/v1/transfers", &order).await, begun.elapsed())
        });
    }
    let answers = tries.join_all().await;
    frozen.thaw();
    paying.until_more(60).await;
    let sent = paying.end().await;
    for took in answers.iter().map(|(_, took)| *took).chain(sent.iter().map(|sent| sent.heard.1)) {
        assert!(took < DEADLINE, "an answer after {took:?}");
    }
    let mut in_effect = 0;
    for (answer, _) in &answers {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{answer:?}");
        let problem = answer.json();
        if problem["type"] == "/problems/outcome-unknown" {
            let asked = alice.get(&format!("/v1/transfers/{}", text(&problem["transfer_id"]))).await;
            assert!(matches!(asked.status.as_u16(), 200 | 404), "{asked:?}");
            in_effect += i64::from(asked.status == 200);
        }
    }
    assert_eq!(balance(&mut alice, from).await.0, cents(100_000 - in_effect), "those that are there, and no others");
    each_is_done_once(&program, &sent).await;
    clean(&backend, &[]).await;
    program.stop().await;
}
