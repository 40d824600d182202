//! The ledger on MySQL when locks fail, commits are lost, connections break and servers freeze: no money is lost or doubled.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, iter};

use libtest_mimic::Trial;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use teller::domain::account::AccountId;
use teller::domain::asset::Asset;
use teller::domain::effects::{Found, Wants};
use teller::domain::user::UserId;
use teller::store::ledger::{Batch, Decision, LedgerStore, NoAnswer};
use teller::store::mysql::Mysql;
use tokio::task::JoinSet;

use crate::support::mariadb::{Mariadb, installed};
use crate::support::moves::{Books, Move, Moved, Moves, NOW};
use crate::support::mysql::{Database, available};
use crate::support::run;
use crate::support::sever::{self, Break};
use crate::{TIMEOUT, mysql, trial};

/// Seconds that transfers run against each other; a few unless told.
const SECONDS: &str = "TELLER_TEST_DEADLOCK_SECONDS";
const START: i128 = 1_000_000;

pub fn trials() -> Vec<Trial> {
    let shared: [(&str, fn()); 7] = [
        ("without_row_locks_the_entries_keys_still_lose_no_update", no_locks),
        ("a_commit_whose_answer_was_lost_is_in_effect_once", commits_cut),
        ("transfers_against_each_other_fail_no_caller", against_each_other),
        ("a_connection_lost_anywhere_leaves_nothing", lost_anywhere),
        ("a_connection_lost_once_costs_no_batch", lost_once),
        ("an_answer_that_repeats_another_waits_for_the_disk", repeated),
        ("what_was_rolled_back_is_tried_as_long_as_there_is_time", rolled_back),
    ];
    let shared = shared.map(|(name, test)| trial(format!("mysql_ledger::{name}"), available(), test));
    let frozen =
        trial("mysql_ledger::a_frozen_server_leaves_a_doubt_that_is_resolved".into(), installed().map(drop), frozen);
    shared.into_iter().chain(iter::once(frozen)).collect()
}

/// Two accounts with money, on a migrated database.
async fn two_accounts(store: &Mysql) -> (AccountId, AccountId) {
    let asset = Asset::parse("CNY").expect("a currency");
    let outside = store.external_accounts(asset, 1, NOW).await.expect("external_accounts")[0];
    let mut opened = Vec::new();
    for owner in [1, 2] {
        let account = store.open_account(UserId(owner), asset, NOW).await.expect("open_account").expect("the first");
        let deposit = Moves(vec![Move::new(outside, account.id, START)]);
        assert_eq!(store.transact(deposit).await.expect("transact"), [Moved::Now]);
        opened.push(account.id);
    }
    (opened[0], opened[1])
}

/// Moves that tell how often a collision was met.
#[derive(Clone)]
struct Counted(Moves, Arc<AtomicU32>);

impl Batch for Counted {
    type Answer = Vec<Moved>;

    fn wants(&self) -> Wants {
        self.0.wants()
    }

    fn wants_after_collision(&self) -> Wants {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.wants_after_collision()
    }

    fn decide(&self, found: &Found) -> Decision<Vec<Moved>> {
        self.0.decide(found)
    }
}

fn no_locks() {
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let (a, b) = two_accounts(&direct).await;
        let unlocked = Mysql::open(&database.url(), 32, TIMEOUT).expect("open").without_row_locks();
        let collisions = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        for task in 0..32 {
            let (store, met) = (unlocked.clone(), Arc::clone(&collisions));
            let (from, to) = if task % 2 == 0 { (a, b) } else { (b, a) };
            tasks.spawn(async move {
                let mut done = Vec::new();
                for amount in 1..=5 {
                    let one = Move::new(from, to, amount);
                    let batch = Counted(Moves(vec![one.clone()]), Arc::clone(&met));
                    // Who met others again and again may be refused, and asks again.
                    while store.transact(batch.clone()).await.is_err() {}
                    done.push(one);
                }
                done
            });
        }
        let done: Vec<Move> = tasks.join_all().await.into_iter().flatten().collect();
        let books = Books::of(&direct).await;
        assert_eq!(books.transfers.len(), done.len() + 2);
        let into_a: i128 = done.iter().map(|one| if one.to == a { one.amount } else { -one.amount }).sum();
        assert_eq!((books.balances[&a], books.balances[&b]), (START + into_a, START - into_a));
        assert!(collisions.load(Ordering::Relaxed) > 0, "nobody ever met anybody");
    });
}

