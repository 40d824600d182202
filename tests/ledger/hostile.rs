//! Requests that nobody sends by mistake: each is refused, and leaves nothing.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::http::Browser;
use crate::support::program::Program;
use crate::teller::{Cast, account, balance, made, money, problem, text};

/// The fields of a transfer, and a right value of each.
const ORDER: [(&str, &str); 7] = [
    ("from_account_id", ""),
    ("to_account_id", ""),
    ("amount", "\"1.00\""),
    ("currency", "\"CNY\""),
    ("description", "\"x\""),
    ("pending", "false"),
    ("timeout_seconds", "null"),
];

/// Right in no field that is not a text.
const WRONG: [&str; 29] = [
    "1.0",
    "1e2",
    "1e400",
    "-1e400",
    "-0",
    "-0.0",
    "\"-0.00\"",
    "\"+1\"",
    "\" 1\"",
    "\"1.\"",
    "\".5\"",
    "\"1e2\"",
    "\"1e400\"",
    "\"0x10\"",
    "\"NaN\"",
    "\"Infinity\"",
    "\"1,00\"",
    "\"1_0\"",
    "\"\u{0663}\"",
    "\"\u{ff11}\"",
    "\"\u{2212}1\"",
    "\"1\\u0000\"",
    "\"\\ud800\"",
    "\"\"",
    "\"1.001\"",
    "[]",
    "[\"1\"]",
    "{\"a\":1}",
    "[[[[[[[[]]]]]]]]",
];

/// Those, and what is too long or too deep to be written down.
fn wrong() -> Vec<String> {
    let long =
        ["9".repeat(39), "9".repeat(5000), format!("{}.001", "0".repeat(5000)), format!("1.{}1", "0".repeat(300))];
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let texts = long.iter().map(|text| format!("\"{text}\""));
    WRONG.map(str::to_owned).into_iter().chain(texts).chain([deep, "1".repeat(400)]).collect()
}

async fn post(browser: &mut Browser, path: &str, body: impl Into<String>) -> u16 {
    let reply = browser.send(Method::POST, path, Some("application/json"), body.into()).await;
    reply.status.as_u16()
}

/// A transfer with `value` as its `field`, and perhaps with more after it.
fn order(cast: &Cast, field: &str, value: &str, more: &str) -> String {
    let (from, to) = (cast.from.to_string(), cast.to.to_string());
    let fields = ORDER.map(|(name, right)| {
        let right = match name {
            "from_account_id" => &from,
            "to_account_id" => &to,
            _ => right,
        };
        format!("\"{name}\":{}", if name == field { value } else { right })
    });
    format!("{{{}{more}}}", fields.join(","))
}

pub async fn no_wrong_value_anywhere_leaves_a_trace(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let before = entries(&mut cast).await;
    for (field, right) in ORDER {
        // A text takes most texts.
        let is_text = field == "description";
        let values = wrong().into_iter().filter(|value| !is_text || !value.starts_with('"') || value.contains("\\u"));
        for value in values {
            let body = order(&cast, field, &value, "");
            let status = post(&mut cast.alice, "/v1/transfers", body.as_str()).await;
            assert!(matches!(status, 400 | 422), "{field}: {:.80}: {status}", value);
            let batch = format!("{{\"transfers\":[{body}]}}");
            let reply = cast.alice.send(Method::POST, "/v1/transfers/batch", Some("application/json"), batch).await;
            assert!(reply.status == 400 || reply.json()["done"] == 0, "{field}: {:.80}: {reply:?}", value);
        }
        let twice = if right.is_empty() { "1" } else { right };
        let body = order(&cast, "", "", &format!(",\"{field}\":{twice}"));
        let status = post(&mut cast.alice, "/v1/transfers", body).await;
        assert_eq!(status, 400, "{field} twice");
    }
    for value in wrong().iter().filter(|value| *value != "1.0" && *value != "1e2") {
        for body in [format!("{{\"user_id\":1,\"amount\":{value}}}"), format!("{{\"user_id\":{value},\"amount\":1}}")] {
            let status = post(&mut cast.alice, "/deduct", body).await;
            assert!(matches!(status, 400 | 404), "{:.80}: {status}", value);
        }
    }
    for form in [
        "user_id=1&amount=1&amount=2",
        "user_id=1&user_id=2&amount=1",
        "user_id=1&amount=%31%00",
        "user_id=1&amount=1e2",
    ] {
        assert_eq!(cast.alice.form("/deduct", form).await.status, 400, "{form}");
    }
    for body in ["{\"user_id\":1,\"amount\":1,\"\\u0061mount\":2}", "{\"user_id\":1,\"amount\":null,\"amount\":2}"] {
        assert_eq!(post(&mut cast.alice, "/deduct", body).await, 400, "{body}");
    }
    assert_eq!(entries(&mut cast).await, before, "nothing was written");
    program.stop().await;
}

