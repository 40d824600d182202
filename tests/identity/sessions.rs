//! Where one is signed in, and what one may do.

use hyper::Method;
use serde_json::{Value, json};

use crate::program::{Holder, PASSWORD, log_in, problem, renew};
use crate::support::engine::Engine;
use crate::support::process::teller;
use crate::support::program::Program;

/// The numbers of the sessions that the holder is shown, and which of them is said to be its own.
async fn listed(holder: &mut Holder) -> (Vec<String>, Vec<String>) {
    let body = holder.browser.get("/v1/sessions").await.json();
    let sessions = body["sessions"].as_array().expect("a list").clone();
    let ids = |all: &mut dyn Iterator<Item = &Value>| all.map(|one| crate::program::text(&one["id"])).collect();
    let own = ids(&mut sessions.iter().filter(|one| one["current"] == true));
    (ids(&mut sessions.iter()), own)
}

pub async fn sessions_are_listed_and_ended_by_their_owner(engine: Engine) {
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let mut alice = [
        Holder::demo(&program, "alice").await,
        Holder::demo(&program, "alice").await,
        Holder::demo(&program, "alice").await,
    ];
    let mut bob = Holder::demo(&program, "bob").await;
    let [first, second, third] = &mut alice;
    let (all, own) = listed(second).await;
    assert_eq!(own, std::slice::from_ref(&second.session));
    assert_eq!(all, [&third.session, &second.session, &first.session].map(String::clone), "the newest first");
    let one = second.browser.get(&format!("/v1/sessions/{}", first.session)).await.json();
    assert_eq!((&one["kind"], &one["current"], &one["address"]), (&"token".into(), &false.into(), &"127.0.0.1".into()));

    // Another's session is not there.
    let path = format!("/v1/sessions/{}", first.session);
    problem(&bob.browser.get(&path).await, 404, "session-not-found");
    problem(&bob.browser.delete(&path).await, 404, "session-not-found");
    for unknown in ["0190a5c8-7b1e-7c3a-9d0e-5f6a7b8c9d0e", "x", "1"] {
        problem(&second.browser.delete(&format!("/v1/sessions/{unknown}")).await, 404, "session-not-found");
    }
    assert_eq!(first.asks().await, 200);

    let ended = second.browser.delete(&path).await;
    assert_eq!((ended.status.as_u16(), ended.body.len()), (204, 0), "{ended:?}");
    assert_eq!((first.asks().await, first.asks_at(&other).await), (401, 401), "at once, everywhere");
    problem(&renew(&mut program.browser(), &first.refresh).await, 401, "unauthenticated");
    problem(&second.browser.delete(&path).await, 404, "session-not-found");

    let ended = second.browser.delete("/v1/sessions").await;
    assert_eq!((ended.status.as_u16(), ended.json()["ended"].as_u64()), (200, Some(1)), "{ended:?}");
    assert_eq!((second.asks().await, third.asks().await, bob.asks().await), (200, 401, 200));
    let path = format!("/v1/sessions/{}", second.session);
    assert_eq!(second.browser.delete(&path).await.status, 204, "one's own is how a program signs out");
    assert_eq!(second.asks().await, 401);
    other.stop().await;
    program.stop().await;
}

pub async fn a_new_password_ends_all_but_the_session_it_was_chosen_through(engine: Engine) {
    const NEW: &str = "plausible lemur";
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let mut browser = program.browser();
    let signed_in = json!({"username": "alice", "password": PASSWORD});
    assert_eq!(browser.json("/api/entrytask/user/signin", &signed_in).await.err_code(), "7");
    let mut first = Holder::demo(&program, "alice").await;
    let second = Holder::demo(&program, "alice").await;
    let bob = Holder::demo(&program, "bob").await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW}).to_string();
    let put = first.browser.send(Method::PUT, "/v1/password", Some("application/json"), change).await;
    assert_eq!(put.status, 204, "{put:?}");
    assert_eq!((first.asks().await, first.asks_at(&other).await), (200, 200), "this one goes on");
    assert_eq!((second.asks_at(&program).await, second.asks_at(&other).await), (401, 401), "at once, everywhere");
    assert_eq!((browser.get("/v1/users/me").await.status.as_u16(), bob.asks_at(&program).await), (401, 200));
    problem(&renew(&mut program.browser(), &second.refresh).await, 401, "unauthenticated");
    assert_eq!(renew(&mut program.browser(), &first.refresh).await.status, 200);
    problem(&log_in(&mut browser, "alice", PASSWORD).await, 401, "wrong-login");
    assert_eq!(log_in(&mut browser, "alice", NEW).await.status, 200);
    other.stop().await;
    program.stop().await;
}

pub async fn a_session_too_many_ends_the_oldest(engine: Engine) {
    let program = Program::start_with(&engine, &[("TELLER_TOKEN_MAX_SESSIONS", "2")]).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Holder::demo(&program, "alice").await);
    }
    let mut bob = Holder::demo(&program, "bob").await;
    let mut asked = Vec::new();
    for holder in &mut held {
        asked.push(holder.asks().await);
    }
    assert_eq!((asked, bob.asks().await), (vec![401, 200, 200], 200));
    program.stop().await;
}

pub async fn a_role_is_given_from_where_the_program_runs(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = Holder::demo(&program, "alice").await;
    let bobs =
        Holder::demo(&program, "bob").await.browser.get("/v1/accounts").await.json()["accounts"][0]["id"].clone();
    let path = format!("/v1/accounts/{bobs}");
    for (name, role, status) in [("alice", "operator", 200), ("alice", "customer", 404)] {
        let mut command = teller(program.data(), &["user", "role", name, role]);
        command.env("TELLER_DATA_DIR", program.data());
        let output = command.envs(engine.environment()).output().await.expect("it ends");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(alice.browser.get(&path).await.status.as_u16(), status, "{role}");
        assert_eq!(alice.browser.get("/v1/users/me").await.json()["role"], role);
    }
    let mut command = teller(program.data(), &["user", "role", "nobody", "operator"]);
    command.env("TELLER_DATA_DIR", program.data());
    let output = command.envs(engine.environment()).output().await.expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no such user"), "{output:?}");
    program.stop().await;
}
