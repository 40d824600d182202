//! Balances beside somebody else's.

use serde_json::{Value, json};

use crate::contract::{moved, wallet};
use crate::support::engine::Engine;
use crate::support::program::Program;

const ALWAYS: (&str, &str) = ("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z");

fn claim(external: Value) -> Value {
    json!({"start_time": ALWAYS.0, "end_time": ALWAYS.1, "external_balance": external})
}

pub async fn a_balance_is_compared_to_the_last_digit_and_kept(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    moved(&mut anyone, &path, "deposit", "100", "in").await;
    moved(&mut anyone, &path, "withdraw", "49.5", "out").await;
    let (reconcile, kept) = (format!("{path}/reconcile"), format!("{path}/reconciliations"));
    let made = anyone.json(&reconcile, &claim(json!("50.5"))).await;
    let matched = made.json();
    let names: Vec<&String> = matched.as_object().expect("an object").keys().collect();
    for name in
        ["ID", "WalletID", "StartTime", "EndTime", "SystemBalance", "ExternalBalance", "Status", "Difference", "Notes"]
    {
        assert!(names.contains(&&name.to_owned()), "{name}: {matched}");
    }
    assert_eq!((made.status.as_u16(), &matched["Status"]), (200, &json!("matched")));
    assert_eq!((&matched["SystemBalance"], &matched["Difference"]), (&json!("50.5"), &json!("0")));

    for (external, tolerance, status, difference) in [
        (json!("50.501"), None, "matched", "0.001"),
        (json!("50.50100000000001"), None, "mismatch", "0.00100000000001"),
        (json!(50.499), None, "matched", "-0.001"),
        (json!("50.498"), None, "mismatch", "-0.002"),
        (json!("60"), Some(json!("9.5")), "matched", "9.5"),
        (json!("60"), Some(json!(9.49)), "mismatch", "9.5"),
        (json!("41"), Some(json!("9.5")), "matched", "-9.5"),
        (json!("0"), Some(json!("0")), "mismatch", "-50.5"),
    ] {
        let mut body = claim(external.clone());
        if let Some(tolerance) = tolerance {
            body["tolerance"] = tolerance;
        }
        let made = anyone.json(&reconcile, &body).await.json();
        assert_eq!((&made["Status"], &made["Difference"]), (&json!(status), &json!(difference)), "{body}");
    }
    let all = anyone.get(&kept).await.json();
    let all = all.as_array().expect("a list");
    assert_eq!((all.len(), all.last()), (9, Some(&matched)), "newest first, as they were answered");
    let page = anyone.get(&format!("{kept}?limit=8")).await;
    let next = page.header("link").trim_start_matches('<').trim_end_matches(">; rel=\"next\"").to_owned();
    assert_eq!(anyone.get(&next).await.json(), json!([matched]));

    for (body, field) in [
        (json!({"start_time": ALWAYS.0, "end_time": ALWAYS.1}), "external_balance: "),
        (json!({"start_time": ALWAYS.1, "end_time": ALWAYS.0, "external_balance": "1"}), "start_time: "),
        (json!({"start_time": "now", "end_time": ALWAYS.1, "external_balance": "1"}), "start_time: "),
        (json!({"start_time": ALWAYS.0, "external_balance": "1"}), "end_time: "),
        (claim(json!("much")), "external_balance: "),
        (claim(json!(format!("0.{}1", "0".repeat(60)))), "external_balance: "),
        (
            json!({"start_time": ALWAYS.0, "end_time": ALWAYS.1, "external_balance": "1", "tolerance": "-1"}),
            "tolerance: ",
        ),
    ] {
        let refused = anyone.json(&reconcile, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"].as_str().expect("a text").starts_with(field), "{body}: {refused:?}");
    }
    assert_eq!(anyone.get(&kept).await.json().as_array().expect("a list").len(), 9, "what was refused is not kept");
    program.stop().await;
}

pub async fn a_period_begins_and_ends_where_it_says(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    for (number, amount) in ["1", "20", "300"].into_iter().enumerate() {
        moved(&mut anyone, &path, "deposit", amount, &format!("h{number}")).await;
    }
    let listed = anyone.get(&format!("{path}/transactions")).await.json();
    let time = |index: usize| listed[index]["CreatedAt"].as_str().expect("a time").to_owned();
    for (start, end, opening, closing) in [
        (time(2), time(0), "0", "321"),
        (time(1), time(1), "1", "21"),
        (time(0), ALWAYS.1.to_owned(), "21", "321"),
        (ALWAYS.1.to_owned(), ALWAYS.1.to_owned(), "321", "321"),
        (ALWAYS.0.to_owned(), ALWAYS.0.to_owned(), "0", "0"),
    ] {
        let body = json!({"start_time": start, "end_time": end, "external_balance": closing});
        let made = anyone.json(&format!("{path}/reconcile"), &body).await.json();
        assert_eq!((&made["OpeningBalance"], &made["SystemBalance"]), (&json!(opening), &json!(closing)), "{body}");
        assert_eq!(made["Status"], "matched");
    }
    program.stop().await;
}
