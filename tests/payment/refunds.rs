//! Money that is given back.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use teller::gateway::simulated::Faults;
use tokio::task::JoinSet;

use crate::books::clean;
use crate::paying::{PATIENCE, agree, balance, cents, pay, record, said, start, token, with};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::http::{Browser, Reply};
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{account, problem, signed_in};

/// Asks for a refund under a key.
async fn give_back(browser: &mut Browser, payment: &str, key: &str, body: &Value) -> Reply {
    browser.key = Some(key.to_owned());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    browser.send(Method::POST, &format!("/v1/payments/{payment}/refunds"), Some("application/json"), body).await
}

/// The refund of this status and word.
#[track_caller]
fn refund(reply: &Reply, status: u16, word: &str) -> Value {
    assert_eq!(reply.status, status, "{word}: {reply:?}");
    let shown = reply.json();
    assert_eq!(shown["status"], word, "{shown}");
    shown
}

async fn paid(browser: &mut Browser, amount: &str) -> String {
    let issued = token(browser).await;
    said(&pay(browser, &issued, amount).await, 200, "SUCCESS");
    issued
}

pub async fn a_payment_is_given_back_in_parts_and_never_more_than_was_paid(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    let issued = paid(&mut browser, "10.00").await;
    let part = json!({"amount": "4.00", "description": "the tea was cold"});
    let first = give_back(&mut browser, &issued, "part", &part).await;
    let shown = refund(&first, 201, "SUCCESS");
    assert_eq!(
        (&shown["amount"], &shown["payment"], &shown["currency"]),
        (&json!("4.00"), &json!(issued), &json!("CNY"))
    );
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(balance(&program).await, ("99994.00".to_owned(), "0.00".to_owned()));

    let again = give_back(&mut browser, &issued, "part", &part).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.body, first.body, "to the byte");
    for (field, other) in
        [("amount", json!({"amount": "4.01"})), ("amount", Value::Null), ("description", json!({"amount": "4.00"}))]
    {
        let refused = problem(&give_back(&mut browser, &issued, "part", &other).await, 422, "key-reused");
        assert_eq!(refused["field"], field);
    }
    let too_much =
        problem(&give_back(&mut browser, &issued, "more", &json!({"amount": "6.01"})).await, 422, "more-than-paid");
    assert_eq!((&too_much["available"], &too_much["field"]), (&json!("6.00"), &json!("amount")));
    for wrong in ["0", "0.001", "-1", "x"] {
        let reply = give_back(&mut browser, &issued, "wrong", &json!({"amount": wrong})).await;
        assert_eq!(problem(&reply, 400, "invalid-request")["field"], "amount", "{wrong}");
    }

    // By the order that the gateway knows it by, and all that is left.
    let order = record(&mut browser, &issued).await["result"]["order_id"].as_str().expect("a text").to_owned();
    let rest = refund(&give_back(&mut browser, &order, "rest", &Value::Null).await, 201, "SUCCESS");
    assert_eq!(rest["amount"], "6.00");
    problem(&give_back(&mut browser, &issued, "none", &Value::Null).await, 422, "more-than-paid");

    let payment = browser.get(&format!("/v1/payments/{order}")).await.json();
    assert_eq!(
        (&payment["token"], &payment["refunded"], &payment["refundable"]),
        (&json!(issued), &json!("10.00"), &json!("0.00"))
    );
    assert_eq!(record(&mut browser, &issued).await["result"]["refunded"], "10.00");
    let listed = browser.get(&format!("/v1/payments/{issued}/refunds?limit=1")).await.json();
    assert_eq!(listed["refunds"], json!([rest]));
    let next = listed["next"].as_str().expect("there is more");
    let listed = browser.get(&format!("/v1/payments/{issued}/refunds?limit=1&cursor={next}")).await.json();
    assert_eq!(listed, json!({"refunds": [shown], "next": null}));

    let mut payer = signed_in(&program, "user_123").await;
    let own = account(&mut payer, "CNY").await;
    let found = payer.get(&format!("/v1/transfers/{}", rest["transfer_id"].as_str().expect("an id"))).await.json();
    assert_eq!((&found["transfer"]["kind"], &found["transfer"]["to_account_id"]), (&json!("refund"), &json!(own)));
    said(&pay(&mut browser, &issued, "10.00").await, 200, "SUCCESS");
    assert_eq!((gateway.charged().await.len(), gateway.refunded().await.len()), (1, 2));
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn of_64_refunds_at_once_no_more_is_given_back_than_was_paid(engine: Engine) {
    let gateway = Gateway::start(Faults { latency_ms: [5, 20], duplicate_rate: 1.0, ..Faults::none() }).await;
    let program = Program::start(&with(engine, &gateway)).await;
    let other = program.another_front_end().await;
    let mut browser = program.browser();
    let (same, many) = (paid(&mut browser, "10.00").await, paid(&mut browser, "10.00").await);
    let mut at_once = JoinSet::new();
    for number in 0..128 {
        let mut browser = if number % 2 == 0 { program.browser() } else { other.browser() };
        let (of, key) = if number < 64 { (&same, "same".to_owned()) } else { (&many, format!("key-{number}")) };
        let of = of.clone();
        at_once.spawn(async move { give_back(&mut browser, &of, &key, &json!({"amount": "1.00"})).await });
    }
    for reply in at_once.join_all().await {
        let kind = reply.json()["type"].as_str().map(str::to_owned);
        // One that waits too long for its like is told so, and a payment that is given back wholly has no more to give.
        let refused = matches!(kind.as_deref(), Some("/problems/more-than-paid" | "/problems/still-running"));
        let fine = matches!(reply.status.as_u16(), 201 | 202) || refused;
        assert!(fine, "{reply:?}");
    }
    ended(&mut browser, &[&same, &many]).await;
    for (of, given) in [(same, "1.00"), (many, "10.00")] {
        assert_eq!(browser.get(&format!("/v1/payments/{of}")).await.json()["refunded"], given);
    }
    assert_eq!(gateway.refunded().await.len(), 11);
    agree(&program, &gateway).await;
    other.stop().await;
    program.stop().await;
}

