//! Floods: what a crowd of clients may cost, and what the others notice of it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::json;
use support::http::Browser;
use support::process::{Process, teller};
use tokio::task::JoinSet;

const USER: &str = "/api/entrytask/user";
/// A tenth of a second is what a person calls at once; a busy machine may add as much again.
const AT_ONCE: Duration = Duration::from_millis(200);
/// What a flood of sign-ins may add to the process' memory.
const FLOOD_MAX_KIB: u64 = 100 * 1024;

fn main() {
    let trials = vec![
        Trial::test("sign_ins_by_the_hundred_leave_other_calls_fast", || {
            support::run(flood_and_others());
            Ok(())
        }),
        Trial::ignorable_test("sign_ins_by_the_hundred_take_bounded_memory", flood_and_memory),
    ];
    // One flood at a time: they are about the machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit();
}

/// The whole program with passwords hashed as they are by default, and a browser that is signed in.
async fn start(folder: &tempfile::TempDir) -> (Process, Browser) {
    let mut command = teller(folder.path(), &["--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"]);
    command.env_remove("TELLER_PASSWORD_MEMORY_KIB").env_remove("TELLER_PASSWORD_PASSES");
    let process = Process::start(command, &folder.path().join("log")).await;
    let address = process.said("console").trim_start_matches("http://").trim_end_matches('/');
    let mut browser = Browser::new(address.parse().expect("an address"));
    assert_eq!(sign_in(&mut browser).await, "7");
    (process, browser)
}

async fn sign_in(browser: &mut Browser) -> String {
    let body = json!({"username": "alice", "password": "teller-demo"});
    browser.json(&format!("{USER}/signin"), &body).await.err_code()
}

/// 500 sign-ins at once.
fn flood(browser: &Browser) -> JoinSet<String> {
    let mut flood = JoinSet::new();
    for _ in 0..500 {
        let mut browser = Browser::new(browser.address);
        flood.spawn(async move { sign_in(&mut browser).await });
    }
    flood
}

/// Some get in, the others are told that it is too much; nothing else is answered.
fn count(codes: Vec<String>) {
    let mut counts = BTreeMap::<String, usize>::new();
    for code in codes {
        *counts.entry(code).or_default() += 1;
    }
    assert!(counts.keys().eq(["0", "7"]), "{counts:?}");
}

async fn flood_and_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (process, mut browser) = start(&folder).await;
    let mut flood = flood(&browser);
    let mut times = Vec::new();
    let mut codes = Vec::new();
    while let Some(code) = flood.join_next().await {
        codes.push(code.expect("no panic"));
        if codes.len() % 10 == 0 {
            let begun = Instant::now();
            assert_eq!(browser.get(&format!("{USER}/get_user_info")).await.err_code(), "7");
            times.push(begun.elapsed());
        }
    }
    times.sort();
    assert!(times[times.len() / 2] < AT_ONCE, "others waited: {times:?}");
    count(codes);
    assert_eq!(sign_in(&mut browser).await, "7", "whoever comes later gets in");
    assert!(process.stop().await.success());
}

fn flood_and_memory() -> Result<Completion, Failed> {
    if fs::read("/proc/self/status").is_err() {
        return Ok(Completion::ignored_with("there is no /proc to read a process' memory from"));
    }
    support::run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let (process, browser) = start(&folder).await;
        let before = peak_kib(process.id());
        count(flood(&browser).join_all().await);
        count(flood(&browser).join_all().await);
        let after = peak_kib(process.id());
        assert!(after < before + FLOOD_MAX_KIB, "from {before} to {after} KiB");
        assert!(process.stop().await.success());
    });
    Ok(Completion::Completed)
}

/// The most memory that a process has had, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
