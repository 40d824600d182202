//! The page of passwords and devices.

use super::page::{PASSWORD, Page};

/// Signs the same user in once more: the browser's cookie is the new session's, and the one before goes on somewhere.
async fn sign_in_again(page: &Page, name: &str) {
    let body = format!("new URLSearchParams({{ username: '{name}', password: '{PASSWORD}' }})");
    let post = format!("fetch('/api/entrytask/user/signin', {{ method: 'POST', body: {body} }})");
    let script = format!("return {post}.then((answer) => answer.json())");
    let answer = page.js(&script).await;
    assert_eq!(answer["errCode"], "7", "{answer}");
}

async fn change(page: &Page, current: &str, new: &str) {
    page.fill("#current_password", current).await;
    page.fill("#new_password", new).await;
    page.press("#password-form [type=submit]").await;
}

pub async fn a_changed_password_is_the_only_one_that_lets_in(page: Page) {
    let name = page.sign_in_as_someone_new().await;
    page.press("a[href='/security.html']").await;
    page.arrives_at("/security.html").await;
    page.see("#devices li").await;

    change(&page, "open-season", "several good words").await;
    assert_eq!(page.text("#current_password-wrong").await, "That is not your current password.");
    // The browser remarks an answer of 401 by itself.
    let console = page.console().await;
    assert!(console.len() == 1 && console[0].to_string().contains("401"), "{console:?}");
    change(&page, PASSWORD, "short").await;
    assert_eq!(page.text("#new_password-wrong").await, "New password must be 8 to 128 characters (this has 5).");
    change(&page, PASSWORD, "several good words").await;
    let done = page.text("#password-done").await;
    assert_eq!(done, "Your password is changed, and you are signed out everywhere else.");
    assert_eq!(page.js("return document.querySelector('#new_password').value").await, "");

    page.open("/userInfo.html").await;
    page.press("#sign-out button").await;
    page.arrives_at("/signIn.html").await;
    page.submit_name_and_password(&name, PASSWORD).await;
    assert_eq!(page.text("#password-wrong").await, "That is not the right password.");
    page.submit_name_and_password(&name, "several good words").await;
    page.arrives_at("/userInfo.html").await;
}

pub async fn other_devices_are_seen_and_signed_out(page: Page) {
    let name = page.sign_in_as_someone_new().await;
    for _ in 0..3 {
        sign_in_again(&page, &name).await;
    }
    page.open("/security.html").await;
    page.see("#devices li:nth-child(4)").await;
    assert_eq!(page.text("#devices li:first-child bdi").await, "Chromium on Linux");
    assert_eq!(page.js("return document.querySelectorAll('.here:not([hidden])').length").await, 1);

    page.press("#devices li:has(.here[hidden]) button").await;
    page.see("#devices:not(:has(li:nth-child(4)))").await;
    assert_eq!(page.text("#status").await, "Chromium on Linux is signed out.");
    page.press("#end-others").await;
    page.see("#devices li:only-child .here:not([hidden])").await;
    assert_eq!(page.text("#status").await, "2 other sessions are signed out.");
    page.see("#end-others[hidden]").await;

    page.press("#devices li button").await;
    page.arrives_at("/signIn.html").await;
    assert_eq!(page.text("#notice").await, "You are signed out.");
}
