//! Who may make which call: every call that the server describes, by everybody.
//!
//! A call that has no row fails the story. Another's thing is answered to the byte like one that is not there, and is as it was afterwards.

use std::collections::{BTreeSet, HashMap};

use hyper::Method;
use serde_json::{Value, json};
use teller::gateway::simulated::Faults;
use tokio::sync::Mutex;

use crate::answers::{login, quoted, signed_in};
use crate::described::{Described, is_done};
use crate::support::engine::Engine;
use crate::support::gateway::Gateway;
use crate::support::http::{Browser, Reply};
use crate::support::pictures;
use crate::support::program::Program;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Whose the things are.
    Owner,
    /// Another customer.
    Other,
    /// An operator.
    Operator,
    /// Nobody who is signed in.
    Nobody,
}

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is done.
    Done,
    /// What is said of a thing that is not there.
    Absent,
    /// That one is not signed in.
    Nobody,
    /// That only operators may.
    Operators,
}

/// For whom a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everybody.
    Everybody,
    /// Everybody who is signed in: about their own things.
    Own,
    /// Owners and operators.
    Owned,
    /// Owners alone.
    Private,
    /// Operators.
    Operators,
    /// Operators, about things that only their owners are told of.
    OperatorsOfOwned,
}

impl Rule {
    /// What `who` hears.
    pub fn says(self, who: Who) -> Heard {
        match (self, who) {
            (Self::Everybody, _) => Heard::Done,
            (_, Who::Nobody) => Heard::Nobody,
            (Self::Private, Who::Other | Who::Operator) => Heard::Absent,
            (Self::Private, Who::Owner) | (_, Who::Operator) | (Self::Own, _) | (Self::Owned, Who::Owner) => {
                Heard::Done
            }
            (Self::Owned | Self::OperatorsOfOwned, Who::Other) => Heard::Absent,
            (Self::Operators, Who::Owner | Who::Other) | (Self::OperatorsOfOwned, Who::Owner) => Heard::Operators,
        }
    }
}

/// What there is to ask for: the owner's, or things that are not there.
#[derive(Clone, Debug)]
struct Things {
    user: u64,
    account: u64,
    transfer: String,
    hold: String,
    picture: String,
    payment: String,
    session: String,
    refresh: String,
    webhook: u64,
    quote: String,
    statement: u64,
    /// Makes names that are used once.
    turn: usize,
}

const ABSENT: &str = "00000000-0000-7000-8000-000000000000";

type Ask = fn(&Things) -> (String, Value);

