//! The program as whoever starts it sees it: what it says, where it keeps things, how it ends.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use support::http::Browser;
use support::process::{Process, teller};
use teller::api::Refusal;
use teller::client::{Client, Error, Secret};
use tokio::net::TcpStream;

const USER: &str = "/api/entrytask/user";
const PORTS: [&str; 4] = ["--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"];

fn main() {
    let trials = vec![
        told("a_first_run_says_where_everything_is_in_a_dozen_lines", first_run),
        Trial::ignorable_test("the_curl_lines_that_it_says_work_when_pasted", curl_lines),
        Trial::ignorable_test("the_readmes_lines_about_money_work_when_pasted", readme_lines),
        told("a_restart_keeps_users_and_says_that_the_demo_users_are_there", restart),
        told("one_request_id_is_in_the_answer_and_in_both_sides_logs", request_id),
        told("the_figures_page_shows_both_ends_of_rpc", figures),
        told("no_password_and_no_session_id_is_in_any_log", canary),
        told("a_rust_program_speaks_to_it_over_rpc", rust_client),
        told("users_for_load_tests_are_made_once_and_sign_in", seeded_users),
        told(
            "users_of_an_old_table_are_imported_and_hashed_anew_when_they_sign_in",
            users_of_an_old_table_are_imported_and_hashed_anew_when_they_sign_in,
        ),
        told("accounts_for_load_tests_are_made_and_given_money_once", seeded_accounts),
        told("a_busy_port_is_named_with_the_flag_that_changes_it", busy_port),
        told("a_wrong_secret_opens_nothing", wrong_secret),
        told("a_start_that_waits_for_a_lock_is_stopped_by_one_signal", stopped_while_it_starts),
        told(
            "what_is_cached_in_memory_is_cached_by_one_process_alone",
            what_is_cached_in_memory_is_cached_by_one_process_alone,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn told<F: Future<Output = ()> + 'static>(name: &str, tell: fn(Home) -> F) -> Trial {
    Trial::test(name, move || {
        support::run(tell(Home::new()));
        Ok(())
    })
}

/// Where a newcomer starts Teller.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    async fn start(&self, variables: &[(&str, &str)]) -> Process {
        let mut command = teller(self.path(), &PORTS);
        command.envs(variables.iter().copied());
        Process::start(command, &self.path().join("log")).await
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).expect("a log")
    }

    fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.path().join(file)).expect(file).permissions().mode() & 0o777
    }
}

fn browser(process: &Process) -> Browser {
    let address = process.said("console").trim_start_matches("http://").trim_end_matches('/');
    Browser::new(address.parse().expect("an address"))
}

fn client(process: &Process, secret: impl Into<Vec<u8>>) -> Client {
    let address = process.said("rpc").split(',').next().expect("an address");
    Client::connect([address], Secret::new(secret).expect("long enough"))
}

async fn first_run(home: Home) {
    let process = home.start(&[]).await;
    assert!(process.lines.len() <= 12, "{:#?}", process.lines);
    assert!(process.lines[0].starts_with(concat!("teller ", env!("CARGO_PKG_VERSION"))));
    for what in ["store", "data", "rpc", "console", "api", "demo", "try"] {
        assert!(!process.said(what).is_empty());
    }
    assert_eq!(browser(&process).get("/").await.status, 200);
    assert_eq!(home.mode("data"), 0o700);
    for secret in ["data/rpc.secret", "data/teller.db"] {
        assert_eq!(home.mode(secret), 0o600, "{secret}");
    }
    assert!(process.stop().await.success());
}

