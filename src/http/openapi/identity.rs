//! `/v1/users`, `/v1/tokens`, `/v1/sessions`, `/v1/password` and `/v1/audit`, described.

use serde_json::{Value, json};
use utoipa::openapi::path::HttpMethod::{Delete, Get, Post, Put};

use super::account::{invalid, json_of, paged};
use super::answer::Said;
use super::operation::{Operation, Who};
use super::value::{Need, Others, Shape, line, number, record, text, uuid};
use crate::api::Refusal;
use crate::domain::person::{Email, FullName};
use crate::domain::token::TOKEN_MAX_BYTES;
use crate::domain::user::{NewPassword, Password, UserName};
use crate::http::audit::{Events, kinds};
use crate::http::reply::Reply;
use crate::http::session::{Ended, Sessions, Shown as Session};
use crate::http::{person, token};

/// What they are, in short.
pub(super) const ABOUT: &str = "Who one is, and where one is signed in. Programs sign in for tokens: the access token is good for minutes, sent as \
    `Authorization: Bearer`, and the refresh token once, for two new ones. Browsers have the session cookie.";

const TIME: &str = "2026-03-01T12:00:00.000001Z";
const SESSION: &str = "018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e";

/// All calls.
pub(super) fn operations() -> Vec<Operation> {
    vec![register(), log_in(), me(), renew(), list(), end_others(), get(), end(), put_password(), audit()]
}

fn register() -> Operation {
    let fields = [
        ("username", Need::Must, user_name()),
        ("password", Need::Must, new_password()),
        ("full_name", Need::Must, line(FullName::CHARS.0, FullName::CHARS.1, "No control characters.")),
        ("email", Need::Must, text(3, Email::MAX_BYTES, "An address, which is one user's alone.")),
    ];
    let body = json!({"username": "dave", "password": "four-green-keys", "full_name": "Dave Doe", "email": "dave@example.com"});
    Operation::new(Post, "/v1/users", "register", "Sign up")
        .takes(json_of(record(Others::Refused, fields), vec![("dave", body)]))
        .creates::<person::Shown<'_>>("The user.", someone())
        .refuses([invalid("email", "must be an e-mail address of at most 254 characters")])
        .refuses([Refusal::UserExists, Refusal::EmailExists])
        .asks()
}

fn log_in() -> Operation {
    let (least, most) = Password::CHARS;
    let fields = [
        ("username", Need::Must, text(0, 64, "The name as it was typed.")),
        ("password", Need::Must, text(least, most, "The password as it was typed.")),
    ];
    let mut tokens = tokens();
    tokens["user"] = someone();
    Operation::new(Post, "/v1/users/login", "logIn", "Sign in for tokens")
        .about("An unknown name and a wrong password are one answer. After failures one has to wait.")
        .takes(json_of(
            record(Others::Refused, fields),
            vec![("alice", json!({"username": "alice", "password": "teller-demo"}))],
        ))
        .answers::<token::Shown<'_>>("The session, its tokens, and whose they are.", tokens)
        .refuses([invalid("username", "is required"), Refusal::WrongLogin])
        .asks()
}

fn me() -> Operation {
    Operation::new(Get, "/v1/users/me", "getMe", "Get who one is")
        .by(Who::SignedIn)
        .answers::<person::Shown<'_>>("It.", someone())
        .refuses([Refusal::InvalidSession])
        .asks()
}

fn renew() -> Operation {
    let fields = [("refresh_token", Need::Must, text(1, TOKEN_MAX_BYTES, "As it was issued."))];
    Operation::new(Post, "/v1/tokens/renew_access", "renewAccess", "Exchange a refresh token for new tokens")
        .about("A refresh token that is shown again, later than seconds after its exchange, ends its session.")
        .takes(json_of(record(Others::Refused, fields), vec![("tokens", json!({"refresh_token": "tr_AAAA"}))]))
        .answers::<token::Shown<'_>>("The session and its new tokens.", tokens())
        .refuses([invalid("refresh_token", "is required"), Refusal::InvalidSession])
        .asks()
}

