//! Wallets where the contracts are not open.

use serde_json::{Value, json};

use crate::contract::{DEMO, moved, says};
use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::program::Program;

/// A demo user, signed in.
pub async fn signed_in(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    let body = json!({"username": user_name, "password": "teller-demo"});
    assert_eq!(browser.json("/api/entrytask/user/signin", &body).await.err_code(), "7");
    browser
}

pub async fn without_open_contracts_a_wallet_is_its_owners(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let mut owner = signed_in(&program, "wallet_demo").await;
    let (mut other, mut operator) = (signed_in(&program, "bob").await, signed_in(&program, "operator").await);
    let made = owner.json("/api/wallets", &json!({"user_id": DEMO, "currency": "USD"})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").to_owned();

    let minting = owner.json(&format!("{path}/deposit"), &json!({"amount": "1", "tx_hash": "mine"})).await;
    assert_eq!(minting.status, 403, "{minting:?}");
    moved(&mut operator, &path, "deposit", "9", "theirs").await;
    moved(&mut owner, &path, "withdraw", "4", "mine").await;
    moved(&mut operator, &path, "withdraw", "1", "for-them").await;
    assert_eq!(owner.get(&path).await.json()["Balance"], "4");
    assert_eq!(operator.get(&path).await.json()["Balance"], "4");

    let body = json!({"amount": "1", "tx_hash": "h", "external_balance": "4", "start_time": "2000-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"});
    let posts = ["deposit", "withdraw", "reconcile"].map(|how| format!("{path}/{how}"));
    let gets = ["", "/transactions", "/reconciliations"].map(|what| format!("{path}{what}"));
    let missing: Value = json!({"error": "wallet not found"});
    let mut nobody = program.browser();
    for target in &posts {
        says(&other.json(target, &body).await, 404, &missing);
        assert_eq!(nobody.json(target, &body).await.status, 401, "{target}");
    }
    for target in &gets {
        says(&other.get(target).await, 404, &missing);
        assert_eq!(nobody.get(target).await.status, 401, "{target}");
        assert_eq!(owner.get(target).await.status, 200, "{target}");
    }
    let missing = json!({"error": "user not found"});
    says(&other.get(&format!("/api/wallets?user_id={DEMO}")).await, 404, &missing);
    says(&other.json("/api/wallets", &json!({"user_id": DEMO, "currency": "EUR"})).await, 404, &missing);
    assert_eq!(owner.get(&path).await.json()["Balance"], "4");
    program.stop().await;
}
