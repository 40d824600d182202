//! Statements that are sent.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// The demo user who has no wallet yet.
const DEMO: u64 = 20_241_222;

pub async fn signed_in(program: &Program, user_name: &str) -> Browser {
    let mut browser = program.browser();
    let body = json!({"username": user_name, "password": "teller-demo"});
    assert_eq!(browser.json("/api/entrytask/user/signin", &body).await.err_code(), "7");
    browser
}

/// A wallet of the demo user's with deposits (an amount, a reference); its number, and the day of them.
pub async fn wallet(program: &Program, deposits: &[(&str, &str)]) -> (String, String) {
    let mut operator = signed_in(program, "operator").await;
    let made = operator.json("/api/wallets", &json!({"user_id": DEMO, "currency": "USD"})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").to_owned();
    for (amount, hash) in deposits {
        let done = operator.json(&format!("{path}/deposit"), &json!({"amount": amount, "tx_hash": hash})).await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    let listed = operator.get(&format!("{path}/transactions?limit=1")).await.json();
    let day = listed[0]["CreatedAt"].as_str().expect("a time")[..10].to_owned();
    (path.rsplit('/').next().expect("a number").to_owned(), day)
}

pub async fn send(browser: &mut Browser, target: &str, file: &str) -> Reply {
    browser.send(Method::POST, target, Some("text/csv"), file.to_owned()).await
}

/// States and how many lines each has, without those that have none.
pub fn states(result: &Value) -> Vec<(String, u64)> {
    let states = result["states"].as_array().expect("a list").iter();
    let counted = states
        .map(|state| (state["state"].as_str().expect("a word").to_owned(), state["lines"].as_u64().expect("a number")));
    counted.filter(|(_, lines)| *lines > 0).collect()
}

pub fn counted(states: &[(&str, u64)]) -> Vec<(String, u64)> {
    states.iter().map(|(state, lines)| ((*state).to_owned(), *lines)).collect()
}

/// One line of each kind beside three deposits of that day.
pub fn mixed(day: &str) -> String {
    format!(
        "date,amount,reference,balance\n{day},10.00,bank-1,110.00\n{day},20.01,bank-2,130.01\n{day},5.00,bank-9,135.01\n\
         {day},much,bank-8,135.01\n{day},10.00,bank-1,145.01\n"
    )
}

pub const DEPOSITS: [(&str, &str); 3] = [("10", "bank-1"), ("20", "bank-2"), ("30", "bank-3")];

pub const FOUND: [(&str, u64); 6] = [
    ("amount_mismatch", 1),
    ("missing_internal", 1),
    ("missing_external", 1),
    ("duplicate", 1),
    ("unreadable", 1),
    ("matched", 1),
];

pub async fn a_statement_is_matched_line_by_line_and_kept(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let (account, day) = wallet(&program, &DEPOSITS).await;
    let mut owner = signed_in(&program, "wallet_demo").await;
    let target = format!("/v1/accounts/{account}/statements");
    let asked = format!("{target}?file_name=march.csv&settlement_days=0");
    let sent = send(&mut owner, &asked, &mixed(&day)).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    let shown = sent.json();
    let one = sent.header("location").to_owned();
    assert_eq!(states(&shown["result"]), counted(&FOUND), "{shown}");
    assert_eq!(
        (&shown["file_name"], &shown["discrepancies"], &shown["resolved"]),
        (&json!("march.csv"), &json!(5), &json!(0))
    );
    let proof = &shown["result"]["proof"];
    assert_eq!(
        (&proof["difference"], &proof["opening"], &proof["gap"]),
        (&json!("85.01"), &json!("100.00"), &json!("0.00")),
        "{proof}"
    );
    assert_eq!(proof["holds"], true);

    let again = send(&mut owner, &asked, &mixed(&day)).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed"), again.json()),
        (200, "true", shown.clone())
    );
    assert_eq!(owner.get(&one).await.json(), shown);
    let anew = send(
        &mut owner,
        &format!("/v1/accounts/{account}/statements?by_amount=true&from=2000-01-01&to=2000-01-02"),
        &mixed(&day),
    )
    .await;
    let anew_shown = anew.json();
    assert_eq!(
        (anew.status.as_u16(), &anew_shown["sha256"]),
        (201, &shown["sha256"]),
        "other rules, compared anew: {anew:?}"
    );
    assert_ne!(anew_shown["id"], shown["id"]);
    assert_eq!(owner.get(&target).await.json(), json!({"statements": [anew_shown, shown], "next": null}));

    let lines = owner.get(&format!("{one}/lines")).await.json();
    let lines = lines["lines"].as_array().expect("a list").clone();
    let told: Vec<(&str, &str, Option<u64>)> = lines
        .iter()
        .map(|line| {
            (
                line["state"].as_str().expect("a word"),
                line["reference"].as_str().expect("a text"),
                line["line"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("amount_mismatch", "bank-2", Some(3)),
            ("missing_internal", "bank-9", Some(4)),
            ("missing_external", "bank-3", None),
            ("duplicate", "bank-1", Some(6)),
            ("unreadable", "", Some(5)),
            ("matched", "bank-1", Some(2)),
        ]
    );
    assert_eq!(
        (&lines[0]["amount"], &lines[0]["our_amount"], &lines[0]["entries"]),
        (&json!("20.01"), &json!("20.00"), &json!([2]))
    );
    let paged = owner.get(&format!("{one}/lines?limit=2")).await.json();
    let next = paged["next"].as_str().expect("there are more");
    let rest = owner.get(&format!("{one}/lines?limit=4&cursor={next}")).await.json();
    assert_eq!((&rest["lines"], &rest["next"]), (&json!(lines[2..]), &Value::Null));
    let matched = owner.get(&format!("{one}/lines?state=matched")).await.json();
    assert_eq!(matched["lines"], json!(lines[5..]));
    let csv = String::from_utf8(owner.get(&format!("{one}/lines.csv")).await.body.to_vec()).expect("text");
    assert_eq!(csv.lines().count(), 7, "{csv}");
    assert!(csv.starts_with("place,state,line,date,amount,our_amount,"), "{csv}");
    resolved(&program, &one, &lines[0]).await;
    program.stop().await;
}

async fn resolved(program: &Program, one: &str, line: &Value) {
    let (mut owner, mut operator) = (signed_in(program, "wallet_demo").await, signed_in(program, "operator").await);
    let target = format!("{one}/lines/1/resolve");
    assert_eq!(owner.json(&target, &json!({"note": "mine"})).await.status, 403);
    for (nothing, status) in [("6", 400), ("99", 404)] {
        let refused =
            operator.json(&format!("{one}/lines/{nothing}/resolve"), &json!({"note": "nothing to see"})).await;
        assert_eq!(refused.status, status, "{refused:?}");
    }
    for note in ["the bank has been asked", "too late"] {
        let done = operator.json(&target, &json!({"note": note})).await;
        assert_eq!(
            (done.status.as_u16(), &done.json()["resolution"]["note"]),
            (200, &json!("the bank has been asked"))
        );
        assert_eq!(done.json()["reason"], line["reason"]);
    }
    assert_eq!(owner.get(one).await.json()["resolved"], 1);
    for (target, body, status) in [
        (format!("{one}/lines/99/resolve"), json!({"note": "x"}), 404),
        (format!("{one}/lines/x/resolve"), json!({"note": "x"}), 404),
        (target.clone(), json!({"note": ""}), 400),
        (target, json!({}), 400),
    ] {
        assert_eq!(operator.json(&target, &body).await.status, status, "{target} {body}");
    }
    let events = operator.get("/v1/audit?kind=statement_resolved").await.json();
    let details: Vec<&str> =
        events["events"].as_array().expect("a list").iter().filter_map(|event| event["detail"].as_str()).collect();
    // Of what was refused, or resolved before, there is nothing to tell.
    assert!(matches!(details.as_slice(), [one] if one.ends_with("line 1: the bank has been asked")), "{details:?}");
}

pub async fn a_mapping_is_kept_and_read_by(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let (account, day) = wallet(&program, &DEPOSITS[..1]).await;
    let mut owner = signed_in(&program, "wallet_demo").await;
    let (target, mapping) =
        (format!("/v1/accounts/{account}/statements"), format!("/v1/accounts/{account}/statement-mapping"));
    let (year, rest) = day.split_once('-').expect("a day");
    let (month, of_month) = rest.split_once('-').expect("a day");
    let file = format!("Auszug\nTag;Wert;Zeichen\n{of_month}.{month}.{year};10,00;bank-1\n");
    let refused = send(&mut owner, &target, &file).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!("statement")), "{refused:?}");
    assert_eq!(owner.get(&mapping).await.json(), json!({"mapping": null}));
    let body = json!({
        "date": "Tag", "date_format": "%d.%m.%Y", "amount": "Wert", "references": ["Zeichen"], "decimal": ",", "skip_lines": 1,
    });
    let kept = owner.put(&mapping, &body).await;
    assert_eq!((kept.status.as_u16(), &kept.json()["mapping"]["amount"]), (200, &json!("Wert")));
    assert_eq!(owner.get(&mapping).await.json(), kept.json());
    let sent = send(&mut owner, &target, &file).await;
    assert_eq!((sent.status.as_u16(), states(&sent.json()["result"])), (201, counted(&[("matched", 1)])), "{sent:?}");
    for (body, field) in
        [(json!({"date": "Tag"}), "amount"), (json!({"date": "Tag", "amount": "Wert", "more": 1}), "more")]
    {
        let refused = owner.put(&mapping, &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!(field)));
    }
    for (query, field) in [
        ("window_days=32", "window_days"),
        ("settlement_days=x", "settlement_days"),
        ("format=xls", "format"),
        ("from=2026-1-1", "from"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("by_amount=1", "by_amount"),
        ("more=1", "more"),
    ] {
        let refused = send(&mut owner, &format!("{target}?{query}"), "date,amount\n2026-01-01,1\n").await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!(field)), "{query}");
    }
    program.stop().await;
}

