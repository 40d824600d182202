//! A backend in a process of its own, to be killed, frozen and stopped.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::engine::Engine;

/// What both sides prove to know, in all tests.
pub const SECRET: &str = "a secret for tests, and nothing else";
/// Passwords hashed as cheaply as argon2 can.
pub const QUICK: [(&str, &str); 2] = [("TELLER_PASSWORD_MEMORY_KIB", "8"), ("TELLER_PASSWORD_PASSES", "1")];
/// A start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// `teller backend`, running.
pub struct BackendProcess {
    engine: Engine,
    /// Where it listens, also after it was started again.
    pub address: String,
    data: std::sync::Arc<TempDir>,
    child: Child,
}

impl BackendProcess {
    /// Starts a backend on a free port, and waits until it is ready.
    pub async fn start(engine: &Engine) -> Self {
        let data = std::sync::Arc::new(tempfile::tempdir().expect("a folder"));
        let (child, address) = run(engine, data.path(), "127.0.0.1:0").await;
        Self { engine: engine.clone(), address, data, child }
    }

    /// A second backend on the same stores.
    pub async fn another(&self) -> Self {
        let (child, address) = run(&self.engine, self.data.path(), "127.0.0.1:0").await;
        Self { engine: self.engine.clone(), address, data: self.data.clone(), child }
    }

    /// Ends it in the middle of whatever it does, as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Starts it again after [`Self::kill`], where it was.
    pub async fn start_again(&mut self) {
        (self.child, self.address) = run(&self.engine, self.data.path(), &self.address).await;
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it is running").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status().expect("kill starts");
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Asks it to stop, and waits until it has, in good order.
    pub async fn stop(mut self) {
        self.signal("TERM");
        let ended =
            tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it stops").expect("it is our child");
        assert!(ended.success(), "{ended}");
    }
}

async fn run(engine: &Engine, data: &Path, listen: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_teller"))
        .args(["backend", "--rpc", listen, "--log", "error", "--data"])
        .arg(data)
        .envs(engine.environment())
        .env("TELLER_RPC_SECRET", SECRET)
        .envs(QUICK)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("teller starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
    let ready = async {
        let mut address = None;
        while let Some(line) = lines.next_line().await.expect("lines of text") {
            if let Some(rest) = line.strip_prefix("rpc") {
                address = rest.split([' ', ',']).find(|word| !word.is_empty()).map(str::to_owned);
            }
            if line.starts_with("ready in") {
                return address.expect("it says where it listens");
            }
        }
        panic!("it ended before it was ready");
    };
    let address = tokio::time::timeout(PATIENCE, ready).await.expect("it is ready");
    (child, address)
}
