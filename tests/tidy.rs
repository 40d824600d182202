//! Reads the sources and keeps the arrows of `ARCHITECTURE.md` and the habits of the code.
//!
//! A rule is a function from a [`Source`] to the numbers of the lines that break it. Every rule is also shown a planted violation
//! and a look-alike that is none: a rule that cannot fail, or that cries wolf, keeps nothing.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/habits.rs"]
mod habits;
#[path = "tidy/ledger.rs"]
mod ledger;
#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::Path;

use source::Source;

/// Fails with the file, the line and the reason of everything in the project that breaks `rule`.
fn keeps(rule: fn(&Source) -> Vec<usize>, reason: &str) {
    let found: Vec<String> = source::project()
        .iter()
        .flat_map(|source| rule(source).into_iter().map(|line| at(source, line)).collect::<Vec<_>>())
        .collect();
    assert!(found.is_empty(), "{reason}\n{}\n", found.join("\n"));
}

fn at(source: &Source, line: usize) -> String {
    let text = source.text.lines().nth(line - 1).unwrap_or_default();
    format!("  {}:{line}: {}", source.path, text.trim())
}

/// `rule` finds exactly `lines` in a file at `path` that reads `text`.
#[track_caller]
fn finds(rule: fn(&Source) -> Vec<usize>, path: &str, text: &str, lines: &[usize]) {
    assert_eq!(rule(&Source::new(path, text)), lines, "{path}:\n{text}");
}

#[test]
fn the_project_is_read() {
    let sources = source::project();
    for path in ["src/lib.rs", "src/main.rs", "rpc/src/lib.rs", "tests/tidy.rs"] {
        assert!(sources.iter().any(|source| source.path == path), "{path} was not read");
    }
}

#[test]
fn layers_see_only_what_lies_below_them() {
    let rule = arrows::layers;
    finds(rule, "src/domain/user.rs", "use crate::api::user;\n", &[1]);
    finds(rule, "src/http/user.rs", "\nuse crate::{api, service::user, domain};\n", &[2]);
    finds(rule, "src/http/user.rs", "use super::super::store::Store;\n", &[1]);
    finds(rule, "src/store/sqlite/mod.rs", "fn f() {\n    crate::service::answer();\n}\n", &[2]);
    finds(rule, "src/service/user.rs", "use crate::{\n    api::user,\n    http::reply,\n};\n", &[3]);
    finds(rule, "src/http/user.rs", "use super::reply;\nuse crate::api::{self, user::service};\n", &[]);
    finds(rule, "src/service/mod.rs", "use self::user::Users;\nuse crate::store::Store;\n", &[]);
    finds(rule, "src/domain/user.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::memory;\n}\n", &[]);
    keeps(
        rule,
        "a layer names one it may not see; tests/tidy/arrows.rs has the table. Move the code, or pass it a value",
    );
}

#[test]
fn the_rpc_crate_knows_nothing_of_teller() {
    let rule = arrows::rpc_alone;
    finds(rule, "rpc/src/client/mod.rs", "use teller::domain::user;\n", &[1]);
    finds(rule, "rpc/benches/calls.rs", "use teller_rpc::Client;\n", &[]);
    keeps(rule, "others use teller-rpc alone: it must not name what is built on it");
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rpc/Cargo.toml")).expect("rpc/Cargo.toml");
    let depends = manifest.lines().any(|line| line.starts_with("teller ") || line.starts_with("teller."));
    assert!(!depends, "rpc/Cargo.toml: teller-rpc must not depend on teller");
}

#[test]
fn every_driver_has_one_home() {
    let rule = arrows::drivers;
    finds(rule, "src/service/user.rs", "use rusqlite::Connection;\n", &[1]);
    finds(rule, "src/app.rs", "fn f() -> redis::Client {}\n", &[1]);
    finds(rule, "src/store/redis/mod.rs", "use deadpool_redis::redis::Script;\n", &[]);
    finds(rule, "src/app/tls.rs", "use rustls::ServerConfig;\nuse teller_rpc::tls::ServerTls;\n", &[1]);
    finds(rule, "src/app.rs", "use crate::store::redis::Redis;\nuse hyper_util::rt::TokioIo;\n", &[]);
    keeps(
        rule,
        "a driver is named outside its store (or hyper outside the front end): the rest knows traits, not drivers",
    );
}

