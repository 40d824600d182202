//! Many balances at once, and from where the last one that matched ended.

use std::fs;

use serde_json::{Value, json};

use crate::contract::{DEMO, moved, wallet};
use crate::owners::signed_in;
use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::process::BackendProcess;
use crate::support::program::Program;

/// What `GET` says of the wallet's number.
async fn number(anyone: &mut Browser, path: &str) -> u64 {
    anyone.get(path).await.json()["ID"].as_u64().expect("a number")
}

pub async fn a_comparison_goes_on_where_the_last_that_matched_ended(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    let reconcile = format!("{path}/reconcile");
    moved(&mut anyone, &path, "deposit", "100", "first").await;
    let claim = |external: &str| json!({"end_time": "2100-01-01T00:00:00Z", "external_balance": external});

    let first = anyone.json(&reconcile, &claim("100")).await.json();
    assert_eq!((&first["OpeningBalance"], &first["Status"]), (&json!("0"), &json!("matched")), "from its opening on");
    moved(&mut anyone, &path, "deposit", "5", "second").await;
    for start in [json!(null), json!("last")] {
        let mut body = claim("104");
        body["start_time"] = start;
        let wrong = anyone.json(&reconcile, &body).await.json();
        assert_eq!((&wrong["OpeningBalance"], &wrong["Status"]), (&json!("100"), &json!("mismatch")), "{wrong}");
        let notes = wrong["Notes"].as_str().expect("a text");
        assert!(notes.starts_with("opening balance 100 and changes of 5 in 1 entries make 105;"), "{notes}");
        assert!(notes.ends_with(&format!("; goes on from reconciliation {}", first["ID"])), "{notes}");
    }
    let right = anyone.json(&reconcile, &claim("105")).await.json();
    assert_eq!(
        (&right["OpeningBalance"], &right["Status"]),
        (&json!("100"), &json!("matched")),
        "a mismatch ends nothing"
    );
    let none = anyone.json(&reconcile, &claim("105")).await.json();
    assert_eq!((&none["OpeningBalance"], &none["SystemBalance"]), (&json!("105"), &json!("105")));
    let past = json!({"end_time": "2000-01-01T00:00:00Z", "external_balance": "0"});
    let before = anyone.json(&reconcile, &past).await.json();
    assert_eq!(
        (&before["OpeningBalance"], &before["SystemBalance"], &before["Status"]),
        (&json!("0"), &json!("0"), &json!("matched")),
        "what ended before the last one begins where the account does: {before}"
    );
    program.stop().await;
}

pub async fn many_balances_are_compared_by_one_call_of_an_operator(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let (dollars, euros) = (wallet(&mut anyone, "USD").await, wallet(&mut anyone, "EUR").await);
    moved(&mut anyone, &dollars, "deposit", "10.50", "in").await;
    let (dollars_id, euros_id) = (number(&mut anyone, &dollars).await, number(&mut anyone, &euros).await);
    let item = |account: u64, external: &str| json!({"account_id": account, "external_balance": external});
    let items = json!({"items": [
        item(dollars_id, "10.5"), item(euros_id, "1"), item(999_999, "1"), item(9, "0"),
        {"account_id": euros_id, "external_balance": 1, "tolerance": "1", "start_time": "2000-01-01T00:00:00Z", "end_time": "2000-01-02T00:00:00Z"},
        {"account_id": euros_id, "external_balance": "0", "start_time": "2000-01-02T00:00:00Z", "end_time": "2000-01-01T00:00:00Z"},
    ]});
    let mut customer = signed_in(&program, "wallet_demo").await;
    assert_eq!(customer.json("/v1/reconciliations", &items).await.status, 403);
    let mut operator = signed_in(&program, "operator").await;
    let told = operator.json("/v1/reconciliations", &items).await.json();
    assert_eq!((&told["matched"], &told["mismatched"], &told["refused"]), (&json!(2), &json!(1), &json!(3)), "{told}");
    let results = told["results"].as_array().expect("a list");
    let words: Vec<&Value> = results.iter().map(|one| &one["status"]).collect();
    assert_eq!(words, ["matched", "mismatch", "refused", "refused", "matched", "refused"], "in their order");
    assert_eq!((&results[1]["difference"], &results[1]["system_balance"]), (&json!("1"), &json!("0.00")));
    assert_eq!(results[3]["problem"]["type"], "/problems/account-not-found", "the world outside is no wallet");
    assert_eq!(results[5]["problem"]["field"], "start_time");
    let kept = anyone.get(&format!("{euros}/reconciliations")).await.json();
    assert_eq!(kept.as_array().map(Vec::len), Some(2), "what was refused is not kept");
    assert_eq!(kept[1]["ID"], results[1]["reconciliation_id"]);

    let many = vec![item(dollars_id, "10.5"); 1000];
    let told = operator.json("/v1/reconciliations", &json!({"items": many})).await.json();
    assert_eq!((&told["matched"], &told["refused"]), (&json!(1000), &json!(0)), "as many as fit");
    let more = vec![item(dollars_id, "10.5"); 1001];
    assert_eq!(operator.json("/v1/reconciliations", &json!({"items": more})).await.status, 400);
    program.stop().await;
}

pub async fn a_file_of_balances_is_compared_line_by_line(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut anyone = signed_in(&program, "operator").await;
    let path = {
        let made = anyone.json("/api/wallets", &json!({"user_id": DEMO, "currency": "USD"})).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.header("location").to_owned()
    };
    moved(&mut anyone, &path, "deposit", "10.50", "in").await;
    let id = number(&mut anyone, &path).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("balances.csv");
    let run = async |lines: String, flags: &[&str]| {
        fs::write(&file, lines).expect("written");
        let file = file.display().to_string();
        let arguments = [&["reconcile-balances", file.as_str()], flags].concat();
        let output = backend.command(&arguments).output().await.expect("teller starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let right = format!("wallet_id,external_balance\n{id},10.50\n{id},10.5005\n");
    assert_eq!(run(right, &[]).await, (Some(0), "matched: 2; mismatched: 0; not compared: 0\n".to_owned()));
    let wrong =
        format!("external_balance,wallet_id,tolerance\n10.51,{id},\n10.51,{id},0.01\nmuch,{id},\n1,999999,\n1\n");
    let (code, said) = run(wrong.clone(), &["--parallel", "2"]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((code, lines.len()), (Some(3), 5), "{said}");
    assert!(
        lines[0].starts_with(&format!("line 2: wallet {id} in USD: ")) && lines[0].contains("0.01 higher"),
        "{said}"
    );
    assert_eq!(lines[1], "line 4: external_balance: must be a decimal number, such as \"10.00\"");
    assert_eq!(lines[2..4], ["line 5: there is no such account", "line 6: wallet_id: is required"]);
    assert_eq!(lines[4], "matched: 1; mismatched: 1; not compared: 3");
    let (code, said) = run(wrong, &["--json"]).await;
    let objects: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!((code, objects.len()), (Some(3), 6));
    assert_eq!((&objects[0]["difference"], &objects[1]["status"]), (&json!("0.01"), &json!("matched")));
    assert_eq!(objects[5], json!({"matched": 1, "mismatched": 1, "refused": 3}));
    assert_eq!(run("wallet,balance\n1,1\n".to_owned(), &[]).await.0, Some(1), "columns have names");
    program.stop().await;
}
