//! The entry-task contract, told from outside: the whole program, over HTTP, on every engine.

mod support;

use serde_json::{Value, json};
use support::engine::Engine;
use support::http::{Browser, Reply};
use support::pictures;
use support::program::Program;

const USER: &str = "/api/entrytask/user";

fn main() {
    support::story::tell(stories![
        a_user_signs_up_signs_in_is_seen_renamed_and_signs_out,
        forms_do_what_json_does,
        each_refusal_has_its_code,
        lengths_hold_at_both_edges_and_count_characters,
        an_ended_session_is_refused_at_once_by_every_front_end,
        a_change_is_seen_at_once_through_every_front_end,
        a_picture_is_written_anew_and_served_safely,
        what_is_no_picture_is_refused_and_changes_nothing,
        a_restart_loses_no_user_and_no_picture,
        of_many_who_want_one_name_one_gets_it,
        the_demo_users_are_there_and_sign_in,
    ]);
}

/// `{"errCode":"7","errMsg":"success","data":...}` and HTTP 200.
#[track_caller]
fn success(reply: &Reply, data: &Value) {
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), json!({"errCode": "7", "errMsg": "success", "data": data}));
}

/// The code and text of a refusal, which is HTTP 200 too.
#[track_caller]
fn refused(reply: &Reply, code: &str, text: &str) {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json(), json!({"errCode": code, "errMsg": text, "data": ""}));
}

async fn sign_up(browser: &mut Browser, user_name: &str) -> Reply {
    browser.json(&format!("{USER}/signup"), &json!({"username": user_name, "password": "secret-1"})).await
}

async fn sign_in(browser: &mut Browser, user_name: &str) -> Reply {
    browser.json(&format!("{USER}/signin"), &json!({"username": user_name, "password": "secret-1"})).await
}

async fn signed_in(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    success(&sign_up(&mut browser, user_name).await, &json!(""));
    success(&sign_in(&mut browser, user_name).await, &json!(""));
    browser
}

async fn profile(browser: &mut Browser) -> Value {
    let reply = browser.get(&format!("{USER}/get_user_info")).await;
    assert_eq!(reply.err_code(), "7", "{reply:?}");
    reply.json()["data"].clone()
}