#[test]
fn bincode_is_named_in_the_codec_alone() {
    let rule = habits::codec_alone;
    finds(rule, "rpc/src/frame.rs", "fn f() {\n    bincode::serde::encode();\n}\n", &[2]);
    finds(rule, "rpc/src/codec.rs", "use bincode::config;\n", &[]);
    finds(rule, "rpc/src/lib.rs", "//! Frames with bincode payloads.\n", &[]);
    keeps(rule, "bincode is finished and unmaintained: one file names it, so that one file replaces it");
}

#[test]
fn sql_lives_in_the_sql_folder() {
    let rule = habits::sql;
    finds(rule, "src/store/mysql/user.rs", "fn f() {\n    run(\"SELECT 1\");\n}\n", &[2]);
    finds(rule, "src/store/sqlite/mod.rs", "const A: &str = r#\"\n  insert into users (id) values (?)\"#;\n", &[1]);
    finds(rule, "src/service/user.rs", "run(\"update users set nickname = ?\");\n", &[1]);
    finds(rule, "src/store/mod.rs", "run(\"WITH x AS (SELECT id FROM users) DELETE FROM users\");\n", &[1]);
    finds(
        rule,
        "src/store/mod.rs",
        "// SELECT id FROM users\nlog(\"select a store\"); log(\"update failed, it is away\");\n",
        &[],
    );
    finds(
        rule,
        "src/store/mod.rs",
        "#[cfg(test)]\nmod tests {\n    const A: &str = \"SELECT id FROM users\";\n}\n",
        &[],
    );
    keeps(rule, "SQL is source: statements are named, typed and prepared by a test only when they are under sql/");
}

#[test]
fn what_the_ledger_writes_is_never_written_over() {
    for planted in [
        "UPDATE entries SET amount = 1;",
        "-- name: x\ndelete from transfers\nWHERE id = 1;",
        "INSERT INTO transfer_references (kind) VALUES (1) ON DUPLICATE KEY UPDATE kind = 2;",
        "INSERT OR REPLACE INTO entries (seq) VALUES (1);",
        "SELECT 1;\nUPDATE accounts a JOIN entries e ON e.account_id = a.id SET e.amount = 1;",
        "ALTER TABLE transfers DROP COLUMN amount;",
    ] {
        assert_eq!(ledger::rewrites(planted).len(), 1, "{planted}");
    }
    for harmless in
        ["-- UPDATE entries\nSELECT seq FROM entries;", "UPDATE accounts SET version = 1; SELECT id FROM transfers;"]
    {
        assert_eq!(ledger::rewrites(harmless), [""; 0], "{harmless}");
    }
    let files = ledger::files();
    assert!(files.iter().any(|path| path.ends_with("sql/queries/entry.sql")), "the statements were read");
    for path in files {
        let sql = fs::read_to_string(&path).expect("it can be read");
        assert_eq!(ledger::rewrites(&sql), [""; 0], "{}: the books are append-only", path.display());
    }
}

#[test]
fn http_statuses_are_chosen_in_one_file() {
    let rule = habits::status;
    finds(rule, "src/http/user.rs", "reply(StatusCode::OK)\n", &[1]);
    finds(rule, "src/http/page.rs", "\nResponse::builder().status(404)\n", &[2]);
    finds(rule, "src/http/reply.rs", "StatusCode::OK\n", &[]);
    finds(rule, "src/http/page.rs", "reply.status(status); let status = 2; // StatusCode\n", &[]);
    keeps(rule, "HTTP statuses are chosen in src/http/reply.rs alone, so that one screen shows them all");
}

#[test]
fn nothing_shipped_unwraps() {
    let rule = habits::unwrap;
    finds(rule, "src/app.rs", "let a = b\n    .unwrap();\n", &[2]);
    finds(rule, "src/app.rs", "a.unwrap_or_default(); // .unwrap()\n", &[]);
    finds(
        rule,
        "src/app.rs",
        "#[cfg(test)]\nmod tests {\n    fn f() { a.unwrap(); }\n}\nfn g() { a.unwrap(); }\n",
        &[5],
    );
    finds(rule, "src/app.rs", "#[cfg(not(test))]\nfn f() { a.unwrap(); }\n", &[2]);
    finds(rule, "src/app.rs", "#[cfg(all(test, not(loom)))]\nmod tests {\n    fn f() { a.unwrap(); }\n}\n", &[]);
    finds(rule, "src/app.rs", "#[cfg(any(test, fuzzing))]\nfn f() { a.unwrap(); }\n", &[2]);
    keeps(rule, "unwrap hides why it cannot fail: return the error, or say the proof with expect");
}

#[test]
fn files_fit_in_a_head() {
    let rule = habits::length;
    finds(rule, "src/app.rs", &"\n".repeat(501), &[501]);
    finds(rule, "src/app.rs", &"\n".repeat(500), &[]);
    keeps(rule, "a file over 500 lines does more than one thing: cut it on operations");
}

