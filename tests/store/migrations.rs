//! Migrations: by several processes at once, changed, unknown, interrupted.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;
use rusqlite::Connection;
use teller::store::migrations::{MYSQL, Migration, SQLITE};
use teller::store::mysql::Mysql;
use teller::store::sqlite::Sqlite;
use teller::store::{Store, StoreError};

use crate::support::mysql::{Database, available};
use crate::support::run;
use crate::{TIMEOUT, trial};

/// Set for a child process, which migrates this database and prints how many migrations it applied.
const CHILD: &str = "TELLER_TEST_MIGRATE";
const AT_ONCE: usize = 4;

pub fn trials() -> Vec<Trial> {
    let sqlite: [(&str, fn()); 3] = [
        ("processes_at_once_apply_each_migration_once", sqlite_at_once),
        ("a_changed_migration_is_refused_by_name", sqlite_changed),
        ("a_newer_database_is_refused", sqlite_newer),
    ];
    let mysql: [(&str, fn()); 4] = [
        ("processes_at_once_apply_each_migration_once", mysql_at_once),
        ("a_changed_migration_is_refused_by_name", mysql_changed),
        ("a_newer_database_is_refused", mysql_newer),
        ("an_interrupted_migration_goes_on_where_it_stopped", mysql_interrupted),
    ];
    let sqlite = sqlite.map(|(name, test)| trial(format!("sqlite::{name}"), Ok(()), test));
    let mysql = mysql.map(|(name, test)| trial(format!("mysql::{name}"), available(), test));
    sqlite.into_iter().chain(mysql).collect()
}

/// Does the work of a child process, if this is one.
pub fn is_child() -> bool {
    let Ok(url) = env::var(CHILD) else { return false };
    run(async {
        let applied = if url.starts_with("mysql://") {
            Mysql::open(&url, 1, TIMEOUT).expect("open").migrate().await
        } else {
            Sqlite::open(Path::new(&url), 1, TIMEOUT).expect("open").migrate().await
        };
        println!("{}", applied.expect("migrate"));
    });
    true
}

/// How many migrations several processes applied together.
fn applied_at_once(url: &str) -> usize {
    let this = env::current_exe().expect("it runs");
    let child = || Command::new(&this).env(CHILD, url).stdout(Stdio::piped()).spawn().expect("a child");
    let children: Vec<_> = (0..AT_ONCE).map(|_| child()).collect();
    let mut applied = 0;
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        applied += String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().expect("a number");
    }
    applied
}

fn sqlite_at_once() {
    on_file(|path| assert_eq!(applied_at_once(&path.display().to_string()), SQLITE.len()));
}

fn mysql_at_once() {
    assert_eq!(applied_at_once(&Database::create().url()), MYSQL.len());
}

fn sqlite_changed() {
    on_file(|path| {
        run(async {
            let store = Sqlite::open(path, 1, TIMEOUT).expect("open");
            store.migrate().await.expect("migrate");
            let refused = store.migrate_to(changed(SQLITE)).await.map_err(cause);
            assert_eq!(refused, Err(format!("{} was changed after it was applied{FIX}", SQLITE[0].name)));
        });
    });
}

fn mysql_changed() {
    let database = Database::create();
    run(async {
        let store = Mysql::open(&database.url(), 2, TIMEOUT).expect("open");
        store.migrate().await.expect("migrate");
        let refused = store.migrate_to(changed(MYSQL)).await.map_err(cause);
        assert_eq!(refused, Err(format!("{} was changed after it was applied{FIX}", MYSQL[0].name)));
    });
}

const FIX: &str = ": restore it, and put the change into a new migration";
const NEWER: &str = "INSERT INTO schema_migrations VALUES (9999, 'sql/9999_later.sql', 'x', 1, 1)";

fn sqlite_newer() {
    on_file(|path| {
        run(async {
            let store = Sqlite::open(path, 1, TIMEOUT).expect("open");
            store.migrate().await.expect("migrate");
            Connection::open(path).expect("open").execute(NEWER, []).expect("insert");
            let refused = store.migrate().await.map_err(cause).expect_err("it is newer");
            assert!(refused.contains("sql/9999_later.sql") && refused.contains("update the program"), "{refused}");
        });
    });
}

fn mysql_newer() {
    let database = Database::create();
    run(async {
        let store = Mysql::open(&database.url(), 2, TIMEOUT).expect("open");
        store.migrate().await.expect("migrate");
        database.execute(NEWER).await;
        let refused = store.migrate().await.map_err(cause).expect_err("it is newer");
        assert!(refused.contains("sql/9999_later.sql") && refused.contains("update the program"), "{refused}");
    });
}

/// Died after the second of three statements took effect and before that was recorded.
fn mysql_interrupted() {
    const THREE: &[Migration] = &[Migration {
        number: 1,
        name: "sql/mysql/0001_three.sql",
        text: "CREATE TABLE one (id INT);\nALTER TABLE one ADD COLUMN two INT;\nCREATE TABLE three (id INT);\n",
    }];
    let database = Database::create();
    run(async {
        let store = Mysql::open(&database.url(), 2, TIMEOUT).expect("open");
        assert_eq!(store.migrate_to(THREE).await.expect("migrate"), 1);
        database.execute("DROP TABLE three").await;
        database.execute("UPDATE schema_migrations SET statements_done = 1, finished_at = NULL").await;
        assert_eq!(store.migrate_to(THREE).await.expect("migrate"), 1);
        database.execute("INSERT INTO three VALUES (1)").await;
        assert_eq!(store.migrate_to(THREE).await.expect("migrate"), 0);
    });
}

fn changed(known: &[Migration]) -> &'static [Migration] {
    let changed: Vec<_> = known.iter().map(|one| Migration { text: "SELECT 1;", ..*one }).collect();
    changed.leak()
}

fn cause(error: StoreError) -> String {
    match error {
        StoreError::Refused(cause) | StoreError::Unavailable(cause) => cause.to_string(),
    }
}

fn on_file(test: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(&folder.path().join("teller.db"));
}
