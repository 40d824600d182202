//! Chromium and chromedriver: finding them, starting them on a free port, opening a window.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const DRIVER: &str = "chromedriver";
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long chromedriver may take until it says that it listens.
const START: Duration = Duration::from_secs(20);

/// The browser keeps to itself: no first-run pages, no updates, no traffic but the story's.
/// The sandbox is off because it cannot start in most containers; only Teller's own pages are opened.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--lang=en",
];

/// What a story looks through.
#[derive(Clone, Copy, PartialEq)]
pub enum Window {
    /// 1280 by 900 pixels.
    Desk,
    /// A telephone 360 pixels wide, with a touch screen.
    Phone,
    /// A desk whose reader has switched scripts off.
    Scriptless,
}

/// A running chromedriver. It is killed when dropped.
pub struct Driver {
    address: String,
    browser: PathBuf,
    _process: Child,
}

/// Which program is not installed, if one is not.
pub fn missing() -> Option<String> {
    if find(DRIVER).is_none() {
        return Some(format!("{DRIVER} is not installed"));
    }
    find_browser().is_none().then(|| "Chromium is not installed".to_owned())
}

impl Driver {
    /// Starts chromedriver on a port of its choice.
    pub async fn start() -> Result<Self, String> {
        let browser = find_browser().ok_or("Chromium is not installed")?;
        let mut process = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {DRIVER}: {error}"))?;
        let stdout = process.stdout.take().expect("stdout was asked for");
        let port =
            timeout(START, port(stdout)).await.map_err(|_| format!("{DRIVER} did not start within {START:?}"))??;
        Ok(Self { address: format!("http://127.0.0.1:{port}"), browser, _process: process })
    }

    /// Opens a browser whose profile lives in an empty folder.
    pub async fn open(&self, window: Window, profile: &Path) -> Result<Client, String> {
        ClientBuilder::new(HttpConnector::new())
            .capabilities(self.capabilities(window, profile))
            .connect(&self.address)
            .await
            .map_err(|error| format!("cannot open Chromium: {error}"))
    }

    fn capabilities(&self, window: Window, profile: &Path) -> Map<String, Value> {
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let mut options = json!({ "binary": self.browser, "args": arguments });
        match window {
            Window::Desk => {}
            // The window itself cannot be narrower than 500 pixels.
            Window::Phone => {
                let screen = json!({ "width": 360, "height": 740, "pixelRatio": 2.0, "touch": true, "mobile": true });
                options["mobileEmulation"] = json!({ "deviceMetrics": screen });
            }
            Window::Scriptless => {
                options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 })
            }
        }
        let all = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        serde_json::from_value(all).expect("an object becomes a map")
    }
}

/// Reads the line on which chromedriver names its port, and goes on reading, so that the pipe never fills.
async fn port(stdout: ChildStdout) -> Result<u16, String> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        let Some((_, rest)) = line.split_once("started successfully on port ") else { continue };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        return rest.trim_end_matches('.').parse().map_err(|_| format!("{DRIVER} names no port: {line}"));
    }
    Err(format!("{DRIVER} ended before it listened"))
}

fn find_browser() -> Option<PathBuf> {
    BROWSERS.into_iter().find_map(find)
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