/// Half of the commits are answered and the answer is lost, half are cut while the server is at work on them.
fn commits_cut() {
    const CUTS: usize = 200;
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let (a, b) = two_accounts(&direct).await;
        let (commits, cuts) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&cuts);
        let store = through(&database, TIMEOUT, move |command| {
            if command.query != b"COMMIT" {
                return None;
            }
            // Every third one passes, so that each batch comes to its end.
            let how = [Some(Break::After), Some(Break::Amid), None][commits.fetch_add(1, Ordering::Relaxed) % 3];
            counted.fetch_add(usize::from(how.is_some()), Ordering::Relaxed);
            how
        })
        .await;
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (store, cuts) = (store.clone(), Arc::clone(&cuts));
            tasks.spawn(async move {
                let mut sent = Vec::new();
                while cuts.load(Ordering::Relaxed) < CUTS {
                    let one = Move::new(a, b, 1);
                    sent.push(one.id);
                    let outcome = store.transact(Moves(vec![one])).await.expect("it is resolved in time");
                    assert_ne!(outcome, [Moved::Refused]);
                }
                sent
            });
        }
        let sent: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let books = Books::of(&direct).await;
        assert!(sent.iter().all(|id| books.transfers.contains(id)), "none is lost");
        assert_eq!(books.transfers.len(), sent.len() + 2, "none is there besides");
        assert_eq!(books.balances[&b], START + sent.len() as i128, "none is doubled");
    });
}

fn against_each_other() {
    let seconds = env::var(SECONDS).map_or(3, |text| text.parse().expect("whole seconds"));
    let database = Database::create();
    run(async {
        let store = mysql::ready(&database).await;
        let (a, b) = two_accounts(&store).await;
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut clients = JoinSet::new();
        for client in 0..64 {
            let store = store.clone();
            let (from, to) = if client % 2 == 0 { (a, b) } else { (b, a) };
            clients.spawn(async move {
                let mut done = 0;
                while Instant::now() < end {
                    let outcome = store.transact(Moves(vec![Move::new(from, to, 1)])).await.expect("no error");
                    assert_eq!(outcome, [Moved::Now]);
                    done += 1;
                }
                done
            });
        }
        let done: usize = clients.join_all().await.into_iter().sum();
        let books = Books::of(&store).await;
        assert_eq!(books.transfers.len(), done + 2);
        assert_eq!(books.balances[&a] + books.balances[&b], START * 2);
        println!("{done} transfers in {seconds} s");
    });
}

/// Every connection breaks at the same place of the transaction, one place after the other, until none is left.
fn lost_anywhere() {
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let (a, b) = two_accounts(&direct).await;
        let before = Books::of(&direct).await;
        for place in 0.. {
            let store = through(&database, TIMEOUT, move |command| {
                (command.place == Some(place) && command.query != b"COMMIT").then_some(Break::Before)
            })
            .await;
            match store.transact(Moves(vec![Move::new(a, b, 1), Move::new(b, a, 2)])).await {
                Err(NoAnswer::Undone(_)) => assert_eq!(Books::of(&direct).await, before, "at {place}"),
                Err(unknown) => panic!("no commit was sent at {place}: {unknown:?}"),
                Ok(outcome) => {
                    assert_eq!(outcome, [Moved::Now, Moved::Now]);
                    // Begin; prepare and execute: lock, transfers, entries, accounts; commit.
                    assert!(place > 5, "only {place} statements were lost");
                    return;
                }
            }
        }
    });
}

/// The first connection breaks, one place after the other; the next one holds.
fn lost_once() {
    let database = Database::create();
    run(async {
        let direct = mysql::ready(&database).await;
        let (a, b) = two_accounts(&direct).await;
        let mut done = 0;
        for how in [Break::Before, Break::Amid, Break::After] {
            let (mut place, mut broke) = (0, true);
            while broke {
                let broken = Arc::new(AtomicUsize::new(0));
                let count = Arc::clone(&broken);
                let store = through(&database, TIMEOUT, move |command| {
                    let breaks = command.place == Some(place) && count.fetch_add(1, Ordering::Relaxed) == 0;
                    breaks.then_some(how)
                })
                .await;
                let outcome = store.transact(Moves(vec![Move::new(a, b, 1)])).await.expect("it is tried again");
                assert_ne!(outcome, [Moved::Refused]);
                done += 1;
                broke = broken.load(Ordering::Relaxed) > 0;
                place += 1;
            }
        }
        assert_eq!(Books::of(&direct).await.balances[&b], START + done);
    });
}

