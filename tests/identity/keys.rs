//! The keys of access tokens, in use and changed under a running program.

use std::time::{Duration, Instant};

use teller::domain::time::Timestamp;
use teller::service::system_clock;
use teller::token::key::SETTLE;
use teller::token::{Format, file};

use crate::program::Holder;
use crate::support::engine::Engine;
use crate::support::process::teller;
use crate::support::program::Program;

/// More than a program takes to notice a change.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn tokens_hold_after_a_restart(engine: Engine) {
    let program = Program::start(&engine).await;
    let holder = Holder::demo(&program, "alice").await;
    let program = program.restart().await;
    assert_eq!(holder.asks_at(&program).await, 200);
    program.stop().await;
}

pub async fn a_change_of_keys_and_of_the_format_signs_nobody_out(engine: Engine) {
    let program = Program::start(&engine).await;
    let first = Holder::demo(&program, "alice").await;
    assert!(first.access.starts_with("v4.local."));

    // A key that was added long enough ago to sign at once.
    let settled = Timestamp(system_clock().0 - SETTLE.as_micros() as i64);
    let add = |ring: &mut teller::token::Ring| ring.add(Format::Paseto, settled).expect("room");
    file::change(engine.keys(), add).expect("changed");
    let footer = |token: &str| token.rsplit('.').next().map(str::to_owned);
    let began = Instant::now();
    let second = loop {
        let holder = Holder::demo(&program, "alice").await;
        if footer(&holder.access) != footer(&first.access) {
            break holder;
        }
        assert!(began.elapsed() < PATIENCE, "the new key is not in use");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for holder in [&first, &second] {
        assert_eq!(holder.asks_at(&program).await, 200, "both keys verify");
    }

    let program = program.restart_with(&engine, &[("TELLER_TOKEN_FORMAT", "jwt")]).await;
    for holder in [&first, &second] {
        assert_eq!(holder.asks_at(&program).await, 200, "the other format's tokens hold");
    }
    file::change(engine.keys(), |ring| ring.add(Format::Jwt, settled).expect("room")).expect("changed");
    let program = program.restart_with(&engine, &[("TELLER_TOKEN_FORMAT", "jwt")]).await;
    let third = Holder::demo(&program, "alice").await;
    assert!(third.access.starts_with("eyJ"), "{}", third.access);
    for holder in [&first, &second, &third] {
        assert_eq!(holder.asks_at(&program).await, 200);
    }

    let listed = said(&engine, program.data(), &["keys", "list"]).await;
    let states: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(states.iter().filter(|state| **state == "signing").count(), 1, "{listed}");
    let rotated = said(&engine, program.data(), &["keys", "rotate"]).await;
    assert!(rotated.starts_with("keys dropped: 0\n") && rotated.contains("waiting"), "{rotated}");
    let text = std::fs::read_to_string(engine.keys()).expect("the file");
    for secret in text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').nth(4)) {
        assert!(secret.len() == 64 && !listed.contains(secret) && !rotated.contains(secret), "no secret is shown");
    }
    program.stop().await;
}

/// What `teller` prints with these arguments.
async fn said(engine: &Engine, folder: &std::path::Path, arguments: &[&str]) -> String {
    let mut command = teller(folder, arguments);
    let output = command.envs(engine.environment()).output().await.expect("it ends");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
