//! Secrets that can be recognised, and a search for them in everything that Teller writes or says.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::process::{Process, teller};

const RPC_SECRET: &str = "canary-rpc-secret-0001";
const PASSWORD: &str = "canary-pass-1";
const WRONG: &str = "canary-pass-2";
/// Typed where the name belongs.
const MISPLACED: &str = "canary-pass-3";

/// All that was written and said.
#[derive(Default)]
struct Heard(Vec<(String, String)>);

impl Heard {
    fn add(&mut self, where_from: &str, text: impl Into<String>) {
        self.0.push((where_from.to_owned(), text.into()));
    }

    /// An answer: its head and its body.
    fn answer(&mut self, where_from: &str, reply: &Reply) {
        self.add(where_from, format!("{:?} {}", reply.headers, String::from_utf8_lossy(&reply.body)));
    }

    #[track_caller]
    fn holds_none_of(&self, secrets: &[String]) {
        for secret in secrets {
            for (where_from, text) in &self.0 {
                let found = text.find(secret.as_str()).map(|at| text[..at].lines().last().unwrap_or_default());
                assert!(found.is_none(), "{secret} is in {where_from}, after {found:?}");
            }
        }
    }
}

pub async fn no_secret_is_in_any_log_figure_or_answer(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut heard = Heard::default();
    let sessions = whole_run(&engine, folder.path(), &mut heard).await;
    for arguments in [&["config"][..], &["config", "--verbose"], &["verify"], &["rpc", "describe"]] {
        let output = command(&engine, folder.path(), arguments).output().await.expect("teller starts");
        heard.add(&format!("teller {arguments:?}"), String::from_utf8_lossy(&output.stdout));
        heard.add(&format!("teller {arguments:?}, its errors"), String::from_utf8_lossy(&output.stderr));
    }
    unreachable_stores(folder.path(), &mut heard).await;
    let known = [RPC_SECRET, PASSWORD, WRONG, MISPLACED, "canary-db", "canary-redis"].map(str::to_owned);
    assert_eq!(sessions.len(), 6, "two sessions were begun, and two pairs of tokens issued");
    let keys = token_keys(engine.keys());
    assert!(!keys.is_empty(), "there are keys of tokens");
    heard.holds_none_of(&known.into_iter().chain(sessions).chain(keys).collect::<Vec<_>>());
}

/// What is long in the file of keys is secret.
fn token_keys(file: &Path) -> Vec<String> {
    let file = std::fs::read_to_string(file).expect("keys of tokens");
    file.split_whitespace().filter(|word| word.len() >= 40).map(str::to_owned).collect()
}