/// Every call, for whom it is, and how it is made of the owner's things.
#[rustfmt::skip]
const ROWS: &[(&str, Rule, Ask)] = &[
    ("POST /api/entrytask/user/signup",             Rule::Everybody, |it| at("/api/entrytask/user/signup", credentials(&format!("new-{}", it.turn)))),
    ("POST /api/entrytask/user/signin",             Rule::Everybody, |_| at("/api/entrytask/user/signin", credentials("alice"))),
    ("GET /api/entrytask/user/signout",             Rule::Own,       |_| at("/api/entrytask/user/signout", Value::Null)),
    ("POST /api/entrytask/user/signout",            Rule::Own,       |_| at("/api/entrytask/user/signout", Value::Null)),
    ("GET /api/entrytask/user/get_user_info",       Rule::Own,       |_| at("/api/entrytask/user/get_user_info", Value::Null)),
    ("POST /api/entrytask/user/update_nickname",    Rule::Own,       |_| at("/api/entrytask/user/update_nickname", json!({"nickname": "new"}))),
    ("POST /api/entrytask/user/update_profile_pic", Rule::Own,       |_| at("/api/entrytask/user/update_profile_pic", Value::Null)),
    ("GET /pictures/{name}",                        Rule::Everybody, |it| at(format!("/pictures/{}", it.picture), Value::Null)),
    ("POST /v1/users",                              Rule::Everybody, |it| at("/v1/users", someone(it))),
    ("POST /v1/users/login",                        Rule::Everybody, |_| at("/v1/users/login", credentials("alice"))),
    ("GET /v1/users/me",                            Rule::Own,       |_| at("/v1/users/me", Value::Null)),
    ("POST /v1/tokens/renew_access",                Rule::Everybody, |it| at("/v1/tokens/renew_access", json!({"refresh_token": it.refresh}))),
    ("PUT /v1/password",                            Rule::Own,       |_| at("/v1/password", json!({"current_password": "teller-demo", "new_password": "teller-demo"}))),
    ("GET /v1/sessions",                            Rule::Own,       |_| at("/v1/sessions", Value::Null)),
    ("DELETE /v1/sessions",                         Rule::Own,       |_| at("/v1/sessions", Value::Null)),
    ("GET /v1/sessions/{id}",                       Rule::Private,   |it| at(format!("/v1/sessions/{}", it.session), Value::Null)),
    ("DELETE /v1/sessions/{id}",                    Rule::Private,   |it| at(format!("/v1/sessions/{}", it.session), Value::Null)),
    ("GET /v1/audit",                               Rule::Operators, |_| at("/v1/audit", Value::Null)),
    ("GET /v1/accounts",                            Rule::Own,       |_| at("/v1/accounts", Value::Null)),
    ("POST /v1/accounts",                           Rule::Own,       |_| at("/v1/accounts", json!({"currency": "EUR"}))),
    ("GET /v1/accounts/{id}",                       Rule::Owned,     |it| at(format!("/v1/accounts/{}", it.account), Value::Null)),
    ("PATCH /v1/accounts/{id}",                     Rule::Operators, |it| at(format!("/v1/accounts/{}", it.account), json!({"floor": "-1"}))),
    ("GET /v1/accounts/{id}/entries",               Rule::Owned,     |it| at(format!("/v1/accounts/{}/entries", it.account), Value::Null)),
    ("GET /v1/accounts/{id}/balance",               Rule::Owned,     |it| at(format!("/v1/accounts/{}/balance", it.account), Value::Null)),
    ("GET /v1/accounts/{id}/statement",             Rule::Owned,     |it| at(format!("/v1/accounts/{}/statement", it.account), Value::Null)),
    ("GET /v1/accounts/{id}/statement.csv",         Rule::Owned,     |it| at(format!("/v1/accounts/{}/statement.csv", it.account), Value::Null)),
    ("POST /v1/accounts/{id}/deposits",             Rule::Operators, |it| at(format!("/v1/accounts/{}/deposits", it.account), bank(it))),
    ("POST /v1/accounts/{id}/withdrawals",          Rule::Operators, |it| at(format!("/v1/accounts/{}/withdrawals", it.account), bank(it))),
    ("GET /v1/accounts/{id}/statements",            Rule::Owned,     |it| at(format!("/v1/accounts/{}/statements", it.account), Value::Null)),
    ("POST /v1/accounts/{id}/statements",           Rule::Owned,     |it| at(format!("/v1/accounts/{}/statements", it.account), statement(it))),
    ("GET /v1/accounts/{id}/statement-mapping",     Rule::Owned,     |it| at(format!("/v1/accounts/{}/statement-mapping", it.account), Value::Null)),
    ("PUT /v1/accounts/{id}/statement-mapping",     Rule::Owned,     |it| at(format!("/v1/accounts/{}/statement-mapping", it.account), json!({"date": "date", "amount": "amount"}))),
    ("GET /v1/statements/{id}",                     Rule::Owned,     |it| at(format!("/v1/statements/{}", it.statement), Value::Null)),
    ("GET /v1/statements/{id}/lines",               Rule::Owned,     |it| at(format!("/v1/statements/{}/lines", it.statement), Value::Null)),
    ("GET /v1/statements/{id}/lines.csv",           Rule::Owned,     |it| at(format!("/v1/statements/{}/lines.csv", it.statement), Value::Null)),
    ("POST /v1/statements/{id}/lines/{place}/resolve", Rule::Operators, |it| at(format!("/v1/statements/{}/lines/1/resolve", it.statement), json!({"note": "seen"}))),
    ("POST /v1/transfers",                          Rule::Owned,     |it| at("/v1/transfers", order(it))),
    ("POST /v1/transfers/batch",                    Rule::Owned,     |it| at("/v1/transfers/batch", json!({"transfers": [order(it)]}))),
    ("GET /v1/transfers/{id}",                      Rule::Owned,     |it| at(format!("/v1/transfers/{}", it.transfer), Value::Null)),
    ("POST /v1/transfers/{id}/post",                Rule::Owned,     |it| at(format!("/v1/transfers/{}/post", it.hold), json!({}))),
    ("POST /v1/transfers/{id}/void",                Rule::Owned,     |it| at(format!("/v1/transfers/{}/void", it.hold), json!({}))),
    ("GET /v1/payments/{id}",                       Rule::Owned,     |it| at(format!("/v1/payments/{}", it.payment), Value::Null)),
    ("POST /v1/payments/{id}/refunds",              Rule::Operators, |it| at(format!("/v1/payments/{}/refunds", it.payment), json!({}))),
    ("GET /v1/payments/{id}/refunds",               Rule::Owned,     |it| at(format!("/v1/payments/{}/refunds", it.payment), Value::Null)),
    ("GET /v1/webhooks",                            Rule::Own,       |_| at("/v1/webhooks", Value::Null)),
    ("POST /v1/webhooks",                           Rule::Own,       |_| at("/v1/webhooks", hook())),
    ("GET /v1/webhooks/{id}",                       Rule::Owned,     |it| at(format!("/v1/webhooks/{}", it.webhook), Value::Null)),
    ("PATCH /v1/webhooks/{id}",                     Rule::Owned,     |it| at(format!("/v1/webhooks/{}", it.webhook), json!({"description": "new"}))),
    ("GET /v1/webhooks/{id}/deliveries",            Rule::Owned,     |it| at(format!("/v1/webhooks/{}/deliveries", it.webhook), Value::Null)),
    ("GET /v1/webhooks/{id}/dead_letters",          Rule::Owned,     |it| at(format!("/v1/webhooks/{}/dead_letters", it.webhook), Value::Null)),
    ("POST /v1/webhooks/{id}/replay",               Rule::Owned,     |it| at(format!("/v1/webhooks/{}/replay", it.webhook), json!({}))),
    ("POST /v1/webhooks/{id}/secret",               Rule::Owned,     |it| at(format!("/v1/webhooks/{}/secret", it.webhook), json!({}))),
    ("POST /v1/webhooks/{id}/test",                 Rule::Owned,     |it| at(format!("/v1/webhooks/{}/test", it.webhook), json!({}))),
    ("DELETE /v1/webhooks/{id}",                    Rule::Owned,     |it| at(format!("/v1/webhooks/{}", it.webhook), Value::Null)),
    ("GET /v1/house",                               Rule::Operators, |_| at("/v1/house?currency=EUR", Value::Null)),
    ("GET /v1/rates",                               Rule::Own,       |_| at("/v1/rates", Value::Null)),
    ("PUT /v1/rates/{from}/{to}",                   Rule::Operators, |_| at("/v1/rates/CNY/EUR", json!({"rate": "0.1275"}))),
    ("POST /v1/quotes",                             Rule::Own,       |_| at("/v1/quotes", json!({"from_currency": "CNY", "to_currency": "EUR", "sell_amount": "1"}))),
    ("POST /v1/conversions",                        Rule::Private,   |it| at("/v1/conversions", json!({"quote": it.quote}))),
    ("POST /deduct",                                Rule::Owned,     |it| at("/deduct", json!({"user_id": it.user, "amount": "1"}))),
    ("POST /payment",                               Rule::Owned,     |it| at("/payment", json!({"idempotent_token": fresh(it), "amount": "1", "user_id": it.user}))),
    ("POST /payment/token",                         Rule::Owned,     |it| at("/payment/token", json!({"user_id": it.user}))),
    ("GET /payment/status",                         Rule::Owned,     |it| at(format!("/payment/status?token={}", it.payment), Value::Null)),
    ("GET /payment/records",                        Rule::Own,       |_| at("/payment/records", Value::Null)),
    ("GET /api/wallets",                            Rule::Owned,     |it| at(format!("/api/wallets?user_id={}", it.user), Value::Null)),
    ("POST /api/wallets",                           Rule::Owned,     |it| at("/api/wallets", json!({"user_id": it.user, "currency": unused(it)}))),
    ("GET /api/wallets/{id}",                       Rule::Owned,     |it| at(format!("/api/wallets/{}", it.account), Value::Null)),
    ("POST /api/wallets/{id}/deposit",     Rule::OperatorsOfOwned,   |it| at(format!("/api/wallets/{}/deposit", it.account), hashed(it))),
    ("POST /api/wallets/{id}/withdraw",             Rule::Owned,     |it| at(format!("/api/wallets/{}/withdraw", it.account), hashed(it))),
    ("GET /api/wallets/{id}/transactions",          Rule::Owned,     |it| at(format!("/api/wallets/{}/transactions", it.account), Value::Null)),
    ("POST /api/wallets/{id}/reconcile",            Rule::Owned,     |it| at(format!("/api/wallets/{}/reconcile", it.account), compared())),
    ("GET /api/wallets/{id}/reconciliations",       Rule::Owned,     |it| at(format!("/api/wallets/{}/reconciliations", it.account), Value::Null)),
    ("POST /v1/reconciliations",                    Rule::Operators, |it| at("/v1/reconciliations", json!({"items": [{"account_id": it.account, "external_balance": "1"}]}))),
    ("GET /problems/{name}",                        Rule::Everybody, |_| at("/problems/unavailable", Value::Null)),
    ("GET /livez",                                  Rule::Everybody, |_| at("/livez", Value::Null)),
    ("GET /readyz",                                 Rule::Everybody, |_| at("/readyz", Value::Null)),
    ("GET /health",                                 Rule::Everybody, |_| at("/health", Value::Null)),
    ("GET /metrics",                                Rule::Everybody, |_| at("/metrics", Value::Null)),
    ("GET /openapi.json",                           Rule::Everybody, |_| at("/openapi.json", Value::Null)),
];