/// The first three blocks of commands under the heading, of accounts, of conversions and of wallets, sent to a server of this test.
fn readme_lines() -> Result<Completion, Failed> {
    if Command::new("curl").arg("--version").output().is_err() {
        return Ok(Completion::ignored_with("curl is not installed"));
    }
    let readme = include_str!("../README.md");
    let section = readme.split("\n## Money\n").nth(1).expect("the heading is there");
    let blocks: Vec<&str> = section.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    support::run(async {
        let home = Home::new();
        let process = home.start(&[]).await;
        let console = process.said("console");
        let lines = blocks[..3].concat().replace("http://127.0.0.1:8080", console.trim_end_matches('/'));
        let output =
            Command::new("sh").args(["-e", "-c", &lines]).current_dir(home.path()).output().expect("sh starts");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{said}");
        for part in [
            r#""balance":"1000.00""#,
            r#""status":"posted""#,
            r#""amount":"-10.00","balance_before":"1000.00""#,
            r#""sell_amount":"10.00","buy_amount":"1.40""#,
            r#""message":"deposit successful""#,
            r#""message":"withdrawal successful""#,
            r#""Type":"withdraw","Amount":"49.5""#,
            r#""Status":"mismatch","Difference":"9.5""#,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    });
    Ok(Completion::Completed)
}

fn curl_lines() -> Result<Completion, Failed> {
    if Command::new("curl").arg("--version").output().is_err() {
        return Ok(Completion::ignored_with("curl is not installed"));
    }
    support::run(async {
        let home = Home::new();
        let process = home.start(&[]).await;
        let lines = process.lines.iter().filter_map(|line| line.find("curl ").map(|at| &line[at..]));
        let mut run = 0;
        for line in lines {
            let output = Command::new("sh").args(["-c", line]).current_dir(home.path()).output().expect("sh starts");
            let body: Value = serde_json::from_slice(&output.stdout).expect(line);
            assert!(body["errCode"] == "7" || body["accounts"][0]["balance"] == "1000.00", "{line}: {body}");
            run += 1;
        }
        assert_eq!(run, 3);
    });
    Ok(Completion::Completed)
}

async fn restart(home: Home) {
    let process = home.start(&[]).await;
    let sign_up = browser(&process).form(&format!("{USER}/signup"), "username=carol&password=open-sesame").await;
    assert_eq!(sign_up.err_code(), "7");
    assert!(process.stop().await.success());

    let process = home.start(&[]).await;
    let sign_in = browser(&process).form(&format!("{USER}/signin"), "username=carol&password=open-sesame").await;
    assert_eq!(sign_in.err_code(), "7");
    assert!(!process.said("demo").contains("just made"), "{:?}", process.lines);
}

async fn request_id(home: Home) {
    let process = home.start(&[("TELLER_LOG_LEVEL", "debug"), ("TELLER_LOG_FORMAT", "json")]).await;
    let reply = browser(&process).form(&format!("{USER}/signin"), "username=alice&password=teller-demo").await;
    let id = reply.header("x-request-id").to_owned();
    assert_eq!(id.len(), 32);
    assert!(process.stop().await.success());

    let log = home.log();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of_this: Vec<&Value> = events.iter().filter(|event| event["request_id"] == id.as_str()).collect();
    assert!(of_this.iter().any(|event| event["route"] == format!("{USER}/signin")), "the front end: {log}");
    assert!(of_this.iter().any(|event| event["method"] == "session.sign_in"), "the backend: {log}");
}

async fn figures(home: Home) {
    let process = home.start(&[]).await;
    let mut browser = browser(&process);
    for _ in 0..3 {
        browser.form(&format!("{USER}/signin"), "username=alice&password=another").await;
    }
    let page = browser.get("/metrics").await.body;
    let page = String::from_utf8_lossy(&page);
    let figure = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}: {page}")).trim().parse::<f64>().expect("a number")
    };
    for side in ["client", "server"] {
        let figure = |name: &str| figure(&format!("teller_rpc_{name}{{side=\"{side}\"}}"));
        assert_eq!((figure("connections"), figure("in_flight"), figure("rejected_total")), (1.0, 0.0, 0.0));
        // The third one was read before whoever wrote it had counted it.
        assert!(figure("frames_written_total") >= 2.0 && figure("writes_total") >= 1.0, "{page}");
        assert!(figure("written_bytes_total") > 0.0 && figure("read_bytes_total") > 0.0, "{page}");
    }
}

async fn canary(home: Home) {
    let process = home.start(&[("TELLER_LOG_LEVEL", "trace")]).await;
    let mut browser = browser(&process);
    for path in ["signup", "signin", "signup"] {
        browser.form(&format!("{USER}/{path}"), "username=canary&password=canary-c4n4r").await;
    }
    browser.form(&format!("{USER}/signin"), "username=canary&password=wrong-c4n4r").await;
    for current in ["wrong-c4n4r", "canary-c4n4r"] {
        browser.put("/v1/password", &json!({"current_password": current, "new_password": "changed-c4n4r"})).await;
    }
    browser.get(&format!("{USER}/get_user_info")).await;
    let session = browser.session.clone().expect("signed in");
    assert!(process.stop().await.success());
    let log = home.log();
    assert!(log.contains("answered"), "there is a log");
    let secret = fs::read_to_string(home.path().join("data/rpc.secret")).expect("a secret");
    for hidden in ["c4n4r", &session, secret.trim()] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}

async fn rust_client(home: Home) {
    let process = home.start(&[]).await;
    let secret = fs::read_to_string(home.path().join("data/rpc.secret")).expect("a secret");
    let client = client(&process, secret.trim());
    let user = client.sign_up("ferris", "open-sesame").await.expect("a new name");
    let caller = client.sign_in("ferris", "open-sesame").await.expect("the right password");
    let profile = client.set_nickname(&caller, "Crab").await.expect("a right nickname");
    assert_eq!((profile.id, profile.nickname.as_str()), (user, "Crab"));
    assert_eq!(client.profile(&caller).await.expect("signed in"), profile);
    let taken = client.sign_up("ferris", "open-sesame").await.expect_err("taken");
    assert!(matches!(taken, Error::Refused(Refusal::UserExists)), "{taken}");
    client.sign_out(&caller).await.expect("signed in");
    let ended = client.profile(&caller).await.expect_err("signed out");
    assert!(matches!(ended, Error::Refused(Refusal::InvalidSession)), "{ended}");
}

async fn seeded_users(home: Home) {
    for (count, said) in
        [("1500", "users made: 1500; there already: 0\n"), ("1501", "users made: 1; there already: 1500\n")]
    {
        let output = teller(home.path(), &["seed", "users", count]).output().await.expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said);
    }
    let process = home.start(&[]).await;
    assert!(!process.lines.iter().any(|line| line.starts_with("demo")), "a store with users of its own gets no others");
    let sign_in =
        browser(&process).form(&format!("{USER}/signin"), "username=user000001501&password=teller-demo").await;
    assert_eq!(sign_in.err_code(), "7");

    let mut production = teller(home.path(), &["seed", "users", "1"]);
    let refused = production.env("TELLER_ENVIRONMENT", "production").output().await.expect("it ends");
    assert_eq!(refused.status.code(), Some(2));
}

