//! What the stories share: the demo users, their accounts, and what they ask for.

use serde_json::{Value, json};

use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// A demo user, signed in.
pub async fn signed_in(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    let body = json!({"username": user_name, "password": "teller-demo"});
    assert_eq!(browser.json("/api/entrytask/user/signin", &body).await.err_code(), "7");
    browser
}

/// Alice, Bob and the operator, and the first two's accounts in CNY, 1000.00 in each.
pub struct Cast {
    pub alice: Browser,
    pub bob: Browser,
    pub operator: Browser,
    /// Alice's account.
    pub from: u64,
    /// Bob's.
    pub to: u64,
}

impl Cast {
    pub async fn of(program: &Program) -> Self {
        let (mut alice, mut bob) = (signed_in(program, "alice").await, signed_in(program, "bob").await);
        let (from, to) = (account(&mut alice, "CNY").await, account(&mut bob, "CNY").await);
        Self { alice, bob, operator: signed_in(program, "operator").await, from, to }
    }

    /// From Alice to Bob, in CNY.
    pub fn order(&self, amount: &str) -> Value {
        json!({"from_account_id": self.from, "to_account_id": self.to, "amount": amount, "currency": "CNY"})
    }

    /// Alice's balance and what is held of it.
    pub async fn alices(&mut self) -> (String, String) {
        balance(&mut self.alice, self.from).await
    }

    /// Bob's.
    pub async fn bobs(&mut self) -> (String, String) {
        balance(&mut self.bob, self.to).await
    }
}

/// The user's account in `currency`.
pub async fn account(browser: &mut Browser, currency: &str) -> u64 {
    let listed = browser.get("/v1/accounts").await.json();
    let accounts = listed["accounts"].as_array().expect("a list");
    let account = accounts.iter().find(|account| account["currency"] == currency).expect("there is one");
    account["id"].as_u64().expect("a number")
}

/// What an account holds, and what is held of it.
pub async fn balance(browser: &mut Browser, account: u64) -> (String, String) {
    let shown = browser.get(&format!("/v1/accounts/{account}")).await.json();
    (text(&shown["balance"]), text(&shown["held"]))
}

/// A text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// Two amounts, as [`balance`] says them.
pub fn money(balance: &str, held: &str) -> (String, String) {
    (balance.to_owned(), held.to_owned())
}

/// A problem of this type and status; returns it.
#[track_caller]
pub fn problem(reply: &Reply, status: u16, kind: &str) -> Value {
    assert_eq!(reply.status, status, "{kind}: {reply:?}");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let problem = reply.json();
    assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
    assert_eq!(problem["status"], status);
    problem
}

/// What was made just now.
#[track_caller]
pub fn made(reply: &Reply) -> Value {
    assert_eq!(reply.status, 201, "{reply:?}");
    let body = reply.json();
    if let Some(id) = body["transfer"]["id"].as_str() {
        assert_eq!(reply.header("location"), format!("/v1/transfers/{id}"));
    }
    body
}
