//! A bank's statement, from the file to what an operator says of a line.

use serde_json::json;

use super::{money::with_a_wallet, page::Page, picture::Album};

/// Every demo user's password.
const DEMO: &str = "teller-demo";
/// What the groups of lines are called, and the reference of each one's first line.
const GROUPS: &str = "return [...document.querySelectorAll('#groups .group')]
    .map((group) => [group.querySelector('.badge').textContent, group.querySelector('.what').textContent])";

pub async fn what_is_missing_or_wrong_on_a_statement_is_named_and_resolved(page: Page) {
    let number = with_a_wallet(&page).await;
    let today = page.js("return new Date().toISOString().slice(0, 10)").await;
    let today = today.as_str().expect("a day");
    let deposit = format!(
        "return fetch('/api/wallets/{number}/deposit', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }},
            body: JSON.stringify({{ amount: '20', tx_hash: 'page-{number}' }}) }}).then((answer) => answer.status)"
    );
    assert_eq!(page.js(&deposit).await, json!(200));
    page.open(&format!("/reconcile.html?account={number}")).await;
    page.see("main[data-state=ready]").await;

    let album = Album::new();
    let lines = format!("{today};19.50;page-{number}\n{today};5.00;bank-9\n");
    page.choose("#file", &album.file("march.csv", format!("when;what;which\n{lines}").as_bytes())).await;
    page.see("#columns-part:not([hidden])").await;
    page.press("#bank [type=submit]").await;
    let wrong = page.text("#file-wrong").await;
    assert!(wrong.starts_with("The file cannot be used: it has no column that is known to be the amount"), "{wrong}");
    page.see("#columns-part[open]").await;
    let map = "for (const [name, column] of Object.entries({ date: 'when', amount: 'what', references: 'which' }))
        document.querySelector(`#column-${name}`).value = column";
    page.js(map).await;
    page.press("#columns [type=submit]").await;

    page.see("#groups .group:nth-child(2)").await;
    let found = json!([["Differs", format!("page-{number}")], ["Missing in these books", "bank-9"]]);
    let groups = page.js(GROUPS).await;
    assert_eq!(json!([groups[0], groups[1]]), found);
    assert_eq!(page.text("#groups [data-state=amount_mismatch] strong").await, "19.50 USD, books 20.00 USD");
    let verdict = page.text("#result-verdict").await;
    assert!(verdict.starts_with("2 of 3 have to be looked at"), "{verdict}");
    page.see("#earlier .badge.bad").await;
    let file = "return fetch(document.querySelector('#lines-csv').href).then((answer) => answer.text())";
    assert!(page.js(file).await.as_str().is_some_and(|text| text.contains(",bank-9,")));
    page.js("const state = document.querySelector('#state'); state.value = 'missing_internal'; state.dispatchEvent(new Event('change'))")
        .await;
    page.see("#groups .group:only-child[data-state=missing_internal]").await;
    page.see("#groups form[hidden]").await;
    // The browser remarks an answer of 400 by itself.
    assert_eq!(page.console().await.len(), 1);

    let address = page.address().await;
    page.forget_cookies().await;
    page.open("/signIn.html").await;
    page.submit_name_and_password("operator", DEMO).await;
    page.arrives_at("/userInfo.html").await;
    page.open(address.as_str()).await;
    page.press("[data-state=missing_internal] .resolve:not([hidden]) button").await;
    assert_eq!(
        page.text("[data-state=missing_internal] .wrong").await,
        "Please say in a few words what came of it."
    );
    page.keys("the bank has been asked").await;
    page.press("[data-state=missing_internal] .resolve button").await;
    let resolved = page.text("[data-state=missing_internal] .resolution:focus").await;
    assert!(resolved.starts_with("Resolved by user 4 on ") && resolved.ends_with(": the bank has been asked"));
    let verdict = page.text("#result-verdict").await;
    assert!(verdict.ends_with("1 of them is resolved."), "{verdict}");

    page.press("[data-state=amount_mismatch] .entries a").await;
    page.see(".sought").await;
    assert_eq!(page.text(".sought .change").await, "+20.00");
}
