//! The page of all calls: what a reader finds on it.

use serde_json::{Value, json};

use super::page::Page;

pub async fn every_call_is_told_and_opens_at_its_address(page: Page) {
    page.open("/docs#postTransfer").await;
    page.see("main[data-state=ready]").await;
    let told = page.js("return document.querySelectorAll('details.call').length").await;
    let listed = page.js("return document.querySelectorAll('#list li a').length").await;
    assert!(told == listed && told.as_u64() > Some(25), "{told} are told, {listed} are listed");
    page.see("#postTransfer[open] table").await;
    for (css, text) in [
        ("#postTransfer .refusals a[href='/problems/insufficient-funds'] code", "insufficient-funds"),
        ("#postTransfer .status.good", "201"),
        ("#postTransfer h4", "Body"),
    ] {
        assert_eq!(page.text(css).await, text);
    }
    // Each opens without an error, which the console would hold, and says how it answers.
    page.js("document.querySelectorAll('details.call').forEach((one) => { one.open = true; })").await;
    page.see("#describe .inside > *").await;
    let mute = "return [...document.querySelectorAll('details.call')].filter((one) => !one.querySelector('.answer')).map((one) => one.id)";
    assert_eq!(page.js(mute).await, json!([]));
}

pub async fn a_line_is_copied_whole(page: Page) {
    page.open("/docs#openAccount").await;
    let line = page.text("#openAccount pre code").await;
    let origin = page.address().await.origin().ascii_serialization();
    assert_eq!(line, format!("curl -b cookies --json '{{\"currency\": \"EUR\"}}' {origin}/v1/accounts"));
    page.press("#openAccount .copy").await;
    let pressed = page.text("#openAccount .copy").await;
    assert!(["Copied", "Selected"].contains(&pressed.as_str()), "{pressed}");
}

pub async fn without_scripts_the_description_is_linked(page: Page) {
    page.open("/docs").await;
    page.see("noscript a[href='/openapi.json'], .intro p a[href='/openapi.json']").await;
    assert_eq!(page.js("return document.querySelector('#status')?.offsetParent ?? null").await, Value::Null);
}
