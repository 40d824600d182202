//! MySQL when the server dies, freezes, or breaks a connection at the worst moment.

use std::future::Future;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use teller::domain::time::Timestamp;
use teller::domain::user::{Nickname, UserId};
use teller::store::mysql::Mysql;
use teller::store::{Inserted, Store, StoreError};
use tokio::task::JoinSet;

use crate::support::cut::Cut;
use crate::support::mariadb::{Mariadb, installed};
use crate::support::mysql::{Database, available};
use crate::support::run;
use crate::{TIMEOUT, mysql, trial, user};

pub fn trials() -> Vec<Trial> {
    let own: [(&str, fn()); 2] = [
        ("what_was_acknowledged_outlives_a_killed_server", killed),
        ("a_frozen_server_is_answered_for_in_time", frozen),
    ];
    let shared: [(&str, fn()); 3] = [
        ("a_user_whose_acknowledgement_was_lost_is_created", insert_cut),
        ("a_nickname_whose_commit_was_lost_is_set", commit_cut),
        ("a_locked_row_is_answered_for_in_time", locked),
    ];
    let own = own.map(|(name, test)| trial(format!("mysql::{name}"), installed().map(drop), test));
    let shared = shared.map(|(name, test)| trial(format!("mysql::{name}"), available(), test));
    own.into_iter().chain(shared).collect()
}

fn killed() {
    let mut server = Mariadb::start(&[]);
    let database = Database::create_on(&server.url());
    run(async {
        let store = mysql::ready(&database).await;
        let writers = writers(&store, 8);
        until(|| async { store.credentials("user_0_20").await.is_ok_and(|found| found.is_some()) }).await;
        server.kill();
        let acknowledged: Vec<String> = writers.join_all().await.into_iter().flatten().collect();
        let begun = Instant::now();
        assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        server.run();
        store.ping().await.expect("it recovers by itself");
        for name in &acknowledged {
            assert!(store.credentials(name).await.expect("credentials").is_some(), "{name} was acknowledged");
        }
        assert!(acknowledged.len() >= 20);
    });
}

/// Each creates users until the server is gone, and returns those that were acknowledged.
fn writers(store: &Mysql, count: usize) -> JoinSet<Vec<String>> {
    let mut writers = JoinSet::new();
    for writer in 0..count {
        let store = store.clone();
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            loop {
                let name = format!("user_{writer}_{}", acknowledged.len());
                match store.insert_user(user(&name)).await {
                    Ok(Inserted::Created(_)) => acknowledged.push(name),
                    Ok(Inserted::Taken) => panic!("{name} is taken"),
                    Err(_) => return acknowledged,
                }
            }
        });
    }
    writers
}

fn frozen() {
    let timeout = Duration::from_millis(400);
    let server = Mariadb::start(&[]);
    let database = Database::create_on(&server.url());
    run(async {
        let alice = alice(&mysql::ready(&database).await).await;
        let store = Mysql::open(&database.url(), 4, timeout).expect("open");
        store.ping().await.expect("ping");
        server.freeze();
        let mut callers = JoinSet::new();
        for _ in 0..40 {
            let store = store.clone();
            callers.spawn(async move {
                let begun = Instant::now();
                (store.profiles(&[alice]).await, begun.elapsed())
            });
        }
        for (answer, took) in callers.join_all().await {
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
            assert!(took < timeout * 3, "{took:?}");
        }
        server.thaw();
        until(|| async { store.ping().await.is_ok() }).await;
        // No connection is left over that would answer a call from before.
        for _ in 0..20 {
            let found = store.profiles(&[alice]).await.expect("profiles");
            assert_eq!(found.iter().map(|profile| profile.id).collect::<Vec<_>>(), [alice]);
        }
    });
}

fn insert_cut() {
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let (cut, store) = through_cut(&database, b"cut_me").await;
        let created = store.insert_user(user("cut_me")).await.expect("insert_user");
        assert!(cut.happened());
        let found = direct.credentials("cut_me").await.expect("credentials").expect("it was created");
        assert_eq!(created, Inserted::Created(found.user));
        assert_eq!(store.insert_user(user("cut_me")).await.expect("insert_user"), Inserted::Taken);
    });
}

fn commit_cut() {
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let alice = alice(&direct).await;
        let (cut, store) = through_cut(&database, b"COMMIT").await;
        let after = rename(&store, alice).await.expect("set_nickname");
        assert!(cut.happened());
        assert_eq!(direct.profiles(&[alice]).await.expect("profiles"), [after]);
    });
}

fn locked() {
    let database = Database::create();
    run(async {
        let alice = alice(&mysql::ready(&database).await).await;
        let timeout = Duration::from_millis(300);
        let store = Mysql::open(&database.url(), 2, timeout).expect("open");
        store.ping().await.expect("ping");
        let mut other = mysql_async::Conn::from_url(database.url()).await.expect("connect");
        let mut lock = other.start_transaction(mysql_async::TxOpts::default()).await.expect("begin");
        let sql = "SELECT id FROM users FOR UPDATE";
        mysql_async::prelude::Queryable::query_drop(&mut lock, sql).await.expect("lock");
        let begun = Instant::now();
        let refused = rename(&store, alice).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(begun.elapsed() < timeout * 3, "{:?}", begun.elapsed());
        lock.rollback().await.expect("unlock");
        until(|| async { rename(&store, alice).await.is_ok() }).await;
    });
}

/// The store behind a connection that is cut at `marker`.
async fn through_cut(database: &Database, marker: &'static [u8]) -> (Cut, Mysql) {
    let options = mysql_async::Opts::from_url(&database.url()).expect("a URL");
    let server = format!("{}:{}", options.ip_or_hostname(), options.tcp_port());
    let cut = Cut::between(server.clone(), marker).await;
    let url = database.url().replace(&server, &cut.address.to_string());
    (cut, Mysql::open(&url, 2, TIMEOUT).expect("open"))
}

async fn alice(store: &Mysql) -> UserId {
    match store.insert_user(user("alice")).await.expect("insert_user") {
        Inserted::Created(user) => user,
        Inserted::Taken => panic!("alice is taken"),
    }
}

async fn rename(store: &Mysql, user: UserId) -> Result<teller::domain::user::Profile, StoreError> {
    let nickname = Nickname::parse("queen").expect("a nickname");
    Ok(store.set_nickname(user, &nickname, Timestamp(1)).await?.expect("the user is there"))
}

/// Waits for a fact.
async fn until<F: Future<Output = bool>>(fact: impl Fn() -> F) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !fact().await {
        assert!(Instant::now() < patience, "it never came to be");
    }
}
