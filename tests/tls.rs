//! Teller within TLS: certificates from `teller certs dev`, processes that speak HTTPS and mutual TLS, and files that change under them.

#[path = "../rpc/tests/support/authority.rs"]
mod authority;
mod support;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use authority::{Authority, Identity, SERVER, expired};
use support::https::Secured;
use support::process::{Process, SECRET, teller};
use tempfile::TempDir;

const USER: &str = "/api/entrytask/user";
/// What a running Teller takes to see new files, and a busy machine to let it.
const PATIENCE: Duration = Duration::from_secs(20);

const HTTPS: [(&str, &str); 2] =
    [("TELLER_HTTP_TLS_CERT_FILE", "certs/http.pem"), ("TELLER_HTTP_TLS_KEY_FILE", "certs/http.key")];

/// The settings for RPC within mutual TLS, as `owner`.
fn rpc_as(owner: &str) -> [(&'static str, String); 3] {
    [
        ("TELLER_RPC_TLS_CERT_FILE", format!("certs/{owner}.pem")),
        ("TELLER_RPC_TLS_KEY_FILE", format!("certs/{owner}.key")),
        ("TELLER_RPC_TLS_CA_FILE", "certs/ca.pem".to_owned()),
    ]
}

/// A folder with certificates in it.
struct Home(TempDir);

impl Home {
    async fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        home.certify().await;
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes certificates, by the authority that is there if there is one.
    async fn certify(&self) {
        let output = self.teller(&["certs", "dev"], "").await;
        assert!(output.status.success(), "{}", said(&output));
    }

    /// Runs a command to its end, with RPC as `owner` if that is somebody.
    async fn teller(&self, arguments: &[&str], owner: &str) -> Output {
        let mut command = teller(self.path(), arguments);
        command.env("TELLER_RPC_SECRET", SECRET);
        if !owner.is_empty() {
            command.envs(rpc_as(owner));
        }
        command.output().await.expect("it ends")
    }

    /// Starts in production, where anybody can reach it.
    async fn start(&self, arguments: &[&str], owner: &str) -> Process {
        let mut command = teller(self.path(), arguments);
        command.env("TELLER_ENVIRONMENT", "production").env("TELLER_RPC_SECRET", SECRET);
        command.env("TELLER_PAYMENT_GATEWAY_URL", "simulated");
        command.envs(HTTPS).envs(rpc_as(owner));
        Process::start(command, &self.path().join(format!("{owner}.log"))).await
    }

    async fn backend(&self) -> (Process, String) {
        let process = self.start(&["backend", "--rpc", "0.0.0.0:0"], "backend").await;
        let (address, how) = process.said("rpc").split_once(", ").expect("an address");
        assert!(how.starts_with("within mutual TLS, with the secret in"), "{how}");
        let port = address.rsplit_once(':').expect("a port").1;
        let address = format!("127.0.0.1:{port}");
        (process, address)
    }

    async fn front(&self, backend: &str) -> (Process, SocketAddr) {
        let process = self.start(&["http", "--http", "0.0.0.0:0", "--backend", backend], "front").await;
        let address = console(&process);
        (process, address)
    }

    async fn connect(&self, address: SocketAddr) -> std::io::Result<Secured> {
        Secured::connect(address, &self.path().join("certs/ca.pem")).await
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).expect("the folder is there");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).expect(file)
    }
}

fn console(process: &Process) -> SocketAddr {
    let console = process.said("console").strip_prefix("https://").expect("TLS");
    console.trim_end_matches('/').parse().expect("an address")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Tries until it is so.
async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "not {what} in time");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn in_production_on_an_open_network_all_is_within_tls() {
    let home = Home::new().await;
    let (backend, address) = home.backend().await;
    let (front, http) = home.front(&address).await;
    let mut browser = home.connect(http).await.expect("it is localhost");
    assert_eq!(browser.form(&format!("{USER}/signup"), "username=carol&password=open-sesame").await.err_code(), "7");
    let signed_in = browser.form(&format!("{USER}/signin"), "username=carol&password=open-sesame").await;
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Secure"), "{cookie}");
    assert_eq!(signed_in.header("strict-transport-security"), "max-age=31536000");
    let session = cookie.trim_start_matches("sessionID=").split(';').next().expect("a session").to_owned();
    let profile = browser.get(&format!("{USER}/get_user_info"), &session).await;
    assert_eq!(profile.json()["data"]["username"], "carol");

    // The right secret without a right certificate reaches nothing.
    let describe = ["rpc", "describe", "--backend", address.as_str()];
    assert!(home.teller(&describe, "front").await.status.success());
    let refused = home.teller(&describe, "").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("backend unavailable") && said(&refused).contains("(not executed)"));
    let refused = home.teller(&describe, "http").await;
    assert!(said(&refused).contains("cannot use certs/http.pem"), "browsers' is none for RPC: {}", said(&refused));
    assert!(front.stop().await.success() && backend.stop().await.success());
}

