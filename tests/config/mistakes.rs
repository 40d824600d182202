//! Wrong keys, wrong types, broken files: what is said of them.

use crate::{Folder, load, load_text, refusal};

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_right_one() {
    for (text, line, written, nearest) in [
        ("# first\n[http]\nlisten = '127.0.0.1:1'\nlisen = 1\n", 4, "http.lisen", "http.listen"),
        ("\n\nenviroment = 'production'", 3, "enviroment", "environment"),
        ("[http]\nbackends = []", 2, "http.backends", "rpc.backends"),
        ("http.request_timeout = 5", 1, "http.request_timeout", "http.request_timeout_ms"),
        ("[store]\n[store.mysql]\nurl = ''", 2, "store.mysql", "store.url"),
        ("[htpp]\nlisten = ''", 1, "htpp", "http"),
    ] {
        let said = refusal(load_text(text));
        assert!(said.starts_with(&format!("there is no setting {written} (")), "{said}");
        assert!(said.contains(&format!("teller.toml:{line})")), "{said}");
        assert!(said.contains(&format!("the nearest is {nearest};")), "{said}");
    }
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_right_one() {
    for (name, nearest) in [
        ("TELLER_HTTP_LISEN", "TELLER_HTTP_LISTEN"),
        ("TELLER_CONFG", "TELLER_CONFIG"),
        ("TELLER_STORE__URL", "TELLER_STORE_URL"),
    ] {
        let said = refusal(load(None, &[(name, "x")], &[]));
        assert!(said.starts_with(&format!("there is no setting {name} (environment {name})")), "{said}");
        assert!(said.contains(&format!("the nearest is {nearest};")), "{said}");
    }
}

#[test]
fn variables_of_others_and_of_tests_are_passed_over() {
    let variables = [("TELLER_TEST_MYSQL_URL", "x"), ("TELLER_CONFIG", "x"), ("TELLERS", "x"), ("PATH", "x")];
    load(None, &variables, &[]).expect("none of them is a setting");
}

#[test]
fn a_wrong_type_is_refused_with_the_key_the_place_and_the_rule() {
    for (text, said_of_it) in [
        ("[http]\nthreads = '4'", "http.threads = \"4\" must be a whole number from 0 to 1024 ("),
        ("[http]\nthreads = 1.5", "http.threads = 1.5 must be a whole number from 0 to 1024 ("),
        ("[http]\nbehind_proxy = 1", "http.behind_proxy = 1 must be true or false ("),
        ("[rpc]\nbackends = 'a:1'", "rpc.backends = \"a:1\" must be a list of host:port"),
        ("[rpc]\nbackends = [1]", "rpc.backends = [1] must be a list of host:port"),
        ("\n[http.listen]\nport = 1", "http.listen = { port = 1 } must be an IP address and a port"),
        ("\nhttp = 3", "http must be a section ("),
    ] {
        let said = refusal(load_text(text));
        assert!(said.starts_with(said_of_it) && said.contains("teller.toml:2)"), "{said}");
    }
    let said = refusal(load(None, &[("TELLER_HTTP_THREADS", "four")], &[]));
    assert!(said.starts_with("http.threads = \"four\" must be a whole number"), "{said}");
    assert!(said.contains("(environment TELLER_HTTP_THREADS)"), "{said}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named_with_the_line() {
    let said = refusal(load(Some(&Folder::new().0.path().join("none.toml")), &[], &[]));
    assert!(said.starts_with("cannot read ") && said.contains("none.toml: "), "{said}");
    let said = refusal(load_text("[http]\nthreads = = 1\n"));
    assert!(said.contains("teller.toml:2: "), "{said}");
    let said = refusal(load_text("[http]\nthreads = 1\nthreads = 1\n"));
    assert!(said.contains("teller.toml:3: "), "{said}");
}
