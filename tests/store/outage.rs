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
    let own: [(&str, fn()); 3] = [
        ("what_was_acknowledged_outlives_a_killed_server", killed),
        ("a_restart_that_nobody_noticed_costs_no_call", restarted),
        ("a_frozen_server_is_answered_for_in_time", frozen),
    ];
    let shared: [(&str, fn()); 4] = [
        ("a_user_whose_acknowledgement_was_lost_is_created", insert_cut),
        ("a_nickname_whose_commit_was_lost_is_set", commit_cut),
        ("a_locked_row_is_answered_for_in_time", locked),
        ("what_was_begun_is_done_before_the_end", finished),
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

fn restarted() {
    let mut server = Mariadb::start(&[]);
    let database = Database::create_on(&server.url());
    run(async {
        let store = mysql::ready(&database).await;
        let alice = create(&store, "alice").await;
        // All connections are open and idle when the server goes, more of them than a unit of work has tries.
        let calls: JoinSet<_> = (0..40).map(|_| ask(store.clone(), alice)).collect();
        calls.join_all().await;
        server.kill();
        server.run();
        for _ in 0..20 {
            assert_eq!(ask(store.clone(), alice).await.0.expect("no call is lost to a stale connection"), [alice]);
        }
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
        let direct = mysql::ready(&database).await;
        let (alice, bob) = (create(&direct, "alice").await, create(&direct, "bob").await);
        let store = Mysql::open(&database.url(), 4, timeout).expect("open");
        // All connections are open and idle when the server freezes.
        let calls: JoinSet<_> = (0..40).map(|_| ask(store.clone(), alice)).collect();
        calls.join_all().await;
        server.freeze();
        let calls: JoinSet<_> = (0..40).map(|_| ask(store.clone(), alice)).collect();
        for (answer, took) in calls.join_all().await {
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
            assert!(took < timeout * 3, "{took:?}");
        }
        // Whoever asks for bob is never answered with alice, who was asked for on the connections of before. Nothing tells when these
        // questions are on their way, so they get a moment.
        let calls: JoinSet<_> = (0..40).map(|_| ask(store.clone(), bob)).collect();
        tokio::time::sleep(timeout / 4).await;
        server.thaw();
        for (answer, _) in calls.join_all().await {
            assert!(answer.as_ref().map_or(true, |found| *found == [bob]), "{answer:?}");
        }
        until(|| async { ask(store.clone(), bob).await.0.is_ok() }).await;
    });
}

async fn ask(store: Mysql, user: UserId) -> (Result<Vec<UserId>, StoreError>, Duration) {
    let begun = Instant::now();
    let found = store.profiles(&[user]).await;
    (found.map(|found| found.into_iter().map(|profile| profile.id).collect()), begun.elapsed())
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
        let alice = create(&direct, "alice").await;
        let (cut, store) = through_cut(&database, b"COMMIT").await;
        let after = rename(&store, alice).await.expect("set_nickname");
        assert!(cut.happened());
        assert_eq!(direct.profiles(&[alice]).await.expect("profiles"), [after]);
    });
}

fn locked() {
    let database = Database::create();
    run(async {
        let alice = create(&mysql::ready(&database).await, "alice").await;
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

/// Its caller is gone, the row that it wants is locked, and the process is about to end.
fn finished() {
    let database = Database::create();
    run(async {
        let store = mysql::ready(&database).await;
        let alice = create(&store, "alice").await;
        let mut other = mysql_async::Conn::from_url(database.url()).await.expect("connect");
        let mut lock = other.start_transaction(mysql_async::TxOpts::default()).await.expect("begin");
        let sql = "SELECT id FROM users FOR UPDATE";
        mysql_async::prelude::Queryable::query_drop(&mut lock, sql).await.expect("lock");
        {
            // Polled once, which begins it, and dropped.
            let mut renaming = std::pin::pin!(rename(&store, alice));
            tokio::select! {
                biased;
                _ = &mut renaming => panic!("the row is locked"),
                () = std::future::ready(()) => {}
            }
        }
        let mut finish = std::pin::pin!(store.finish());
        tokio::select! {
            biased;
            () = &mut finish => panic!("the change is not done"),
            () = std::future::ready(()) => {}
        }
        assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))), "nothing more is begun");
        lock.rollback().await.expect("unlock");
        finish.await;
        let found = mysql::ready(&database).await.profiles(&[alice]).await.expect("profiles");
        assert_eq!(found[0].nickname, "queen");
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

async fn create(store: &Mysql, name: &str) -> UserId {
    match store.insert_user(user(name)).await.expect("insert_user") {
        Inserted::Created(user) => user,
        Inserted::Taken => panic!("{name} is taken"),
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