fn at(path: impl Into<String>, body: Value) -> (String, Value) {
    (path.into(), body)
}

fn credentials(user_name: &str) -> Value {
    json!({"username": user_name, "password": "teller-demo"})
}

/// A token that nobody has paid with.
fn fresh(it: &Things) -> String {
    format!("00000000-0000-4000-8000-{:012}", it.turn)
}

fn someone(it: &Things) -> Value {
    let (name, email) = (format!("dave-{}", it.turn), format!("dave-{}@example.com", it.turn));
    json!({"username": name, "password": "four-green-keys", "full_name": "Dave Doe", "email": email})
}

fn bank(it: &Things) -> Value {
    json!({"amount": "1", "currency": "CNY", "reference": format!("bank-{}", it.turn)})
}

/// Of a day of its own each time.
fn statement(it: &Things) -> Value {
    json!(format!("date,amount\n2026-01-01,{}\n", it.turn + 1))
}

fn hashed(it: &Things) -> Value {
    json!({"amount": "1", "tx_hash": format!("0x{}", it.turn)})
}

fn compared() -> Value {
    json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z", "external_balance": "60"})
}

/// A currency that nobody before this one has opened a wallet in.
fn unused(it: &Things) -> &'static str {
    ["JPY", "GBP", "CHF", "SEK"][it.turn / (ROWS.len() + 1)]
}