/// Whether it waits cannot be seen from here; that it writes, and so waits as every commit does, can.
fn repeated() {
    let database = Database::create();
    run(async {
        let store = mysql::ready(&database).await;
        let (a, b) = two_accounts(&store).await;
        let mut db = Conn::from_url(database.url()).await.expect("connect");
        let count = "SELECT COUNT(*) FROM barriers";
        let batch = Moves(vec![Move::new(a, b, 1)]);
        assert_eq!(store.transact(batch.clone()).await.expect("transact"), [Moved::Now]);
        assert_eq!(db.query_first(count).await.expect(count), Some(0));
        assert_eq!(store.transact(batch).await.expect("transact"), [Moved::Before]);
        assert_eq!(db.query_first(count).await.expect(count), Some(1));
        db.disconnect().await.expect("disconnect");
        assert_eq!(Books::of(&store).await.balances[&b], START + 1);
    });
}

fn rolled_back() {
    let database = Database::create();
    run(async {
        let store = mysql::ready(&database).await;
        let (a, b) = two_accounts(&store).await;
        database.deadlock("INSERT", "entries", 9).await;
        assert_eq!(store.transact(Moves(vec![Move::new(a, b, 1)])).await.expect("transact"), [Moved::Now]);
        assert_eq!(Books::of(&store).await.balances[&b], START + 1);
    });
}

/// The server freezes when a commit is about to reach it.
fn frozen() {
    let timeout = Duration::from_millis(400);
    let server = Mariadb::start(&[]);
    let database = Database::create_on(&server.url());
    let server = Arc::new(Mutex::new(server));
    run(async {
        let direct = mysql::ready(&database).await;
        let (a, b) = two_accounts(&direct).await;
        let freezer = Arc::clone(&server);
        let frozen = AtomicUsize::new(0);
        let store = through(&database, timeout, move |command| {
            if command.query == b"COMMIT" && frozen.fetch_add(1, Ordering::Relaxed) == 0 {
                freezer.lock().expect("nobody panics with it").freeze();
            }
            None
        })
        .await;
        let first = Moves(vec![Move::new(a, b, 1)]);
        let begun = Instant::now();
        let unknown = store.transact(first.clone()).await;
        assert!(matches!(unknown, Err(NoAnswer::Unknown(_))), "{unknown:?}");
        // Nothing of this one reaches the server at all.
        let second = Moves(vec![Move::new(a, b, 10)]);
        let undone = store.transact(second.clone()).await;
        assert!(matches!(undone, Err(NoAnswer::Undone(_))), "{undone:?}");
        assert!(begun.elapsed() < timeout * 5, "{:?}", begun.elapsed());
        server.lock().expect("nobody panics with it").thaw();
        for batch in [first, second] {
            let mut outcome = store.transact(batch.clone()).await;
            while outcome.is_err() {
                assert!(begun.elapsed() < TIMEOUT, "it never recovers: {outcome:?}");
                outcome = store.transact(batch.clone()).await;
            }
            assert_ne!(outcome.expect("it is no error"), [Moved::Refused]);
        }
        assert_eq!(Books::of(&direct).await.balances[&b], START + 11);
    });
}

/// The store behind a way that breaks where `rule` says.
async fn through(
    database: &Database,
    timeout: Duration,
    rule: impl Fn(&sever::Command<'_>) -> Option<Break> + Send + Sync + 'static,
) -> Mysql {
    let options = Opts::from_url(&database.url()).expect("a URL");
    let server = format!("{}:{}", options.ip_or_hostname(), options.tcp_port());
    let address = sever::between(server.clone(), rule).await;
    Mysql::open(&database.url().replace(&server, &address.to_string()), 8, timeout).expect("open")
}