/// Passwords as they are stored, by user name.
fn stored_passwords(home: &Home) -> BTreeMap<String, String> {
    let database = rusqlite::Connection::open(home.path().join("data/teller.db")).expect("open");
    let mut query = database.prepare("SELECT user_name, password_hash FROM users").expect("a statement");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("text")
}

async fn users_of_an_old_table_are_imported_and_hashed_anew_when_they_sign_in(home: Home) {
    // MD5 of salt, hex of MD5 of `teller-demo`, and salt.
    let table = "username,nickname,password,salt,profile_path\n\
                 veteran,Vet,7f0ed6c7067d6ac49262d265286bb522,aB3x,/static/1.png\n\
                 broken,,not a digest,aB3x,\n\
                 idle,,7F0ED6C7067D6AC49262D265286BB522,aB3x,\n";
    fs::write(home.path().join("old.csv"), table).expect("written");
    for said in ["users imported: 2; there already: 0\n", "users imported: 0; there already: 2\n"] {
        let output = teller(home.path(), &["import", "users", "old.csv"]).output().await.expect("it ends");
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(1), said));
        let problems = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(problems.contains("line 3: password: must be 32 hex digits\n"), "{problems}");
        assert!(problems.contains("error: lines that were not imported: 1\n"), "{problems}");
    }
    let wrapped = stored_passwords(&home);
    for name in ["veteran", "idle"] {
        assert!(wrapped[name].starts_with("$md5-salted+argon2id$61423378$v=19$m=8,t=1,p=1$"), "{wrapped:?}");
    }

    let process = home.start(&[]).await;
    let mut browser = browser(&process);
    let sign_in = format!("{USER}/signin");
    assert_eq!(browser.form(&sign_in, "username=veteran&password=another").await.err_code(), "5");
    assert_eq!(browser.form(&sign_in, "username=veteran&password=teller-demo").await.err_code(), "7");
    assert_eq!(browser.get(&format!("{USER}/get_user_info")).await.json()["data"]["nickname"], "Vet");
    browser.form(&format!("{USER}/signup"), "username=novice&password=teller-demo").await;
    // It happens behind the answer.
    let replaced = async {
        while !stored_passwords(&home)["veteran"].starts_with("$argon2id$") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), replaced).await.expect("a hash of the password itself");
    let stored = stored_passwords(&home);
    for name in ["veteran", "novice"] {
        assert!(stored[name].starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored:?}");
    }
    assert_eq!(stored["idle"], wrapped["idle"], "nobody knows this password yet");
    assert_eq!(browser.form(&sign_in, "username=veteran&password=teller-demo").await.err_code(), "7");
    assert!(process.stop().await.success());
}

