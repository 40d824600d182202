//! `teller statement`, run as a program.

use serde_json::Value;

use crate::paged::busy;
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, text};

/// What it writes, and with which exit code it ends.
async fn written(backend: &BackendProcess, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["statement"], arguments].concat();
    let output = backend.command(&arguments).output().await.expect("teller starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

pub async fn the_program_writes_the_same_statement_as_the_server(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut cast = Cast::of(&program).await;
    busy(&mut cast).await;
    let account = cast.from.to_string();
    let whole = cast.alice.get(&format!("/v1/accounts/{account}/statement")).await.json();
    let bounds = (text(&whole["from"]), text(&whole["to"]));
    let period = ["--account", account.as_str(), "--from", &bounds.0, "--to", &bounds.1];

    let (code, json) = written(&backend, &[&period[..], &["--json"]].concat()).await;
    let json: Value = serde_json::from_str(&json).expect("one object");
    assert_eq!(code, Some(0));
    for field in ["account_id", "currency", "opening_balance", "closing_balance", "total_in", "total_out"] {
        assert_eq!(json[field], whole[field], "{field}");
    }
    let amounts = |told: &Value| -> Vec<(Value, Value, Value)> {
        let lines = told["entries"].as_array().expect("a list").iter();
        lines.map(|line| (line["seq"].clone(), line["amount"].clone(), line["description"].clone())).collect()
    };
    assert_eq!(amounts(&json), amounts(&whole));

    let (code, csv) = written(&backend, &period).await;
    assert_eq!((code, csv.lines().count()), (Some(0), 3 + amounts(&whole).len()));
    assert!(csv.contains("'=1+1") && csv.ends_with(",closing_balance,,,,,,988.75\n"), "{csv}");

    let empty = ["--account", &account, "--from", "2000-01-01", "--to", "2000-01-31", "--json"];
    let (code, none) = written(&backend, &empty).await;
    let none: Value = serde_json::from_str(&none).expect("one object");
    assert_eq!(
        (code, none["entries"].as_array().map(Vec::len), text(&none["total_in"])),
        (Some(0), Some(0), "0.00".into())
    );

    let kept = tempfile::tempdir().expect("a folder").keep();
    let file = kept.join("may.csv").display().to_string();
    for wanted in [Some(0), Some(2)] {
        assert_eq!(written(&backend, &[&period[..], &["-o", &file]].concat()).await.0, wanted, "a file is left alone");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), csv);
    std::fs::remove_dir_all(kept).expect("it was ours");
    for wrong in [&["--account", "999999"][..], &["--account", &account, "--from", "2026-02-02", "--to", "2026-02-01"]]
    {
        let (code, said) = written(&backend, wrong).await;
        assert_eq!((code, said.as_str()), (Some(1), ""), "{wrong:?}");
    }
    assert_eq!(written(&backend, &["--account", &account, "--from", "spring"]).await.0, Some(2));
    program.stop().await;
}
