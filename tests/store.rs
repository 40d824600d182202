//! The promises of the stores on real databases, and what must hold when a database misbehaves.

mod support;

use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use teller::store::Store;
use teller::store::contract::store::promises;
use teller::store::sqlite::Sqlite;

const TIMEOUT: Duration = Duration::from_millis(1500);

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for promise in promises::<Sqlite>() {
        trials.push(Trial::test(format!("sqlite::{}", promise.name), move || {
            support::run(async move {
                let folder = tempfile::tempdir().expect("a folder");
                let store = Sqlite::open(&folder.path().join("t.db"), 2, TIMEOUT).expect("open");
                store.migrate().await.expect("migrate");
                (promise.check)(store).await;
            });
            Ok(())
        }));
    }
    for promise in promises::<Sqlite>() {
        trials.push(Trial::test(format!("memory::{}", promise.name), move || {
            support::run(async move {
                let store = Sqlite::memory(TIMEOUT).expect("open");
                store.migrate().await.expect("migrate");
                (promise.check)(store).await;
            });
            Ok(())
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
