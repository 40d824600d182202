//! The same token, again.

use serde_json::json;
use tokio::task::JoinSet;

use crate::paying::{agree, ended, lasting, pay, payment, said, start, token, with};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use teller::gateway::simulated::Faults;

pub async fn another_payment_under_the_same_token_is_refused_by_field(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    let issued = token(&mut browser).await;
    let first = pay(&mut browser, &issued, "10.00").await;
    said(&first, 200, "SUCCESS");
    for (field, value) in [("amount", json!("10.01")), ("user_id", json!("alice")), ("description", json!("coffee"))] {
        let mut other = payment(&issued, "10.00");
        other[field] = value;
        let refused = said(&browser.json("/payment", &other).await, 409, "ERROR");
        assert!(refused["message"].as_str().is_some_and(|text| text.starts_with(&format!("{field}: "))), "{refused}");
    }
    assert_eq!(lasting(&pay(&mut browser, &issued, "10.00").await), lasting(&first));
    assert_eq!(gateway.charged().await.len(), 1);
    program.stop().await;
}

pub async fn a_token_at_once_through_every_front_end_and_backend_is_one_charge(engine: Engine) {
    let gateway = Gateway::start(Faults { latency_ms: [20, 50], duplicate_rate: 1.0, ..Faults::none() }).await;
    let engine = with(engine, &gateway);
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
    let mut browser = program.browser();
    for round in 0..3 {
        let issued = token(&mut browser).await;
        let mut at_once = JoinSet::new();
        for number in 0..64 {
            let mut browser = if number % 2 == 0 { program.browser() } else { other.browser() };
            let issued = issued.clone();
            at_once.spawn(async move { pay(&mut browser, &issued, "10.00").await });
        }
        for reply in at_once.join_all().await {
            let fine = matches!(reply.status.as_u16(), 200 | 202);
            assert!(fine, "{reply:?}");
        }
        assert_eq!(ended(&mut browser, &issued).await, "SUCCESS");
        assert_eq!(gateway.charged().await.len(), round + 1, "one charge for one token");
        assert_eq!(gateway.orders().await.len(), round + 1, "and no other order");
    }
    agree(&program, &gateway).await;
    other.stop().await;
    program.stop().await;
    for backend in backends.into_iter().flatten() {
        backend.stop().await;
    }
}

pub async fn an_answer_is_the_same_after_a_restart(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    let mut firsts = Vec::new();
    for amount in ["10.00", "0.01", "7"] {
        let issued = token(&mut browser).await;
        let first = pay(&mut browser, &issued, amount).await;
        said(&first, 200, "SUCCESS");
        let status = browser.get(&format!("/payment/status?token={issued}")).await;
        firsts.push((issued, amount, lasting(&first), status.body));
    }
    let program = program.restart().await;
    let other = program.another_front_end().await;
    for mut browser in [program.browser(), other.browser()] {
        for (issued, amount, first, status) in &firsts {
            assert_eq!(&lasting(&pay(&mut browser, issued, amount).await), first);
            assert_eq!(&browser.get(&format!("/payment/status?token={issued}")).await.body, status, "to the byte");
        }
    }
    assert_eq!(gateway.charged().await.len(), firsts.len());
    agree(&program, &gateway).await;
    other.stop().await;
    program.stop().await;
}
