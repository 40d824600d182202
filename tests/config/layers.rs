//! Which layer wins, and where each value says it is from.

use std::path::Path;

use teller::config::environment::variable;
use teller::config::origin::Origin;
use teller::config::rule::Rule;
use teller::config::schema::KEYS;
use teller::config::{Config, Sources, Values};
use toml::Value;

use crate::{Folder, load, load_text, setting};

/// Three values of `key`, each other than the one before, the first other than the default; as texts.
fn three_values(key: &str, rule: Rule, folder: &Folder) -> [String; 3] {
    let texts = match rule {
        Rule::Number(..) => {
            let number = setting(&Values::default(), key).value.as_integer().expect("a number");
            return [number + 1, number + 2, number + 3].map(|number| number.to_string());
        }
        Rule::PathOrNone => {
            let content = if key == "rpc.secret_file" { "0123456789abcdef" } else { "memory" };
            return ["one", "two", "three"].map(|name| folder.write(name, content).display().to_string());
        }
        Rule::OneOf(choices) => [choices[1], choices[0], choices[1]],
        Rule::Switch if setting(&Values::default(), key).value.as_bool() == Some(true) => ["false", "true", "false"],
        Rule::Switch => ["true", "false", "true"],
        Rule::Listen => ["127.0.0.1:1", "127.0.0.1:2", "[::1]:3"],
        Rule::Addresses => ["one:1", "one:1,two:2", "[::1]:3"],
        Rule::Path => ["one", "two", "three"],
        Rule::Secret => ["one-one-one-one-", "two-two-two-two-", "three-three-three"],
        Rule::StoreUrl => ["sqlite:one", "memory", "mysql://three/three"],
        Rule::VolatileUrl => ["redis://one", "memory", "redis://three"],
        Rule::Pauses => ["1", "2,3", "4, 5"],
        Rule::Currency => ["USD", "JPY", "KWD"],
        Rule::Tariffs => ["* 1%", "CNY 1%,USD 0.10", "JPY 30"],
        Rule::GatewayUrl => ["simulated", "http://one:1", "http://[::1]:2"],
        Rule::KeyPrefix => ["one:", "two.", "three-"],
        Rule::LogLevel => ["debug", "warn,teller=trace", "off"],
    };
    texts.map(str::to_owned)
}

/// Flags for what must be set beside `key`: the files of a certificate are of use together only.
fn beside(key: &str) -> Vec<(&'static str, &'static str)> {
    let Some((section, _)) = key.split_once("tls_") else { return Vec::new() };
    let others = KEYS.iter().map(|(other, _)| *other).filter(|other| other.starts_with(section) && *other != key);
    others.filter(|other| other.contains(".tls_")).map(|other| (other, "another.pem")).collect()
}

fn file_with(folder: &Folder, key: &str, value: &Value) -> std::path::PathBuf {
    folder.write("teller.toml", &format!("# a line above\n{key} = {value}\n"))
}

#[test]
fn for_every_key_defaults_yield_to_files_files_to_the_environment_and_all_to_flags() {
    for (key, rule) in KEYS {
        let folder = Folder::new();
        let [file, environment, flag] = three_values(key, *rule, &folder);
        let path = file_with(&folder, key, &rule.value(&file));
        let name = variable(key);
        let variables = [(name.as_str(), environment.as_str())];
        let default = &setting(&Values::default(), key).value.clone();

        let check =
            |path: Option<&Path>, variables: &[(&str, &str)], flags: &[(&'static str, &str)], value: &Value, origin| {
                let others = if value == default { Vec::new() } else { beside(key) };
                let flags = [flags, &others].concat();
                let (_, values) = load(path, variables, &flags).unwrap_or_else(|error| panic!("{key}: {error}"));
                assert_eq!((&setting(&values, key).value, values.origin(key)), (value, &origin), "{key}");
            };
        check(None, &[], &[], default, Origin::Default);
        check(Some(&path), &[], &[], &rule.value(&file), Origin::File(path.clone(), 2));
        check(Some(&path), &variables, &[], &rule.value(&environment), Origin::Environment(name.clone()));
        check(Some(&path), &variables, &[(key, &flag)], &rule.value(&flag), Origin::Flag("--flag"));
        check(Some(&path), &[], &[(key, &flag)], &rule.value(&flag), Origin::Flag("--flag"));
        check(None, &variables, &[], &rule.value(&environment), Origin::Environment(name.clone()));
    }
}

#[test]
fn of_several_files_the_later_wins_key_by_key() {
    let folder = Folder::new();
    let files = vec![
        folder.write("one.toml", "[http]\nthreads = 1\nmax_headers = 11\n"),
        folder.write("two.toml", "http = { threads = 2 }\n"),
    ];
    let second = files[1].clone();
    let (config, values) = Config::load(Sources { files, ..Sources::default() }).expect("both load");
    assert_eq!((config.http.threads, config.http.max_headers), (2, 11));
    assert_eq!(values.origin("http.threads"), &Origin::File(second, 1));
}

#[test]
fn every_key_has_its_own_variable() {
    let mut names: Vec<String> = KEYS.iter().map(|(key, _)| variable(key)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), KEYS.len());
    assert_eq!(variable("http.listen"), "TELLER_HTTP_LISTEN");
    assert_eq!(variable("data_dir"), "TELLER_DATA_DIR");
}

#[test]
fn values_arrive_typed() {
    let text = "environment = 'production'\n[log]\nformat = 'json'\n[rpc]\nbackends = ['a:1', 'b:2']\nthreads = 3\n\
                [session]\nttl_s = 60\n[http]\nheader_timeout_ms = 250\n";
    let (config, _) = load_text(text).expect("it loads");
    assert!(config.in_production() && config.rpc.threads == 3);
    assert_eq!(config.log.format, teller::config::Format::Json);
    assert_eq!(config.rpc.backends, ["a:1", "b:2"]);
    assert_eq!(config.session.ttl().as_secs(), 60);
    assert_eq!(config.http.header_timeout().as_millis(), 250);
}

#[test]
fn what_is_printed_makes_the_same_configuration_again() {
    let folder = Folder::new();
    for (key, rule) in KEYS {
        let [text, ..] = three_values(key, *rule, &folder);
        if *key == "rpc.secret" {
            continue;
        }
        let flags = [&[(*key, text.as_str())][..], &beside(key)].concat();
        let (config, values) = load(None, &[], &flags).expect("it loads");
        let printed = values.to_toml();
        let (again, _) = load_text(&printed).unwrap_or_else(|error| panic!("{key}: {error}\n{printed}"));
        assert_eq!(config, again, "{key}");
    }
}

#[test]
fn every_printed_value_has_its_origin_beside_it() {
    let (_, values) = load(None, &[("TELLER_HTTP_THREADS", "3")], &[("http.listen", "127.0.0.1:9")]).expect("it loads");
    let printed = values.to_toml();
    let line = |name: &str| printed.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
    assert!(line("threads").ends_with("# environment TELLER_HTTP_THREADS"), "{printed}");
    assert!(line("listen").ends_with("# flag --flag"), "{printed}");
    assert!(line("max_headers").ends_with("# default"), "{printed}");
    let values = printed.lines().filter(|line| line.contains(" = "));
    assert_eq!(values.filter(|line| line.contains("  # ")).count(), KEYS.len());
}
