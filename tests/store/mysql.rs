//! MySQL and MariaDB, while all is well with the server.

use std::collections::BTreeSet;

use libtest_mimic::Trial;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use teller::domain::time::Timestamp;
use teller::domain::user::Nickname;
use teller::store::contract;
use teller::store::mysql::Mysql;
use teller::store::queries::mysql::STATEMENTS;
use teller::store::{Inserted, Store, StoreError};

use crate::support::mariadb::{self, Mariadb};
use crate::support::mysql::{Database, available};
use crate::support::run;
use crate::{TIMEOUT, trial, user};

const CONNECTIONS: usize = 8;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for promise in contract::store::promises::<Mysql>()
        .into_iter()
        .chain(contract::ledger::promises())
        .chain(contract::grant::promises())
        .chain(contract::payment::promises())
        .chain(contract::refund::promises())
        .chain(contract::webhook::promises())
    {
        let test = move || {
            let database = Database::create();
            run(async { (promise.check)(ready(&database).await).await });
        };
        trials.push(trial(format!("mysql::{}", promise.name), available(), test));
    }
    let shared: [(&str, fn()); 2] = [
        ("every_statement_is_prepared_and_has_its_columns", statements_are_prepared),
        ("a_deadlock_is_tried_again_and_never_seen", deadlocks_are_tried_again),
    ];
    trials.extend(shared.map(|(name, test)| trial(format!("mysql::{name}"), available(), test)));
    let own: [(&str, fn()); 2] =
        [("safe_settings_are_accepted", safe_settings), ("unsafe_settings_are_refused_with_the_fix", unsafe_settings)];
    let possible = || mariadb::installed().map(drop);
    trials.extend(own.map(|(name, test)| trial(format!("mysql::{name}"), possible(), test)));
    trials
}

/// The store on a migrated database.
pub async fn ready(database: &Database) -> Mysql {
    let store = Mysql::open(&database.url(), CONNECTIONS, TIMEOUT).expect("open");
    store.migrate().await.expect("migrate");
    store
}

fn statements_are_prepared() {
    let database = Database::create();
    run(async {
        ready(&database).await;
        let mut db = Conn::from_url(database.url()).await.expect("connect");
        let mut names = BTreeSet::new();
        for statement in STATEMENTS {
            for text in statement.texts {
                let prepared = db.prep(*text).await.expect(statement.name);
                let columns: Vec<_> = prepared.columns().iter().map(|one| one.name_str().to_lowercase()).collect();
                assert_eq!(columns, statement.columns, "{}", statement.name);
                db.close(prepared).await.expect("close");
            }
            assert!(names.insert(statement.name));
        }
    });
}

fn deadlocks_are_tried_again() {
    let database = Database::create();
    run(async {
        let store = ready(&database).await;
        let Inserted::Created(alice) = store.insert_user(user("alice")).await.expect("insert_user") else {
            panic!("alice is taken");
        };
        database.deadlock("UPDATE", "users", 2).await;
        let nickname = Nickname::parse("queen").expect("a nickname");
        let after = store.set_nickname(alice, &nickname, Timestamp(1)).await.expect("set_nickname").expect("alice");
        assert_eq!((after.nickname.as_str(), after.version), ("queen", 2));
    });
}

fn safe_settings() {
    let server = Mariadb::start(&[]);
    let database = Database::create_on(&server.url());
    run(async {
        let store = ready(&database).await;
        assert_eq!(store.check_settings(true).await.expect("all is safe"), []);
    });
}

fn unsafe_settings() {
    let server = Mariadb::start(&["--innodb-flush-log-at-trx-commit=2", "--local-infile=ON"]);
    let database = Database::create_on(&server.url());
    run(async {
        let store = ready(&database).await;
        let Err(StoreError::Refused(cause)) = store.check_settings(true).await else {
            panic!("unsafe settings are accepted");
        };
        let cause = cause.to_string();
        for fix in ["SET GLOBAL innodb_flush_log_at_trx_commit = 1", "SET GLOBAL local_infile = 0"] {
            assert!(cause.contains(fix), "{cause}");
        }
        let found = store.check_settings(false).await.expect("only told");
        let names: Vec<_> = found.iter().map(|setting| setting.name).collect();
        assert_eq!(names, ["innodb_flush_log_at_trx_commit", "local_infile"]);
    });
}
