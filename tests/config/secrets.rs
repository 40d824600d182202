//! Secrets are in no text, and may come from files.

use teller::config::environment::variable;

use crate::{Folder, load, load_text, refusal, setting};

const CANARY: &str = "canary-canary-canary-canary-canary";

fn urls() -> [(&'static str, String); 3] {
    [
        ("rpc.secret", CANARY.to_owned()),
        ("store.url", format!("mysql://teller:{CANARY}@db/teller")),
        ("volatile.url", format!("redis://:{CANARY}@db")),
    ]
}

#[test]
fn no_secret_is_printed_wherever_it_came_from() {
    for (key, text) in urls() {
        let folder = Folder::new();
        let file = folder.write("teller.toml", &format!("{key} = '{text}'"));
        let apart = folder.write("secret", &format!("{text}\n"));
        let apart = format!("{key}_file = '{}'", apart.display());
        for (config, values) in [
            load(Some(&file), &[], &[]),
            load(None, &[(&variable(key), &text)], &[]),
            load(None, &[], &[(key, &text)]),
            load_text(&apart),
        ]
        .map(|loaded| loaded.expect("the secret is right"))
        {
            assert_eq!(setting(&values, key).value.as_str(), Some(text.as_str()));
            let (debug, printed) = (format!("{config:?}{config:#?}"), values.to_toml());
            assert!(!debug.contains("canary"), "{debug}");
            assert!(!printed.contains("canary") && printed.contains("***"), "{printed}");
        }
    }
}

#[test]
fn no_secret_is_in_what_is_said_of_a_wrong_one() {
    let long = CANARY.repeat(40);
    for (key, text) in [
        ("rpc.secret", "canary"),
        ("rpc.secret", &long),
        ("store.url", "mysql//teller:canary@db/teller"),
        ("store.url", "mysql://teller:canary"),
        ("store.url", "postgres://teller:canary@db/teller"),
        ("store.url", "teller:canary@db"),
        ("volatile.url", "rediss://:canary@db"),
    ] {
        for loaded in [
            load(None, &[], &[(key, text)]),
            load(None, &[(&variable(key), text)], &[]),
            load_text(&format!("{key} = '{text}'")),
            load_text(&format!("{key} = ['{text}']")),
            load_text(&format!("{key} = '{text}")),
            load_text(&format!("{key} = {text}")),
            load_text(&format!("{key} = '{text}' '")),
        ] {
            let error = loaded.map(|_| ()).expect_err(text);
            let said = format!("{error} {error:?} {error:#?} {:?}", error.fix());
            assert!(!said.contains("canary"), "{said}");
        }
    }
}

#[test]
fn what_stands_for_a_hidden_secret_is_refused_when_it_comes_back() {
    for (key, text) in urls() {
        let (_, values) = load(None, &[], &[(key, &text)]).expect("the secret is right");
        let said = refusal(load_text(&values.to_toml()));
        assert!(said.contains(key) && said.contains("***"), "{said}");
    }
}

#[test]
fn a_secret_from_a_file_says_so_and_prints_as_the_file_alone() {
    let folder = Folder::new();
    let path = folder.write("secret", &format!("{CANARY}\r\n"));
    let (config, values) =
        load(None, &[("TELLER_RPC_SECRET_FILE", &path.display().to_string())], &[]).expect("it loads");
    assert_eq!(config.rpc.secret.expose(), CANARY);
    let origin = values.origin("rpc.secret").to_string();
    assert_eq!(origin, format!("{}, named by rpc.secret_file", path.display()));
    let (again, _) = load_text(&values.to_toml()).expect("the file is read again");
    assert_eq!(config, again);
}

#[test]
fn of_a_secret_and_its_file_the_later_layer_wins_and_one_layer_may_not_have_both() {
    let folder = Folder::new();
    let path = folder.write("url", "mysql://teller:teller@db/teller");
    let file = folder.write("teller.toml", &format!("store.url_file = '{}'", path.display()));
    let (config, _) = load(Some(&file), &[], &[("store.url", "memory")]).expect("it loads");
    assert_eq!((config.store.url.expose(), config.store.url_file.as_os_str().is_empty()), ("memory", true));
    let file = folder.write("teller.toml", "store.url = 'memory'");
    let (config, _) = load(Some(&file), &[], &[("store.url_file", &path.display().to_string())]).expect("it loads");
    assert_eq!(config.store.url.expose(), "mysql://teller:teller@db/teller");
    let said = refusal(load(None, &[("TELLER_STORE_URL", "memory"), ("TELLER_STORE_URL_FILE", "x")], &[]));
    assert!(said.starts_with("store.url and store.url_file are both set"), "{said}");
}

#[test]
fn a_secret_file_that_is_missing_or_wrong_is_named() {
    let said = refusal(load(None, &[], &[("rpc.secret_file", "/nowhere/secret")]));
    assert!(said.starts_with("cannot read /nowhere/secret"), "{said}");
    let folder = Folder::new();
    let path = folder.write("secret", "short\n");
    let said = refusal(load(None, &[], &[("rpc.secret_file", &path.display().to_string())]));
    assert!(
        said.starts_with("rpc.secret must be") && said.contains("named by rpc.secret_file") && !said.contains("short"),
        "{said}"
    );
}
