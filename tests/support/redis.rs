//! A private redis-server on a free port, without persistence, gone when dropped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

/// A running redis-server.
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    child: Child,
}

impl RedisServer {
    /// Starts one. The error says why there is none: it is not installed, most likely.
    pub fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let mut last = String::new();
        // A port that was free may be taken by the time the server wants it.
        for _ in 0..5 {
            let port = free_port()?;
            match launch(port, &folder) {
                Ok(child) => return Ok(Self { port, folder, child }),
                Err(Launch::Impossible(reason)) => return Err(reason),
                Err(Launch::Ended) => last = format!("redis-server ended at once on port {port}"),
            }
        }
        Err(last)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// As by `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Starts it again, on the same port, with nothing in it.
    pub fn start_again(&mut self) {
        self.child = launch(self.port, &self.folder).unwrap_or_else(|_| panic!("port {} is taken", self.port));
    }

    /// Stops it in its tracks: connections stay, nobody answers.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Already dead is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

enum Launch {
    Impossible(String),
    Ended,
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    Ok(listener.local_addr().map_err(|error| format!("no address: {error}"))?.port())
}

/// Starts the server and waits until it says that it is ready.
fn launch(port: u16, folder: &TempDir) -> Result<Child, Launch> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Launch::Impossible(format!("redis-server cannot be started: {error}")))?;
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Ready to accept connections"));
    if !ready {
        let _ = child.wait();
        return Err(Launch::Ended);
    }
    // It goes on logging; a full pipe would stop it.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Ok(child)
}
