//! The promises of the stores on real databases, and what must hold when a database misbehaves.
//!
//! Tests that need a MySQL server start a MariaDB of their own, or use the one of `TELLER_TEST_MYSQL_URL`; where neither can be had
//! they are listed as ignored, with the reason.

#[path = "store/large.rs"]
mod large;
#[path = "store/ledger.rs"]
mod ledger;
#[path = "store/migrations.rs"]
mod migrations;
#[path = "store/mysql.rs"]
mod mysql;
#[path = "store/outage.rs"]
mod outage;
#[path = "store/sqlite.rs"]
mod sqlite;
mod support;

use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use teller::domain::time::Timestamp;
use teller::domain::user::Role;
use teller::store::{Contact, NewUser};

/// More than a busy machine needs: a test that means a time-out sets its own.
const TIMEOUT: Duration = Duration::from_secs(10);

fn main() {
    if migrations::is_child() {
        return;
    }
    let arguments = Arguments::from_args();
    let trials =
        [sqlite::trials(), mysql::trials(), migrations::trials(), outage::trials(), ledger::trials(), large::trials()];
    let conclusion = libtest_mimic::run(&arguments, trials.into_iter().flatten().collect());
    support::mysql::end();
    conclusion.exit();
}

/// A test, or a line that says why it cannot run.
fn trial(name: String, possible: Result<(), String>, test: impl FnOnce() + Send + 'static) -> Trial {
    match possible {
        Ok(()) => Trial::test(name, || {
            test();
            Ok(())
        }),
        Err(why) => Trial::test(name, move || Err("it cannot run here".into())).with_kind(why).with_ignored_flag(true),
    }
}

fn user(name: &str) -> NewUser {
    NewUser {
        id: None,
        user_name: name.to_owned(),
        nickname: "nick".to_owned(),
        password_hash: format!("hash of {name}"),
        role: Role::Customer,
        contact: Contact::default(),
        created_at: Timestamp(1_760_000_000_000_000),
    }
}
