//! A private MariaDB server: in a temporary folder, on a free port, gone with the test.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Small and quick to start, and as durable as a production server.
const OPTIONS: [&str; 13] = [
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--local-infile=OFF",
    "--max-connections=300",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-doublewrite=ON",
    "--innodb-fast-shutdown=2",
    "--character-set-server=latin1",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. Its user is `root` without a password.
pub struct Mariadb {
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    running: Option<Running>,
}

struct Running {
    pid: u32,
    ended: Receiver<()>,
}

/// Where the server's program is, or why there is none.
pub fn installed() -> Result<PathBuf, String> {
    find("mariadbd").ok_or_else(|| "mariadbd is not installed".to_owned())
}

impl Mariadb {
    /// Starts a server on fresh data, with `options` beside the usual ones.
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&template(), &folder.path().join("data"));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { folder, port, options, running: None };
        server.run();
        server
    }

    /// Starts the server again, after [`Self::kill`], on the same data and port.
    pub fn run(&mut self) {
        let (ready, is_ready) = channel();
        let (end, ended) = channel();
        let mut command = self.command();
        // The kernel ends the server with the thread that started it, so this one stays; a test binary that is killed leaves none.
        thread::spawn(move || {
            let mut child = command.spawn().expect("mariadbd starts");
            let pid = child.id();
            let log = watch(&mut child, || ready.send(pid).expect("somebody waits for the server"));
            child.wait().expect("mariadbd is our child");
            drop((ready, log));
            // Nobody may be waiting for the end.
            let _ = end.send(());
        });
        let pid = is_ready.recv_timeout(PATIENCE).expect("mariadbd is ready for connections");
        self.running = Some(Running { pid, ended });
    }

    /// `mysql://` with this server as host, and no database.
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}", self.port)
    }

    /// Ends the server as a power cut would, and waits for that.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            signal(running.pid, "KILL");
            running.ended.recv_timeout(PATIENCE).expect("mariadbd ends");
        }
    }

    /// Stops the server in its tracks: it keeps its connections and answers nothing.
    ///
    /// The signal was only sent when `kill` ends: on a busy machine a thread goes on for a moment, long enough for one more answer.
    pub fn freeze(&self) {
        if let Some(running) = &self.running {
            signal(running.pid, "STOP");
            while !is_stopped(running.pid) {
                thread::yield_now();
            }
        }
    }

    /// The end of [`Self::freeze`].
    pub fn thaw(&self) {
        self.running.iter().for_each(|running| signal(running.pid, "CONT"));
    }

    fn command(&self) -> Command {
        let mariadbd = installed().expect("the test asked for it before");
        let mut command = match find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(mariadbd);
                command
            }
            None => Command::new(mariadbd),
        };
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        command
            .args(OPTIONS)
            .arg(format!("--datadir={}", path("data")))
            .arg(format!("--socket={}", path("s")))
            .arg(format!("--pid-file={}", path("pid")))
            .arg(format!("--port={}", self.port))
            .args(&self.options)
            .args(as_root(self.folder.path()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Calls `ready` when the server says so, and reads on to its end so that it never waits for a reader. Returns its last lines.
fn watch(child: &mut Child, ready: impl Fn()) -> Vec<String> {
    let log = BufReader::new(child.stderr.take().expect("it was piped"));
    let mut lines = Vec::new();
    for line in log.lines().map_while(Result::ok) {
        if line.contains("ready for connections") {
            ready();
        }
        if line.contains("[ERROR]") {
            eprintln!("mariadbd: {line}");
        }
        lines.push(line);
    }
    lines
}

/// Fresh data, made once for this build folder and copied for each server.
fn template() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let version = Command::new(installed().expect("the test asked for it before")).arg("--version").output();
    let version = String::from_utf8_lossy(&version.expect("mariadbd tells its version").stdout).into_owned();
    let version: String = version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let template = home.join(format!("mariadb-{version}"));
    if !template.exists() {
        let draft = tempfile::tempdir_in(home).expect("a temporary folder");
        let data = draft.path().join("data");
        install(&data);
        // Whoever renames first wins; the other's is the same.
        let _ = fs::rename(&data, &template);
    }
    template
}

fn install(data: &Path) {
    let home = data.parent().expect("it is in a folder");
    let output = Command::new(find("mariadb-install-db").expect("it comes with mariadbd"))
        .args(["--no-defaults", "--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=normal"])
        .args(["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"])
        .arg(format!("--datadir={}", data.display()))
        .args(as_root(home))
        .output()
        .expect("mariadb-install-db starts");
    assert!(output.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&output.stderr));
}

/// The server refuses to run as root unless told to. Who made the folder tells who we are.
fn as_root(folder: &Path) -> Option<&'static str> {
    let owner = fs::metadata(folder).expect("the folder is there").uid();
    (owner == 0).then_some("--user=root")
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").arg(from).arg(to).status().expect("cp starts");
    assert!(done.success(), "cp {} {}", from.display(), to.display());
}

/// Whether every thread of a process stands still.
fn is_stopped(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the server lives");
    threads.flatten().all(|thread| {
        // The state is the first letter after the name, which is in brackets. A thread that ended meanwhile stands still too.
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    })
}

fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args(["-s", name, &pid.to_string()]).status().expect("kill starts");
    assert!(done.success(), "kill -s {name} {pid}");
}

/// On the path, and where Debian keeps servers, which ordinary users do not have on theirs.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(more).map(|folder| folder.join(program)).find(|file| file.is_file())
}
