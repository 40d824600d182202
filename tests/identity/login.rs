//! Sign-up, and sign-in with tokens.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Holder, PASSWORD, log_in, problem, text};
use crate::support::engine::Engine;
use crate::support::program::Program;

fn carol() -> Value {
    json!({"username": "carol", "password": "plausible lemur", "full_name": "Carol Ünïcode", "email": "Carol@Example.com"})
}

pub async fn a_user_signs_up_logs_in_and_is_who_they_said(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = program.browser();
    let made = browser.json("/v1/users", &carol()).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, "/v1/users/me"), "{made:?}");
    let user = made.json();
    for (field, value) in
        [("username", "carol"), ("full_name", "Carol Ünïcode"), ("email", "carol@example.com"), ("role", "customer")]
    {
        assert_eq!(user[field], value, "{field}");
    }
    assert!(!made.json().to_string().contains("lemur"), "nothing of the password comes back");

    let reply = log_in(&mut browser, "carol", "plausible lemur").await;
    assert_eq!(reply.json()["user"], user);
    let (access_ends, ends) =
        (text(&reply.json()["access_token_expires_at"]), text(&reply.json()["refresh_token_expires_at"]));
    assert!(access_ends < ends, "{access_ends} {ends}");
    let mut carol_holds = Holder::of(&browser, &reply);
    assert_eq!(carol_holds.browser.get("/v1/users/me").await.json(), user);

    problem(&browser.json("/v1/users", &carol()).await, 409, "user-exists");
    let mut other = carol();
    other["username"] = json!("carola");
    problem(&browser.json("/v1/users", &other).await, 409, "email-exists");
    problem(&log_in(&mut browser, "carola", "plausible lemur").await, 401, "wrong-login");
    program.stop().await;
}

pub async fn what_cannot_be_a_user_is_named(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = program.browser();
    for (field, value) in [
        ("username", json!("abc")),
        ("username", json!("x".repeat(14))),
        ("username", Value::Null),
        ("password", json!("short")),
        ("password", json!("x".repeat(129))),
        ("password", json!("password1")),
        ("password", json!(12_345_678)),
        ("full_name", json!("")),
        ("full_name", json!("x".repeat(101))),
        ("full_name", json!("a\nb")),
        ("email", json!("carol")),
        ("email", json!("carol@example.com\r\nbcc: x@example.com")),
        ("role", json!("operator")),
        ("id", json!(1)),
    ] {
        let mut body = carol();
        body[field] = value;
        let refused = problem(&browser.json("/v1/users", &body).await, 400, "invalid-request");
        assert_eq!(refused["field"], field, "{body}");
    }
    for body in [json!({}), json!({"username": "alice"}), json!({"username": "alice", "password": PASSWORD, "x": 1})] {
        problem(&browser.json("/v1/users/login", &body).await, 400, "invalid-request");
    }
    let form = browser.form("/v1/users/login", "username=alice&password=teller-demo").await;
    assert_eq!(form.status, 415, "another site's form cannot log anybody in");
    program.stop().await;
}

pub async fn an_unknown_user_takes_as_long_as_a_wrong_password(engine: Engine) {
    const PAIRS: usize = 15;
    // With hashes that cost as much as in earnest: a look-up is nothing beside them. And so many failures would slow down the next sign-ins.
    let settings = [
        ("TELLER_PASSWORD_MEMORY_KIB", "19456"),
        ("TELLER_PASSWORD_PASSES", "2"),
        ("TELLER_SIGN_IN_FREE_FAILURES", "100"),
    ];
    let program = Program::start_with(&engine, &settings).await;
    let mut browser = program.browser();
    let mut times: [Vec<Duration>; 2] = Default::default();
    let mut bodies = Vec::new();
    for _ in 0..PAIRS {
        for (name, taken) in ["alice", "nobody"].into_iter().zip(&mut times) {
            let began = Instant::now();
            let reply = log_in(&mut browser, name, "not the password").await;
            taken.push(began.elapsed());
            problem(&reply, 401, "wrong-login");
            bodies.push(reply.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "one answer, to the byte");
    let [known, unknown] = times.map(|mut taken| {
        taken.sort();
        taken[PAIRS / 2]
    });
    // Without work for the unknown the ratio would be ten and more.
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{known:?} for a known user, {unknown:?} for an unknown one");
    for (name, password) in [("", "not the password"), ("no such user at all", "x"), ("alice", ""), ("alice", "xxx")] {
        problem(&log_in(&mut browser, name, password).await, 401, "wrong-login");
    }
    problem(&log_in(&mut browser, &"x".repeat(5000), PASSWORD).await, 401, "wrong-login");
    program.stop().await;
}

pub async fn a_token_does_what_a_cookie_does(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut alice = Holder::demo(&program, "alice").await;
    let mut bob = Holder::demo(&program, "bob").await;
    let account = |listed: Value| listed["accounts"][0]["id"].as_u64().expect("an account");
    let from = account(alice.browser.get("/v1/accounts").await.json());
    let to = account(bob.browser.get("/v1/accounts").await.json());
    let order = json!({"from_account_id": from, "to_account_id": to, "amount": "1.00", "currency": "CNY"});
    assert_eq!(alice.browser.json("/v1/transfers", &order).await.status, 201);
    problem(&bob.browser.json("/v1/transfers", &order).await, 404, "account-not-found");
    problem(&bob.browser.get(&format!("/v1/accounts/{from}")).await, 404, "account-not-found");
    let profile = alice.browser.get("/api/entrytask/user/get_user_info").await;
    assert_eq!(profile.json()["data"]["username"], "alice");

    // A cookie beside a token that is none does not make it good, and the other way round neither.
    let mut both = program.browser();
    let body = json!({"username": "alice", "password": PASSWORD});
    assert_eq!(both.json("/api/entrytask/user/signin", &body).await.err_code(), "7");
    assert_eq!(both.get("/v1/users/me").await.status, 200);
    both.token = Some("v4.local.AAAA".to_owned());
    let refused = both.get("/v1/users/me").await;
    problem(&refused, 401, "unauthenticated");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let session = both.session.clone();
    let mut shown = program.browser();
    shown.token = session;
    problem(&shown.get("/v1/users/me").await, 401, "unauthenticated");
    program.stop().await;
}
