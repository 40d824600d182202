//! Passwords and sessions, told from outside: a change, what it ends, and where one is signed in, on every engine.

mod support;

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};
use support::engine::Engine;
use support::http::{Browser, Reply};
use support::program::Program;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const USER: &str = "/api/entrytask/user";
const OLD: &str = "open-sesame";
const NEW: &str = "a longer password than the entry task would take";

fn main() {
    support::story::tell(stories![
        a_change_signs_out_everywhere_else_at_once_on_every_front_end,
        a_change_is_refused_for_a_reason_and_changes_nothing,
        of_many_changes_at_once_one_is_made,
        nobody_who_signed_in_with_the_old_password_stays_signed_in,
        sessions_are_listed_with_their_device_and_ended_by_their_number,
        all_other_sessions_end_at_once,
        anothers_session_is_not_there,
    ]);
}

async fn sign_in(browser: &mut Browser, user_name: &str, password: &str) -> String {
    let body = json!({"username": user_name, "password": password});
    browser.json(&format!("{USER}/signin"), &body).await.err_code()
}

/// Someone new, signed in with [`OLD`].
async fn someone(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    let body = json!({"username": user_name, "password": OLD});
    assert_eq!(browser.json(&format!("{USER}/signup"), &body).await.err_code(), "7");
    assert_eq!(sign_in(&mut browser, user_name, OLD).await, "7");
    browser
}

async fn change(browser: &mut Browser, current: &str, new: &str) -> Reply {
    browser.put("/v1/password", &json!({"current_password": current, "new_password": new})).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    let mut browser = browser.clone();
    match browser.get(&format!("{USER}/get_user_info")).await.err_code().as_str() {
        "7" => true,
        "2" => false,
        other => panic!("{other} is no answer to whether one is signed in"),
    }
}

async fn sessions(browser: &mut Browser) -> Vec<Value> {
    let reply = browser.get("/v1/sessions").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["sessions"].as_array().expect("a list").clone()
}

async fn delete(browser: &mut Browser, path: &str) -> Reply {
    browser.send(Method::DELETE, path, None, "").await
}

#[track_caller]
fn problem(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.json()["type"], format!("/problems/{kind}"));
}

async fn a_change_signs_out_everywhere_else_at_once_on_every_front_end(engine: Engine) {
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let mut here = someone(&program, "alma").await;
    let mut there = other.browser();
    assert_eq!(sign_in(&mut there, "alma", OLD).await, "7");
    let stranger = someone(&program, "bruno").await;

    assert_eq!(change(&mut here, OLD, NEW).await.status, 204);
    assert!(is_signed_in(&here).await, "this one stays");
    assert!(!is_signed_in(&there).await);
    assert!(is_signed_in(&stranger).await);
    problem(&there.get("/v1/accounts").await, 401, "unauthenticated");

    assert_eq!(sign_in(&mut other.browser(), "alma", OLD).await, "5");
    assert_eq!(sign_in(&mut there, "alma", NEW).await, "7", "a long one is let in by the entry task, too");
    assert_eq!(change(&mut there, NEW, OLD).await.status, 204);
    assert!(is_signed_in(&there).await && !is_signed_in(&here).await);
    other.stop().await;
    program.stop().await;
}

async fn a_change_is_refused_for_a_reason_and_changes_nothing(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = someone(&program, "clara").await;
    problem(&change(&mut browser, "another", NEW).await, 401, "wrong-password");
    for (body, said) in [
        (json!({"current_password": OLD, "new_password": "seven77"}), "new_password: must be 8 to 128 characters"),
        (
            json!({"current_password": OLD, "new_password": "x".repeat(129)}),
            "new_password: must be 8 to 128 characters",
        ),
        (
            json!({"current_password": OLD, "new_password": "Iloveyou"}),
            "new_password: must not be a common one: it would be guessed first",
        ),
        (json!({"current_password": "abc", "new_password": NEW}), "current_password: must be 4 to 128 characters"),
        (json!({"new_password": NEW}), "current_password: is required"),
        (json!({"current_password": OLD}), "new_password: is required"),
        (json!({"current_password": OLD, "new_password": 12345678}), "new_password: must be a string"),
    ] {
        let reply = browser.put("/v1/password", &body).await;
        problem(&reply, 400, "invalid-request");
        assert_eq!(reply.json()["detail"], said);
    }
    problem(&change(&mut program.browser(), OLD, NEW).await, 401, "unauthenticated");
    assert!(is_signed_in(&browser).await);
    assert_eq!(sign_in(&mut browser, "clara", OLD).await, "7");
    program.stop().await;
}