fn list() -> Operation {
    Operation::new(Get, "/v1/sessions", "listSessions", "List where one is signed in")
        .by(Who::SignedIn)
        .answers::<Sessions<'_>>("All sessions, the one that was used last first.", json!({"sessions": [session()]}))
        .refuses([Refusal::InvalidSession])
        .asks()
}

fn end_others() -> Operation {
    Operation::new(Delete, "/v1/sessions", "endOtherSessions", "End all sessions but this one")
        .by(Who::SignedIn)
        .answers::<Ended>("How many.", json!({"ended": 1}))
        .refuses([Refusal::InvalidSession])
        .asks()
}

fn get() -> Operation {
    about_one(Operation::new(Get, "/v1/sessions/{id}", "getSession", "Get a session"))
        .answers::<Session<'_>>("The session.", session())
}

fn end() -> Operation {
    about_one(Operation::new(Delete, "/v1/sessions/{id}", "endSession", "End a session"))
        .says(Said::bare(Reply::done().status(), "It has ended, at once and everywhere."))
}

fn about_one(operation: Operation) -> Operation {
    let operation =
        operation.part("id", uuid("A session's id."), SESSION, "One of one's own sessions.").by(Who::SignedIn);
    operation.refuses([Refusal::InvalidSession, Refusal::NoSuchSession]).asks()
}

fn put_password() -> Operation {
    let (least, most) = Password::CHARS;
    let fields = [
        ("current_password", Need::Must, text(least, most, "The one that is good until now.")),
        ("new_password", Need::Must, new_password()),
    ];
    let body = json!({"current_password": "teller-demo", "new_password": "four-green-keys"});
    Operation::new(Put, "/v1/password", "putPassword", "Change one's password")
        .about("Every other session ends with it.")
        .by(Who::SignedIn)
        .takes(json_of(record(Others::Refused, fields), vec![("change", body)]))
        .says(Said::bare(Reply::done().status(), "It is changed."))
        .refuses([
            Refusal::InvalidSession,
            invalid("new_password", "must be 8 to 128 characters"),
            Refusal::WrongPassword,
        ])
        .asks()
}

fn audit() -> Operation {
    let event = json!({
        "id": 1, "kind": "sign_in", "user_id": 1, "actor_id": 1, "address": "127.0.0.1", "user_agent": "curl/8.5.0", "detail": "",
        "created_at": TIME,
    });
    paged(Operation::new(Get, "/v1/audit", "listAudit", "List who did what"))
        .about("By an operator.")
        .query("user_id", number(""), "Only what happened to this user.")
        .query("kind", kinds(), "Only this.")
        .answers::<Events<'_>>("A page of it, newest first.", json!({"events": [event], "next": null}))
        .refuses([Refusal::InvalidSession, invalid("limit", "must be a whole number from 1 to 1000")])
        .by(Who::Operator)
        .asks()
}

fn user_name() -> Shape {
    line(UserName::CHARS.0, UserName::CHARS.1, "The name to sign in with; no control characters.")
}

fn new_password() -> Shape {
    text(
        NewPassword::CHARS.0,
        NewPassword::CHARS.1,
        "Any characters, but none of the passwords that everybody tries first.",
    )
}

fn someone() -> Value {
    json!({"id": 1, "username": "alice", "full_name": "", "email": null, "role": "customer", "created_at": TIME})
}

fn tokens() -> Value {
    json!({
        "session_id": SESSION, "access_token": "v4.local.AAAA", "access_token_expires_at": TIME, "refresh_token": "tr_AAAA",
        "refresh_token_expires_at": TIME,
    })
}

fn session() -> Value {
    json!({
        "id": SESSION, "kind": "token", "current": true, "address": "127.0.0.1", "user_agent": "curl/8.5.0", "created_at": TIME,
        "seen_at": TIME, "expires_at": TIME,
    })
}
