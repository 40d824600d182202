//! A gateway that declines, is slow, loses its answers, and takes orders twice.

use serde_json::json;
use teller::gateway::simulated::Faults;
use tokio::task::JoinSet;

use crate::books::clean;
use crate::paying::{agree, balance, ended, pay, record, said, start, token, with};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{account, problem, signed_in};

pub async fn a_payment_that_failed_is_tried_again_under_the_same_token(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    gateway.misbehave(&Faults { failure_rate: 1.0, ..Faults::none() }).await;
    let issued = token(&mut browser).await;
    let first = said(&pay(&mut browser, &issued, "10.00").await, 500, "FAILED");
    let second = said(&pay(&mut browser, &issued, "10.00").await, 500, "FAILED");
    assert_ne!(first["order_id"], second["order_id"], "another attempt is another order");
    assert_eq!(record(&mut browser, &issued).await["error_message"], first["message"]);
    assert_eq!(balance(&program).await, ("100000.00".to_owned(), "0.00".to_owned()));
    gateway.misbehave(&Faults::none()).await;
    let third = said(&pay(&mut browser, &issued, "10.00").await, 200, "SUCCESS");
    assert_eq!(gateway.charged().await, [(third["order_id"].as_str().expect("a text").to_owned(), "10.00".to_owned())]);
    assert_eq!(record(&mut browser, &issued).await.get("error_message"), None);
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn a_lost_answer_is_found_out_by_asking(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    gateway.misbehave(&Faults { lost_answer_rate: 1.0, ..Faults::none() }).await;
    let issued = token(&mut browser).await;
    said(&pay(&mut browser, &issued, "10.00").await, 200, "SUCCESS");
    // Neither the charge nor the question after it is answered: it is asked again later.
    gateway.misbehave(&Faults { lost_answer_rate: 1.0, lost_question_rate: 1.0, ..Faults::none() }).await;
    let other = token(&mut browser).await;
    let open = said(&pay(&mut browser, &other, "5.00").await, 202, "PROCESSING");
    assert_eq!(record(&mut browser, &other).await["status"], "PROCESSING");
    assert_eq!(said(&pay(&mut browser, &other, "5.00").await, 202, "PROCESSING")["order_id"], open["order_id"]);
    assert_eq!(balance(&program).await, ("99990.00".to_owned(), "5.00".to_owned()), "it is held meanwhile");
    gateway.misbehave(&Faults::none()).await;
    assert_eq!(ended(&mut browser, &other).await, "SUCCESS");
    let paid = said(&pay(&mut browser, &other, "5.00").await, 200, "SUCCESS");
    assert_eq!(paid["order_id"], open["order_id"]);
    assert_eq!(gateway.charged().await.len(), 2);
    agree(&program, &gateway).await;
    program.stop().await;
}

/// Longer than the program waits for the gateway: the order arrives when it was given up, and is refused.
pub async fn a_slow_gateway_is_told_of_and_waited_for(engine: Engine) {
    let gateway = Gateway::start(Faults::none()).await;
    let engine =
        with(engine, &gateway).with("TELLER_HTTP_REQUEST_TIMEOUT_MS", 900).with("TELLER_RPC_REQUEST_TIMEOUT_MS", 800);
    let engine = engine.with("TELLER_STORE_STATEMENT_TIMEOUT_MS", 700).with("TELLER_PAYMENT_GATEWAY_TIMEOUT_MS", 5000);
    let program = Program::start(&engine.with("TELLER_PAYMENT_RECOVER_AFTER_S", 60)).await;
    let mut browser = program.browser();
    gateway.misbehave(&Faults { latency_ms: [1500, 1500], ..Faults::none() }).await;
    let issued = token(&mut browser).await;
    said(&pay(&mut browser, &issued, "10.00").await, 202, "PROCESSING");
    assert_eq!(ended(&mut browser, &issued).await, "SUCCESS", "the call went on by itself");
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn what_a_payment_holds_is_not_the_payers_to_take_back(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    gateway.misbehave(&Faults { lost_answer_rate: 1.0, lost_question_rate: 1.0, ..Faults::none() }).await;
    let issued = token(&mut browser).await;
    said(&pay(&mut browser, &issued, "10.00").await, 202, "PROCESSING");
    let (mut payer, mut operator) = (signed_in(&program, "user_123").await, signed_in(&program, "operator").await);
    let own = account(&mut payer, "CNY").await;
    let entries = payer.get(&format!("/v1/accounts/{own}/entries?limit=1")).await.json();
    let hold = entries["entries"][0]["transfer_id"].as_str().expect("the newest entry is the hold").to_owned();
    for path in ["void", "post"] {
        for browser in [&mut payer, &mut operator] {
            problem(&browser.json(&format!("/v1/transfers/{hold}/{path}"), &json!({})).await, 422, "of-payment");
        }
    }
    gateway.misbehave(&Faults::none()).await;
    // An account that is frozen meanwhile pays what was charged all the same.
    let frozen = operator.patch(&format!("/v1/accounts/{own}"), &json!({"status": "frozen"})).await;
    assert_eq!(frozen.status, 200, "{frozen:?}");
    assert_eq!(ended(&mut browser, &issued).await, "SUCCESS");
    let late = token(&mut browser).await;
    assert_eq!(said(&pay(&mut browser, &late, "1.00").await, 500, "FAILED")["message"], "the account is frozen");
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn both_ledgers_agree_to_the_cent_whatever_goes_wrong(engine: Engine) {
    let gateway = Gateway::start(Faults {
        latency_ms: [0, 60],
        failure_rate: 0.2,
        lost_answer_rate: 0.2,
        duplicate_rate: 0.5,
        lost_question_rate: 0.3,
        ..Faults::none()
    })
    .await;
    let engine = with(engine, &gateway);
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut at_once = JoinSet::new();
    for number in 1..=60 {
        let mut browser = program.browser();
        at_once.spawn(async move {
            let issued = token(&mut browser).await;
            let amount = format!("{}.{:02}", number % 7, number);
            // Whoever hears nothing good asks again, and some ask twice at once.
            for _ in 0..4 {
                let mut twin = browser.clone();
                let (one, _) = tokio::join!(pay(&mut browser, &issued, &amount), pay(&mut twin, &issued, &amount));
                assert!(matches!(one.status.as_u16(), 200 | 202 | 429 | 500), "{one:?}");
            }
            issued
        });
    }
    let tokens = at_once.join_all().await;
    gateway.misbehave(&Faults::none()).await;
    let mut browser = program.browser();
    let mut successes = 0;
    for issued in &tokens {
        successes += usize::from(ended(&mut browser, issued).await == "SUCCESS");
    }
    assert_eq!(gateway.charged().await.len(), successes, "one charge for each that succeeded, none for others");
    assert!(successes > 30, "{successes} of {}", tokens.len());
    agree(&program, &gateway).await;
    program.stop().await;
    clean(&backend, &[]).await;
    backend.stop().await;
}
