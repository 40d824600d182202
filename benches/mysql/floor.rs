//! The least that a batch of transfers costs on MySQL: the same rows in the same tables, written as plain multi-row SQL by one process, with
//! nothing around it. What a ledger adds to that is measured against it.

use std::collections::{BTreeMap, BTreeSet};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Result, Row, Statement, TxOpts, Value};

/// From an account to another, in minor units.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub from: u64,
    pub to: u64,
    pub amount: i64,
}

const TRANSFER: &str = "(?, 1, 1, ?, ?, 'CNY', ?, NULL, NULL, NULL, '', 1, ?, ?, ?)";
const ENTRY: &str = "(?, ?, ?, ?, ?, ?, 0, ?)";
const ACCOUNT: &str = "(?, ?, 1, NULL, 'CNY', ?, 0, 0, ?, 1, 0, ?)";
const NOW: i64 = 1_760_000_000_000_000;

/// A connection with the statements for batches of one size.
pub struct Floor {
    db: Conn,
    size: usize,
    lock: Statement,
    transfers: Statement,
    entries: Statement,
    accounts: Statement,
}

impl Floor {
    /// Prepares for batches of `size` pairs, each of other accounts or the same.
    pub async fn prepare(url: &str, size: usize) -> Result<Self> {
        let mut db = Conn::from_url(url).await?;
        db.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
        let touched = size * 2;
        let lock = format!(
            "SELECT id, owner, balance, version FROM accounts WHERE id IN ({}) ORDER BY id FOR UPDATE",
            many("?", touched)
        );
        let transfers = format!(
            "INSERT INTO transfers (id, kind, status, from_account, to_account, asset, amount, settles, timeout_s, reference, description, actor,
             created_at, from_seq, to_seq) VALUES {}",
            many(TRANSFER, size)
        );
        let entries = format!(
            "INSERT INTO entries (account_id, seq, transfer_id, amount, balance_before, balance_after, held_after, created_at) VALUES {}",
            many(ENTRY, touched)
        );
        let accounts = format!(
            "INSERT INTO accounts (id, owner, kind, stripe, asset, balance, held, floor, version, status, created_at, updated_at) VALUES {}
             ON DUPLICATE KEY UPDATE balance = VALUES(balance), version = VALUES(version), updated_at = VALUES(updated_at)",
            many(ACCOUNT, touched)
        );
        Ok(Self {
            lock: db.prep(lock).await?,
            transfers: db.prep(transfers).await?,
            entries: db.prep(entries).await?,
            accounts: db.prep(accounts).await?,
            db,
            size,
        })
    }

    /// One transaction of six round trips.
    pub async fn batch(&mut self, pairs: &[Pair]) -> Result<()> {
        assert_eq!(pairs.len(), self.size);
        let mut db = self.db.start_transaction(TxOpts::default()).await?;
        let ids: BTreeSet<u64> = pairs.iter().flat_map(|pair| [pair.from, pair.to]).collect();
        let ids = padded(ids.into_iter().map(Value::from).collect(), self.size * 2);
        let rows: Vec<Row> = db.exec(&self.lock, ids).await?;
        let mut accounts: BTreeMap<u64, State> = rows.into_iter().map(state).collect();
        let (transfers, entries) = moved(pairs, &mut accounts);
        db.exec_drop(&self.transfers, transfers).await?;
        db.exec_drop(&self.entries, entries).await?;
        let rows: Vec<_> = accounts.into_iter().map(|(id, state)| state.row(id)).collect();
        let rows = padded(rows, self.size * 2);
        db.exec_drop(&self.accounts, rows.into_iter().flatten().collect::<Vec<_>>()).await?;
        db.commit().await
    }
}

struct State {
    owner: Value,
    balance: i64,
    version: u64,
}

impl State {
    fn row(self, id: u64) -> [Value; 5] {
        [id.into(), self.owner, self.balance.into(), self.version.into(), NOW.into()]
    }
}

fn state(row: Row) -> (u64, State) {
    let (id, owner, balance, version): (u64, Value, i64, u64) = mysql_async::from_row(row);
    (id, State { owner, balance, version })
}

/// The rows of transfers, by id, and of entries, by account and number.
fn moved(pairs: &[Pair], accounts: &mut BTreeMap<u64, State>) -> (Vec<Value>, Vec<Value>) {
    let mut transfers = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for pair in pairs {
        let id: [u8; 16] = rand::random();
        let mut seqs = [0; 2];
        for (seq, (account, amount)) in seqs.iter_mut().zip([(pair.from, -pair.amount), (pair.to, pair.amount)]) {
            let state = accounts.get_mut(&account).expect("it was locked");
            let before = state.balance;
            state.balance += amount;
            state.version += 1;
            *seq = state.version;
            let row: [Value; 7] = [
                account.into(),
                state.version.into(),
                id[..].into(),
                amount.into(),
                before.into(),
                state.balance.into(),
                NOW.into(),
            ];
            entries.insert((account, state.version), row);
        }
        let row: [Value; 7] = [
            id[..].into(),
            pair.from.into(),
            pair.to.into(),
            pair.amount.into(),
            NOW.into(),
            seqs[0].into(),
            seqs[1].into(),
        ];
        transfers.insert(id, row);
    }
    (transfers.into_values().flatten().collect(), entries.into_values().flatten().collect())
}

fn many(tuple: &str, times: usize) -> String {
    vec![tuple; times].join(", ")
}

/// Up to `size`, by repeating the last one, which says the same twice.
fn padded<T: Clone>(mut list: Vec<T>, size: usize) -> Vec<T> {
    if let Some(last) = list.last().cloned() {
        list.resize(size, last);
    }
    list
}
