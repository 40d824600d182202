//! Backends and databases that die while people pay.

use std::time::Duration;

use teller::gateway::simulated::Faults;
use tokio::task::JoinSet;

use crate::books::clean;
use crate::paying::{agree, ended, pay, said, token, with};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::process::BackendProcess;
use crate::support::program::Program;

/// How often something dies.
const DEATHS: usize = 4;
/// Payments that are on their way then.
const AT_ONCE: usize = 16;

/// Payments on their way, none of which need be answered.
async fn under_way(program: &Program, tokens: &[String]) -> JoinSet<()> {
    let mut at_once = JoinSet::new();
    for issued in tokens {
        let (mut browser, issued) = (program.browser(), issued.clone());
        at_once.spawn(async move {
            let reply = pay(&mut browser, &issued, "10.00").await;
            assert!(matches!(reply.status.as_u16(), 200 | 202 | 429 | 500), "{reply:?}");
        });
    }
    at_once
}

/// Waits until the gateway has seen more orders than before, or a moment has passed.
async fn until_seen(gateway: &Gateway, before: usize) {
    for _ in 0..20 {
        if gateway.orders().await.len() > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn tokens(program: &Program) -> Vec<String> {
    let mut browser = program.browser();
    let mut tokens = Vec::new();
    for _ in 0..AT_ONCE {
        tokens.push(token(&mut browser).await);
    }
    tokens
}

/// Every token has come to one end, and asked again it is paid: once.
async fn each_is_paid_once(program: &Program, gateway: &Gateway, tokens: &[String]) {
    let mut browser = program.browser();
    for issued in tokens {
        let reply = browser.get(&format!("/payment/status?token={issued}")).await;
        // One that never began is not there.
        if reply.status != 404 {
            ended(&mut browser, issued).await;
        }
    }
    let before = gateway.charged().await.len();
    let mut fresh = 0;
    for issued in tokens {
        let status = browser.get(&format!("/payment/status?token={issued}")).await.json()["status"].clone();
        fresh += usize::from(status != "SUCCESS");
        said(&pay(&mut browser, issued, "10.00").await, 200, "SUCCESS");
    }
    assert_eq!(gateway.charged().await.len(), before + fresh, "what had succeeded is not charged again");
}

pub async fn a_killed_backend_leaves_no_payment_open(engine: Engine) {
    let gateway = Gateway::start(Faults { latency_ms: [0, 40], answer_latency_ms: 20, ..Faults::none() }).await;
    let mut backend = BackendProcess::start(&with(engine, &gateway)).await;
    let program = Program::front_end(&[&backend]).await;
    let mut all = Vec::new();
    for _ in 0..DEATHS {
        let tokens = tokens(&program).await;
        let seen = gateway.orders().await.len();
        let paying = under_way(&program, &tokens).await;
        until_seen(&gateway, seen).await;
        backend.kill().await;
        clean(&backend, &[]).await;
        backend.start_again().await;
        paying.join_all().await;
        all.extend(tokens);
    }
    each_is_paid_once(&program, &gateway, &all).await;
    assert_eq!(gateway.charged().await.len(), all.len());
    agree(&program, &gateway).await;
    clean(&backend, &[]).await;
    program.stop().await;
    backend.stop().await;
}

pub async fn a_killed_database_leaves_no_payment_open(engine: Engine) {
    let gateway = Gateway::start(Faults { latency_ms: [0, 40], answer_latency_ms: 20, ..Faults::none() }).await;
    let engine = with(engine, &gateway);
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut all = Vec::new();
    for _ in 0..DEATHS {
        let tokens = tokens(&program).await;
        let seen = gateway.orders().await.len();
        let paying = under_way(&program, &tokens).await;
        until_seen(&gateway, seen).await;
        engine.server().expect("it is the story's own").kill();
        paying.join_all().await;
        engine.server().expect("it is the story's own").run();
        all.extend(tokens);
    }
    each_is_paid_once(&program, &gateway, &all).await;
    assert_eq!(gateway.charged().await.len(), all.len());
    agree(&program, &gateway).await;
    clean(&backend, &[]).await;
    program.stop().await;
    backend.stop().await;
}
