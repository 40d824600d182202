//! What a reader does with a page: opens, fills in, presses, reads. A wait that is not fulfilled fails the story.

use std::{
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use fantoccini::{Client, Locator, elements::Element, key::Key, wd::WebDriverCompatibleCommand};
use hyper::Method;
use serde_json::Value;
use url::{ParseError, Url};

/// The longest that anything on a page may take to appear.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(20);

/// The password of everyone who signs up in a story.
pub const PASSWORD: &str = "open-sesame";

/// One browser window, and the server whose pages it shows.
#[derive(Clone)]
pub struct Page {
    client: Client,
    base: Url,
}

impl Page {
    pub fn new(client: Client, base: &str) -> Self {
        Self { client, base: base.parse().expect("the server's address is a URL") }
    }

    /// Opens a page of the server and waits until it has loaded; its scripts have run by then.
    pub async fn open(&self, path: &str) {
        self.client.goto(self.url(path).as_str()).await.unwrap();
    }

    /// Opens a page of another server.
    pub async fn visit(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits until the window shows this page, under exactly this address.
    pub async fn arrives_at(&self, path: &str) {
        let arrived = self.client.wait().at_most(PATIENCE).every(GLANCE).for_url(&self.url(path)).await;
        let url = self.client.current_url().await.unwrap();
        arrived.unwrap_or_else(|error| panic!("the window is at {url} instead of {path}: {error}"));
    }

    /// Waits until there is such an element.
    pub async fn see(&self, css: &str) -> Element {
        let seen = self.client.wait().at_most(PATIENCE).every(GLANCE).for_element(Locator::Css(css)).await;
        seen.unwrap_or_else(|error| panic!("there is no {css}: {error}"))
    }

    /// The text of an element, as soon as it has one.
    pub async fn text(&self, css: &str) -> String {
        self.see(&format!("{css}:not(:empty)")).await.text().await.unwrap()
    }

    /// Replaces what a field holds, key by key.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Gives a file field a file.
    pub async fn choose(&self, css: &str, file: &std::path::Path) {
        self.see(css).await.send_keys(file.to_str().expect("the path is text")).await.unwrap();
    }

    pub async fn press(&self, css: &str) {
        self.see(css).await.click().await.unwrap();
    }

    /// Types into whatever has the focus.
    pub async fn keys(&self, text: &str) {
        self.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// Goes forward with the Tab key until this element has the focus, and checks that one can see where it is.
    pub async fn tab_to(&self, css: &str) {
        const MOST: usize = 30;
        for _ in 0..MOST {
            self.keys(&Key::Tab.to_string()).await;
            if self.js(&format!("return document.activeElement.matches({css:?})")).await == Value::Bool(true) {
                let seen = "let at = document.activeElement; const framed = () => getComputedStyle(at).outlineStyle !== 'none';
                    return framed() && getComputedStyle(at).opacity !== '0' || (at = at.parentElement, framed())";
                assert_eq!(self.js(seen).await, Value::Bool(true), "the focus on {css} cannot be seen");
                return;
            }
        }
        panic!("the Tab key does not reach {css}");
    }

    /// Runs a script in the page and answers what it returns.
    pub async fn js(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    pub async fn address(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    pub async fn forget_cookies(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    /// The warnings and errors that the browser has written into its console since it was last asked. What it only remarks, such as that
    /// a script was quicker to give a field the focus than the page's own `autofocus`, depends on timing and is no fault.
    pub async fn console(&self) -> Vec<Value> {
        let remark = |entry: &Value| matches!(entry["level"].as_str(), Some("INFO" | "DEBUG"));
        match self.client.issue_cmd(ConsoleLog).await {
            Ok(Value::Array(entries)) => entries.into_iter().filter(|entry| !remark(entry)).collect(),
            other => panic!("chromedriver does not hand out the console: {other:?}"),
        }
    }

    pub async fn close(self) {
        // A browser that has gone by itself has been reported by the story already.
        let _ = self.client.close().await;
    }

    /// Signs up and in as someone new, and answers the name. The profile is then on the screen.
    pub async fn sign_in_as_someone_new(&self) -> String {
        let name = new_name();
        self.open("/signUp.html").await;
        self.submit_name_and_password(&name, PASSWORD).await;
        self.arrives_at("/signIn.html").await;
        self.submit_name_and_password(&name, PASSWORD).await;
        self.arrives_at("/userInfo.html").await;
        self.see("main[data-state=ready]").await;
        name
    }

    /// Fills in the form of the sign-up or sign-in page and sends it.
    pub async fn submit_name_and_password(&self, name: &str, password: &str) {
        self.fill("#username", name).await;
        self.fill("#password", password).await;
        self.press("[type=submit]").await;
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path joins a base")
    }
}

/// A user name that nobody has yet, also where one server outlives several runs. At most 12 characters.
pub fn new_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("u{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// chromedriver's own command for the browser's console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(r#"{"type":"browser"}"#.to_owned()))
    }
}
