//! The contract's own words, and what they promise.

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::http::{Browser, Reply};
use crate::support::program::Program;

/// The demo user who has no wallet yet.
pub const DEMO: u64 = 20_241_222;

#[track_caller]
pub fn says(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status.as_u16(), &reply.json()), (status, body));
}

/// A wallet of the demo user, made now: its path.
pub async fn wallet(anyone: &mut Browser, currency: &str) -> String {
    let made = anyone.json("/api/wallets", &json!({"user_id": DEMO, "currency": currency})).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.header("location").to_owned()
}

/// Moves money in or out, and expects it to be done.
pub async fn moved(anyone: &mut Browser, wallet: &str, how: &str, amount: &str, hash: &str) {
    let reply = anyone.json(&format!("{wallet}/{how}"), &json!({"amount": amount, "tx_hash": hash})).await;
    assert_eq!(reply.status, 200, "{how} {amount}: {reply:?}");
}

pub async fn a_wallet_is_answered_to_the_letter(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let made = anyone.json("/api/wallets", &json!({"user_id": DEMO, "currency": "USD", "note": 1})).await;
    let shown = made.json();
    let names: Vec<&String> = shown.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["Balance", "CreatedAt", "Currency", "ID", "UpdatedAt", "UserID"]);
    assert_eq!((&shown["UserID"], &shown["Currency"], &shown["Balance"]), (&json!(DEMO), &json!("USD"), &json!("0")));
    let path = format!("/api/wallets/{}", shown["ID"]);
    assert_eq!((made.status.as_u16(), made.header("location")), (201, path.as_str()));
    says(&anyone.get(&path).await, 200, &shown);
    says(&anyone.get(&format!("/api/wallets?user_id={DEMO}")).await, 200, &json!([shown]));
    let again = anyone.json("/api/wallets", &json!({"user_id": DEMO.to_string(), "currency": "USD"})).await;
    says(&again, 409, &json!({"error": "wallet already exists"}));

    let sent = anyone.json(&format!("{path}/deposit"), &json!({"amount": "100", "tx_hash": "0xabc"})).await;
    says(&sent, 200, &json!({"message": "deposit successful"}));
    let sent = anyone.json(&format!("{path}/withdraw"), &json!({"amount": 49.50, "tx_hash": "0xabc"})).await;
    says(&sent, 200, &json!({"message": "withdrawal successful"}));
    assert_eq!(anyone.get(&path).await.json()["Balance"], "50.5");

    let listed = anyone.get(&format!("{path}/transactions")).await.json();
    let [newest, oldest] = listed.as_array().expect("a list").as_slice() else { panic!("{listed}") };
    for (event, kind, amount, before, after) in
        [(newest, "withdraw", "49.5", "100", "50.5"), (oldest, "deposit", "100", "0", "100")]
    {
        assert_eq!(
            (&event["Type"], &event["Amount"], &event["Status"]),
            (&json!(kind), &json!(amount), &json!("completed"))
        );
        assert_eq!((&event["BalanceBefore"], &event["BalanceAfter"]), (&json!(before), &json!(after)));
        assert_eq!((&event["TxHash"], &event["WalletID"]), (&json!("0xabc"), &shown["ID"]));
        let names: Vec<&String> = event.as_object().expect("an object").keys().collect();
        let expected = [
            "Amount",
            "BalanceAfter",
            "BalanceBefore",
            "CreatedAt",
            "Description",
            "ID",
            "Status",
            "TxHash",
            "Type",
            "UpdatedAt",
            "WalletID",
        ];
        assert_eq!(names, expected);
    }
    program.stop().await;
}

