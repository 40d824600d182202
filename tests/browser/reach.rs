//! Who can use the pages: by keyboard, on a narrow phone, under the content security policy.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::page::{PASSWORD, Page, new_name};

pub async fn the_whole_story_needs_no_mouse(page: Page) {
    let (name, enter) = (new_name(), Key::Enter.to_string());
    page.open("/").await;
    page.tab_to("a[href='/signUp.html']").await;
    page.keys(&enter).await;
    page.arrives_at("/signUp.html").await;
    page.see("#username:focus").await;
    page.keys(&name).await;
    page.tab_to("#password").await;
    page.keys(&format!("{PASSWORD}{enter}")).await;

    page.arrives_at("/signIn.html").await;
    page.see("#password:focus").await;
    page.keys(&format!("{PASSWORD}{enter}")).await;

    page.arrives_at("/userInfo.html").await;
    page.see("main[data-state=ready]").await;
    page.tab_to("#nickname-edit").await;
    page.keys(&enter).await;
    page.see("#nickname:focus").await;
    page.keys(&format!("keys{enter}")).await;
    assert_eq!(page.text("#status").await, "Nickname saved.");
    page.see("#nickname-edit:focus").await;
    page.tab_to("#profilePic").await;

    page.open("/userInfo.html").await;
    page.see("main[data-state=ready]").await;
    assert_eq!(page.text("#nickname-text").await, "keys");
    page.tab_to("#sign-out button").await;
    page.keys(&enter).await;
    page.arrives_at("/signIn.html").await;
}

pub async fn nothing_scrolls_sideways_on_a_narrow_phone(page: Page) {
    for path in ["/", "/signUp.html", "/signIn.html", "/payment.html", "/docs#postBatch", "/docs#updateProfilePic"] {
        page.open(path).await;
        fits(&page, path).await;
    }
    page.open("/signUp.html").await;
    page.submit_name_and_password("bob", "x").await;
    page.text("#password-wrong").await;
    fits(&page, "sign-up with two wrong fields").await;

    page.sign_in_as_someone_new().await;
    page.press("#nickname-edit").await;
    fits(&page, "the nickname's form").await;
    page.fill("#nickname", "ＷＷＷＷＷＷＷＷ").await;
    page.press("#nickname-form [type=submit]").await;
    page.text("#status").await;
    fits(&page, "a wide nickname").await;
    page.js("document.querySelector('#username-text').textContent = 'W'.repeat(13)").await;
    fits(&page, "a wide user name").await;
    for path in ["/wallet.html", "/statement.html", "/reconcile.html"] {
        page.open(path).await;
        page.see("main[data-state=ready], main[data-state=failed]").await;
        fits(&page, path).await;
    }
    page.open("/security.html").await;
    page.see("main[data-state=ready]").await;
    page.press("#password-form [type=submit]").await;
    page.text("#new_password-wrong").await;
    page.js("document.querySelector('#devices bdi').textContent = 'W'.repeat(40)").await;
    fits(&page, "passwords and devices").await;
}

/// Checks that the page is 360 pixels wide and that nothing sticks out but what scrolls by itself.
async fn fits(page: &Page, what: &str) {
    let outside = "return [...document.body.querySelectorAll('*')]
        .filter((element) => !element.closest('pre') && element.getBoundingClientRect().right > 360)
        .map((element) => element.outerHTML.slice(0, 80))";
    assert_eq!(page.js(outside).await, json!([]), "{what} sticks out");
    assert_eq!(page.js("return [innerWidth, document.documentElement.scrollWidth]").await, json!([360, 360]), "{what}");
}

pub async fn an_inline_script_is_refused(page: Page) {
    page.open("/").await;
    page.js("document.head.append(Object.assign(document.createElement('script'), { text: 'window.ran = true' }))")
        .await;
    assert_eq!(page.js("return window.ran ?? null").await, Value::Null);
    // It also shows that a violation does reach the console, which every other story wants to be empty.
    let console = page.console().await;
    let refused =
        |entry: &Value| entry["message"].as_str().is_some_and(|text| text.contains("Content Security Policy"));
    assert!(console.iter().any(refused), "{console:?}");
}

pub async fn the_console_says_that_the_backend_is_ready(page: Page) {
    page.open("/").await;
    page.see(".backend[data-state=ready]").await;
    assert_eq!(page.text("#state").await, "Ready");
    let origin = page.address().await.origin().ascii_serialization();
    assert_eq!(page.text("#origin").await, origin);
}