#[tokio::test]
async fn new_certificates_are_in_use_without_a_restart_and_what_is_broken_is_not() {
    let home = Home::new().await;
    let (backend, address) = home.backend().await;
    let (front, http) = home.front(&address).await;
    let mut before = home.connect(http).await.expect("it is localhost");
    let first = before.certificate.clone();

    // Another authority altogether: whoever has dialled both sides anew trusts this one alone.
    let right = home.read("certs/http.pem");
    home.write("certs/http.pem", &right[..right.len() / 2]);
    until("warned", async || home.read("front.log").contains("new certificates cannot be used: the old stay")).await;
    assert_eq!(home.connect(http).await.expect("the old one").certificate, first);
    fs::remove_dir_all(home.path().join("certs")).expect("it is there");
    home.certify().await;
    until("shown to browsers", async || home.connect(http).await.is_ok()).await;
    let mut after = home.connect(http).await.expect("the new authority's");
    assert_ne!(after.certificate, first);
    let describe = ["rpc", "describe", "--backend", address.as_str()];
    until("shown to front ends", async || home.teller(&describe, "front").await.status.success()).await;

    // Connections that there were go on, browsers' and the front end's.
    for browser in [&mut before, &mut after] {
        assert_eq!(browser.get("/readyz", "").await.status, 200);
    }
    assert!(front.stop().await.success());
    // And one that dials the backend for the first time trusts it.
    let (front, http) = home.front(&address).await;
    assert_eq!(home.connect(http).await.expect("it is localhost").get("/readyz", "").await.status, 200);
    assert!(front.stop().await.success() && backend.stop().await.success());
}

#[tokio::test]
async fn one_process_speaks_tls_with_itself() {
    let home = Home::new().await;
    let process = home.start(&["--http", "0.0.0.0:0", "--rpc", "0.0.0.0:0"], "backend").await;
    let mut browser = home.connect(console(&process)).await.expect("it is localhost");
    assert_eq!(browser.get("/readyz", "").await.status, 200);
    assert!(process.stop().await.success());
}

#[tokio::test]
async fn what_others_would_not_trust_does_not_start_and_says_what_to_do() {
    let home = Home::new().await;
    let mine = Authority::new();
    let issued = |name: &str, Identity { certificate, key }: Identity| {
        home.write(&format!("certs/{name}.pem"), &certificate);
        home.write(&format!("certs/{name}.key"), &key);
    };
    home.write("certs/ca.pem", &(home.read("certs/ca.pem") + &mine.pem()));
    issued("late", mine.issue_with("127.0.0.1", SERVER, expired));
    issued("elsewhere", mine.issue("backend-1", SERVER));
    issued("foreign", Authority::new().issue("127.0.0.1", SERVER));
    fs::copy(home.path().join("certs/http.pem"), home.path().join("certs/odd.pem")).expect("a copy");
    fs::copy(home.path().join("certs/front.key"), home.path().join("certs/odd.key")).expect("a copy");
    for (owner, command, problem, fix) in [
        ("late", "backend", "certificate expired", "have the certificate made anew"),
        ("foreign", "backend", "UnknownIssuer", "have the certificate made anew"),
        ("front", "backend", "extended key usage", "have the certificate made anew"),
        ("odd", "backend", "the certificate and the key cannot be used", "have the certificate made anew"),
        ("missing", "backend", "cannot read certs/missing.pem (rpc.tls_cert_file)", "make it readable for Teller"),
        ("elsewhere", "serve", "does not name", "names this address as well"),
    ] {
        let output = home.teller(&[command, "--rpc", "127.0.0.1:0"], owner).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{owner}: {said}");
        assert!(said.contains(problem) && said.contains("\nfix: ") && said.contains(fix), "{owner}: {said}");
    }
}

#[tokio::test]
async fn certificates_are_private_and_an_authority_is_used_again() {
    let home = Home::new().await;
    let (ca, leaf) = (home.read("certs/ca.pem"), home.read("certs/http.pem"));
    for file in ["ca.key", "http.key", "backend.key", "front.key"] {
        let mode = fs::metadata(home.path().join("certs").join(file)).expect(file).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let output = home.teller(&["certs", "dev", "--name", "teller.test", "--days", "7"], "").await;
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.starts_with("made for localhost, 127.0.0.1, ::1, teller.test, good for 7 days"), "{out}");
    assert_eq!(home.read("certs/ca.pem"), ca);
    assert_ne!(home.read("certs/http.pem"), leaf);

    fs::remove_file(home.path().join("certs/ca.key")).expect("it is there");
    let refused = home.teller(&["certs", "dev"], "").await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("certs/ca.key, the key of certs/ca.pem"), "{}", said(&refused));
    let refused = home.teller(&["certs", "dev", "--out", "others", "--name", "not a näme"], "").await;
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
}