async fn of_many_changes_at_once_one_is_made(engine: Engine) {
    let program = Program::start_patient(&engine).await;
    let mut tries = JoinSet::new();
    let first = someone(&program, "doris").await;
    for number in 0..8 {
        let mut browser = first.clone();
        tries.spawn(async move {
            let new = format!("new password {number}");
            (change(&mut browser, OLD, &new).await.status.as_u16(), new)
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tries.join_all().await.into_iter().partition(|(status, _)| *status == 204);
    assert_eq!(made.len(), 1, "{made:?}");
    assert!(refused.iter().all(|(status, _)| *status == 401), "{refused:?}");
    assert!(is_signed_in(&first).await);
    assert_eq!(sign_in(&mut program.browser(), "doris", &made[0].1).await, "7");
    program.stop().await;
}

async fn nobody_who_signed_in_with_the_old_password_stays_signed_in(engine: Engine) {
    const CROWD: usize = 24;
    let program = Program::start_patient(&engine).await;
    let mut changer = someone(&program, "edgar").await;
    let begin = Arc::new(Barrier::new(CROWD + 1));
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD {
        let (mut browser, begin) = (program.browser(), Arc::clone(&begin));
        crowd.spawn(async move {
            begin.wait().await;
            let mut got_in = Vec::new();
            while sign_in(&mut browser, "edgar", OLD).await == "7" {
                got_in.push(browser.clone());
            }
            got_in
        });
    }
    begin.wait().await;
    assert_eq!(change(&mut changer, OLD, NEW).await.status, 204);
    for browser in crowd.join_all().await.into_iter().flatten() {
        assert!(!is_signed_in(&browser).await, "a session of the old password was left");
    }
    assert!(is_signed_in(&changer).await);
    assert_eq!(sessions(&mut changer).await.len(), 1);
    program.stop().await;
}

async fn sessions_are_listed_with_their_device_and_ended_by_their_number(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut here = someone(&program, "frida").await;
    let mut there = program.browser();
    assert_eq!(sign_in(&mut there, "frida", OLD).await, "7");
    let listed = sessions(&mut here).await;
    assert_eq!(listed.len(), 2);
    let current: Vec<_> = listed.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    for session in &listed {
        assert_eq!((&session["kind"], &session["address"]), (&json!("browser"), &json!("127.0.0.1")));
        let secret = here.session.as_deref().expect("signed in");
        assert!(!session.to_string().contains(secret), "a number opens nothing");
        let one = here.get(&format!("/v1/sessions/{}", session["id"].as_str().expect("a number"))).await;
        assert_eq!((one.status.as_u16(), &one.json()), (200, session));
    }

    let other = listed.iter().find(|session| session["current"] == false).expect("the other one");
    let path = format!("/v1/sessions/{}", other["id"].as_str().expect("a number"));
    assert_eq!(delete(&mut here, &path).await.status, 204);
    assert!(is_signed_in(&here).await && !is_signed_in(&there).await);
    problem(&delete(&mut here, &path).await, 404, "session-not-found");
    problem(&here.get(&path).await, 404, "session-not-found");
    problem(&here.get("/v1/sessions/1").await, 404, "session-not-found");
    assert_eq!(sessions(&mut here).await, [current[0].clone()]);
    problem(&there.get("/v1/sessions").await, 401, "unauthenticated");
    program.stop().await;
}

async fn all_other_sessions_end_at_once(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut here = someone(&program, "greta").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let mut browser = program.browser();
        assert_eq!(sign_in(&mut browser, "greta", OLD).await, "7");
        others.push(browser);
    }
    let ended = delete(&mut here, "/v1/sessions").await;
    assert_eq!((ended.status.as_u16(), ended.json()), (200, json!({"ended": 3})));
    for other in others {
        assert!(!is_signed_in(&other).await);
    }
    assert!(is_signed_in(&here).await);
    assert_eq!(sessions(&mut here).await.len(), 1);
    program.stop().await;
}

async fn anothers_session_is_not_there(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut mine = someone(&program, "hanna").await;
    let mut other = someone(&program, "igor").await;
    let number = sessions(&mut other).await[0]["id"].as_str().expect("a number").to_owned();
    let path = format!("/v1/sessions/{number}");
    problem(&mine.get(&path).await, 404, "session-not-found");
    problem(&delete(&mut mine, &path).await, 404, "session-not-found");
    assert!(is_signed_in(&other).await);
    program.stop().await;
}
