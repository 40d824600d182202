//! What is brought: every entry, as `/v1` shows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use teller::gateway::simulated::Faults;
use tokio::task::JoinSet;

use crate::receiver::{Receiver, hook, quick};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::http::Browser;
use crate::support::program::Program;
use crate::teller::{Cast, made, text};

pub async fn every_entry_is_brought_once_in_order_and_signed(engine: Engine) {
    let gateway = Gateway::start(Faults::none()).await;
    let engine = quick(engine, "1").with("TELLER_PAYMENT_GATEWAY_URL", gateway.url());
    let program = Program::start_patient(&engine).await;
    let mut cast = Cast::of(&program).await;
    let before =
        [(cast.from, newest(&mut cast.alice, cast.from).await), (cast.to, newest(&mut cast.bob, cast.to).await)];
    let receivers = [Receiver::start().await, Receiver::start().await];
    let secrets =
        [hook(&mut cast.alice, &receivers[0].url()).await.1, hook(&mut cast.bob, &receivers[1].url()).await.1];
    everything_happens(&mut cast).await;
    for (index, (account, first)) in before.into_iter().enumerate() {
        let owner = if index == 0 { &mut cast.alice } else { &mut cast.bob };
        let entries = since(owner, account, first).await;
        let last = entries.keys().last().copied().expect("something has happened");
        let receiver = &receivers[index];
        receiver.until_seq(account, last).await;
        let heard = receiver.heard();
        assert_eq!(receiver.seqs(account), entries.keys().copied().collect::<Vec<_>>(), "each once, in order");
        for one in &heard {
            assert!(one.is_signed_with(&secrets[index]) && !one.is_signed_with(&secrets[1 - index]));
            let (body, (_, seq)) = (one.json(), one.place());
            assert_eq!(one.id, format!("msg_{account}_{seq}"));
            assert_eq!(body["data"]["entry"], entries[&seq], "as /v1 shows it");
            assert_eq!(body["timestamp"], entries[&seq]["created_at"]);
            let id = text(&entries[&seq]["transfer_id"]);
            let shown = owner.get(&format!("/v1/transfers/{id}")).await;
            assert_eq!(body["data"]["transfer"], shown.json()["transfer"], "as /v1 shows it");
        }
    }
    let kinds: Vec<String> = receivers[0].heard().iter().map(|one| text(&one.json()["type"])).collect();
    for kind in [
        "transfer.posted",
        "transfer.pending",
        "transfer.voided",
        "deposit.posted",
        "withdrawal.posted",
        "deduction.posted",
        "payment.processing",
        "payment.succeeded",
    ] {
        assert!(kinds.iter().any(|one| one == kind), "{kind}: {kinds:?}");
    }
    program.stop().await;
}

/// Transfers both ways at once, and one of everything else.
async fn everything_happens(cast: &mut Cast) {
    let mut at_once = JoinSet::new();
    for number in 0..24 {
        let forth = number % 2 == 0;
        let mut browser = if forth { cast.alice.clone() } else { cast.bob.clone() };
        let (from, to) = if forth { (cast.from, cast.to) } else { (cast.to, cast.from) };
        let order = json!({"from_account_id": from, "to_account_id": to, "amount": "0.01", "currency": "CNY"});
        at_once.spawn(async move { made(&browser.json("/v1/transfers", &order).await) });
    }
    at_once.join_all().await;
    for (end, body) in [("void", json!({})), ("post", json!({"amount": "1"}))] {
        let mut order = cast.order("2");
        order["pending"] = json!(true);
        let held = made(&cast.alice.json("/v1/transfers", &order).await);
        let path = format!("/v1/transfers/{}/{end}", text(&held["transfer"]["id"]));
        made(&cast.alice.json(&path, &body).await);
    }
    for what in ["deposits", "withdrawals"] {
        let body = json!({"amount": "5", "currency": "CNY", "reference": format!("bank-{what}")});
        made(&cast.operator.json(&format!("/v1/accounts/{}/{what}", cast.from), &body).await);
    }
    assert_eq!(cast.alice.json("/deduct", &json!({"user_id": 1, "amount": "1"})).await.status, 200);
    let payment = json!({"idempotent_token": "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e", "amount": "3", "user_id": 1});
    assert_eq!(cast.alice.json("/payment", &payment).await.status, 200);
}

async fn newest(browser: &mut Browser, account: u64) -> u64 {
    let shown = browser.get(&format!("/v1/accounts/{account}/balance")).await.json();
    shown["seq"].as_u64().expect("a number")
}

/// An account's entries after number `first`.
async fn since(browser: &mut Browser, account: u64, first: u64) -> BTreeMap<u64, Value> {
    let shown = browser.get(&format!("/v1/accounts/{account}/entries?limit=1000")).await.json();
    let entries = shown["entries"].as_array().expect("a list").clone();
    let numbered = entries.into_iter().map(|entry| (entry["seq"].as_u64().expect("a number"), entry));
    numbered.filter(|(seq, _)| *seq > first).collect()
}

pub async fn only_events_that_were_asked_for_are_brought(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let wish = json!({"url": receiver.url(), "events": ["transfer.voided"]});
    assert_eq!(made(&cast.alice.json("/v1/webhooks", &wish).await)["webhook"]["events"], json!(["transfer.voided"]));
    let mut order = cast.order("2");
    for _ in 0..20 {
        made(&cast.alice.json("/v1/transfers", &order).await);
    }
    order["pending"] = json!(true);
    let held = made(&cast.alice.json("/v1/transfers", &order).await);
    let path = format!("/v1/transfers/{}/void", text(&held["transfer"]["id"]));
    made(&cast.alice.json(&path, &json!({})).await);
    let heard = receiver.until("the one event", |heard| !heard.is_empty()).await;
    assert_eq!((heard.len(), heard[0].json()["type"].as_str()), (1, Some("transfer.voided")));
    program.stop().await;
}
