//! What `teller verify` says of books that are right, and of books that are not there.

use serde_json::json;

use crate::books::{clean, verify};
use crate::long;
use crate::paying::Paying;
use crate::support::engine::Engine;
use crate::support::process::{BackendProcess, teller};
use crate::support::program::Program;
use crate::teller::{Cast, made, text};

pub async fn books_in_use_are_verified_without_false_alarms(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut cast = Cast::of(&program).await;
    let mut order = cast.order("0.01");
    (order["pending"], order["timeout_seconds"]) = (json!(true), json!(1));
    let held = made(&cast.alice.json("/v1/transfers", &order).await);
    let mut paying = Paying::begin(&program, 3).await;
    let mut transfers = 0;
    for _ in 0..4 * long() {
        paying.until_more(40).await;
        let begun = clean(&backend, &[]).await;
        let since = clean(&backend, &["--since", &text(&held["transfer"]["created_at"])]).await;
        let count = |report: &serde_json::Value, of: &str| report[of].as_u64().expect("a number");
        assert!(count(&begun, "transfers") > transfers && count(&since, "transfers") >= 40, "{begun} {since}");
        transfers = count(&begun, "transfers");
    }
    let later = clean(&backend, &["--since", "2200-01-01T00:00:00Z"]).await;
    assert_eq!(later["transfers"], 0, "there is none yet: {later}");
    paying.end().await;
    program.stop().await;
}

pub async fn what_is_not_there_is_not_made(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = match engine.servers() {
        Some((url, _)) => format!("{url}_of_nobody"),
        None => format!("sqlite:{}", folder.path().join("none.db").display()),
    };
    for arguments in [&["verify", "--json"] as &[&str], &["export", "entries", "--out", "entries.csv"]] {
        let output =
            teller(folder.path(), arguments).args(["--store", &missing]).output().await.expect("teller starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "{said}");
        assert!(said.starts_with("error: "), "{said}");
        let left = std::fs::read_dir(folder.path()).expect("the folder is there").count();
        assert_eq!(left, 0, "{arguments:?} left something behind");
    }
    let backend = BackendProcess::start(&engine).await;
    let verdict = verify(&backend, &["--since", "yesterday"]).await;
    assert_eq!(verdict.code, Some(2), "{verdict:?}");
}
