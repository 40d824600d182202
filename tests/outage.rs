//! A backend that is killed, frozen or stopped under load: the front end answers within its deadline, and recovers by itself.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::engine::Engine;
use support::http::{Browser, Reply};
use support::process::BackendProcess;
use support::program::Program;
use tokio::task::JoinSet;

const SIGN_IN: &str = "/api/entrytask/user/signin";
const PROFILE: &str = "/api/entrytask/user/get_user_info";
/// `http.request_timeout_ms`, and what a busy machine may add.
const DEADLINE: Duration = Duration::from_millis(2000 + 1500);

fn main() {
    support::story::tell(stories![
        a_killed_backend_is_answered_for_and_comes_back,
        a_frozen_backend_is_answered_for_and_thaws,
        a_backend_that_stops_in_good_order_fails_no_call,
    ]);
}

/// Browsers that ask for one path over and over, each answer's code (the entry task's, or HTTP's) and how long it took.
struct Load {
    stop: Arc<AtomicBool>,
    browsers: JoinSet<Vec<(String, Duration)>>,
}

impl Load {
    fn on(path: &'static str, browser: &Browser, browsers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut set = JoinSet::new();
        for _ in 0..browsers {
            let (mut browser, stop) = (browser.clone(), Arc::clone(&stop));
            set.spawn(async move {
                let mut answers = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let reply = browser.get(path).await;
                    answers.push((code(&reply), begun.elapsed()));
                }
                answers
            });
        }
        Self { stop, browsers: set }
    }

    async fn end(self) -> Vec<(String, Duration)> {
        self.stop.store(true, Ordering::Relaxed);
        self.browsers.join_all().await.into_iter().flatten().collect()
    }
}

async fn signed_in(program: &Program) -> Browser {
    let mut browser = program.browser();
    let body = json!({"username": "alice", "password": "teller-demo"});
    assert_eq!(browser.json(SIGN_IN, &body).await.err_code(), "7");
    browser
}

/// The entry task's code where there is one, or else HTTP's.
fn code(reply: &Reply) -> String {
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(body) if body["errCode"].is_string() => reply.err_code(),
        _ => reply.status.as_u16().to_string(),
    }
}

/// Asks until the answer has one of `codes`, or panics after a while.
async fn until(browser: &Browser, codes: &[&str]) {
    let begun = Instant::now();
    let mut browser = browser.clone();
    loop {
        let code = browser.get(PROFILE).await.err_code();
        if codes.contains(&code.as_str()) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "still {code}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// No answer is of another kind than these, and none is late.
#[track_caller]
fn only(answers: &[(String, Duration)], codes: &[&str]) {
    assert!(!answers.is_empty());
    for (code, took) in answers {
        assert!(codes.contains(&code.as_str()), "an answer with code {code}");
        assert!(*took < DEADLINE, "an answer after {took:?}");
    }
}

async fn a_killed_backend_is_answered_for_and_comes_back(engine: Engine) {
    let mut backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let browser = signed_in(&program).await;
    let load = Load::on(PROFILE, &browser, 8);
    until(&browser, &["7"]).await;
    backend.kill().await;
    until(&browser, &["0"]).await;
    backend.start_again().await;
    // Sessions in memory died with their backend; those in Redis live.
    let recovered = if engine.sessions_survive() { "7" } else { "2" };
    until(&browser, &[recovered]).await;
    only(&load.end().await, &["7", "0", recovered]);

    let mut again = signed_in(&program).await;
    assert_eq!(again.get(PROFILE).await.err_code(), "7");
    program.stop().await;
}

async fn a_frozen_backend_is_answered_for_and_thaws(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let browser = signed_in(&program).await;
    let load = Load::on(PROFILE, &browser, 4);
    until(&browser, &["7"]).await;
    backend.signal("STOP");
    until(&browser, &["0"]).await;
    backend.signal("CONT");
    until(&browser, &["7"]).await;
    only(&load.end().await, &["7", "0"]);
    program.stop().await;
}

async fn a_backend_that_stops_in_good_order_fails_no_call(engine: Engine) {
    let first = BackendProcess::start(&engine).await;
    let second = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&first, &second]).await;
    // Asks the backend, and needs no session, which backends share through Redis alone.
    let load = Load::on("/readyz", &program.browser(), 8);
    first.stop().await;
    for _ in 0..50 {
        assert_eq!(program.browser().get("/readyz").await.status, 200);
    }
    only(&load.end().await, &["200"]);
    program.stop().await;
}