/// Waits until no refund of these payments is on its way.
async fn ended(browser: &mut Browser, payments: &[&String]) {
    let until = Instant::now() + PATIENCE;
    for payment in payments {
        loop {
            let listed = browser.get(&format!("/v1/payments/{payment}/refunds")).await.json();
            let refunds = listed["refunds"].as_array().expect("a list").clone();
            if refunds.iter().all(|refund| refund["status"] != "PROCESSING") {
                break;
            }
            assert!(Instant::now() < until, "{listed}");
            // Nobody tells when a refund ends but its record.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub async fn a_refund_is_for_operators_and_is_written_down(engine: Engine) {
    let (program, gateway) = start(engine.with("TELLER_CONTRACTS_OPEN", false)).await;
    let (mut payer, mut alice) = (signed_in(&program, "user_123").await, signed_in(&program, "alice").await);
    let mut operator = signed_in(&program, "operator").await;
    let issued = paid(&mut payer, "10.00").await;
    let one = json!({"amount": "1.00"});
    problem(&give_back(&mut program.browser(), &issued, "k", &one).await, 401, "unauthenticated");
    for browser in [&mut payer, &mut alice] {
        problem(&give_back(browser, &issued, "k", &one).await, 403, "operator-only");
    }
    assert_eq!(gateway.refunded().await.len(), 0);
    let given = refund(&give_back(&mut operator, &issued, "k", &one).await, 201, "SUCCESS");
    let events = operator.get("/v1/audit?kind=refund_by_operator").await.json();
    let detail = events["events"][0]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(given["id"].as_str().expect("an id")), "{events}");
    for path in [format!("/v1/payments/{issued}"), format!("/v1/payments/{issued}/refunds")] {
        assert_eq!(payer.get(&path).await.status, 200);
        problem(&alice.get(&path).await, 404, "payment-not-found");
        problem(&program.browser().get(&path).await, 401, "unauthenticated");
    }
    agree(&program, &gateway).await;
    program.stop().await;
}

pub async fn a_refund_and_a_transfer_under_one_key_are_two_requests(engine: Engine) {
    let (program, gateway) = start(engine.with("TELLER_CONTRACTS_OPEN", false)).await;
    let mut payer = signed_in(&program, "user_123").await;
    let mut operator = signed_in(&program, "operator").await;
    let issued = paid(&mut payer, "10.00").await;
    let own = account(&mut payer, "CNY").await;
    let one = json!({"amount": "1.00"});
    // Whichever comes first.
    for (key, is_refund_first) in [("refund-first", true), ("transfer-first", false)] {
        let order = json!({"amount": "1.00", "currency": "CNY", "reference": key});
        let path = format!("/v1/accounts/{own}/deposits");
        let mut answers = Vec::new();
        for round in 0..2 {
            let mut both = [None, None];
            for is_refund in [is_refund_first, !is_refund_first] {
                operator.key = Some(key.to_owned());
                let reply = match is_refund {
                    true => give_back(&mut operator, &issued, key, &one).await,
                    false => operator.json(&path, &order).await,
                };
                assert_eq!(reply.status, 201, "{key}, {is_refund}: {reply:?}");
                assert_eq!(reply.header("idempotency-replayed") == "true", round == 1, "{key}, {is_refund}");
                both[usize::from(is_refund)] = Some(reply.body);
            }
            answers.push(both);
        }
        assert_eq!(answers[0], answers[1], "{key}: each replays its own");
    }
    assert_eq!(gateway.refunded().await.len(), 2);
    program.stop().await;
}

pub async fn a_refund_that_is_declined_or_delayed_is_told_of_as_it_is(engine: Engine) {
    let (program, gateway) = start(engine).await;
    let mut browser = program.browser();
    let issued = token(&mut browser).await;
    problem(&give_back(&mut browser, &issued, "k", &Value::Null).await, 404, "payment-not-found");
    gateway.misbehave(&Faults { failure_rate: 1.0, ..Faults::none() }).await;
    said(&pay(&mut browser, &issued, "10.00").await, 500, "FAILED");
    problem(&give_back(&mut browser, &issued, "k", &Value::Null).await, 409, "payment-not-paid");
    gateway.misbehave(&Faults::none()).await;
    said(&pay(&mut browser, &issued, "10.00").await, 200, "SUCCESS");

    gateway.misbehave(&Faults { failure_rate: 1.0, ..Faults::none() }).await;
    problem(&give_back(&mut browser, &issued, "k", &Value::Null).await, 422, "refund-declined");
    gateway.misbehave(&Faults { lost_answer_rate: 1.0, lost_question_rate: 1.0, ..Faults::none() }).await;
    problem(&give_back(&mut browser, &issued, "k", &Value::Null).await, 422, "refund-declined");
    let open = refund(&give_back(&mut browser, &issued, "other", &Value::Null).await, 202, "PROCESSING");
    let again = give_back(&mut browser, &issued, "other", &Value::Null).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(refund(&again, 202, "PROCESSING")["id"], open["id"]);
    problem(&give_back(&mut browser, &issued, "third", &json!({"amount": "0.01"})).await, 422, "more-than-paid");
    gateway.misbehave(&Faults::none()).await;
    ended(&mut browser, &[&issued]).await;
    let done = refund(&give_back(&mut browser, &issued, "other", &Value::Null).await, 201, "SUCCESS");
    assert_eq!(done["id"], open["id"]);
    agree(&program, &gateway).await;
    program.stop().await;
}

/// Backends die while money is given back.
pub async fn a_killed_backend_leaves_no_refund_open(engine: Engine) {
    const AT_ONCE: usize = 16;
    let gateway = Gateway::start(Faults { latency_ms: [0, 40], answer_latency_ms: 20, ..Faults::none() }).await;
    let mut backend = BackendProcess::start(&with(engine, &gateway)).await;
    let program = Program::front_end(&[&backend]).await;
    let mut browser = program.browser();
    for death in 0..3 {
        let issued = paid(&mut browser, "10.00").await;
        let mut at_once = JoinSet::new();
        for number in 0..AT_ONCE {
            let (mut browser, issued) = (program.browser(), issued.clone());
            let key = format!("{death}-{number}");
            at_once.spawn(async move { give_back(&mut browser, &issued, &key, &json!({"amount": "1.00"})).await });
        }
        let before = gateway.refunded().await.len();
        for _ in 0..40 {
            if gateway.refunded().await.len() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        backend.kill().await;
        clean(&backend, &[]).await;
        backend.start_again().await;
        at_once.join_all().await;
        ended(&mut browser, &[&issued]).await;
        let shown = browser.get(&format!("/v1/payments/{issued}")).await.json();
        let given = cents(shown["refunded"].as_str().expect("an amount"));
        assert!((0..=1000).contains(&given), "{shown}");
    }
    agree(&program, &gateway).await;
    clean(&backend, &[]).await;
    program.stop().await;
    backend.stop().await;
}
