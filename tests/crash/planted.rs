//! Faults planted in the books behind the program's back, one after the other.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::books::{clean, verify};
use crate::support::engine::Engine;
use crate::support::process::BackendProcess;
use crate::support::program::Program;
use crate::teller::{Cast, made, text};

const TABLES: [&str; 5] = ["accounts", "entries", "transfers", "holds", "transfer_references"];

/// Books with something of everything, which nobody uses any more.
struct Books {
    backend: BackendProcess,
    engine: Engine,
    /// Alice's account, whose newest entry is number 10.
    alice: u64,
    /// Bob's, whose newest one is number 6.
    bob: u64,
    /// Three transfers from Alice to Bob: her entries 2, 3 and 4, and his.
    paid: Vec<String>,
    /// Her entry 5, by a reference.
    deposit: String,
    /// A transfer that is pending, her entry 6, one that was posted in part, 7, and one that was voided, 9.
    held: Vec<String>,
    /// What posted, her 8 and his 6, and voided, her 10.
    ended: Vec<String>,
}

impl Books {
    async fn of(engine: &Engine) -> Self {
        let mut backend = BackendProcess::start(engine).await;
        let program = Program::front_end(&[&backend]).await;
        let mut cast = Cast::of(&program).await;
        let (mut paid, mut held, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        let id = |made: Value| text(&made["transfer"]["id"]);
        for amount in ["10.00", "5.00", "1.00"] {
            paid.push(id(made(&cast.alice.json("/v1/transfers", &cast.order(amount)).await)));
        }
        let body = json!({"amount": "7.00", "currency": "CNY", "reference": "bank-1"});
        let deposit = id(made(&cast.operator.json(&format!("/v1/accounts/{}/deposits", cast.from), &body).await));
        let body = json!({"amount": "2.00", "currency": "CNY", "reference": "bank-1"});
        made(&cast.operator.json(&format!("/v1/accounts/{}/withdrawals", cast.to), &body).await);
        for (amount, end, body) in
            [("4.00", "", json!({})), ("6.00", "/post", json!({"amount": "3.50"})), ("1.00", "/void", json!({}))]
        {
            let mut order = cast.order(amount);
            (order["pending"], order["timeout_seconds"]) = (json!(true), json!(36_000));
            let pending = id(made(&cast.alice.json("/v1/transfers", &order).await));
            if !end.is_empty() {
                ended.push(id(made(&cast.alice.json(&format!("/v1/transfers/{pending}{end}"), &body).await)));
            }
            held.push(pending);
        }
        let (alice, bob) = (cast.from, cast.to);
        program.stop().await;
        backend.kill().await;
        Self { backend, engine: engine.clone(), alice, bob, paid, deposit, held, ended }
    }

    /// Runs statements on the database itself.
    async fn execute(&self, statements: &[String]) {
        let Some((url, _)) = self.engine.servers() else {
            let database = Connection::open(self.backend.database()).expect("the file is there");
            return statements.iter().for_each(|sql| database.execute_batch(sql).expect(sql));
        };
        let mut database = Conn::from_url(url).await.expect("connect");
        for sql in statements {
            database.query_drop(sql).await.expect(sql);
        }
        database.disconnect().await.expect("disconnect");
    }

    /// Whether accounts have what their newest entries say too.
    fn has_balances(&self) -> bool {
        self.engine.servers().is_some()
    }

    /// What is planted where accounts say what they have.
    fn balances(&self) -> Vec<(String, Place)> {
        let Self { alice, bob, .. } = self;
        let account = |set: &str| (format!("UPDATE accounts SET {set} WHERE id = {alice}"), Place::Account(*alice));
        let taken = format!("UPDATE accounts SET balance = balance - 100 WHERE id = {alice}");
        let given = format!("UPDATE accounts SET balance = balance + 100 WHERE id = {bob}");
        vec![
            account("balance = balance + 1"),
            account("balance = -1"),
            account("held = 0"),
            account("held = held + 1"),
            account("held = -1"),
            account("version = version - 1"),
            account("version = version + 1"),
            (format!("{taken};{given}"), Place::Account(*bob)),
        ]
    }

    /// What is planted, and where it must be found.
    fn faults(&self) -> Vec<(String, Place)> {
        let Self { alice, bob, paid, deposit, held, ended, .. } = self;
        let bytes = |id: &String| format!("X'{}'", id.replace('-', ""));
        let (first, second) = (bytes(&paid[0]), bytes(&paid[1]));
        let (pending, posted, voided) = (bytes(&held[0]), bytes(&held[1]), bytes(&held[2]));
        let (posts, voids) = (bytes(&ended[0]), bytes(&ended[1]));
        let (brought, nobody) = (bytes(deposit), "X'00000000000070008000000000000000'");
        let account = |set: &str| (format!("UPDATE accounts SET {set} WHERE id = {alice}"), Place::Account(*alice));
        let entry = |seq: u64, set: &str| {
            let sql = format!("UPDATE entries SET {set} WHERE account_id = {alice} AND seq = {seq}");
            (sql, Place::Entry(*alice, seq))
        };
        let transfer =
            |id: &str, set: &str, place: Place| (format!("UPDATE transfers SET {set} WHERE id = {id}"), place);
        let hold = |id: &str, set: &str, of: &String| {
            (format!("UPDATE holds SET {set} WHERE transfer_id = {id}"), Place::Transfer(of.clone()))
        };
        let all = |of: &[&str]| of.join(";");
        let (has_balances, more) =
            (self.has_balances(), format!("UPDATE accounts SET balance = balance + 500 WHERE id = {bob}"));
        vec![
            account("asset = 'USN'"),
            // Of the world outside no floor is asked.
            account("kind = 2"),
            // What this program does not understand.
            account("status = 9"),
            account("kind = 9"),
            transfer(&first, "kind = 9", Place::Transfer(paid[0].clone())),
            transfer(&second, "description = 'a\u{7}b'", Place::Transfer(paid[1].clone())),
            hold(&pending, "status = 9", &held[0]),
            (
                format!("UPDATE transfer_references SET reference = 'bank 8' WHERE transfer_id = {brought}"),
                Place::Transfer(deposit.clone()),
            ),
            (format!("DELETE FROM accounts WHERE id = {alice}"), Place::Account(*alice)),
            (format!("DELETE FROM entries WHERE account_id = {alice} AND seq = 3"), Place::Entry(*alice, 3)),
            (format!("DELETE FROM entries WHERE account_id = {alice} AND seq = 10"), Place::Account(*alice)),
            (format!("DELETE FROM entries WHERE account_id = {bob}"), Place::Account(*bob)),
            entry(3, "amount = amount + 1"),
            entry(3, "amount = -amount"),
            entry(3, "balance_before = balance_before + 1"),
            entry(3, "balance_after = balance_after + 1"),
            (entry(3, "held_after = held_after + 1").0, Place::Transfer(paid[1].clone())),
            entry(3, "created_at = created_at + 1"),
            entry(3, "created_at = 0"),
            entry(3, &format!("transfer_id = {first}")),
            entry(3, &format!("transfer_id = {nobody}")),
            (format!("UPDATE entries SET seq = 11 WHERE account_id = {alice} AND seq = 3"), Place::Entry(*alice, 11)),
            (
                format!(
                    "INSERT INTO entries SELECT account_id, 11, transfer_id, amount, balance_after, balance_after + amount, held_after, created_at FROM entries WHERE account_id = {alice} AND seq = 10"
                ),
                Place::Entry(*alice, 11),
            ),
            // Money out of nothing, each table in keeping with itself.
            (
                all(&[
                    &format!(
                        "UPDATE entries SET amount = amount + 500, balance_after = balance_after + 500 WHERE account_id = {bob} AND seq = 6"
                    ),
                    if has_balances { &more } else { "SELECT 1" },
                ]),
                Place::Entry(*bob, 6),
            ),
            (format!("DELETE FROM transfers WHERE id = {first}"), Place::Entry(*alice, 2)),
            transfer(&first, "amount = amount + 1", Place::Entry(*bob, 2)),
            transfer(&first, "amount = 0", Place::Transfer(paid[0].clone())),
            transfer(&first, "status = 2", Place::Transfer(paid[0].clone())),
            transfer(&first, "status = 3", Place::Entry(*alice, 2)),
            transfer(&first, &format!("from_account = {bob}"), Place::Entry(*alice, 2)),
            transfer(&first, &format!("to_account = {alice}"), Place::Entry(*bob, 2)),
            transfer(&first, "to_seq = NULL", Place::Entry(*bob, 2)),
            transfer(&first, "from_seq = from_seq + 100", Place::Entry(*alice, 2)),
            transfer(&first, "asset = 'USD'", Place::Account(*alice)),
            transfer(&first, "created_at = created_at - 1", Place::Entry(*alice, 2)),
            transfer(&first, &format!("settles = {pending}"), Place::Transfer(held[0].clone())),
            transfer(&first, "kind = 4", Place::Account(*bob)),
            transfer(&second, "reference = 'bank-9'", Place::Transfer(paid[1].clone())),
            transfer(&brought, "reference = NULL", Place::Transfer(deposit.clone())),
            transfer(&brought, "kind = 3", Place::Transfer(deposit.clone())),
            transfer(&pending, "timeout_s = 1", Place::Transfer(held[0].clone())),
            transfer(&posts, "settles = NULL", Place::Transfer(held[1].clone())),
            transfer(&voids, "status = 4", Place::Transfer(held[2].clone())),
            (
                format!(
                    "INSERT INTO transfers SELECT {nobody}, kind, status, from_account, to_account, asset, amount, settles, timeout_s, reference, description, actor, created_at, from_seq, to_seq FROM transfers WHERE id = {first}"
                ),
                Place::Entry(*alice, 2),
            ),
            (format!("DELETE FROM holds WHERE transfer_id = {pending}"), Place::Transfer(held[0].clone())),
            (format!("DELETE FROM holds WHERE transfer_id = {posted}"), Place::Transfer(held[1].clone())),
            hold(&pending, "amount = amount + 1", &held[0]),
            hold(&pending, &format!("account_id = {bob}"), &held[0]),
            hold(&pending, "status = 2", &held[0]),
            hold(&pending, &format!("settled_by = {first}"), &held[0]),
            hold(&pending, "expires_at = expires_at - 1", &held[0]),
            hold(&pending, "expires_at = NULL", &held[0]),
            hold(&posted, "status = 1, settled_by = NULL", &held[1]),
            hold(&posted, "status = 3", &held[1]),
            hold(&posted, &format!("settled_by = {voids}"), &held[1]),
            hold(&voided, "settled_by = NULL", &held[2]),
            (
                format!("DELETE FROM transfer_references WHERE transfer_id = {brought}"),
                Place::Transfer(deposit.clone()),
            ),
            (
                format!("UPDATE transfer_references SET transfer_id = {first} WHERE transfer_id = {brought}"),
                Place::Transfer(deposit.clone()),
            ),
            (
                format!("INSERT INTO transfer_references VALUES (2, 'bank-8', {first})"),
                Place::Transfer(paid[0].clone()),
            ),
        ]
    }
}

/// Where a fault must be found.
#[derive(Debug)]
enum Place {
    Account(u64),
    Entry(u64, u64),
    Transfer(String),
}

impl Place {
    fn is_named_by(&self, violation: &Value) -> bool {
        match self {
            Self::Account(account) => violation["account"] == *account,
            Self::Entry(account, seq) => violation["account"] == *account && violation["seq"] == *seq,
            Self::Transfer(transfer) => violation["transfer"] == **transfer,
        }
    }
}

pub async fn every_planted_fault_is_found_and_named(engine: Engine) {
    let books = Books::of(&engine).await;
    clean(&books.backend, &[]).await;
    let keep = TABLES.map(|table| format!("CREATE TABLE good_{table} AS SELECT * FROM {table}"));
    books.execute(&keep).await;
    let mut faults = books.faults();
    if books.has_balances() {
        faults.extend(books.balances());
    }
    assert!(faults.len() >= 20);
    let mut missed = Vec::new();
    for (sql, place) in faults {
        books.execute(&sql.split(';').map(str::to_owned).collect::<Vec<_>>()).await;
        let verdict = verify(&books.backend, &[]).await;
        let named = verdict.report["violations"].as_array().into_iter().flatten().any(|one| place.is_named_by(one));
        if verdict.code != Some(3) || verdict.report["ok"] != false || !named {
            missed.push(format!("{sql} at {place:?}: {verdict:#?}"));
        }
        let mend = TABLES
            .map(|table| [format!("DELETE FROM {table}"), format!("INSERT INTO {table} SELECT * FROM good_{table}")]);
        books.execute(&mend.concat()).await;
    }
    clean(&books.backend, &[]).await;
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