#[test]
fn nothing_is_left_unfinished() {
    let rule = habits::leftovers;
    finds(rule, "src/app.rs", "fn f() {\n    todo!()\n}\ndbg!(f());\n", &[2, 4]);
    finds(rule, "src/app.rs", "let todo = \"todo!()\"; // dbg!\n", &[]);
    keeps(rule, "unfinished work does not land");
}

#[test]
fn an_ignored_test_says_why() {
    let rule = habits::ignored;
    finds(rule, "tests/users.rs", "#[test]\n#[ignore]\nfn f() {}\n", &[2]);
    finds(rule, "tests/users.rs", "#[cfg_attr(not(unix), ignore)]\n", &[1]);
    finds(rule, "tests/users.rs", "#[ignore = \"needs a browser\"]\nfn ignore() {}\n", &[]);
    keeps(rule, "a test that does not run says why, or nobody will know when it could");
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let rule = habits::headers;
    finds(rule, "src/http/mod.rs", "use std::fmt;\n", &[1]);
    finds(rule, "rpc/src/lib.rs", "//! Frames.\n", &[]);
    keeps(rule, "a map before the territory: a file begins with a `//!` line that says what it is");
}

#[test]
fn imports_name_what_they_bring() {
    let rule = habits::globs;
    finds(rule, "src/app.rs", "use std::fmt;\nuse super::*;\n", &[2]);
    finds(rule, "src/app.rs", "let a = b * c; // use super::*;\n", &[]);
    keeps(rule, "a glob hides where a name comes from");
}

#[test]
fn no_code_is_unsafe() {
    let rule = habits::unsafety;
    finds(rule, "src/app.rs", "#![allow(unsafe_code)]\nfn f() { unsafe { g() } }\n", &[1, 2]);
    finds(rule, "src/app.rs", "#![forbid(unsafe_code)]\n// unsafe\n", &[]);
    keeps(rule, "both crates forbid unsafe code");
    for manifest in ["Cargo.toml", "rpc/Cargo.toml"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest)).expect(manifest);
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest}: takes no lints from the workspace");
        assert!(
            manifest.starts_with("rpc/") || text.contains("unsafe_code = \"forbid\""),
            "{manifest}: does not forbid it"
        );
    }
}

#[test]
fn the_map_names_only_what_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = source::project();
    let is_there = |name: &str| {
        top.join(name).exists()
            || sources.iter().any(|source| format!("/{}", source.path).contains(&format!("/{name}")))
    };
    let is_test = |name: &str| sources.iter().any(|source| source.text.contains(&format!("fn {name}")));
    let wrong = |text: &str| {
        // Between backticks stands code: paths, names of tests (which are sentences), and much else that is not judged.
        let code = text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        code.into_iter().filter(|name| match name {
            name if name.contains([' ', '{', '<']) => false,
            name if name.ends_with(".rs") || name.contains('/') && name.ends_with('/') => !is_there(name),
            name => name.matches('_').count() > 3 && !is_test(name),
        })
    };
    assert_eq!(wrong("`src/lib.rs` `no/such.rs` `a_fact_that_nobody_states` `src/` `no/`").count(), 3);
    for map in ["ARCHITECTURE.md", "README.md"] {
        let text = fs::read_to_string(top.join(map)).expect(map);
        // Fenced blocks are drawings and commands.
        let prose: String = text.split("```").step_by(2).collect();
        let missing: Vec<String> = wrong(&prose).collect();
        assert!(missing.is_empty(), "{map} names what is not there (any more): {missing:?}");
    }
}

#[test]
fn a_source_is_cut_into_code_text_and_tests() {
    let text = "let a = \"x // y\"; /* b /* c */ \"d\" */ let q = '\"'; let e = r#\"f\"g\"#;\nfn l<'a>(s: &'a str) { '\\'' }\n";
    let cut = Source::new("src/app.rs", text);
    assert_eq!(cut.literals, [(1, "x // y".to_owned()), (1, "f\"g".to_owned())]);
    assert_eq!(
        cut.code[0].split_whitespace().collect::<Vec<_>>(),
        "let a = ; let q = ; let e = ;".split(' ').collect::<Vec<_>>()
    );
    assert_eq!(cut.code[1].trim_end(), "fn l<'a>(s: &'a str) {      }");
    let cut = Source::new("src/app.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n");
    assert_eq!(cut.test, [false, true, true, true, true, false]);
}
