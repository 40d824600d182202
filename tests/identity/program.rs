//! A program of a user's: what it holds, and what the stories ask of it.

use serde_json::{Value, json};

use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// The password of the demo users.
pub const PASSWORD: &str = "teller-demo";

/// A user's program, after it has logged in.
pub struct Holder {
    /// Sends its access token.
    pub browser: Browser,
    pub session: String,
    pub access: String,
    pub refresh: String,
}

impl Holder {
    /// What `reply` carries.
    #[track_caller]
    pub fn of(address: &Browser, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("cache-control"), "no-store");
        let body = reply.json();
        let access = text(&body["access_token"]);
        let browser = Browser { token: Some(access.clone()), session: None, ..address.clone() };
        Self { browser, session: text(&body["session_id"]), access, refresh: text(&body["refresh_token"]) }
    }

    /// A demo user's.
    pub async fn demo(program: &Program, user_name: &str) -> Self {
        let mut browser = program.browser();
        let reply = log_in(&mut browser, user_name, PASSWORD).await;
        Self::of(&browser, &reply)
    }

    /// The status of a call that only who is signed in may make.
    pub async fn asks(&mut self) -> u16 {
        self.browser.get("/v1/users/me").await.status.as_u16()
    }

    /// The same through another front end.
    pub async fn asks_at(&self, program: &Program) -> u16 {
        let mut browser = Browser { address: program.http(), ..self.browser.clone() };
        browser.get("/v1/users/me").await.status.as_u16()
    }
}

/// Logs in.
pub async fn log_in(browser: &mut Browser, user_name: &str, password: &str) -> Reply {
    browser.json("/v1/users/login", &json!({"username": user_name, "password": password})).await
}

/// Exchanges a refresh token.
pub async fn renew(browser: &mut Browser, refresh: &str) -> Reply {
    browser.json("/v1/tokens/renew_access", &json!({"refresh_token": refresh})).await
}

/// A text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// A problem of this type and status; returns it.
#[track_caller]
pub fn problem(reply: &Reply, status: u16, kind: &str) -> Value {
    assert_eq!(reply.status, status, "{kind}: {reply:?}");
    let problem = reply.json();
    assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
    problem
}
