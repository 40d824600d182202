//! The limits of statements, at their edges.

use crate::sent::{DEPOSITS, send, signed_in, wallet};
use crate::support::engine::Engine;
use crate::support::program::Program;

pub async fn a_statement_holds_at_its_limits_and_not_beyond(engine: Engine) {
    let settings = [
        ("TELLER_RECONCILE_MAX_STATEMENT_BYTES", "1024"),
        ("TELLER_RECONCILE_MAX_ENTRIES", "3"),
        ("TELLER_RECONCILE_MAX_LINES", "5"),
    ];
    let program = Program::start_with(&engine, &settings).await;
    let (account, day) = wallet(&program, &DEPOSITS).await;
    let mut operator = signed_in(&program, "operator").await;
    let target = format!("/v1/accounts/{account}/statements");
    let file = |bytes: usize| {
        let start = format!("date,amount,reference\n{day},10,");
        format!("{start}{}\n", "x".repeat(bytes - start.len() - 1))
    };
    assert_eq!(send(&mut operator, &target, &file(1024)).await.status, 201);
    assert_eq!(send(&mut operator, &target, &file(1025)).await.status, 413);
    assert_eq!(send(&mut operator, &target, "").await.status, 400);

    let lines = |bad: usize| format!("date,amount,reference\n{day},10,a\n{}", ",\"x\",\n".repeat(bad));
    assert_eq!(send(&mut operator, &target, &lines(4)).await.status, 201);
    let refused = send(&mut operator, &target, &lines(5)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["detail"].as_str().expect("a text").contains("at most 5 lines"), "{refused:?}");

    let more = serde_json::json!({"amount": "1", "tx_hash": "bank-4"});
    assert_eq!(operator.json(&format!("/api/wallets/{account}/deposit"), &more).await.status, 200);
    let refused = send(&mut operator, &target, &file(1023)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["detail"].as_str().expect("a text").contains("at most 3 entries"), "{refused:?}");
    program.stop().await;
}