async fn seeded_accounts(home: Home) {
    let mut said = Vec::new();
    for count in ["600", "600"] {
        let output = teller(home.path(), &["seed", "accounts", count, "--amount", "12.50"]).output();
        said.push(String::from_utf8(output.await.expect("it ends").stdout).expect("text"));
    }
    // Before them are the eight that stand for the world outside.
    assert_eq!(said, ["accounts: 600 of CNY, numbers 9 to 608\n"; 2]);
    let output = teller(home.path(), &["verify"]).output().await.expect("it ends");
    let books = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && books.contains("600"), "{books}");
    let output = teller(home.path(), &["seed", "accounts", "1", "--amount", "13"]).output().await.expect("it ends");
    assert_eq!(output.status.code(), Some(1), "the same deposit of another amount");
}

async fn wrong_secret(home: Home) {
    let process = home.start(&[]).await;
    let refused = client(&process, "not the secret of this backend").ready().await.expect_err("no proof");
    assert!(matches!(refused, Error::Call(_)), "{refused}");
}

async fn busy_port(home: Home) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for (flag, other) in [("--http", "--rpc"), ("--rpc", "--http")] {
        let output = teller(home.path(), &[flag, &address, other, "127.0.0.1:0"]).output().await.expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(&address)
                && said.contains(&format!("fix: stop what listens there, or choose another port with {flag}")),
            "{said}"
        );
    }
}

async fn stopped_while_it_starts(home: Home) {
    assert!(home.start(&[]).await.stop().await.success());
    let other = rusqlite::Connection::open(home.path().join("data/teller.db")).expect("open");
    other.execute_batch("BEGIN IMMEDIATE").expect("lock");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut child = teller(home.path(), &["backend", "--rpc", &free.to_string()]).spawn().expect("teller starts");
    // It listens before it looks at its database, and long after it began to heed signals.
    while TcpStream::connect(free).await.is_err() {
        assert!(child.try_wait().expect("it is our child").is_none(), "it ended by itself");
    }
    let pid = child.id().expect("it is running").to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().expect("kill starts").success());
    let ended =
        tokio::time::timeout(Duration::from_secs(10), child.wait()).await.expect("it does not wait for the lock");
    assert!(ended.expect("it is our child").success());
}

/// Whoever finds a port busy takes another, and must not come to serve the same users beside the first with a cache of its own.
async fn what_is_cached_in_memory_is_cached_by_one_process_alone(home: Home) {
    let first = home.start(&[]).await;
    let output = teller(home.path(), &PORTS).output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("data/teller.db alone: another Teller uses it\nfix: stop the other"), "{said}");
    assert!(first.stop().await.success());
    home.start(&[]).await;
}
