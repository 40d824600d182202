//! `teller reconcile`.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::sent::{DEPOSITS, FOUND, counted, mixed, states, wallet};
use crate::support::engine::Engine;
use crate::support::process::teller;
use crate::support::program::Program;

async fn run(engine: &Engine, folder: &Path, more: &[&str]) -> Output {
    let arguments = [&["reconcile", "--statement", "statement.csv"], more].concat();
    teller(folder, &arguments)
        .envs(engine.environment())
        .env("TELLER_DATA_DIR", folder)
        .output()
        .await
        .expect("it ends")
}

pub async fn the_command_line_finds_the_same(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let (account, day) = wallet(&program, &DEPOSITS).await;
    let folder = program.data().to_owned();
    fs::write(folder.join("statement.csv"), mixed(&day)).expect("a file");
    let asked = ["--wallet", &account, "--settlement-days", "0", "--json", "--csv", "lines.csv"];
    let output = run(&engine, &folder, &asked).await;
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&found["ok"], &found["discrepancies"]), (&Value::from(false), &Value::from(5)));
    assert_eq!(states(&found["result"]), counted(&FOUND));
    assert_eq!(found["examples"].as_array().map(Vec::len), Some(5), "{found}");
    let lines = fs::read_to_string(folder.join("lines.csv")).expect("a file");
    assert!(lines.lines().count() == 7 && lines.contains("bank-3"), "{lines}");
    let output = run(&engine, &folder, &["--wallet", &account]).await;
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("amount_mismatch: line 3 ") && text.contains("closing balances differ by 85.01"), "{text}");

    let whole = format!("date,amount,reference\n{day},10,bank-1\n{day},20,bank-2\n{day},30,bank-3\n");
    fs::write(folder.join("statement.csv"), whole).expect("a file");
    let output = run(&engine, &folder, &["--wallet", &account]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for (more, code, said) in [
        (&["--wallet", "999999"][..], 1, "there is no such account"),
        (&["--wallet", &account, "--mapping", "saved"], 1, "no mapping is kept"),
        (&["--wallet", &account, "--mapping", "none.json"], 2, "none.json"),
        (&["--wallet", &account, "--format", "mt940"], 1, "has no field of an MT940 message"),
        (&["--wallet", &account, "--csv", "lines.csv"], 2, "cannot write lines.csv"),
        (&["--wallet", &account, "--from", "1.1.2026"], 2, "2026-03-01"),
    ] {
        let output = run(&engine, &folder, more).await;
        let heard = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && heard.contains(said), "{more:?}: {heard}");
    }
    program.stop().await;
}
