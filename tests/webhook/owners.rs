//! Whose webhooks are whose, where they may be, and what they are signed with.

use serde_json::json;

use crate::receiver::{Receiver, hook, quick, until_shown};
use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made, problem};

pub async fn a_secret_that_was_replaced_signs_beside_the_new_one(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let (id, old) = hook(&mut cast.alice, &receiver.url()).await;
    let renewed = cast.alice.json(&format!("/v1/webhooks/{id}/secret"), &json!({})).await.json();
    let new = renewed["secret"].as_str().expect("a secret").to_owned();
    let pinged = cast.alice.json(&format!("/v1/webhooks/{id}/test"), &json!({})).await.json();
    assert_eq!((&pinged["delivered"], &pinged["response_status"]), (&json!(true), &json!(204)));
    let heard = receiver.heard();
    assert!(new != old && heard[0].is_signed_with(&old) && heard[0].is_signed_with(&new));
    assert_eq!((heard[0].json()["type"].as_str(), heard[0].signature.split(' ').count()), (Some("ping"), 2));
    // Renewed once more, it is the one in use that still signs.
    let again = cast.alice.json(&format!("/v1/webhooks/{id}/secret"), &json!({})).await.json();
    let newest = again["secret"].as_str().expect("a secret");
    cast.alice.json(&format!("/v1/webhooks/{id}/test"), &json!({})).await;
    let last = receiver.heard().pop().expect("a ping");
    assert!(last.is_signed_with(newest) && last.is_signed_with(&old) && !last.is_signed_with(&new));
    // A secret is told once.
    let shown = cast.alice.get("/v1/webhooks").await;
    assert!(!String::from_utf8_lossy(&shown.body).contains("whsec_"));
    program.stop().await;
}

pub async fn a_user_has_as_many_webhooks_as_may_be(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1").with("TELLER_WEBHOOK_MAX_PER_USER", 2)).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let (first, _) = hook(&mut cast.alice, &receiver.url()).await;
    hook(&mut cast.alice, &receiver.url()).await;
    problem(&cast.alice.json("/v1/webhooks", &json!({"url": receiver.url()})).await, 409, "too-many-webhooks");
    assert_eq!(cast.alice.delete(&format!("/v1/webhooks/{first}")).await.status, 204);
    hook(&mut cast.alice, &receiver.url()).await;
    problem(&cast.alice.get(&format!("/v1/webhooks/{first}")).await, 404, "webhook-not-found");
    for (wish, field) in [
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": "https://user@example.com/"}), "url"),
        (json!({"url": receiver.url(), "events": ["money.lost"]}), "events"),
        (json!({}), "url"),
    ] {
        assert_eq!(problem(&cast.bob.json("/v1/webhooks", &wish).await, 400, "invalid-request")["field"], field);
    }
    program.stop().await;
}

pub async fn an_operator_sees_and_ends_what_is_anybodys(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let wish = json!({"url": receiver.url(), "user_id": 1});
    problem(&cast.bob.json("/v1/webhooks", &wish).await, 404, "user-not-found");
    problem(&cast.bob.get("/v1/webhooks?user_id=1").await, 404, "user-not-found");
    let id = made(&cast.operator.json("/v1/webhooks", &wish).await)["webhook"]["id"].as_u64().expect("a number");
    assert_eq!(cast.operator.get("/v1/webhooks?user_id=1").await.json()["webhooks"][0]["id"], id);
    assert_eq!(cast.alice.get("/v1/webhooks").await.json()["webhooks"][0]["id"], id);
    made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    receiver.until("alice's event", |heard| !heard.is_empty()).await;
    assert_eq!(cast.operator.delete(&format!("/v1/webhooks/{id}")).await.status, 204);
    let events = cast.operator.get("/v1/audit?kind=webhook_changed").await.json();
    let said: Vec<_> =
        events["events"].as_array().expect("a list").iter().map(|event| event["user_id"].clone()).collect();
    assert_eq!(said, [json!(1), json!(1)], "made and deleted");
    program.stop().await;
}

pub async fn no_private_address_is_ever_brought_anything(engine: Engine) {
    let receiver = Receiver::start().await;
    let allowed = quick(engine.clone(), "1");
    let program = Program::start_patient(&allowed).await;
    let mut cast = Cast::of(&program).await;
    let (id, _) = hook(&mut cast.alice, &receiver.url()).await;
    // From now on it is not allowed: what is there already is looked at again each time.
    let program = program.restart_with(&engine, &[("TELLER_WEBHOOK_POLL_MS", "50")]).await;
    let mut cast = Cast::of(&program).await;
    made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    let path = format!("/v1/webhooks/{id}");
    until_shown(&mut cast.alice, &path, |shown| !shown["failing_since"].is_null()).await;
    let tries = cast.alice.get(&format!("{path}/deliveries")).await.json();
    assert_eq!(tries["deliveries"][0]["detail"], "the address must be https://");
    let port = receiver.address.port();
    for url in [
        receiver.url(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1/".to_owned(),
    ] {
        let reply = cast.alice.json("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(problem(&reply, 400, "invalid-request")["field"], "url", "{url}");
    }
    assert_eq!(receiver.heard().len(), 0);
    program.stop().await;
}