/// Nothing is ever found there.
fn hook() -> Value {
    json!({"url": "https://hooks.example/teller"})
}

/// From the owner's account to the demo payer's.
fn order(it: &Things) -> Value {
    json!({"from_account_id": it.account, "to_account_id": 5, "amount": "1", "currency": "CNY"})
}

pub async fn every_call_is_open_to_those_it_is_for_and_shows_others_nothing(engine: Engine) {
    let gateway = Gateway::start(Faults::none()).await;
    let program = Program::start_closed(&engine.with("TELLER_PAYMENT_GATEWAY_URL", gateway.url())).await;
    let calls: BTreeSet<String> = Described::of(&program).await.calls().iter().map(|call| call.name()).collect();
    let rows: BTreeSet<String> = ROWS.iter().map(|(call, ..)| (*call).to_owned()).collect();
    assert_eq!(rows, calls, "every call has a row in tests/surface/matrix.rs, and says for whom it is");

    let mut stage = Stage { things: things(&program).await, program, known: Mutex::default() };
    let before = stage.owners().await;
    for who in [Who::Other, Who::Nobody, Who::Owner, Who::Operator] {
        for (call, rule, ask) in ROWS {
            stage.tell(call, *rule, *ask, who).await;
        }
        if matches!(who, Who::Other | Who::Nobody) {
            assert_eq!(stage.owners().await, before, "{who:?} changed something of the owner's");
        }
    }
    assert_ne!(stage.owners().await, before, "the owner's and operator's calls do change something");
    stage.program.stop().await;
}

