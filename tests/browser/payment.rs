//! Paying, and pressing twice on purpose.

use super::page::Page;

pub async fn a_payment_that_is_pressed_twice_is_charged_once(page: Page) {
    page.open("/payment.html").await;
    page.fill("#amount", "12.34").await;
    page.press("#twice").await;
    page.see("#life [data-step=end][data-state=done]").await;
    let token = page.text("#token").await;
    assert!(token.starts_with("pt_"), "{token}");
    page.see("#answers li:nth-child(2)").await;
    page.press("#payment [type=submit]").await;
    page.see("#answers li:nth-child(3)").await;
    let verdict = page.text("#verdict").await;
    assert!(verdict.starts_with("Asked 3 times, charged once: PAY_"), "{verdict}");
    assert_eq!(page.text("#token").await, token);
    let orders = "new Set([...document.querySelectorAll('#answers .order')].map((order) => order.textContent)).size";
    assert_eq!(page.js(&format!("return {orders}")).await, 1, "all answers name one order");

    page.press("#back").await;
    page.see("#back[hidden]").await;
    assert_eq!(page.text("#given").await, "Given back: 12.34 CNY.");

    page.press("#fresh").await;
    page.fill("#amount", "0").await;
    page.press("#payment [type=submit]").await;
    assert_eq!(page.text("#amount-wrong").await, "This must be more than zero.");
    // The browser remarks an answer of 400 by itself.
    let console = page.console().await;
    assert!(console.len() == 1 && console[0].to_string().contains("400"), "{console:?}");
}
