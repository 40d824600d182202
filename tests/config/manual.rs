//! `config/default.toml`, the schema and the typed sections say the same; the other files of `config/` load.

use std::fs;

use teller::config::schema::KEYS;
use teller::config::{Config, Durable, Fleeting, Part, Scheme};
use toml::{Table, Value};

use crate::{load, shipped};

fn manual() -> String {
    fs::read_to_string(shipped("config/default.toml")).expect("the manual is there")
}

/// The full names of the keys of a TOML text, in its order, each with the line before it.
fn keys_with_line_above(text: &str) -> Vec<(String, &str)> {
    let (mut section, mut above, mut keys) = ("", "", Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let dot = if section.is_empty() { "" } else { "." };
            keys.push((format!("{section}{dot}{name}"), above));
        }
        above = line;
    }
    keys
}

#[test]
fn the_manual_and_the_schema_have_the_same_keys_in_the_same_order() {
    let text = manual();
    let written: Vec<String> = keys_with_line_above(&text).into_iter().map(|(key, _)| key).collect();
    let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    assert_eq!(written, known);
}

#[test]
fn every_key_of_the_manual_has_a_sentence_above_it() {
    for (key, above) in keys_with_line_above(&manual()) {
        assert!(above.starts_with("# ") && above.ends_with('.'), "{key}: {above}");
    }
}

#[test]
fn every_key_has_a_typed_field_and_every_field_a_key() {
    let whole: Table = manual().parse().expect("the manual is TOML");
    assert_eq!(whole.clone().try_into::<Config>().expect("no key without a field"), Config::default());
    for (key, _) in KEYS {
        let mut table = whole.clone();
        match key.split_once('.') {
            Some((section, name)) => drop(table[section].as_table_mut().expect("a section").remove(name)),
            None => drop(table.remove(*key)),
        }
        assert!(table.try_into::<Config>().is_err(), "{key} has no field");
    }
}

#[test]
fn no_section_passes_over_a_key_it_does_not_know() {
    let whole: Table = manual().parse().expect("the manual is TOML");
    for (name, _) in whole.iter().filter(|(_, value)| value.is_table()) {
        let mut table = whole.clone();
        table[name].as_table_mut().expect("a section").insert("surplus".to_owned(), Value::Boolean(true));
        assert!(table.try_into::<Config>().is_err(), "[{name}]");
    }
}

#[test]
fn the_manual_runs_as_it_is_and_so_does_a_copy_of_it() {
    let (built_in, _) = load(None, &[], &[]).expect("defaults load");
    let (copy, _) = load(Some(&shipped("config/default.toml")), &[], &[]).expect("the file loads");
    assert_eq!(built_in, copy);
    built_in.allow(Part::Serve).expect("defaults run");
    assert_eq!(built_in.durable(), Durable::Sqlite("data/teller.db".into()));
    assert_eq!(built_in.secret_path(), std::path::Path::new("data/rpc.secret"));
    assert!(built_in.http.listen.ip().is_loopback() && built_in.rpc.listen.ip().is_loopback());
}

#[test]
fn the_files_for_mysql_and_for_the_entry_task_load_and_run() {
    let (mysql, _) = load(Some(&shipped("config/mysql.toml")), &[], &[]).expect("it loads");
    let (entry_task, _) = load(Some(&shipped("config/entrytask.toml")), &[], &[]).expect("it loads");
    for config in [&mysql, &entry_task] {
        config.allow(Part::Serve).expect("it runs");
        let Durable::Mysql(url) = config.durable() else { panic!("{:?}", config.durable()) };
        assert_eq!(url.expose(), "mysql://teller:teller@127.0.0.1:3306/teller");
        let Fleeting::Redis(url) = config.fleeting() else { panic!("{:?}", config.fleeting()) };
        assert_eq!(url.expose(), "redis://127.0.0.1:6379");
    }
    assert_eq!(mysql.password, Config::default().password);
    assert_eq!(entry_task.password.scheme, Scheme::Md5Salted);
    assert_eq!((entry_task.http.threads, entry_task.rpc.threads), (1, 1));
}
