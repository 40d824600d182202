//! Signing up, in and out.

use super::page::{PASSWORD, Page, new_name};

pub async fn signing_up_leads_to_signing_in_with_the_name_filled_in(page: Page) {
    let name = new_name();
    page.open("/signUp.html").await;
    page.submit_name_and_password(&name, PASSWORD).await;
    // Exactly this address: neither name nor password in a query.
    page.arrives_at("/signIn.html").await;
    assert_eq!(page.text("#notice").await, "Your account is ready. Sign in to open it.");
    assert_eq!(page.js("return document.querySelector('#username').value").await, name);
    assert_eq!(page.js("return document.activeElement.id").await, "password");

    page.keys(PASSWORD).await;
    page.press("[type=submit]").await;
    page.arrives_at("/userInfo.html").await;
    page.see("main[data-state=ready]").await;
    assert_eq!(page.text("#username-text").await, name);
    assert_eq!(page.js("return document.cookie").await, "", "scripts can read the session cookie");
}

pub async fn signing_out_closes_the_profile(page: Page) {
    page.sign_in_as_someone_new().await;
    page.press("#sign-out button").await;
    page.arrives_at("/signIn.html").await;
    assert_eq!(page.text("#notice").await, "You are signed out.");

    page.open("/userInfo.html").await;
    page.arrives_at("/signIn.html").await;
    assert_eq!(page.text("#notice").await, "Sign in to see your profile.");
}

pub async fn a_form_is_sent_once_however_often_it_is_pressed(page: Page) {
    page.open("/signUp.html").await;
    page.js("window.calls = 0; window.fetch = () => { window.calls += 1; return new Promise(() => {}); }").await;
    page.submit_name_and_password(&new_name(), PASSWORD).await;
    page.press("[type=submit]").await;
    page.press("[type=submit]").await;
    assert_eq!(page.js("return window.calls").await, 1);
    assert_eq!(page.text("[type=submit]").await, "Creating your account…");
}

pub async fn a_shown_password_is_hidden_again_when_it_is_sent(page: Page) {
    let kind = "return document.querySelector('#password').type";
    page.open("/signIn.html").await;
    page.press(".reveal").await;
    assert_eq!(page.js(kind).await, "text");
    page.js("window.fetch = () => new Promise(() => {})").await;
    page.submit_name_and_password(&new_name(), PASSWORD).await;
    assert_eq!(page.js(kind).await, "password");
}

pub async fn without_scripts_the_form_posts_and_the_address_stays_clean(page: Page) {
    page.open("/signUp.html").await;
    page.submit_name_and_password(&new_name(), PASSWORD).await;
    page.arrives_at("/api/entrytask/user/signup").await;
    assert!(page.text("body").await.contains(r#""errCode":"7""#));
}
