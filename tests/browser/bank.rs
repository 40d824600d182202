//! A bank's statement, from the file to what an operator says of a line.

use serde_json::json;

use super::{money::with_a_wallet, page::Page, picture::Album};

/// Every demo user's password.
const DEMO: &str = "teller-demo";

pub async fn what_is_missing_or_wrong_on_a_statement_is_named_and_resolved(page: Page) {
    let number = with_a_wallet(&page).await;
    deposit(&page, &number).await;
    page.open(&format!("/reconcile.html?account={number}")).await;
    page.see("main[data-state=ready]").await;
    send_with_columns(&page, &number).await;
    both_are_named(&page, &number).await;

    let address = page.address().await;
    page.forget_cookies().await;
    page.open("/signIn.html").await;
    page.submit_name_and_password("operator", DEMO).await;
    page.arrives_at("/userInfo.html").await;
    page.open(address.as_str()).await;
    resolve(&page).await;

    page.press("[data-state=amount_mismatch] .entries a").await;
    page.see(".sought").await;
    assert_eq!(page.text(".sought .change").await, "+20.00");
}

/// 20.00 come in, under the reference `page-NUMBER`.
async fn deposit(page: &Page, number: &str) {
    let script = format!(
        "return fetch('/api/wallets/{number}/deposit', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }},
            body: JSON.stringify({{ amount: '20', tx_hash: 'page-{number}' }}) }}).then((answer) => answer.status)"
    );
    assert_eq!(page.js(&script).await, json!(200));
}

/// Sends a file in which that deposit is of 19.50, and another one is that nobody made. Its columns have to be told.
async fn send_with_columns(page: &Page, number: &str) {
    let today = page.js("return new Date().toISOString().slice(0, 10)").await;
    let today = today.as_str().expect("a day");
    let file = format!("when;what;which\n{today};19.50;page-{number}\n{today};5.00;bank-9\n");
    // Read when it is sent: not gone before.
    let album = Album::new();
    page.choose("#file", &album.file("march.csv", file.as_bytes())).await;
    page.see("#columns-part:not([hidden])").await;
    page.press("#bank [type=submit]").await;
    let wrong =
        "The file cannot be used: it has no column that is known to be the amount: say below what the columns are.";
    assert_eq!(page.text("#file-wrong").await, wrong);
    page.see("#file[aria-invalid=true]:focus").await;
    page.see("#columns-part[open]").await;
    // The browser remarks an answer of 400 by itself.
    assert_eq!(page.console().await.len(), 1);
    let columns = "for (const [name, column] of Object.entries({ date: 'when', amount: 'what', references: 'which' }))
        document.querySelector(`#column-${name}`).value = column";
    page.js(columns).await;
    page.press("#columns [type=submit]").await;
    page.see("#groups .group:nth-child(2)").await;
}

async fn both_are_named(page: &Page, number: &str) {
    let groups = "return [...document.querySelectorAll('#groups .group.bad')]
        .map((group) => ['.badge', '.what', 'strong'].map((css) => group.querySelector(css).textContent.replaceAll('\\u00a0', ' ')))";
    let found = json!([
        ["Differs", format!("page-{number}"), "19.50 USD, books 20.00 USD"],
        ["Missing in these books", "bank-9", "5.00 USD"]
    ]);
    assert_eq!(page.js(groups).await, found);
    let verdict = page.text("#result-verdict").await;
    assert!(verdict.starts_with("2 of ") && verdict.ends_with(" have to be looked at."), "{verdict}");
    assert_eq!(page.text("#earlier .badge.bad").await, "2 to look at");
    let file = "return fetch(document.querySelector('#lines-csv').href).then((answer) => answer.text())";
    assert!(page.js(file).await.as_str().is_some_and(|text| text.contains(",bank-9,")));
    let filter = "const state = document.querySelector('#state'); state.value = 'missing_internal'; state.dispatchEvent(new Event('change'))";
    page.js(filter).await;
    page.see("#groups .group:only-child[data-state=missing_internal]").await;
    // Who is no operator resolves nothing.
    page.see("#groups .resolve[hidden]").await;
}

async fn resolve(page: &Page) {
    let line = "[data-state=missing_internal]";
    page.press(&format!("{line} .resolve:not([hidden]) button")).await;
    let wrong = page.text(&format!("{line} .wrong")).await;
    assert_eq!(wrong, "Please say in a few words what came of it.");
    page.keys("the bank has been asked").await;
    page.press(&format!("{line} .resolve button")).await;
    let resolved = page.text(&format!("{line} .resolution:focus")).await;
    assert!(resolved.starts_with("Resolved by user 4 on ") && resolved.ends_with(": the bank has been asked"));
    let verdict = page.text("#result-verdict").await;
    assert!(verdict.ends_with("1 of them is resolved."), "{verdict}");
    page.see("#earlier [data-left='1']").await;
}