pub async fn what_is_anothers_is_not_there(engine: Engine) {
    let program = Program::start_closed(&engine).await;
    let (account, day) = wallet(&program, &DEPOSITS).await;
    let (mut owner, mut other) = (signed_in(&program, "wallet_demo").await, signed_in(&program, "bob").await);
    let target = format!("/v1/accounts/{account}/statements");
    let sent = send(&mut owner, &target, &mixed(&day)).await;
    let one = sent.header("location").to_owned();
    let mut nobody = program.browser();
    for path in [
        target.clone(),
        format!("/v1/accounts/{account}/statement-mapping"),
        one.clone(),
        format!("{one}/lines"),
        format!("{one}/lines.csv"),
    ] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
        assert_eq!(nobody.get(&path).await.status, 401, "{path}");
        assert_eq!(owner.get(&path).await.status, 200, "{path}");
    }
    assert_eq!(send(&mut other, &target, &mixed(&day)).await.status, 404);
    assert_eq!(send(&mut nobody, &target, &mixed(&day)).await.status, 401);
    // The same file for an account of one's own is another statement.
    let own = other.json("/v1/accounts", &json!({"currency": "CHF"})).await;
    assert_eq!(own.status, 201, "{own:?}");
    let sent = send(&mut other, &format!("{}/statements", own.header("location")), &mixed(&day)).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    program.stop().await;
}
