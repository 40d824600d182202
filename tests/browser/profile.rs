//! The profile: nickname and picture.

use serde_json::{Value, json};

use super::{page::Page, picture::Album};

pub async fn nickname_and_picture_outlive_a_reload(page: Page) {
    let name = page.sign_in_as_someone_new().await;
    page.press("#nickname-edit").await;
    page.fill("#nickname", "Zoë 王").await;
    page.press("#nickname-form [type=submit]").await;
    assert_eq!(page.text("#status").await, "Nickname saved.");

    let album = Album::new();
    page.choose("#profilePic", &album.png(48, 32)).await;
    page.see("#chosen:not([hidden])").await;
    page.press("#picture-form [type=submit]").await;
    page.see("#portrait:not([hidden])").await;

    page.reload().await;
    page.see("#portrait:not([hidden])").await;
    assert_eq!(page.text("#nickname-text").await, "Zoë 王");
    assert_eq!(page.text("#username-text").await, name);
    let width = page.js("return document.querySelector('#portrait').naturalWidth").await;
    assert!(width.as_u64() > Some(0), "the picture has no width: {width}");
}

pub async fn a_nickname_is_counted_in_characters(page: Page) {
    page.sign_in_as_someone_new().await;
    page.press("#nickname-edit").await;
    // chromedriver types no character beyond the basic plane, so these are put in by script.
    let put = |text: String| format!("document.querySelector('#nickname').value = {}", Value::String(text));
    page.js(&put("🦀".repeat(9))).await;
    page.press("#nickname-form [type=submit]").await;
    assert_eq!(page.text("#nickname-wrong").await, "Nickname must be 1 to 8 characters (this has 9).");

    page.js(&put("🦀".repeat(8))).await;
    page.press("#nickname-form [type=submit]").await;
    assert_eq!(page.text("#status").await, "Nickname saved.");
    assert_eq!(page.text("#nickname-text").await, "🦀".repeat(8));
}

pub async fn escape_leaves_the_nickname_as_it_was(page: Page) {
    page.sign_in_as_someone_new().await;
    let before = page.text("#nickname-text").await;
    page.press("#nickname-edit").await;
    page.fill("#nickname", "other\u{e00c}").await;
    page.see(".names:not(.editing)").await;
    assert_eq!(page.text("#nickname-text").await, before);
    assert_eq!(page.js("return document.activeElement.id").await, "nickname-edit");
}

pub async fn a_file_that_is_no_picture_is_never_sent(page: Page) {
    page.sign_in_as_someone_new().await;
    let album = Album::new();
    let files = [
        (album.file("moving.gif", b"GIF89a"), "Please choose a PNG, JPEG or WebP picture."),
        (album.file("text.png", b"not a picture"), "This file is not a picture that can be read."),
        (album.file("empty.png", b""), "This file is empty."),
        (album.file("big.png", &vec![0; 4 * 1024 * 1024 + 1]), "This picture is 4.1 MiB; the most is 4 MiB."),
    ];
    for (file, message) in files {
        page.js("document.querySelector('#profilePic-wrong').textContent = ''").await;
        page.choose("#profilePic", &file).await;
        assert_eq!(page.text("#profilePic-wrong").await, message);
        page.see("#chosen[hidden]").await;
    }
    let sent =
        "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('profile_pic')).length";
    assert_eq!(page.js(sent).await, json!(0));
}
