//! The entry task, to the letter, and what its codes stand for.

use serde_json::{Value, json};

use super::fake::{Mood, SESSION, picture_name};
use super::wire::{USER, cookie, get, post};
use super::{Answer, Rig};
use crate::api::Refusal;
use crate::domain::invalid::Invalid;
use crate::error::Code;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=edge";

fn part(name: &str, content: &str) -> String {
    format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n{content}\r\n")
}

fn upload_as(content_type: &str, body: &str) -> Vec<u8> {
    post(&format!("{USER}/update_profile_pic"), &cookie(), content_type, body.as_bytes())
}

fn upload(parts: &[String]) -> Vec<u8> {
    upload_as(MULTIPART, &(parts.concat() + "--edge--\r\n"))
}

fn sign_in() -> Vec<u8> {
    post(&format!("{USER}/signin"), "", FORM, b"username=alice&password=secret")
}

#[track_caller]
fn is_success(answer: &Answer, data: &Value) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"errCode": "7", "errMsg": "success", "data": data}));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn every_call_succeeds_as_published() {
    let rig = Rig::start().await;
    let credentials = br#"{"username":"alice","password":"secret","unknown":true}"#;
    is_success(&rig.ask(post(&format!("{USER}/signup"), "", JSON, credentials)).await, &json!(""));

    let signed_in = rig.ask(post(&format!("{USER}/signin"), "", JSON, credentials)).await;
    is_success(&signed_in, &json!(""));
    assert_eq!(signed_in.header("set-cookie"), format!("sessionID={SESSION}; HttpOnly; SameSite=Lax; Path=/"));

    let profile = rig.ask(get(&format!("{USER}/get_user_info"), &cookie())).await;
    is_success(&profile, &json!({"username": "alice", "nickname": "Ali", "profilePath": ""}));
    assert!(profile.body.starts_with(br#"{"errCode":"7","errMsg":"success","data":{"username":"#), "{profile:?}");

    let renamed = post(&format!("{USER}/update_nickname"), &cookie(), FORM, b"nickname=%E7%95%8C");
    is_success(&rig.ask(renamed).await, &json!("界"));

    let path = picture_name().to_string();
    is_success(&rig.ask(upload(&[part("profilePic", "pixels")])).await, &json!({"profilePath": path}));
    let picture = rig.get(&format!("/pictures/{path}")).await;
    assert_eq!((picture.header("content-type"), picture.body.as_slice()), ("image/png", &b"pixels"[..]));

    let signout = format!("{USER}/signout");
    for request in [get(&signout, &cookie()).into_bytes(), post(&signout, &cookie(), JSON, b"{}")] {
        let answer = rig.ask(request).await;
        is_success(&answer, &json!(""));
        assert_eq!(answer.header("set-cookie"), "sessionID=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}

#[tokio::test]
async fn each_outcome_of_the_backend_has_its_code() {
    let rig = Rig::start().await;
    let invalid = Refusal::Invalid(Invalid::new("username", "must be 4 to 13 characters"));
    let cases = [
        (Mood::Fails(Code::Internal as u16), "0", "ServerError"),
        (Mood::Fails(Code::Busy as u16), "0", "ServerError"),
        (Mood::Panics, "0", "ServerError"),
        (Mood::Fails(Code::Store as u16), "1", "DataBaseError"),
        (Mood::Refuses(Refusal::InvalidSession), "2", "InvalidSessionError"),
        (Mood::Refuses(Refusal::UserExists), "3", "UserExistedError"),
        (Mood::Refuses(Refusal::NoSuchUser), "4", "UserNotExistError"),
        (Mood::Refuses(Refusal::WrongPassword), "5", "PasswordError"),
        (Mood::Refuses(invalid), "6", "InvalidParamsError"),
    ];
    for (mood, code, message) in cases {
        rig.backend.becomes(mood.clone());
        let answer = rig.ask(sign_in()).await;
        assert_eq!(answer.status, 200, "{mood:?}");
        assert_eq!(answer.json(), json!({"errCode": code, "errMsg": message, "data": ""}), "{mood:?}");
        assert_eq!(answer.header("set-cookie"), "", "{mood:?}");
        let detail = if code == "6" { "username: must be 4 to 13 characters" } else { "" };
        assert_eq!(answer.header("x-error-detail"), detail, "{mood:?}");
    }
}

#[tokio::test]
async fn a_backend_that_is_slow_is_a_server_error_within_the_deadline() {
    let rig = Rig::with(|config| config.rpc.request_timeout_ms = 30).await;
    rig.backend.becomes(Mood::Waits);
    assert_eq!(rig.ask(sign_in()).await.code(), "0");
    assert_eq!(rig.get(&format!("/pictures/{}", picture_name())).await.status, 503);
}

#[tokio::test]
async fn a_detail_is_ascii_and_bounded_whatever_the_backend_says() {
    let rig = Rig::start().await;
    let hostile = Invalid::new("näme", "x\r\nset-cookie: y\u{7f}".repeat(50));
    rig.backend.becomes(Mood::Refuses(Refusal::Invalid(hostile)));
    let answer = rig.ask(sign_in()).await;
    assert_eq!((answer.code().as_str(), answer.header("set-cookie")), ("6", ""));
    let detail = answer.header("x-error-detail");
    assert!(detail.starts_with("n?me: x??set-cookie: y?") && detail.len() == 200, "{detail}");
}

#[tokio::test]
async fn what_a_client_gets_wrong_is_named_before_the_backend_is_asked() {
    let rig = Rig::start().await;
    let cases = [
        ("signup", JSON, r#"{"username":5,"password":"secret"}"#, "username: must be a string"),
        ("signup", JSON, r#"{"username":"alice"}"#, "password: is required"),
        ("signup", JSON, r#"{"username":"bob","password":"secret"}"#, "username: must be 4 to 13 characters"),
        ("signup", JSON, "{", "body: must be a JSON object"),
        ("signin", FORM, "username=alice&password=abc", "password: must be 4 to 128 characters"),
        ("signin", FORM, "", "username: is required"),
        ("update_nickname", FORM, "nickname=123456789", "nickname: must be 1 to 8 characters"),
        ("update_nickname", JSON, "{}", "nickname: is required"),
    ];
    for (call, content_type, body, detail) in cases {
        let answer = rig.ask(post(&format!("{USER}/{call}"), &cookie(), content_type, body.as_bytes())).await;
        assert_eq!((answer.status, answer.code().as_str()), (200, "6"), "{call} {body}");
        assert_eq!(answer.header("x-error-detail"), detail, "{call} {body}");
    }
    assert!(rig.backend.seen().is_empty());
}

#[tokio::test]
async fn without_a_session_nothing_is_asked_and_nothing_is_read() {
    let rig = Rig::start().await;
    for call in ["update_nickname", "update_profile_pic", "signout"] {
        for lines in ["", "cookie: sessionID=short\r\n", "cookie: other=1\r\n"] {
            let answer = rig.ask(post(&format!("{USER}/{call}"), lines, JSON, b"{}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (200, "2"), "{call} {lines}");
        }
    }
    assert_eq!(rig.get(&format!("{USER}/get_user_info")).await.code(), "2");
    assert!(rig.backend.seen().is_empty());

    let over = get(&format!("{USER}/signout"), "cookie: sessionID=ffffffffffffffffffffffffffffffff\r\n");
    let answer = rig.ask(over).await;
    assert_eq!(answer.code(), "2");
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "a browser forgets a session that is over");
}

#[tokio::test]
async fn an_upload_is_the_part_named_profile_pic() {
    let rig = Rig::start().await;
    let (mine, late) = (part("profilePic", "pixels"), part("profilePic", "late"));
    assert_eq!(rig.ask(upload(&[part("more", "x"), part("username", "alice"), mine, late])).await.code(), "7");
    let passed_on = || rig.backend.uploaded.lock().expect("no panic while locked").take();
    assert_eq!(passed_on(), Some((b"pixels".to_vec(), Some("alice".to_owned()))));

    let wrong = [
        (upload(&[part("username", "alice")]), "profilePic: is required"),
        (upload(&[part("profilePic", "")]), "profilePic: is required"),
        (upload(&[part("username", &"x".repeat(5000))]), "body: must have shorter fields"),
        (upload_as(MULTIPART, "--edge\r\n"), "body: must be multipart/form-data"),
        (upload_as(MULTIPART, ""), "body: must be multipart/form-data"),
        (upload_as("multipart/form-data", ""), "content-type: must name a boundary"),
    ];
    for (request, detail) in wrong {
        let answer = rig.ask(request).await;
        assert_eq!((answer.status, answer.code().as_str(), answer.header("x-error-detail")), (200, "6", detail));
    }
    let json = rig.ask(upload_as(JSON, "{}")).await;
    assert_eq!((json.status, json.code().as_str()), (415, "6"));
    assert_eq!(passed_on(), None, "nothing wrong was passed on");
}

#[tokio::test]
async fn the_backend_gets_the_trace_and_less_time_than_the_client() {
    let rig = Rig::start().await;
    let lines = cookie() + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let answer = rig.ask(get(&format!("{USER}/get_user_info"), &lines)).await;
    assert_eq!(answer.header("x-request-id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    let seen = rig.backend.seen().pop().expect("a call");
    assert_eq!((seen.method, seen.trace_id[0], seen.trace_id[15]), ("profile", 0x4b, 0x36));
    assert!(seen.remaining.as_millis() <= 1800 && seen.remaining.as_millis() > 1000, "{seen:?}");
}

#[tokio::test]
async fn behind_a_proxy_the_session_cookie_is_for_tls_alone() {
    let rig = Rig::with(|config| config.http.behind_proxy = true).await;
    let answer = rig.ask(sign_in()).await;
    assert!(answer.header("set-cookie").ends_with("; Path=/; Secure"), "{answer:?}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}
