//! Teller in a process of its own, to be read, killed, frozen and stopped.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::engine::Engine;

/// What both sides prove to know, in all tests.
pub const SECRET: &str = "a secret for tests, and nothing else";
/// Passwords hashed as cheaply as argon2 can.
pub const QUICK: [(&str, &str); 2] = [("TELLER_PASSWORD_MEMORY_KIB", "8"), ("TELLER_PASSWORD_PASSES", "1")];
/// A start or a stop on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// `teller` with these arguments, in `folder`, without the settings of the tests' own environment.
pub fn teller(folder: &Path, arguments: &[&str]) -> Command {
    teller_under(&[], folder, arguments)
}

/// The same, started by another program: its name and arguments.
fn teller_under(starter: &[&str], folder: &Path, arguments: &[&str]) -> Command {
    let mut line = starter.iter().copied().chain([env!("CARGO_BIN_EXE_teller")]);
    let mut command = Command::new(line.next().expect("there is teller at least"));
    command.args(line).args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"TELLER_")) {
        command.env_remove(name);
    }
    command.envs(QUICK);
    command
}

/// A process that said that it is ready.
pub struct Process {
    child: Child,
    /// What it said until then.
    pub lines: Vec<String>,
}

impl Process {
    /// Starts it and waits until it is ready. Its log goes to `log`.
    pub async fn start(mut command: Command, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a file");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("teller starts");
        let mut output = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let mut lines = Vec::new();
        let ready = async {
            while let Some(line) = output.next_line().await.expect("lines of text") {
                lines.push(line);
                if lines.last().is_some_and(|line| line.starts_with("ready in ")) {
                    return;
                }
            }
            panic!("it ended before it was ready");
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("it is ready in time");
        Self { child, lines }
    }

    /// What it said of `what`: `rpc`, `console`...
    pub fn said(&self, what: &str) -> &str {
        let line = self.lines.iter().find_map(|line| line.strip_prefix(what));
        line.unwrap_or_else(|| panic!("nothing of {what}: {:?}", self.lines)).trim()
    }

    /// Its number while it runs.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// Ends it in the middle of whatever it does, as a power cut would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status().expect("kill starts");
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it stops in time").expect("it is our child")
    }
}

/// `teller backend`, running.
pub struct BackendProcess {
    engine: Engine,
    data: Arc<TempDir>,
    /// Where it listens, also after it was started again.
    pub address: String,
    process: Process,
}

impl BackendProcess {
    /// Starts a backend on a free port.
    pub async fn start(engine: &Engine) -> Self {
        Self::start_under(&[], engine).await
    }

    /// The same, started by another program, which is to become it.
    pub async fn start_under(starter: &[&str], engine: &Engine) -> Self {
        Self::run(starter, engine, Arc::new(tempfile::tempdir().expect("a folder")), "127.0.0.1:0").await
    }

    /// Starts it again after [`Self::kill`], where it was.
    pub async fn start_again(&mut self) {
        *self = Self::run(&[], &self.engine, Arc::clone(&self.data), &self.address).await;
    }

    /// `teller` with these arguments, where the backend has its data and with its settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = teller(self.data.path(), arguments);
        command.envs(self.engine.environment());
        command
    }

    /// Where the database is, if it is a file.
    pub fn database(&self) -> PathBuf {
        self.data.path().join("data").join("teller.db")
    }

    /// Its number while it runs.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to stop in good order, and starts it again where it was.
    pub async fn restart(&mut self) {
        self.process.signal("TERM");
        let ended = self.process.ended().await;
        assert!(ended.success(), "{ended}");
        self.start_again().await;
    }

    /// As [`Process::kill`].
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// As [`Process::signal`].
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Asks it to stop, and waits until it has, in good order.
    pub async fn stop(self) {
        let ended = self.process.stop().await;
        assert!(ended.success(), "{ended}");
    }

    async fn run(starter: &[&str], engine: &Engine, data: Arc<TempDir>, listen: &str) -> Self {
        let log: PathBuf = data.path().join("log");
        let mut command = teller_under(starter, data.path(), &["backend", "--rpc", listen]);
        command.envs(engine.environment()).env("TELLER_RPC_SECRET", SECRET);
        let process = Process::start(command, &log).await;
        let address = process.said("rpc").split(',').next().expect("an address").to_owned();
        Self { engine: engine.clone(), data, address, process }
    }
}