async fn a_user_signs_up_signs_in_is_seen_renamed_and_signs_out(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = program.browser();
    success(&sign_up(&mut browser, "carol").await, &json!(""));

    let reply = sign_in(&mut browser, "carol").await;
    success(&reply, &json!(""));
    let cookie = reply.header("set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    let id = browser.session.clone().expect("a session");
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");

    let before = json!({"username": "carol", "nickname": "carol", "profilePath": ""});
    assert_eq!(profile(&mut browser).await, before);
    success(&browser.json(&format!("{USER}/update_nickname"), &json!({"nickname": "Caz"})).await, &json!("Caz"));
    assert_eq!(profile(&mut browser).await["nickname"], "Caz");

    success(&browser.json(&format!("{USER}/signout"), &json!({})).await, &json!(""));
    assert_eq!(browser.session, None, "the cookie is cleared");
    browser.session = Some(id);
    refused(&browser.get(&format!("{USER}/get_user_info")).await, "2", "InvalidSessionError");
    program.stop().await;
}

async fn forms_do_what_json_does(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = program.browser();
    success(&browser.form(&format!("{USER}/signup"), "username=d%C3%A4ve+x&password=secret-1").await, &json!(""));
    success(&browser.form(&format!("{USER}/signin"), "password=secret-1&username=d%C3%A4ve+x").await, &json!(""));
    success(&browser.form(&format!("{USER}/update_nickname"), "nickname=%E7%95%8C").await, &json!("界"));
    assert_eq!(profile(&mut browser).await["username"], "däve x");
    success(&browser.get(&format!("{USER}/signout")).await, &json!(""));
    program.stop().await;
}

async fn each_refusal_has_its_code(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = signed_in(&program, "erin").await;
    let mut stranger = program.browser();
    refused(&sign_up(&mut stranger, "erin").await, "3", "UserExistedError");
    refused(&sign_in(&mut stranger, "nobody").await, "4", "UserNotExistError");
    let wrong = json!({"username": "erin", "password": "secret-2"});
    refused(&stranger.json(&format!("{USER}/signin"), &wrong).await, "5", "PasswordError");

    let missing = stranger.json(&format!("{USER}/signup"), &json!({"username": "frank"})).await;
    refused(&missing, "6", "InvalidParamsError");
    assert!(missing.header("x-error-detail").starts_with("password: "), "{missing:?}");
    for wrong in [json!({"username": 12345, "password": "secret-1"}), json!([]), json!(null), json!("text")] {
        refused(&stranger.json(&format!("{USER}/signup"), &wrong).await, "6", "InvalidParamsError");
    }
    refused(&stranger.form(&format!("{USER}/signin"), "").await, "6", "InvalidParamsError");
    let endless = format!("username={}&password=secret-1", "x".repeat(60_000));
    refused(&stranger.form(&format!("{USER}/signin"), &endless).await, "6", "InvalidParamsError");

    for session in [None, Some("0123456789abcdef0123456789abcdef"), Some("../../x"), Some("")] {
        stranger.session = session.map(str::to_owned);
        refused(&stranger.get(&format!("{USER}/get_user_info")).await, "2", "InvalidSessionError");
        stranger.session = session.map(str::to_owned);
        refused(&stranger.get(&format!("{USER}/signout")).await, "2", "InvalidSessionError");
        stranger.session = session.map(str::to_owned);
        let renamed = stranger.json(&format!("{USER}/update_nickname"), &json!({"nickname": "x"})).await;
        refused(&renamed, "2", "InvalidSessionError");
        stranger.session = session.map(str::to_owned);
        let painted = stranger.upload(&format!("{USER}/update_profile_pic"), &[], &pictures::png(8, 8)).await;
        refused(&painted, "2", "InvalidSessionError");
    }
    assert_eq!(profile(&mut browser).await["username"], "erin", "and Erin is as she was");
    program.stop().await;
}

async fn lengths_hold_at_both_edges_and_count_characters(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = program.browser();
    for (chars, code) in [(3, "6"), (4, "7"), (13, "7"), (14, "6")] {
        let (name, password) = ("ü".repeat(chars), "ß".repeat(chars));
        let body = json!({"username": name, "password": "secret-1"});
        assert_eq!(browser.json(&format!("{USER}/signup"), &body).await.err_code(), code, "user name of {chars}");
        let body = json!({"username": format!("user-{chars}"), "password": password});
        assert_eq!(browser.json(&format!("{USER}/signup"), &body).await.err_code(), code, "password of {chars}");
    }
    success(&sign_in(&mut browser, &"ü".repeat(13)).await, &json!(""));
    for (chars, code) in [(0, "6"), (1, "7"), (8, "7"), (9, "6")] {
        let body = json!({"nickname": "語".repeat(chars)});
        assert_eq!(
            browser.json(&format!("{USER}/update_nickname"), &body).await.err_code(),
            code,
            "nickname of {chars}"
        );
    }
    assert_eq!(profile(&mut browser).await["nickname"], "語".repeat(8));
    program.stop().await;
}

async fn an_ended_session_is_refused_at_once_by_every_front_end(engine: Engine) {
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let mut here = signed_in(&program, "grace").await;
    let mut there = Browser { address: other.http(), ..here.clone() };
    assert_eq!(profile(&mut there).await["username"], "grace");
    success(&here.get(&format!("{USER}/signout")).await, &json!(""));
    refused(&there.get(&format!("{USER}/get_user_info")).await, "2", "InvalidSessionError");
    other.stop().await;
    program.stop().await;
}

async fn a_change_is_seen_at_once_through_every_front_end(engine: Engine) {
    let program = Program::start(&engine).await;
    let other = program.another_front_end().await;
    let mut here = signed_in(&program, "heidi").await;
    let mut there = Browser { address: other.http(), ..here.clone() };
    for round in 0..20 {
        let nickname = format!("h{round}");
        success(&here.json(&format!("{USER}/update_nickname"), &json!({"nickname": nickname})).await, &json!(nickname));
        assert_eq!(profile(&mut there).await["nickname"], nickname);
        assert_eq!(profile(&mut here).await["nickname"], nickname);
    }
    other.stop().await;
    program.stop().await;
}

async fn a_picture_is_written_anew_and_served_safely(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = signed_in(&program, "ivan").await;
    let upload = pictures::png(640, 320);
    let reply = browser.upload(&format!("{USER}/update_profile_pic"), &[("username", "ivan")], &upload).await;
    let path = reply.json()["data"]["profilePath"].as_str().expect("profilePath").to_owned();
    success(&reply, &json!({"profilePath": path}));
    assert_eq!(profile(&mut browser).await["profilePath"], path.as_str());

    let picture = program.browser().get(&format!("/pictures/{path}")).await;
    assert_eq!(picture.status, 200);
    assert!(picture.header("content-type").starts_with("image/"));
    assert_eq!(picture.header("x-content-type-options"), "nosniff");
    assert!(picture.body != upload, "nothing is served as it came");
    assert_eq!(pictures::size(&picture.body), (512, 256), "bounded, in its proportions");

    let anothers = browser.upload(&format!("{USER}/update_profile_pic"), &[("username", "alice")], &upload).await;
    refused(&anothers, "6", "InvalidParamsError");
    let second = browser.upload(&format!("{USER}/update_profile_pic"), &[], &pictures::png(8, 8)).await;
    assert_ne!(second.json()["data"]["profilePath"], path.as_str(), "a new picture has a new name");
    assert_eq!(program.browser().get(&format!("/pictures/{path}")).await.status, 404, "the old one is gone");
    program.stop().await;
}

async fn what_is_no_picture_is_refused_and_changes_nothing(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = signed_in(&program, "judy").await;
    let whole = pictures::png(64, 64);
    for (what, file) in [
        ("empty", &b""[..]),
        ("text", b"hello"),
        ("svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
        ("cut off", &whole[..whole.len() / 2]),
    ] {
        let reply = browser.upload(&format!("{USER}/update_profile_pic"), &[], file).await;
        assert_eq!(reply.err_code(), "6", "{what}");
    }
    let reply = browser.json(&format!("{USER}/update_profile_pic"), &json!({"profilePic": "x"})).await;
    assert_eq!(reply.err_code(), "6", "not multipart");
    assert_eq!(profile(&mut browser).await["profilePath"], "");
    program.stop().await;
}

async fn a_restart_loses_no_user_and_no_picture(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut browser = signed_in(&program, "kevin").await;
    let reply = browser.upload(&format!("{USER}/update_profile_pic"), &[], &pictures::png(32, 32)).await;
    let path = reply.json()["data"]["profilePath"].as_str().expect("profilePath").to_owned();
    let before = program.browser().get(&format!("/pictures/{path}")).await.body;

    let program = program.restart().await;
    let mut browser = program.browser();
    success(&sign_in(&mut browser, "kevin").await, &json!(""));
    assert_eq!(profile(&mut browser).await["profilePath"], path.as_str());
    assert!(program.browser().get(&format!("/pictures/{path}")).await.body == before, "to the byte");
    program.stop().await;
}

async fn of_many_who_want_one_name_one_gets_it(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let mut browser = program.browser();
        tries.spawn(async move { sign_up(&mut browser, "wanted").await.err_code() });
    }
    let mut codes = tries.join_all().await;
    codes.sort();
    assert_eq!(codes.pop().as_deref(), Some("7"), "one gets it");
    assert!(codes.iter().all(|code| code == "3"), "the others are told it is taken: {codes:?}");
    program.stop().await;
}

async fn the_demo_users_are_there_and_sign_in(engine: Engine) {
    let program = Program::start(&engine).await;
    for user_name in ["alice", "bob", "user_123", "operator", "wallet_demo"] {
        let mut browser = program.browser();
        let body = json!({"username": user_name, "password": "teller-demo"});
        success(&browser.json(&format!("{USER}/signin"), &body).await, &json!(""));
        assert_eq!(profile(&mut browser).await["username"], user_name);
    }
    program.stop().await;
}