/// `teller serve` from its start to its end, with everything logged; returns the sessions that it gave out.
async fn whole_run(engine: &Engine, folder: &Path, heard: &mut Heard) -> Vec<String> {
    let log = folder.join("log");
    let mut serve = command(engine, folder, &["serve", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"]);
    serve.env("TELLER_LOG_LEVEL", "trace");
    let process = Process::start(serve, &log).await;
    heard.add("what it prints", process.lines.join("\n"));
    let console = process.said("console").to_owned();
    let address = console.split_whitespace().find_map(|word| word.trim_matches('/').strip_prefix("http://"));
    let browser = Browser::new(address.expect("an address").parse().expect("an address"));
    let sessions = life_of_a_user(&browser, heard).await;
    mistakes(&browser, &sessions, heard).await;
    assert!(process.stop().await.success());
    let written = std::fs::read_to_string(&log).expect("a log");
    assert!(written.contains("DEBUG") && written.contains("answered"), "everything is logged");
    heard.add("the log", written);
    sessions
}

async fn life_of_a_user(browser: &Browser, heard: &mut Heard) -> Vec<String> {
    let mut sessions = Vec::new();
    let user = |path: &str| format!("/api/entrytask/user/{path}");
    let body = json!({"username": "canary", "password": PASSWORD});
    heard.answer("sign-up", &browser.clone().json(&user("signup"), &body).await);
    for _ in 0..2 {
        let mut own = browser.clone();
        let signed_in = own.json(&user("signin"), &body).await;
        assert_eq!(signed_in.err_code(), "7");
        // The one answer that carries it.
        heard.add("sign-in", String::from_utf8_lossy(&signed_in.body));
        sessions.extend(own.session.clone());
        heard.answer("profile", &own.get(&user("get_user_info")).await);
        heard.answer("nickname", &own.json(&user("update_nickname"), &json!({"nickname": "bird"})).await);
        heard.answer("account", &own.json("/v1/accounts", &json!({"currency": "EUR"})).await);
        heard.answer("picture", &own.upload(&user("update_profile_pic"), &[], b"no picture").await);
        heard.answer("sign-out", &own.json(&user("signout"), &json!({})).await);
    }
    sessions.extend(life_of_a_program(browser, &body, heard).await);
    sessions
}

/// Signs in for tokens, exchanges them, uses what is valid no more; returns all of them.
async fn life_of_a_program(browser: &Browser, body: &Value, heard: &mut Heard) -> Vec<String> {
    let mut own = browser.clone();
    let mut pairs = vec![own.json("/v1/users/login", body).await.json()];
    let refresh = json!({"refresh_token": pairs[0]["refresh_token"]});
    pairs.push(own.json("/v1/tokens/renew_access", &refresh).await.json());
    let tokens: Vec<String> = pairs
        .iter()
        .flat_map(|pair| ["access_token", "refresh_token"].map(|name| pair[name].as_str().expect("a token").to_owned()))
        .collect();
    for token in &tokens {
        own.token = Some(token.clone());
        heard.answer("who one is", &own.get("/v1/users/me").await);
        heard.answer("sessions", &own.get("/v1/sessions").await);
        heard.answer(
            "renewal",
            &own.json("/v1/tokens/renew_access", &json!({"refresh_token": format!("{token}x")})).await,
        );
    }
    tokens
}

/// Everything that can be said wrongly with a secret in it.
async fn mistakes(browser: &Browser, sessions: &[String], heard: &mut Heard) {
    let mut own = Browser { session: sessions.first().cloned(), ..browser.clone() };
    for body in [
        json!({"username": "canary", "password": WRONG}),
        json!({"username": MISPLACED, "password": WRONG}),
        json!({"username": MISPLACED.repeat(9), "password": WRONG}),
        json!({"username": "canary", "password": WRONG.repeat(9)}),
        json!({"username": "canary", "password": [WRONG]}),
    ] {
        for path in ["signin", "signup"] {
            heard.answer(path, &own.json(&format!("/api/entrytask/user/{path}"), &body).await);
        }
    }
    let json = Some("application/json");
    for path in ["/api/entrytask/user/signin", "/v1/transfers", "/deduct", "/v1/accounts"] {
        let torn = format!("{{\"username\":\"canary\",\"password\":\"{WRONG}");
        heard.answer(path, &own.send(hyper::Method::POST, path, json, torn).await);
        let form = format!("username=canary&password={WRONG}%ff");
        heard.answer(path, &own.form(path, &form).await);
    }
    for path in ["/v1/accounts", "/v1/accounts/1", "/v1/audit", "/metrics", "/readyz", "/nothing"] {
        heard.answer(path, &own.get(path).await);
    }
}

/// Programs that cannot start say why, and not with which password they tried.
async fn unreachable_stores(folder: &Path, heard: &mut Heard) {
    let away = [
        ("TELLER_STORE_URL", "mysql://teller:canary-db@127.0.0.1:1/teller"),
        ("TELLER_VOLATILE_URL", "redis://teller:canary-redis@127.0.0.1:1/0"),
    ];
    for (name, url) in away {
        let mut command = teller(folder, &["serve", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"]);
        let output = command.env(name, url).env("TELLER_LOG_LEVEL", "trace").output().await.expect("teller starts");
        assert!(!output.status.success(), "{name}");
        heard.add(name, String::from_utf8_lossy(&output.stdout));
        heard.add(name, String::from_utf8_lossy(&output.stderr));
    }
}

fn command(engine: &Engine, folder: &Path, arguments: &[&str]) -> tokio::process::Command {
    let mut command = teller(folder, arguments);
    command.envs(engine.environment()).env("TELLER_RPC_SECRET", RPC_SECRET);
    command
}
