//! Backends and receivers that die while events are brought.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::books::clean;
use crate::receiver::{Receiver, hook, quick};
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, made};

/// How often something dies, and transfers before it does.
const DEATHS: usize = 3;
const TRANSFERS: usize = 30;

/// The numbers as they first came: in order and without gaps, whatever came twice.
fn in_order(seqs: &[u64]) {
    let (mut seen, mut first) = (BTreeSet::new(), Vec::new());
    for seq in seqs {
        if seen.insert(*seq) {
            first.push(*seq);
        }
    }
    let wanted: Vec<u64> = (first[0]..=first[0] + first.len() as u64 - 1).collect();
    assert_eq!(first, wanted, "{seqs:?}");
}

pub async fn what_was_committed_is_brought_whoever_is_killed_and_whenever(engine: Engine) {
    let engine = quick(engine, "1,1,1,1,1,1,1,1,1,1,1,1").with("TELLER_WEBHOOK_TIMEOUT_MS", 300);
    let mut backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut cast = Cast::of(&program).await;
    let mut receiver = Receiver::start().await;
    let (id, _) = hook(&mut cast.alice, &receiver.url()).await;
    let mut last = 0;
    for death in 0..DEATHS {
        for _ in 0..TRANSFERS {
            let receipt = made(&cast.alice.json("/v1/transfers", &cast.order("0.01")).await);
            last = receipt["from_entry"]["seq"].as_u64().expect("a number");
        }
        receiver.until("something", |all| !all.is_empty()).await;
        if death % 2 == 0 {
            backend.kill().await;
            clean(&backend, &[]).await;
            backend.start_again().await;
            cast = Cast::of(&program).await;
        } else {
            receiver.restart().await;
        }
    }
    receiver.until_seq(cast.from, last).await;
    in_order(&receiver.seqs(cast.from));
    let listed = backend.command(&["webhooks", "list", "--json"]).output().await.expect("teller starts");
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("one webhook");
    assert_eq!((&listed["id"], &listed["dead"]), (&Value::from(id), &Value::from(0)));
    // Asked for from outside, all of it comes once more.
    let (account, from) = (cast.from.to_string(), last.to_string());
    let arguments = ["webhooks", "replay", "--account", account.as_str(), "--from", from.as_str()];
    let before = receiver.seqs(cast.from).len();
    let replayed = backend.command(&arguments).output().await.expect("teller starts");
    assert_eq!(String::from_utf8_lossy(&replayed.stdout), "replayed: 1\n", "{replayed:?}");
    receiver.until("the last one again", |all| all.len() > before).await;
    program.stop().await;
    backend.stop().await;
}

pub async fn several_backends_bring_each_account_in_order(engine: Engine) {
    let engine = quick(engine, "1,1,1,1,1,1");
    let mut backends = vec![BackendProcess::start(&engine).await];
    if engine.sessions_survive() {
        backends.push(BackendProcess::start(&engine).await);
        backends.push(BackendProcess::start(&engine).await);
    }
    let program = Program::front_end(&backends.iter().collect::<Vec<_>>()).await;
    let mut cast = Cast::of(&program).await;
    let receivers = [Receiver::start().await, Receiver::start().await];
    hook(&mut cast.alice, &receivers[0].url()).await;
    hook(&mut cast.bob, &receivers[1].url()).await;
    let (mut from, mut to) = (0, 0);
    for _ in 0..100 {
        let receipt = made(&cast.alice.json("/v1/transfers", &cast.order("0.01")).await);
        let seq = |entry: &str| receipt[entry]["seq"].as_u64().expect("a number");
        (from, to) = (seq("from_entry"), seq("to_entry"));
    }
    receivers[0].until_seq(cast.from, from).await;
    receivers[1].until_seq(cast.to, to).await;
    for (receiver, account) in [(&receivers[0], cast.from), (&receivers[1], cast.to)] {
        let seqs = receiver.seqs(account);
        in_order(&seqs);
        assert_eq!(seqs.len(), 100, "nobody died, and nothing came twice");
    }
    program.stop().await;
    for backend in backends {
        backend.stop().await;
    }
}