async fn things(program: &Program) -> Things {
    // Of somebody who keeps it: a new picture takes the old one's place.
    let mut payer = signed_in(program, "user_123").await;
    let uploaded = payer.upload("/api/entrytask/user/update_profile_pic", &[], &pictures::png(16, 16)).await.json();
    let picture = uploaded["data"]["profilePath"].as_str().expect("a name").to_owned();
    let mut it = Things {
        user: 1,
        account: 1,
        transfer: String::new(),
        hold: String::new(),
        picture,
        session: String::new(),
        refresh: String::new(),
        payment: String::new(),
        webhook: 0,
        quote: String::new(),
        statement: 0,
        turn: 0,
    };
    it.webhook = hooked(program).await;
    sells_euros(&mut signed_in(program, "operator").await).await;
    it.transfer = held(&mut signed_in(program, "alice").await, &it).await;
    let (mut alice, csv) = (signed_in(program, "alice").await, statement(&it));
    let sent = alice
        .send(Method::POST, "/v1/accounts/1/statements", Some("text/csv"), csv.as_str().expect("a text").to_owned())
        .await;
    it.statement = sent.json()["id"].as_u64().unwrap_or_else(|| panic!("{sent:?}"));
    it.payment = fresh(&it);
    let payment = json!({"idempotent_token": it.payment, "amount": "1", "user_id": it.user});
    assert!(is_done(&signed_in(program, "alice").await.json("/payment", &payment).await));
    it
}

/// A webhook of the owner's.
async fn hooked(program: &Program) -> u64 {
    let made = signed_in(program, "alice").await.json("/v1/webhooks", &hook()).await.json();
    made["webhook"]["id"].as_u64().unwrap_or_else(|| panic!("{made}"))
}

/// An operator sets a rate, and brings in what the house sells.
pub async fn sells_euros(operator: &mut Browser) {
    let rate = json!({"rate": "0.1275"}).to_string();
    assert!(is_done(&operator.send(Method::PUT, "/v1/rates/CNY/EUR", Some("application/json"), rate).await));
    let house = operator.get("/v1/house?currency=EUR").await.json();
    let path = format!("/v1/accounts/{}/deposits", house["liquidity"][0]["id"]);
    let euros = json!({"amount": "100", "currency": "EUR", "reference": "treasury-1"});
    assert!(is_done(&operator.json(&path, &euros).await));
}

