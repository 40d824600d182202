//! Wallets, their statements, and their balances beside somebody else's.

use serde_json::json;

use super::page::Page;

/// Someone new with a wallet in dollars and 100.00 in it. Its number.
pub async fn with_a_wallet(page: &Page) -> String {
    page.sign_in_as_someone_new().await;
    page.press("a[href='/wallet.html']").await;
    page.arrives_at("/wallet.html").await;
    page.see("main[data-state=ready]").await;
    page.fill("#open-currency", "usd").await;
    page.press("#open [type=submit]").await;
    let said = page.text("#done").await;
    let number = said.strip_prefix("Your wallet in USD is open: its number is ").expect("it says the number");
    page.press("#deposit-part summary").await;
    page.fill("#deposit-amount", "100").await;
    page.press("#deposit [type=submit]").await;
    page.see("#events tr").await;
    assert_eq!(page.text("#done").await, "100 USD deposited.");
    number.trim_end_matches('.').to_owned()
}

pub async fn a_wallet_is_opened_filled_and_emptied(page: Page) {
    let number = with_a_wallet(&page).await;
    assert_eq!(page.text(".wallet .total").await, "100.00 USD");
    page.press("#withdraw-part summary").await;
    page.fill("#withdraw-amount", "250").await;
    page.press("#withdraw [type=submit]").await;
    assert_eq!(page.text("#withdraw-amount-wrong").await, "There is not enough in this wallet.");
    page.see("#withdraw-amount:focus[aria-invalid=true]").await;
    page.fill("#withdraw-amount", "49.50").await;
    page.press("#withdraw [type=submit]").await;
    page.see("#events tr:nth-child(2)").await;
    assert_eq!(page.text(".wallet .total").await, "50.50 USD");
    let first =
        "return [...document.querySelectorAll('#events tr:first-child .number')].map((cell) => cell.textContent)";
    assert_eq!(page.js(first).await, json!(["\u{2212}49.50", "50.50"]));

    page.press("#transfer-part summary").await;
    page.fill("#transfer-to", &number).await;
    page.fill("#transfer-amount", "1").await;
    page.press("#transfer [type=submit]").await;
    assert_eq!(page.text("#transfer-to-wrong").await, "That is this very wallet.");
    page.fill("#transfer-to", "999999").await;
    page.press("#transfer [type=submit]").await;
    assert_eq!(page.text("#transfer-to-wrong:not(:empty)").await, "There is no account with this number.");
    // The browser remarks answers of 400, 422 and 404 by itself.
    assert_eq!(page.console().await.len(), 3);
}

pub async fn a_statement_adds_up_and_is_printed_without_what_is_for_the_screen(page: Page) {
    let number = with_a_wallet(&page).await;
    page.press("#statement-link").await;
    page.arrives_at(&format!("/statement.html?account={number}")).await;
    page.see("#lines tr").await;
    assert_eq!(page.text("#opening").await, "0.00 USD");
    assert_eq!(page.text("#closing").await, "100.00 USD");
    assert_eq!(page.text("#last .balance").await, "100.00");
    let file = page.js("return fetch(document.querySelector('#csv').href).then((answer) => answer.text())").await;
    let file = file.as_str().expect("a text");
    assert!(file.starts_with("account_id,") && file.contains(",100.00,100.00\n"), "{file}");
    let hidden = "const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
        return rules.some((rule) => rule.media?.mediaText === 'print' && rule.cssText.includes('.chooser'))";
    assert_eq!(page.js(hidden).await, json!(true), "paper has no form");

    page.js("document.querySelector('#span').value = 'custom'; document.querySelector('#span').dispatchEvent(new Event('change'))")
        .await;
    page.js("document.querySelector('#from').value = '2000-01-02'; document.querySelector('#to').value = '2000-01-01'")
        .await;
    page.press("#period [type=submit]").await;
    assert_eq!(page.text("#from-wrong").await, "The first day must not be after the last.");
    page.js("document.querySelector('#from').value = '2000-01-01'").await;
    page.press("#period [type=submit]").await;
    assert_eq!(page.text("#status").await, "Nothing changed in this period.");
    page.arrives_at(&format!("/statement.html?account={number}&from=2000-01-01&to=2000-01-01")).await;
}

pub async fn a_difference_is_looked_into_until_it_is_settled(page: Page) {
    let number = with_a_wallet(&page).await;
    page.open(&format!("/reconcile.html?account={number}")).await;
    page.see("main[data-state=ready]").await;
    page.fill("#external", "much").await;
    page.press("#claim [type=submit]").await;
    assert_eq!(page.text("#external-wrong").await, "Please enter a number, such as 1000.00.");
    page.fill("#external", "0").await;
    page.press("#claim [type=submit]").await;
    let verdict = page.text("#verdict").await;
    assert_eq!(verdict, "It differs by 100.00 USD: these books have more.");
    page.see("#open .todo:not([hidden])").await;
    page.press("#open .todo button").await;
    let suspect = page.text("#open .suspects li").await;
    assert!(
        suspect.starts_with("Deposit of 100.00 USD on ") && suspect.ends_with("theirs may not have it."),
        "{suspect}"
    );

    page.fill("#external", "100").await;
    page.press("#claim [type=submit]").await;
    page.see("#history li:nth-child(2)").await;
    assert_eq!(page.text("#verdict").await, "Both balances match.");
    let badges = "return [...document.querySelectorAll('#history .badge')].map((badge) => badge.textContent)";
    assert_eq!(page.js(badges).await, json!(["matches", "differed, settled since"]));
    page.see("#open:empty").await;
}

pub async fn money_is_for_who_is_signed_in(page: Page) {
    for path in ["/wallet.html", "/statement.html", "/reconcile.html"] {
        page.open(path).await;
        page.arrives_at("/signIn.html").await;
        assert!(page.text("#notice").await.starts_with("Sign in to "), "{path}");
    }
    assert_eq!(page.console().await.len(), 3, "the browser remarks an answer of 401 by itself");
}