/// All that happened to Alice's and to Bob's account.
async fn entries(cast: &mut Cast) -> (Value, Value) {
    let (alice, bob) = (format!("/v1/accounts/{}/entries", cast.from), format!("/v1/accounts/{}/entries", cast.to));
    (cast.alice.get(&alice).await.json(), cast.bob.get(&bob).await.json())
}

pub async fn the_world_outside_pays_nothing_to_itself(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    let body = |reference: &str| json!({"amount": "1", "currency": "CNY", "reference": reference});
    let deposit = made(&cast.operator.json(&format!("/v1/accounts/{}/deposits", cast.from), &body("first")).await);
    let outside = deposit["from_account"]["id"].as_u64().expect("a number");
    let path = format!("/v1/accounts/{outside}");
    let before = cast.operator.get(&path).await.json();
    // Which of the accounts outside is the other side follows from the id: some would be this very one.
    for number in 0..16 {
        for way in ["deposits", "withdrawals"] {
            let refused = cast.operator.json(&format!("{path}/{way}"), &body(&format!("{way}-{number}"))).await;
            assert!(matches!(refused.status.as_u16(), 404 | 422), "{refused:?}");
        }
    }
    for change in [json!({"status": "frozen"}), json!({"status": "closed"}), json!({"floor": "-1"})] {
        problem(&cast.operator.patch(&path, &change).await, 404, "account-not-found");
    }
    assert_eq!(cast.operator.get(&path).await.json(), before);
    program.stop().await;
}

pub async fn every_currency_has_its_decimals_and_38_digits(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut cast = Cast::of(&program).await;
    for (currency, least, finer, scale) in
        [("JPY", "1", "0.1", 0), ("KWD", "0.001", "0.0001", 3), ("CLF", "0.0001", "0.00001", 4)]
    {
        for browser in [&mut cast.alice, &mut cast.bob] {
            made(&browser.json("/v1/accounts", &json!({"currency": currency})).await);
        }
        let (from, to) = (account(&mut cast.alice, currency).await, account(&mut cast.bob, currency).await);
        let order = |amount: &str| json!({"from_account_id": from, "to_account_id": to, "amount": amount, "currency": currency});
        let (whole, decimals) = ("9".repeat(38 - scale), "9".repeat(scale));
        let most = if scale == 0 { whole } else { format!("{whole}.{decimals}") };
        let zero = if scale == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(scale)) };
        // An overdraft of 38 digits, and all of it at once.
        let floor = cast.operator.patch(&format!("/v1/accounts/{from}"), &json!({"floor": format!("-{most}")})).await;
        assert_eq!(floor.json()["available"], most, "{floor:?}");
        problem(&cast.alice.json("/v1/transfers", &order(finer)).await, 422, "too-many-decimals");
        problem(&cast.alice.json("/v1/transfers", &order(&format!("1{most}"))).await, 400, "invalid-request");
        let all = made(&cast.alice.json("/v1/transfers", &order(&most)).await);
        assert_eq!(
            (&all["from_account"]["balance"], &all["to_account"]["balance"]),
            (&json!(format!("-{most}")), &json!(most))
        );
        problem(&cast.alice.json("/v1/transfers", &order(least)).await, 422, "amount-too-large");
        let mut back = order(&most);
        (back["from_account_id"], back["to_account_id"]) = (json!(to), json!(from));
        back["pending"] = json!(true);
        let held = made(&cast.bob.json("/v1/transfers", &back).await);
        assert_eq!(held["from_account"]["held"], most);
        made(&cast.bob.json(&format!("/v1/transfers/{}/post", text(&held["transfer"]["id"])), &json!({})).await);
        assert_eq!(balance(&mut cast.alice, from).await, money(&zero, &zero));
    }
    program.stop().await;
}