/// A pending transfer of the owner's; its id.
async fn held(alice: &mut Browser, it: &Things) -> String {
    let mut order = order(it);
    order["pending"] = json!(true);
    let made = alice.json("/v1/transfers", &order).await.json();
    made["transfer"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

struct Stage {
    program: Program,
    things: Things,
    /// Who is signed in: a sign-in takes as long as a hundred other calls.
    known: Mutex<HashMap<Who, Browser>>,
}

impl Stage {
    /// Everything that is the owner's.
    async fn owners(&self) -> Vec<Value> {
        let mut alice = self.browser(Who::Owner).await;
        let paths = ["/v1/accounts", "/v1/accounts/1/entries", "/api/entrytask/user/get_user_info"];
        let mut all = Vec::new();
        for path in paths {
            all.push(alice.get(path).await.json());
        }
        all
    }

    async fn browser(&self, who: Who) -> Browser {
        let user_name = match who {
            Who::Owner => "alice",
            Who::Other => "bob",
            Who::Operator => "operator",
            Who::Nobody => return self.program.browser(),
        };
        let mut known = self.known.lock().await;
        if let Some(browser) = known.get(&who) {
            return browser.clone();
        }
        let browser = signed_in(&self.program, user_name).await;
        known.insert(who, browser.clone());
        browser
    }

    /// After a call that may have ended sessions everybody signs in anew.
    async fn forget(&self, call: &str) {
        if ["signout", "/v1/sessions", "/v1/password"].iter().any(|part| call.contains(part)) {
            self.known.lock().await.clear();
        }
    }

    /// One call by one of them.
    async fn tell(&mut self, call: &str, rule: Rule, ask: Ask, who: Who) {
        self.things.turn += 1;
        // Settling is the one thing that can be done once: each time there is another hold.
        let settles = call.ends_with("/post") || call.ends_with("/void");
        if settles && rule.says(who) == Heard::Done {
            self.things.hold = held(&mut self.browser(Who::Owner).await, &self.things).await;
        } else if settles {
            self.things.hold.clone_from(&self.things.transfer);
        }
        if call.contains("/v1/sessions/") || call.contains("/v1/tokens/") {
            let made = login(&mut self.program.browser()).await;
            let text = |name: &str| made[name].as_str().expect("a text").to_owned();
            (self.things.session, self.things.refresh) = (text("session_id"), text("refresh_token"));
        }
        if call.ends_with("/conversions") {
            self.things.quote = quoted(&mut self.browser(Who::Owner).await).await;
        }
        let reply = self.ask(call, who, ask(&self.things)).await;
        if call.starts_with("DELETE /v1/webhooks") && is_done(&reply) {
            self.things.webhook = hooked(&self.program).await;
        }
        let what = format!("{call} by {who:?}: {reply:?}");
        let refused: Option<Value> = (!is_done(&reply)).then(|| reply.json());
        match rule.says(who) {
            Heard::Done => assert!(is_done(&reply), "{what}"),
            Heard::Nobody => assert!(is_nobody(&reply), "{what}"),
            Heard::Operators => {
                let said = refused.expect("it is refused").to_string();
                assert!(reply.status == 403 && said.contains("only an operator may"), "{what}");
                if rule == Rule::Operators {
                    self.same_as_absent(call, ask, who, &reply).await;
                }
            }
            Heard::Absent => {
                let batch = reply.status == 200 && reply.json()["done"] == 0;
                assert!(reply.status == 404 || batch, "{what}");
                self.same_as_absent(call, ask, who, &reply).await;
            }
        }
        self.shows_nothing(rule, who, &reply, &what);
    }

    /// The answer is the same to the byte, in status, headers and body, where the thing is not there.
    async fn same_as_absent(&self, call: &str, ask: Ask, who: Who, reply: &Reply) {
        let absent = || ABSENT.to_owned();
        let nothing = Things {
            user: 999_999,
            account: 999_999,
            transfer: absent(),
            hold: absent(),
            payment: absent(),
            session: absent(),
            webhook: 999_999,
            quote: absent(),
            statement: 999_999,
            ..self.things.clone()
        };
        let other = self.ask(call, who, ask(&nothing)).await;
        let essence = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            headers.remove("x-request-id");
            headers.remove("date");
            // New in every answer.
            let id = reply.header("x-request-id");
            (reply.status, headers, String::from_utf8_lossy(&reply.body).replace(id, ""))
        };
        assert_eq!(essence(reply), essence(&other), "{call} by {who:?} tells what is there");
    }

    /// Others' answers name nothing of the owner's but what they asked for themselves.
    fn shows_nothing(&self, rule: Rule, who: Who, reply: &Reply, what: &str) {
        if rule == Rule::Everybody || !matches!(who, Who::Other | Who::Nobody) {
            return;
        }
        let text = String::from_utf8_lossy(&reply.body);
        for secret in
            ["\"Alice\"", "\"alice\"", "\"user_id\":1,", self.things.picture.as_str(), self.things.transfer.as_str()]
        {
            assert!(!text.contains(secret), "{secret} is shown: {what}");
        }
    }

    async fn ask(&self, call: &str, who: Who, asked: (String, Value)) -> Reply {
        let reply = send(self.browser(who).await, call, asked).await;
        self.forget(call).await;
        reply
    }
}

async fn send(mut browser: Browser, call: &str, (path, body): (String, Value)) -> Reply {
    if call.ends_with("update_profile_pic") {
        return browser.upload(&path, &[], &pictures::png(8, 8)).await;
    }
    if let Some(text) = body.as_str() {
        return browser.send(Method::POST, &path, Some("text/csv"), text.to_owned()).await;
    }
    let method = Method::from_bytes(call.split(' ').next().expect("a method").as_bytes()).expect("a method");
    let json = (!body.is_null()).then_some("application/json");
    browser.send(method, &path, json, if body.is_null() { String::new() } else { body.to_string() }).await
}

/// Whether it says that whoever asks is not signed in, in the form of its surface.
fn is_nobody(reply: &Reply) -> bool {
    let body = reply.json();
    match body["errCode"].as_str() {
        Some(code) => (reply.status.as_u16(), code) == (200, "2"),
        None => reply.status == 401,
    }
}
