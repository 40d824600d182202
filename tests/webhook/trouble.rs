//! Receivers that fail, hang, move or are gone.

use serde_json::json;

use crate::receiver::{Receiver, hook, quick, until_shown};
use crate::support::engine::Engine;
use crate::support::program::Program;
use crate::teller::{Cast, made};

pub async fn what_fails_is_tried_again_and_nothing_overtakes_it(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1,1,1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let (id, secret) = hook(&mut cast.alice, &receiver.url()).await;
    // A redirect is followed nowhere, and counts as no.
    receiver.answer(&[500, 302]);
    for _ in 0..3 {
        made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    }
    let heard = receiver.until("the third event", |heard| heard.len() == 5).await;
    let seqs = receiver.seqs(cast.from);
    assert_eq!(seqs, [seqs[0], seqs[0], seqs[0], seqs[0] + 1, seqs[0] + 2]);
    assert_eq!((&heard[0].id, &heard[0].body), (&heard[2].id, &heard[2].body), "the same message");
    assert!(heard.iter().all(|one| one.is_signed_with(&secret)));
    let path = format!("/v1/webhooks/{id}");
    let shown = until_shown(&mut cast.alice, &path, |shown| shown["waiting"] == 0).await;
    assert_eq!(
        (&shown["status"], &shown["failing_since"], &shown["dead_letters"]),
        (&json!("enabled"), &json!(null), &json!(0))
    );
    let tries = cast.alice.get(&format!("{path}/deliveries")).await.json();
    let first = tries["deliveries"].as_array().expect("a list").last().expect("there are three").clone();
    assert_eq!(
        (&first["attempt"], &first["status"], &first["response_status"]),
        (&json!(3), &json!("delivered"), &json!(204))
    );
    program.stop().await;
}

pub async fn what_is_given_up_is_listed_and_brought_when_it_is_asked_for(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&mut cast.alice, &receiver.url()).await;
    receiver.answer(&[500, 500]);
    for _ in 0..2 {
        made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    }
    receiver.until("two tries and the next event", |heard| heard.len() == 3).await;
    let seqs = receiver.seqs(cast.from);
    assert_eq!(seqs, [seqs[0], seqs[0], seqs[0] + 1], "it stops nothing for ever");
    let path = format!("/v1/webhooks/{id}");
    let shown = until_shown(&mut cast.alice, &path, |shown| shown["waiting"] == 0).await;
    assert_eq!(shown["dead_letters"], 1);
    let letters = cast.alice.get(&format!("{path}/dead_letters")).await.json();
    let letter = &letters["dead_letters"][0];
    assert_eq!((&letter["seq"], &letter["attempts"], &letter["detail"]), (&json!(seqs[0]), &json!(2), &json!("heard")));
    let replay = format!("{path}/replay");
    // Once more in vain, and then not.
    receiver.answer(&[503]);
    for heard in [4, 5] {
        assert_eq!(cast.alice.json(&replay, &json!({})).await.json(), json!({"replayed": 1}));
        receiver.until("the dead letter", |all| all.len() == heard).await;
        until_shown(&mut cast.alice, &format!("{path}/dead_letters"), |now| now["dead_letters"][0]["queued"] != true)
            .await;
    }
    until_shown(&mut cast.alice, &path, |shown| shown["dead_letters"] == 0).await;
    let all = json!({"account_id": cast.from, "from_seq": seqs[0]});
    assert_eq!(cast.alice.json(&replay, &all).await.status, 200);
    receiver.until("both again", |heard| heard.len() == 7).await;
    assert_eq!(receiver.seqs(cast.from)[5..], [seqs[0], seqs[0] + 1], "in order");
    let absent = json!({"account_id": cast.to, "from_seq": 1});
    assert_eq!(cast.alice.json(&replay, &absent).await.status, 404, "another's account");
    program.stop().await;
}

pub async fn a_receiver_that_is_gone_is_brought_nothing_more(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "1")).await;
    let mut cast = Cast::of(&program).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&mut cast.alice, &receiver.url()).await;
    receiver.answer(&[410]);
    for _ in 0..2 {
        made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    }
    let path = format!("/v1/webhooks/{id}");
    let shown = until_shown(&mut cast.alice, &path, |shown| shown["status"] == "gone").await;
    assert_eq!((&shown["waiting"], receiver.heard().len()), (&json!(2), 1));
    // Enabled again, it goes on where it stopped.
    assert_eq!(cast.alice.patch(&path, &json!({"status": "enabled"})).await.status, 200);
    receiver.until("both events", |heard| heard.len() == 3).await;
    let seqs = receiver.seqs(cast.from);
    assert_eq!(seqs, [seqs[0], seqs[0], seqs[0] + 1]);
    program.stop().await;
}

pub async fn what_waits_is_brought_at_once_to_another_address(engine: Engine) {
    let program = Program::start_patient(&quick(engine, "3600")).await;
    let mut cast = Cast::of(&program).await;
    let (wrong, right) = (Receiver::start().await, Receiver::start().await);
    let (id, _) = hook(&mut cast.alice, &wrong.url()).await;
    wrong.always(Some(500));
    made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    let path = format!("/v1/webhooks/{id}");
    until_shown(&mut cast.alice, &path, |shown| !shown["failing_since"].is_null()).await;
    assert_eq!(cast.alice.patch(&path, &json!({"url": right.url()})).await.status, 200);
    right.until("what the other one refused", |heard| heard.len() == 1).await;
    until_shown(&mut cast.alice, &path, |shown| shown["failing_since"].is_null()).await;
    program.stop().await;
}

pub async fn a_silent_receiver_holds_up_nobody_else(engine: Engine) {
    let engine = quick(engine, "600").with("TELLER_WEBHOOK_MAX_IN_FLIGHT_PER_USER", 1);
    let engine = engine.with("TELLER_WEBHOOK_MAX_IN_FLIGHT", 2).with("TELLER_WEBHOOK_TIMEOUT_MS", 60_000);
    let program = Program::start_patient(&engine).await;
    let mut cast = Cast::of(&program).await;
    let (silent, well) = (Receiver::start().await, Receiver::start().await);
    silent.always(Some(0));
    for _ in 0..3 {
        hook(&mut cast.alice, &silent.url()).await;
    }
    hook(&mut cast.bob, &well.url()).await;
    for _ in 0..20 {
        made(&cast.alice.json("/v1/transfers", &cast.order("1")).await);
    }
    well.until("all of them", |heard| heard.len() == 20).await;
    assert_eq!(silent.heard().len(), 1, "a user has as much at once as was said");
    program.stop().await;
}
