//! `teller export`, run as a program.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::books::clean;
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, made, text};

/// What spreadsheets would run, if they were let.
const FORMULAS: [&str; 6] = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://a.b\",\"c\")", "=1,\"2\"\u{4e2d}"];

/// What it writes.
async fn export(backend: &BackendProcess, what: &str, form: &str) -> String {
    let output = backend.command(&["export", what, "--format", form]).output().await.expect("teller starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The lines of a table without line breaks in its cells, each cut into its cells.
fn cells(csv: &str) -> Vec<Vec<String>> {
    csv.lines().map(row).collect()
}

fn row(line: &str) -> Vec<String> {
    let (mut row, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let cell = row.last_mut().expect("there is one");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            letter => cell.push(letter),
        }
    }
    row
}

pub async fn every_row_is_exported_and_no_text_is_a_formula(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let program = Program::front_end(&[&backend]).await;
    let mut cast = Cast::of(&program).await;
    let mut ids = BTreeSet::new();
    for formula in FORMULAS {
        let mut order = cast.order("1.00");
        order["description"] = json!(formula);
        ids.insert(text(&made(&cast.alice.json("/v1/transfers", &order).await)["transfer"]["id"]));
    }
    let deposit = json!({"amount": "1.00", "currency": "CNY", "reference": "=cmd|'/C"});
    let path = format!("/v1/accounts/{}/deposits", cast.from);
    ids.insert(text(&made(&cast.operator.json(&path, &deposit).await)["transfer"]["id"]));
    let report = clean(&backend, &[]).await;

    for (what, count) in [("entries", &report["entries"]), ("transfers", &report["transfers"])] {
        let count = count.as_u64().expect("a number") as usize;
        let table = cells(&export(&backend, what, "csv").await);
        assert_eq!(table.len(), count + 1, "a line of names, and one for each of the {what}");
        for cell in table.iter().skip(1).flatten() {
            let is_number =
                cell.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
            assert!(is_number && what == "entries" || !cell.starts_with(['=', '+', '-', '@']), "{what}: {cell}");
        }
        let lines = export(&backend, what, "jsonl").await;
        let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!(rows.len(), count);
        let key = if what == "entries" { "transfer_id" } else { "id" };
        let place = table[0].iter().position(|name| name == key).expect("a column");
        let as_json: BTreeSet<String> = rows.iter().map(|row| text(&row[key])).collect();
        let as_csv: BTreeSet<String> = table.iter().skip(1).map(|row| row[place].clone()).collect();
        assert!(ids.is_subset(&as_json) && as_json == as_csv, "{what}");
        if what == "transfers" {
            let place = table[0].iter().position(|name| name == "description").expect("a column");
            for formula in FORMULAS {
                assert!(rows.iter().any(|row| row["description"] == formula), "{formula}, as it is");
                assert!(table.iter().any(|row| row[place] == format!("'{formula}")), "{formula}, as text");
            }
        }
    }
    program.stop().await;
}

pub async fn a_file_is_whole_or_not_there(engine: Engine) {
    let backend = BackendProcess::start(&engine).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("transfers.csv");
    let name = file.display().to_string();
    let export = ["export", "transfers", "--out", &name];
    assert!(backend.command(&export).status().await.expect("teller starts").success());
    let whole = fs::read_to_string(&file).expect("it was written");
    assert!(whole.lines().count() > 1);
    let again = backend.command(&export).output().await.expect("teller starts");
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!((again.status.code(), fs::read_to_string(&file).expect("it is there")), (Some(2), whole), "{said}");
    assert!(said.contains(&name) && said.contains("fix: "), "{said}");
}
