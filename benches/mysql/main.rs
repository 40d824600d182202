//! Batches of transfers between 10,000 accounts on a MariaDB of its own that flushes at every commit: the store's `transact` beside the floor of
//! raw SQL, in turns, with one, two and three lanes; and the latency of one transfer at a time.
//!
//! `cargo bench --bench mysql -- [SECONDS OF A TURN [TURNS]]`

#[path = "floor.rs"]
mod floor;
#[allow(dead_code, reason = "the tests have it too and use other parts of it")]
#[path = "../../tests/support/mariadb.rs"]
mod mariadb;
#[allow(dead_code, reason = "the tests have it too and use other parts of it")]
#[path = "../../tests/support/moves.rs"]
mod moves;

use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use rand::RngExt;
use teller::domain::account::AccountId;
use teller::store::Store;
use teller::store::ledger::LedgerStore;
use teller::store::mysql::Mysql;
use tokio::task::JoinSet;

use self::floor::{Floor, Pair};
use self::mariadb::Mariadb;
use self::moves::{Move, Moves};

const ACCOUNTS: u64 = 10_000;
const TIMEOUT: Duration = Duration::from_secs(10);
const SERVER: [&str; 2] = ["--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M"];

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let turn = Duration::from_secs(numbers.first().copied().unwrap_or(3));
    let turns = numbers.get(1).copied().unwrap_or(3);
    let server = Mariadb::start(&SERVER);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let url = prepare(&server).await;
        println!("{:<34}{:>10}{:>10}{:>8}", "transfers/s", "floor", "store", "ratio");
        for (size, lanes) in
            [(1, 1), (100, 1), (1000, 1), (1000, 2), (1000, 3), (250, 2), (500, 2), (2000, 2), (4000, 2)]
        {
            let (mut floors, mut stores) = (Vec::new(), Vec::new());
            for _ in 0..turns {
                floors.push(floor(&url, size, lanes, turn).await);
                stores.push(store(&url, size, lanes, turn).await);
            }
            let (floor, store) = (median(floors), median(stores));
            let what = format!("batches of {size}, {lanes} lanes");
            println!("{what:<34}{floor:>10.0}{store:>10.0}{:>8.2}", store / floor);
        }
    });
}

/// A database with accounts that have money; its URL.
async fn prepare(server: &Mariadb) -> String {
    let mut db = Conn::from_url(server.url()).await.expect("connect");
    db.query_drop("CREATE DATABASE bench").await.expect("create");
    let url = format!("{}/bench", server.url());
    Mysql::open(&url, 1, TIMEOUT).expect("open").migrate().await.expect("migrate");
    let rows = format!(
        "INSERT INTO bench.accounts SELECT seq, seq, 1, NULL, 'CNY', 1000000000, 0, 0, 0, 1, 0, 0 FROM bench.seq_1_to_{ACCOUNTS}"
    );
    db.query_drop(rows).await.expect("accounts");
    url
}

fn pairs(size: usize) -> Vec<Pair> {
    let account = || rand::rng().random_range(1..=ACCOUNTS);
    let pair = || Pair { from: account(), to: account(), amount: 1 };
    std::iter::repeat_with(pair).filter(|pair| pair.from != pair.to).take(size).collect()
}

async fn floor(url: &str, size: usize, lanes: usize, turn: Duration) -> f64 {
    let mut prepared = Vec::new();
    for _ in 0..lanes {
        let mut lane = Floor::prepare(url, size).await.expect("prepare");
        while lane.batch(&pairs(size)).await.is_err() {}
        prepared.push(lane);
    }
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for mut lane in prepared {
        tasks.spawn(async move {
            let mut done = 0;
            while begun.elapsed() < turn {
                // Lanes that meet in a deadlock lose a batch; the floor does not count it.
                done += usize::from(lane.batch(&pairs(size)).await.is_ok());
            }
            done
        });
    }
    let done: usize = tasks.join_all().await.into_iter().sum();
    (done * size) as f64 / begun.elapsed().as_secs_f64()
}

async fn store(url: &str, size: usize, lanes: usize, turn: Duration) -> f64 {
    let store = Mysql::open(url, lanes, TIMEOUT).expect("open");
    // Every statement is prepared on every connection before the turn begins.
    let mut warm = JoinSet::new();
    for _ in 0..lanes * 2 {
        let store = store.clone();
        warm.spawn(async move { store.transact(batch(size)).await.expect("transact") });
    }
    warm.join_all().await;
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..lanes {
        let store = store.clone();
        tasks.spawn(async move {
            let mut done = 0;
            while begun.elapsed() < turn {
                store.transact(batch(size)).await.expect("transact");
                done += 1;
            }
            done
        });
    }
    let done: usize = tasks.join_all().await.into_iter().sum();
    (done * size) as f64 / begun.elapsed().as_secs_f64()
}

fn batch(size: usize) -> Moves {
    let moves = pairs(size).into_iter().map(|pair| Move::new(AccountId(pair.from), AccountId(pair.to), 1));
    Moves(moves.collect())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