pub async fn what_is_wrong_is_said_in_the_contracts_words(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    moved(&mut anyone, &path, "deposit", "10", "first").await;
    let wrong = [
        json!("0"),
        json!(0),
        json!("-5"),
        json!("ten"),
        json!(""),
        json!("0.001"),
        json!("1e3"),
        json!(null),
        json!([]),
    ];
    for (how, what) in [("deposit", "deposit"), ("withdraw", "withdrawal")] {
        for amount in &wrong {
            let body = json!({"amount": amount, "tx_hash": "wrong"});
            let refused = anyone.json(&format!("{path}/{how}"), &body).await;
            says(&refused, 400, &json!({"error": format!("invalid {what} amount")}));
        }
        let digits = "9".repeat(40);
        let refused = anyone.json(&format!("{path}/{how}"), &json!({"amount": digits, "tx_hash": "wrong"})).await;
        says(&refused, 400, &json!({"error": format!("invalid {what} amount")}));
        for body in [
            json!({"amount": "1"}),
            json!({"amount": "1", "tx_hash": ""}),
            json!({"amount": "1", "tx_hash": "x".repeat(129)}),
        ] {
            let refused = anyone.json(&format!("{path}/{how}"), &body).await;
            assert_eq!(refused.status, 400, "{body}");
            assert!(refused.json()["error"].as_str().expect("a text").starts_with("tx_hash: "), "{refused:?}");
        }
        let longest = json!({"amount": "1", "tx_hash": "x".repeat(128)});
        assert_eq!(anyone.json(&format!("{path}/{how}"), &longest).await.status, 200);
        for nowhere in ["/api/wallets/999999", "/api/wallets/0", "/api/wallets/x", "/api/wallets/9223372036854775808"] {
            let missing = anyone.json(&format!("{nowhere}/{how}"), &json!({"amount": "1", "tx_hash": "h"})).await;
            says(&missing, 404, &json!({"error": "wallet not found"}));
        }
    }
    let refused = anyone.json(&format!("{path}/withdraw"), &json!({"amount": "10.01", "tx_hash": "second"})).await;
    says(&refused, 400, &json!({"error": "insufficient balance"}));
    says(&anyone.get("/api/wallets/999999").await, 404, &json!({"error": "wallet not found"}));
    says(&anyone.get("/api/wallets?user_id=999").await, 404, &json!({"error": "user not found"}));
    let nobody = anyone.json("/api/wallets", &json!({"user_id": 999, "currency": "USD"})).await;
    says(&nobody, 404, &json!({"error": "user not found"}));
    for (body, field) in [
        (json!({"currency": "USD"}), "user_id: "),
        (json!({"user_id": "x", "currency": "USD"}), "user_id: "),
        (json!({"user_id": DEMO}), "currency: "),
        (json!({"user_id": DEMO, "currency": "usd"}), "currency: "),
        (json!([]), "body: "),
    ] {
        let refused = anyone.json("/api/wallets", &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"].as_str().expect("a text").starts_with(field), "{body}: {refused:?}");
    }
    assert_eq!(anyone.get(&path).await.json()["Balance"], "10", "what was refused left no trace");
    program.stop().await;
}

pub async fn a_hash_is_used_once_in_each_direction_whoever_comes_first(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let (dollars, euros) = (wallet(&mut anyone, "USD").await, wallet(&mut anyone, "EUR").await);
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (mut anyone, path) = (program.browser(), if number % 2 == 0 { dollars.clone() } else { euros.clone() });
        tries.spawn(async move {
            anyone.json(&format!("{path}/deposit"), &json!({"amount": "7", "tx_hash": "the-one"})).await
        });
    }
    let answers = tries.join_all().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|reply| reply.status == 200);
    assert_eq!(done.len(), 1);
    for reply in refused {
        says(reply, 409, &json!({"error": "transaction already processed"}));
    }
    let mut all = 0;
    for path in [&dollars, &euros] {
        all += anyone.get(path).await.json()["Balance"].as_str().expect("a text").parse::<i32>().expect("a number");
    }
    assert_eq!(all, 7);
    // A request that names itself is the same when it is sent again; without a name it is another one.
    let body = json!({"amount": "3", "tx_hash": "named"});
    for _ in 0..2 {
        says(
            &anyone.keyed(&format!("{dollars}/deposit"), "k", &body).await,
            200,
            &json!({"message": "deposit successful"}),
        );
    }
    let again = anyone.json(&format!("{dollars}/deposit"), &body).await;
    says(&again, 409, &json!({"error": "transaction already processed"}));
    program.stop().await;
}

pub async fn of_many_who_withdraw_everything_one_does(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    for round in 0..10 {
        moved(&mut anyone, &path, "deposit", "5.25", &format!("in{round}")).await;
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..64 {
            let (mut anyone, path) = (program.browser(), format!("{path}/withdraw"));
            let body = json!({"amount": "5.25", "tx_hash": format!("out{round}.{number}")});
            tries.spawn(async move { anyone.json(&path, &body).await.status });
        }
        let answers = tries.join_all().await;
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 400).count(), 63, "{answers:?}");
        assert_eq!(anyone.get(&path).await.json()["Balance"], "0");
    }
    program.stop().await;
}

pub async fn history_is_paged_and_filtered(engine: Engine) {
    let program = Program::start(&engine).await;
    let mut anyone = program.browser();
    let path = wallet(&mut anyone, "USD").await;
    for number in 1..=7 {
        let how = if number % 3 == 0 { "withdraw" } else { "deposit" };
        moved(&mut anyone, &path, how, &number.to_string(), &format!("h{number}")).await;
    }
    let amounts = |listed: &Value| -> Vec<String> {
        let items = listed.as_array().expect("a list").iter();
        items.map(|item| item["Amount"].as_str().expect("a text").to_owned()).collect()
    };
    let (mut all, mut next) = (Vec::new(), Some(format!("{path}/transactions?limit=3")));
    while let Some(target) = next {
        let page = anyone.get(&target).await;
        all.extend(amounts(&page.json()));
        let link = page.header("link");
        next = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).map(str::to_owned);
        assert_eq!(next.is_some(), all.len() < 7, "{link}");
    }
    assert_eq!(all, ["7", "6", "5", "4", "3", "2", "1"]);

    let listed = anyone.get(&format!("{path}/transactions")).await.json();
    let time = |index: usize| listed[index]["CreatedAt"].as_str().expect("a time").to_owned();
    for (query, wanted) in [
        ("type=withdraw", vec!["6", "3"]),
        ("type=deposit&limit=2", vec!["7", "5"]),
        ("status=completed&limit=1", vec!["7"]),
        ("status=pending", vec![]),
        ("type=transfer_in", vec![]),
        (&format!("from={}", time(2)), vec!["7", "6", "5"]),
        (&format!("to={}", time(4)), vec!["3", "2", "1"]),
        (&format!("from={}&to={}&other=1", time(4), time(2)), vec!["5", "4", "3"]),
    ] {
        assert_eq!(amounts(&anyone.get(&format!("{path}/transactions?{query}")).await.json()), wanted, "{query}");
    }
    for (query, field) in [
        ("type=gift", "type: "),
        ("status=done", "status: "),
        ("from=yesterday", "from: "),
        ("limit=0", "limit: "),
        ("limit=201", "limit: "),
        ("cursor=x", "cursor: "),
        ("limit=1&limit=2", "limit: "),
    ] {
        let refused = anyone.get(&format!("{path}/transactions?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.json()["error"].as_str().expect("a text").starts_with(field), "{query}: {refused:?}");
    }
    assert_eq!(anyone.get(&format!("{path}/transactions?limit=200")).await.status, 200);
    program.stop().await;
}
