//! What the pages say when something is refused or fails: each code of the contract, and each way to get no answer.

use super::{
    page::{PASSWORD, Page, new_name},
    picture::Album,
};

pub async fn a_wrong_field_says_so_itself_and_takes_the_focus(page: Page) {
    let taken = page.sign_in_as_someone_new().await;
    page.press("#sign-out button").await;
    page.arrives_at("/signIn.html").await;

    let too_short = "User name must be 4 to 13 characters (this has 3).";
    let cases = [
        ("/signUp.html", "bob", PASSWORD, "username", too_short),
        ("/signUp.html", "robert", "12345678901234", "password", "Password must be 4 to 13 characters (this has 14)."),
        ("/signUp.html", &taken, PASSWORD, "username", "This user name is taken. Please choose another."),
        // A rule that only the server knows; it names it in the answer's header.
        ("/signUp.html", " robert", PASSWORD, "username", "User name must not begin or end with a space."),
        ("/signIn.html", &new_name(), PASSWORD, "username", "There is no user with this name."),
        ("/signIn.html", &taken, "open-season", "password", "That is not the right password."),
    ];
    for (path, name, password, field, message) in cases {
        page.open(path).await;
        page.submit_name_and_password(name, password).await;
        assert_eq!(page.text(&format!("#{field}-wrong")).await, message);
        page.see(&format!("#{field}:focus[aria-invalid=true][aria-describedby={field}-wrong]")).await;

        page.keys("x").await;
        page.see(&format!("#{field}:not([aria-invalid])")).await;
    }
}

pub async fn a_session_that_has_ended_leads_to_signing_in(page: Page) {
    let name = page.sign_in_as_someone_new().await;
    page.forget_cookies().await;
    page.press("#nickname-edit").await;
    page.fill("#nickname", "late").await;
    page.press("#nickname-form [type=submit]").await;
    page.arrives_at("/signIn.html").await;
    assert_eq!(page.text("#notice").await, "Your session has ended. Please sign in again.");
    assert_eq!(page.js("return document.querySelector('#username').value").await, name);
}

pub async fn a_refused_picture_says_why(page: Page) {
    page.sign_in_as_someone_new().await;
    // Small to send and readable here, but wider than the server will decode.
    let album = Album::new();
    page.choose("#profilePic", &album.png(5000, 1)).await;
    page.see("#chosen:not([hidden])").await;
    page.press("#picture-form [type=submit]").await;
    let message = page.text("#profilePic-wrong").await;
    assert!(message.starts_with("Picture "), "{message}");
    page.see("#profilePic:focus[aria-invalid=true]").await;
}

pub async fn what_no_field_can_mend_is_said_above_the_form(page: Page) {
    let cases = [
        (answer(200, r#"{"errCode":"0"}"#), "Something went wrong on our side."),
        (answer(200, r#"{"errCode":"1"}"#), "Teller cannot reach its database right now."),
        (answer(200, r#"{"errCode":"6"}"#), "Teller did not accept what was entered."),
        (answer(200, r#"{"errCode":"99"}"#), "Teller gave an answer that this page does not understand (HTTP 200)."),
        (answer(200, "<h1>Welcome</h1>"), "Teller gave an answer that this page does not understand (HTTP 200)."),
        (answer(502, "<h1>Bad gateway</h1>"), "Teller gave an answer that this page does not understand (HTTP 502)."),
        (answer(403, ""), "Teller refused this request."),
        (answer(413, ""), "That is more than Teller accepts at once."),
        (answer(429, ""), "Too many tries. Please wait 30 seconds and try again."),
        (answer(503, ""), "Teller is busy or starting up. Please try again in 30 seconds."),
        ("Promise.reject(new TypeError('refused'))".into(), "Teller cannot be reached."),
        ("Promise.reject(new DOMException('late', 'TimeoutError'))".into(), "Teller is taking too long to answer."),
    ];
    for (outcome, message) in cases {
        page.open("/signIn.html").await;
        page.js(&format!("window.fetch = async () => {outcome}")).await;
        page.submit_name_and_password(&new_name(), PASSWORD).await;
        let text = page.text("#sign-in-message[role=alert]").await;
        assert!(text.starts_with(message), "{outcome}: {text}");
        // The form can be sent again.
        page.see("#sign-in:not([aria-busy=true]) [type=submit]:not([aria-disabled=true])").await;
    }
}

/// An answer as a script makes one.
fn answer(status: u16, body: &str) -> String {
    format!("new Response({body:?}, {{ status: {status}, headers: {{ 'Retry-After': '30' }} }})")
}
