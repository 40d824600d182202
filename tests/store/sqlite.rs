//! SQLite, in a file and in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rusqlite::Connection;
use teller::domain::time::Timestamp;
use teller::domain::user::Nickname;
use teller::store::contract;
use teller::store::queries::sqlite::STATEMENTS;
use teller::store::sqlite::Sqlite;
use teller::store::{Inserted, Store, StoreError};
use tokio::task::JoinSet;

use crate::support::run;
use crate::{TIMEOUT, trial, user};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let promises = || {
        contract::store::promises::<Sqlite>()
            .into_iter()
            .chain(contract::ledger::promises())
            .chain(contract::payment::promises())
            .chain(contract::refund::promises())
            .chain(contract::webhook::promises())
            .chain(contract::grant::promises())
    };
    for promise in promises() {
        let name = format!("sqlite::{}", promise.name);
        trials.push(trial(name, Ok(()), move || {
            on_file(|store, _| run(async { (promise.check)(ready(store).await).await }))
        }));
    }
    for promise in promises() {
        let name = format!("memory::{}", promise.name);
        let test = move || run(async { (promise.check)(ready(Sqlite::memory(TIMEOUT).expect("open")).await).await });
        trials.push(trial(name, Ok(()), test));
    }
    let tests: [(&str, fn()); 5] = [
        ("what_was_acknowledged_is_there_when_opened_again", acknowledged_is_kept),
        ("the_files_are_for_their_owner_alone", files_are_private),
        ("every_statement_is_prepared_and_has_its_columns", statements_are_prepared),
        ("a_locked_database_is_answered_for_in_time", a_lock_ends_in_time),
        ("two_that_write_to_one_file_at_once_lose_nothing_and_refuse_nobody", two_writers_share_a_file),
    ];
    trials.extend(tests.map(|(name, test)| trial(format!("sqlite::{name}"), Ok(()), test)));
    trials
}

fn acknowledged_is_kept() {
    on_file(|store, path| {
        run(async {
            let created = ready(store).await.insert_user(user("alice")).await.expect("insert_user");
            let again = Sqlite::open(path, 1, TIMEOUT).expect("open");
            let found = again.credentials("alice").await.expect("credentials").expect("alice is there");
            assert_eq!(created, Inserted::Created(found.user));
        });
    });
}

fn files_are_private() {
    on_file(|store, path| {
        run(async {
            let store = ready(store).await;
            store.insert_user(user("alice")).await.expect("insert_user");
            let mut modes = Vec::new();
            for entry in fs::read_dir(path.parent().expect("a folder")).expect("read_dir") {
                let entry = entry.expect("an entry");
                modes.push((entry.file_name(), entry.metadata().expect("metadata").permissions().mode() & 0o777));
            }
            assert_eq!(modes.len(), 3, "the database, its log and the log's index: {modes:?}");
            assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
        });
    });
}

fn statements_are_prepared() {
    on_file(|store, path| {
        run(async { drop(ready(store).await) });
        let db = Connection::open(path).expect("open");
        for statement in STATEMENTS {
            for text in statement.texts {
                let prepared = db.prepare(text).expect(statement.name);
                assert_eq!(prepared.column_names().collect::<Vec<_>>(), statement.columns, "{}", statement.name);
            }
        }
    });
}

fn a_lock_ends_in_time() {
    let timeout = Duration::from_millis(200);
    on_file(|store, path| {
        run(async {
            drop(ready(store).await);
            let store = Sqlite::open(path, 1, timeout).expect("open");
            let other = Connection::open(path).expect("open");
            other.execute_batch("BEGIN IMMEDIATE").expect("lock");
            let begun = Instant::now();
            let refused = store.insert_user(user("alice")).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            assert!(begun.elapsed() < timeout * 5, "{:?}", begun.elapsed());
            store.ping().await.expect("readers do not wait for a writer");
            other.execute_batch("ROLLBACK").expect("unlock");
            store.insert_user(user("bob")).await.expect("insert_user");
        });
    });
}

/// As two backends with one data folder do.
fn two_writers_share_a_file() {
    const CALLERS: u64 = 32;
    const CHANGES: u64 = 20;
    on_file(|store, path| {
        run(async {
            let one = ready(store).await;
            let other = Sqlite::open(path, 2, TIMEOUT).expect("open");
            let Inserted::Created(alice) = one.insert_user(user("alice")).await.expect("insert_user") else {
                panic!("alice is taken");
            };
            let nickname = Nickname::parse("queen").expect("a nickname");
            let mut callers = JoinSet::new();
            for number in 0..CALLERS {
                let (store, nickname) = (if number % 2 == 0 { one.clone() } else { other.clone() }, nickname.clone());
                callers.spawn(async move {
                    for _ in 0..CHANGES {
                        store.set_nickname(alice, &nickname, Timestamp(1)).await.expect("set_nickname").expect("alice");
                    }
                });
            }
            callers.join_all().await;
            for store in [one, other] {
                assert_eq!(store.profiles(&[alice]).await.expect("profiles")[0].version, 1 + CALLERS * CHANGES);
            }
        });
    });
}

async fn ready(store: Sqlite) -> Sqlite {
    store.migrate().await.expect("migrate");
    store
}

fn on_file(test: impl FnOnce(Sqlite, &Path)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("teller.db");
    test(Sqlite::open(&path, 2, TIMEOUT).expect("open"), &path);
}
