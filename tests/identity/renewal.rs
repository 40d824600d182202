//! Refresh tokens: exchanged, sent again, and used again by whoever has a copy.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::task::JoinSet;

use crate::program::{Holder, problem, renew, text};
use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::program::Program;

pub async fn of_64_exchanges_at_once_all_get_one_successor(engine: Engine) {
    let program = Program::start_patient(&engine).await;
    let other = program.another_front_end().await;
    let first = Holder::demo(&program, "alice").await;
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let address = if number % 2 == 0 { program.http() } else { other.http() };
        let (mut browser, refresh) = (Browser::new(address), first.refresh.clone());
        at_once.spawn(async move {
            let reply = renew(&mut browser, &refresh).await;
            Holder::of(&browser, &reply)
        });
    }
    let mut holders = at_once.join_all().await;
    let successors: BTreeSet<_> = holders.iter().map(|holder| holder.refresh.clone()).collect();
    assert_eq!(successors.len(), 1, "one successor");
    assert!(!successors.contains(&first.refresh));
    assert!(holders.iter().all(|holder| holder.session == first.session), "one session");
    for holder in &mut holders {
        assert_eq!(holder.asks().await, 200, "every access token holds");
    }
    let mut browser = program.browser();
    let reply = renew(&mut browser, &holders[0].refresh).await;
    let next = Holder::of(&browser, &reply);
    assert_ne!(next.refresh, holders[0].refresh);
    other.stop().await;
    program.stop().await;
}

pub async fn a_lost_answer_is_given_again_for_a_moment(engine: Engine) {
    let program = Program::start_with(&engine, &[("TELLER_TOKEN_GRACE_S", "300")]).await;
    let first = Holder::demo(&program, "alice").await;
    let mut browser = program.browser();
    let reply = renew(&mut browser, &first.refresh).await;
    let second = Holder::of(&browser, &reply);
    for _ in 0..3 {
        let again = renew(&mut browser, &first.refresh).await;
        assert_eq!(Holder::of(&browser, &again).refresh, second.refresh, "the same successor");
        assert_eq!(again.json()["refresh_token_expires_at"], reply.json()["refresh_token_expires_at"], "not later");
    }

    // Without that moment, the one before is used again.
    let program = program.restart_with(&engine, &[("TELLER_TOKEN_GRACE_S", "0")]).await;
    let mut browser = program.browser();
    let reply = renew(&mut browser, &second.refresh).await;
    let third = Holder::of(&browser, &reply);
    problem(&renew(&mut browser, &second.refresh).await, 401, "unauthenticated");
    problem(&renew(&mut browser, &third.refresh).await, 401, "unauthenticated");
    program.stop().await;
}

pub async fn a_token_that_is_used_again_ends_its_session_everywhere(engine: Engine) {
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let first = Holder::demo(&program, "alice").await;
    let mut bystander = Holder::demo(&program, "alice").await;
    let mut browser = program.browser();
    let mut held = vec![first];
    for _ in 0..3 {
        let reply = renew(&mut browser, &held[held.len() - 1].refresh).await;
        held.push(Holder::of(&browser, &reply));
    }
    for holder in &mut held {
        assert_eq!((holder.asks().await, holder.asks_at(&other).await), (200, 200));
    }
    // A thief has the first one; the owner has the last.
    problem(&renew(&mut browser, &held[0].refresh).await, 401, "unauthenticated");
    for holder in &mut held {
        assert_eq!((holder.asks().await, holder.asks_at(&other).await), (401, 401), "at once, everywhere");
        problem(&renew(&mut browser, &holder.refresh).await, 401, "unauthenticated");
    }
    let order = json!({"from_account_id": 1, "to_account_id": 2, "amount": "1.00", "currency": "CNY"});
    problem(&held[3].browser.json("/v1/transfers", &order).await, 401, "unauthenticated");
    assert_eq!(bystander.asks().await, 200, "another session is another session");
    other.stop().await;
    program.stop().await;
}

pub async fn what_is_no_refresh_token_has_one_answer(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = Holder::demo(&program, "alice").await;
    let (session, refresh) = (alice.session.clone(), alice.refresh.clone());
    let mut answers = BTreeSet::new();
    let mut browser = program.browser();
    let other = Holder::demo(&program, "bob").await.refresh;
    // Bob's secret under Alice's session, a token with one letter changed, and what is no token at all.
    let crossed = format!("{}{}", &refresh[..24], &other[24..]);
    let changed = format!("{}{}", &refresh[..50], if &refresh[50..51] == "A" { "B" } else { "A" }) + &refresh[51..];
    for wrong in [
        crossed,
        changed,
        refresh[..88].to_owned(),
        format!("{refresh}A"),
        "tr_".to_owned(),
        "tr_".to_owned() + &"A".repeat(86),
        session,
        alice.access.clone(),
        "x".repeat(5000),
        "\u{1F600}".to_owned(),
    ] {
        let reply = renew(&mut browser, &wrong).await;
        problem(&reply, 401, "unauthenticated");
        answers.insert(reply.body);
    }
    assert_eq!(answers.len(), 1, "one answer for all");
    assert_eq!(alice.asks().await, 200, "a guess ends nobody's session");
    alice.browser.token = Some(refresh.clone());
    assert_eq!(alice.asks().await, 401, "a refresh token is no access token");
    let reply = renew(&mut browser, &refresh).await;
    assert_ne!(text(&reply.json()["refresh_token"]), refresh);
    for body in [json!({}), json!({"refresh_token": 7}), json!({"refresh_token": refresh, "more": 1})] {
        problem(&browser.json("/v1/tokens/renew_access", &body).await, 400, "invalid-request");
    }
    program.stop().await;
}
