//! `teller rpc`: a backend as whoever asks it from a shell sees it.

mod support;

use std::path::Path;
use std::process::{Output, Stdio};

use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use support::engine::Engine;
use support::process::{Process, SECRET, teller};
use support::program::Program;
use tokio::io::AsyncWriteExt;

const ALICE: &str = r#"{"user_name": "alice", "password": "teller-demo"}"#;

fn main() {
    let trials = vec![
        told("describe_prints_what_the_backend_serves", describe),
        told("a_call_is_json_in_and_json_out", call),
        told("a_refusal_is_an_answer", refusal),
        told("a_request_can_come_from_standard_input", standard_input),
        told("an_unknown_name_is_answered_with_the_nearest", unknown),
        told("a_request_of_another_shape_says_what_is_wrong_and_is_not_sent", shape),
        told("what_cannot_be_reached_says_that_nothing_was_executed", unreachable),
        told("the_secret_is_that_of_the_data_folder_and_never_made_here", secret),
        told("time_runs_out_when_it_was_said_to", timeout),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn told<F: Future<Output = ()> + 'static>(name: &str, tell: fn() -> F) -> Trial {
    Trial::test(name, move || {
        support::run(tell());
        Ok(())
    })
}

/// What a run of `teller rpc` came to.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.err);
        serde_json::from_str(&self.out).expect("JSON")
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs `teller rpc`, which finds the secret of [`Program`] in its environment.
async fn rpc(program: &Program, question: &str, arguments: &[&str]) -> Said {
    let address = program.rpc().to_string();
    let mut command = teller(Path::new("."), &["rpc", question, "--backend", &address]);
    command.args(arguments).env("TELLER_RPC_SECRET", SECRET).output().await.expect("it ends").into()
}

async fn started() -> Program {
    Program::start(&Engine::embedded()).await
}

async fn describe() {
    let said = rpc(&started().await, "describe", &[]).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    for line in ["user.sign_up", "user.profile (idempotent)", "session.sign_in", "health.ready (idempotent)"] {
        assert!(lines.contains(&line), "{line}: {lines:?}");
    }
}

async fn call() {
    let program = started().await;
    let ready = rpc(&program, "call", &["health.ready"]).await.json();
    assert_eq!(ready, json!({"version": env!("CARGO_PKG_VERSION")}));
    let session = rpc(&program, "call", &["session.sign_in", ALICE]).await.json()["Ok"].clone();
    let caller = json!({ "credential": { "Session": session } });
    let profile = rpc(&program, "call", &["user.profile", &caller.to_string()]).await.json();
    assert_eq!((&profile["Ok"]["id"], &profile["Ok"]["user_name"]), (&json!(1), &json!("alice")));
    let rename = json!({"caller": caller, "nickname": "界"}).to_string();
    assert_eq!(rpc(&program, "call", &["user.set_nickname", &rename]).await.json()["Ok"]["nickname"], "界");
}

async fn refusal() {
    let wrong = ALICE.replace("teller-demo", "another");
    let said = rpc(&started().await, "call", &["session.sign_in", &wrong]).await;
    assert_eq!(said.json(), json!({"Err": "WrongPassword"}));
}

async fn standard_input() {
    let program = started().await;
    let address = program.rpc().to_string();
    let mut command = teller(Path::new("."), &["rpc", "call", "--backend", &address, "session.sign_in", "-"]);
    command.env("TELLER_RPC_SECRET", SECRET).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("teller starts");
    child.stdin.take().expect("it was piped").write_all(ALICE.as_bytes()).await.expect("it reads");
    let said = Said::from(child.wait_with_output().await.expect("it ends"));
    assert!(said.json()["Ok"].is_string());
}

async fn unknown() {
    let program = started().await;
    for (name, problem, nearest) in [
        ("usr.profile", "the backend has no service usr", "user"),
        ("user.profil", "service user has no method profil", "profile"),
        ("session.signin", "service session has no method signin", "sign_in"),
        ("profile", "profile is no SERVICE.METHOD", "user.profile"),
    ] {
        let said = rpc(&program, "call", &[name, "null"]).await;
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{name}: {}", said.err);
        assert!(said.err.starts_with(&format!("error: {problem}\nfix: the nearest are: {nearest}")), "{}", said.err);
    }
}

async fn shape() {
    let program = started().await;
    for (request, wrong) in [
        ("", "EOF while parsing"),
        (r#"{"user_name": "alice"}"#, "missing field `password`"),
        (r#"{"user_name": "alice", "password": "abc"}"#, "password: must be 4 to 128 characters"),
    ] {
        let said = rpc(&program, "call", &["session.sign_in", request]).await;
        assert_eq!(said.code, Some(2), "{request}: {}", said.err);
        assert!(said.err.contains(wrong) && said.err.contains("fix: give a SignIn as JSON"), "{}", said.err);
    }
}

async fn unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    for question in [&["describe"][..], &["call", "health.ready"]] {
        let mut command = teller(Path::new("."), &["rpc"]);
        command.args(question).args(["--backend", &free.to_string()]).env("TELLER_RPC_SECRET", SECRET);
        let said = Said::from(command.output().await.expect("it ends"));
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains("backend unavailable") && said.err.contains("(not executed)"), "{}", said.err);
    }
}

async fn secret() {
    let home = tempfile::tempdir().expect("a folder");
    let backend = teller(home.path(), &["backend", "--rpc", "127.0.0.1:0"]);
    let process = Process::start(backend, &home.path().join("log")).await;
    let address = process.said("rpc").split(',').next().expect("an address").to_owned();
    let ask = async |data: &str| {
        let arguments = ["rpc", "call", "--data", data, "--backend", &address, "health.ready"];
        Said::from(teller(home.path(), &arguments).output().await.expect("it ends"))
    };
    assert_eq!(ask("data").await.json(), json!({"version": env!("CARGO_PKG_VERSION")}));
    let elsewhere = ask("elsewhere").await;
    assert_eq!(elsewhere.code, Some(1));
    assert!(elsewhere.err.starts_with("error: cannot read the RPC secret elsewhere/rpc.secret"), "{}", elsewhere.err);
    assert!(elsewhere.err.contains("fix: name the backend's data folder with --data DIR"), "{}", elsewhere.err);
    assert!(!home.path().join("elsewhere").exists());
    assert!(process.stop().await.success());
}

async fn timeout() {
    // Somebody who accepts and says nothing: the connect time-out ends each dial, the patience of half a second the wait.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address").to_string();
    let mut command = teller(Path::new("."), &["rpc", "describe", "--timeout", "50", "--backend", &address]);
    let said = Said::from(command.env("TELLER_RPC_SECRET", SECRET).output().await.expect("it ends"));
    assert_eq!(said.code, Some(1));
    assert_eq!(said.err, "error: describe: deadline exceeded (not executed)\n");
}
