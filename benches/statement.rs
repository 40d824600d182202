//! One wallet with very many entries in SQLite: how long its balance takes to be reconciled, and its statement to be read.
//!
//! `cargo bench --bench statement [-- ENTRIES]`, ten million unless it is said. The entries are written straight into the table, all of one
//! transfer: a wallet's look-ups see no difference. The folder is the one for temporary files, which must be on a disk.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use teller::domain::account::{Account, AccountId};
use teller::domain::asset::Asset;
use teller::domain::money::Decimal;
use teller::domain::reconcile::{Claim, DEFAULT_TOLERANCE, Period};
use teller::domain::time::Timestamp;
use teller::domain::user::UserId;
use teller::ledger::reconcile::{Asked, compare};
use teller::ledger::statement::file::{Form, write};
use teller::ledger::statement::{Piece, piece, span, turnover};
use teller::store::Store;
use teller::store::ledger::LedgerStore;
use teller::store::sqlite::Sqlite;

/// Each thing is done as often.
const TIMES: u32 = 200;
/// Microseconds from an entry to the next.
const STEP: i64 = 1_000_000;
/// The first entry's time.
const BEGAN: i64 = 1_600_000_000_000_000;

/// In and out by turns: 0.02 in, 0.01 out.
const ENTRIES: &str = "INSERT INTO entries (account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at)
    WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?2)
    SELECT ?1, seq, zeroblob(16), CASE WHEN seq % 2 = 1 THEN 2 ELSE -1 END,
        CASE WHEN seq % 2 = 1 THEN seq / 2 ELSE seq / 2 + 1 END, CASE WHEN seq % 2 = 1 THEN seq / 2 + 2 ELSE seq / 2 END, 0, ?3 + seq * ?4
    FROM n";
const TRANSFER: &str =
    "INSERT INTO transfers (id, kind, status, from_account, to_account, asset, amount, settles, timeout_s, reference, description, actor,
        created_at, from_seq, to_seq)
    VALUES (zeroblob(16), 1, 1, ?1, ?1 + 1, 'USD', 1, NULL, NULL, NULL, 'coffee', 1, ?2, 1, NULL)";

fn main() {
    let entries = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(measure(entries));
}

async fn measure(entries: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("teller.db");
    let store = Sqlite::open(&path, 1, Duration::from_secs(60)).expect("it opens");
    store.migrate().await.expect("a schema");
    let asset = Asset::parse("USD").expect("a currency");
    let account = store.open_account(UserId(1), asset, Timestamp(BEGAN)).await.expect("opened").expect("the first");
    let began = Instant::now();
    fill(&path, account.id, entries);
    println!("{entries} entries written in {:.1?}", began.elapsed());

    let at = |seq: i64| Timestamp(BEGAN + seq * STEP);
    let account = store.account(account.id).await.expect("read").expect("there");
    let month = |turn: u32| {
        let start = entries / i64::from(TIMES) * i64::from(turn);
        Period { start: at(start), end: at((start + 2_592_000).min(entries)) }
    };
    for (name, period) in [("of all entries", None), ("of a month each", Some(month))] {
        let all = Period { start: at(0), end: at(entries) };
        let period = |turn| period.map_or(all, |month| month(turn));
        timed(&format!("reconciliation {name}"), async |turn| reconciled(&store, &account, period(turn)).await).await;
        timed(&format!("first 100 lines of a statement {name}"), async |turn| {
            let span = span(&store, &account, period(turn)).await.expect("read");
            let Piece { lines, .. } = piece(&store, &span, span.before, 100).await.expect("sound");
            assert!(!lines.is_empty());
        })
        .await;
    }
    timed("totals of 10000 entries", async |turn| {
        let start = entries / i64::from(TIMES) * i64::from(turn);
        let period = Period { start: at(start + 1), end: at((start + 10_000).min(entries)) };
        let span = span(&store, &account, period).await.expect("read");
        turnover(&store, &span, 10_000).await.expect("sound").expect("few enough");
    })
    .await;
    let (began, before) = (Instant::now(), memory_kib());
    let period = Period { start: at(0), end: at(entries) };
    let lines = write(&store, &account, period, Form::Csv, std::io::sink(), |_| {}).await.expect("sound");
    let took = began.elapsed();
    println!(
        "a whole statement as CSV: {lines} lines in {took:.1?}, peak memory {} MiB more",
        (memory_kib() - before) / 1024
    );
}

fn fill(path: &std::path::Path, account: AccountId, entries: i64) {
    let db = Connection::open(path).expect("it opens");
    db.execute(TRANSFER, (account.0 as i64, BEGAN)).expect("a transfer");
    db.execute(ENTRIES, (account.0 as i64, entries, BEGAN, STEP)).expect("entries");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a checkpoint");
}

async fn reconciled(store: &Sqlite, account: &Account, period: Period) {
    let claim = Claim { external: Decimal { digits: 1, scale: 0 }, tolerance: DEFAULT_TOLERANCE };
    let asked = Asked { start: Some(period.start), end: period.end, claim };
    let made = compare(store, account, asked, period.end).await.expect("compared");
    store.add_reconciliation(&made).await.expect("kept");
}

/// Does it often, and says how long it took.
async fn timed(name: &str, mut work: impl AsyncFnMut(u32)) {
    let mut took = Vec::new();
    for turn in 0..TIMES {
        let began = Instant::now();
        work(turn).await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    let at = |part: usize| took[took.len() * part / 100];
    println!("{name}: p50 {:.2?}, p99 {:.2?}", at(50), at(99));
}

/// The most memory that this process ever had.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
