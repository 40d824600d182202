//! The program itself: exit codes, help, completions, printing and stopping.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use teller::config::Values;

use crate::{Folder, setting, shipped};

/// Longer than any of these runs takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// `teller` with these arguments, and without the environment of whoever runs the tests.
fn teller(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teller"));
    command.args(arguments).env_clear();
    command
}

/// Waits for the end, and brings it about if the program should have ended long ago.
fn wait(child: Child) -> Output {
    let id = child.id().to_string();
    let (ended, watched) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if watched.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let output = child.wait_with_output().expect("it can be waited for");
    drop(ended);
    watchdog.join().expect("the watchdog does not panic");
    output
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(mut command: Command) -> Ended {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let Output { status, stdout, stderr } = wait(child);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: status.code(), out: text(stdout), err: text(stderr) }
}

#[test]
fn wrong_usage_and_wrong_configuration_exit_with_2_and_say_why() {
    let wrong = shipped("Cargo.toml").display().to_string();
    for (arguments, reason) in [
        (&["--nonsense"][..], "unexpected argument '--nonsense'"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["http", "--store", "memory"], "unexpected argument '--store'"),
        (&["completions"], "<SHELL>"),
        (&["--config", "/nowhere.toml"], "error: cannot read /nowhere.toml"),
        (&["config", "--config", &wrong], "there is no setting workspace"),
        (&["serve", "--http", "localhost"], "http.listen = \"localhost\" must be an IP address and a port"),
        (&["backend", "--log", "inof"], "(flag --log)"),
        (&["http"], "fix: add --backend HOST:PORT"),
    ] {
        let ended = run(teller(arguments));
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(reason), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn production_is_refused_before_anything_is_made() {
    let folder = Folder::new();
    let data = folder.0.path().join("data");
    let mut command = teller(&["--http", "0.0.0.0:0", "--data", &data.display().to_string()]);
    command.env("TELLER_ENVIRONMENT", "production");
    let ended = run(command);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.starts_with("error: production does not speak HTTP without TLS on 0.0.0.0:0"), "{}", ended.err);
    assert!(ended.err.contains("\nfix: set http.tls_cert_file and http.tls_key_file"), "{}", ended.err);
    assert!(!data.exists());
}

#[test]
fn help_names_every_command_and_every_flag_where_it_applies() {
    let help = run(teller(&["--help"]));
    assert_eq!(help.code, Some(0));
    for word in
        ["serve", "http", "backend", "migrate", "certs", "config", "completions", "Examples:", "Exit codes:", "TELLER_"]
    {
        assert!(help.out.contains(word), "{word}");
    }
    for (command, flags) in [
        ("serve", "--config --data --log --http --rpc --store --volatile"),
        ("http", "--config --data --log --http --backend"),
        ("backend", "--config --data --log --rpc --store --volatile"),
        ("migrate", "--config --data --log --store"),
        ("config", "--config --data --log --http --rpc --store --volatile --backend"),
    ] {
        let help = run(teller(&[command, "--help"])).out;
        let shown: Vec<&str> =
            help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help").collect();
        for flag in flags.split(' ') {
            assert!(shown.contains(&flag), "{command} {flag}: {help}");
        }
        assert!(
            help.lines().filter(|line| line.trim_start().starts_with("--")).count() == flags.split(' ').count(),
            "{help}"
        );
    }
    assert_eq!(run(teller(&["--version"])).out, concat!("teller ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_shows_the_defaults_of_the_manual() {
    let (help, values) = (run(teller(&["serve", "-h"])).out, Values::default());
    // Help is wrapped where its lines are too long.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (flag, key) in [
        ("--data", "data_dir"),
        ("--log", "log.level"),
        ("--http", "http.listen"),
        ("--rpc", "rpc.listen"),
        ("--store", "store.url"),
        ("--volatile", "volatile.url"),
    ] {
        let (_, about) = help.split_once(&format!(" {flag} <")).expect(flag);
        let (_, default) = about.split_once("[default: ").expect(flag);
        assert_eq!(default.split(']').next(), setting(&values, key).value.as_str(), "{flag}");
    }
}

#[test]
fn completions_know_the_commands_in_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = run(teller(&["completions", shell]));
        assert_eq!(ended.code, Some(0), "{shell}");
        assert!(ended.out.contains("migrate") && ended.out.contains("volatile"), "{shell}");
    }
    assert_eq!(run(teller(&["completions", "cobol"])).code, Some(2));
}

#[test]
fn config_shows_each_value_of_each_layer_and_hides_secrets() {
    let folder = Folder::new();
    let file = folder.write("teller.toml", "[http]\nthreads = 3\n");
    let mut command =
        teller(&["config", "--store", "mysql://teller:canary@db/teller", "--backend", "a:1,b:2", "--backend", "c:3"]);
    command
        .env("TELLER_CONFIG", &file)
        .env("TELLER_RPC_SECRET", "canary-canary-canary")
        .env("TELLER_LOG_LEVEL", "warn");
    let ended = run(command);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    for (value, origin) in [
        ("threads = 3", format!("# {}:2", file.display())),
        ("url = \"mysql://teller:***@db/teller\"", "# flag --store".to_owned()),
        ("backends = [\"a:1\", \"b:2\", \"c:3\"]", "# flag --backend".to_owned()),
        ("secret = \"***\"", "# environment TELLER_RPC_SECRET".to_owned()),
        ("level = \"warn\"", "# environment TELLER_LOG_LEVEL".to_owned()),
        ("environment = \"development\"", "# default".to_owned()),
    ] {
        let shown = ended.out.lines().any(|line| line.starts_with(value) && line.ends_with(&origin));
        assert!(shown, "{value} {origin}: {}", ended.out);
    }
    assert!(!ended.out.contains("canary"), "{}", ended.out);
    ended.out.parse::<toml::Table>().expect("it is TOML");
}

#[test]
fn a_flag_for_the_file_replaces_the_variable_for_it() {
    let folder = Folder::new();
    let (one, two) = (folder.write("one.toml", "http.threads = 41"), folder.write("two.toml", "rpc.threads = 42"));
    let mut command = teller(&["config", "--config", &two.display().to_string()]);
    command.env("TELLER_CONFIG", &one);
    let shown = run(command).out;
    assert!(shown.contains("\nthreads = 42 ") && !shown.contains("\nthreads = 41 "), "{shown}");
    let mut command = teller(&["config"]);
    command.env("TELLER_CONFIG", std::env::join_paths([&one, &two]).expect("no separator in the paths"));
    let shown = run(command).out;
    assert!(shown.contains("\nthreads = 42 ") && shown.contains("\nthreads = 41 "), "{shown}");
}

#[test]
fn a_reader_who_stops_reading_is_no_failure() {
    let mut child =
        teller(&["config"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = wait(child);
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn either_signal_stops_it_gracefully() {
    for signal in ["-TERM", "-INT"] {
        let folder = Folder::new();
        let data = folder.0.path().display().to_string();
        let arguments = ["--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0", "--store", "memory", "--data", &data];
        let mut child =
            teller(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("ready in"));
        assert!(ready, "it says when it is ready");
        let told = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("there is a kill");
        assert!(told.success());
        let ended = wait(child);
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}
