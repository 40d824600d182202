//! A disk that takes no more.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::books::clean;
use crate::paying::{Paying, each_is_done_once};
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{account, made, signed_in};

/// No file of the process may grow beyond this.
fn limit(backend: &BackendProcess, bytes: &str) {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &backend.id().to_string(), &format!("--fsize={bytes}:unlimited")]);
    assert!(command.status().expect("prlimit starts").success(), "{command:?}");
}

pub async fn a_full_disk_refuses_writes_and_nothing_else(engine: Engine) {
    // Of the signal that goes with it SQLite hears nothing: what counts is the write that fails.
    let backend = BackendProcess::start_under(&["env", "--ignore-signal=XFSZ"], &engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut alice = signed_in(&program, "alice").await;
    let mut bob = signed_in(&program, "bob").await;
    let (from, to) = (account(&mut alice, "USD").await, account(&mut bob, "USD").await);
    let order = json!({"from_account_id": from, "to_account_id": to, "amount": "0.01", "currency": "USD"});
    let mut paying = Paying::begin(&program, 3).await;
    paying.until_more(60).await;
    for _ in 0..2 {
        let log = backend.database().with_extension("db-wal");
        limit(&backend, &fs::metadata(&log).expect("there is a log").len().to_string());
        let refused = loop {
            let reply = alice.json("/v1/transfers", &order).await;
            if reply.status == 503 {
                break reply;
            }
            // The log had room: it was written from its beginning again.
            made(&reply);
        };
        assert_eq!(refused.header("retry-after"), "1", "{refused:?}");
        assert_eq!(alice.get(&format!("/v1/accounts/{from}")).await.status, 200, "reading goes on");
        limit(&backend, "unlimited");
        paying.until_more(60).await;
    }
    let sent = paying.end().await;
    assert!(sent.iter().any(|sent| !sent.is_acknowledged()), "somebody was turned away");
    clean(&backend, &[]).await;
    each_is_done_once(&program, &sent).await;
    clean(&backend, &[]).await;
    program.stop().await;
}
