//! What the SQLite store alone takes of the ledger: batches of single transfers between 10,000 accounts, one after the other.
//!
//! `cargo bench --bench sqlite`; each line is a size of batch. The folder is the one for temporary files, which must be on a disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use teller::domain::account::{Account, AccountId};
use teller::domain::asset::Asset;
use teller::domain::effects::{Effects, Found, Wants};
use teller::domain::money::Amount;
use teller::domain::time::Timestamp;
use teller::domain::transfer::{Description, Entry, Transfer, TransferId, TransferKind, TransferStatus};
use teller::domain::user::UserId;
use teller::store::Store;
use teller::store::ledger::{Batch, Decision, LedgerStore};
use teller::store::sqlite::Sqlite;

const ACCOUNTS: u64 = 10_000;
const SECONDS: u64 = 5;
/// Measured besides: as many transfers while the tables are small.
const FIRST: u64 = 40_000;

/// Transfers of one unit each, without a rule.
struct Transfers {
    first: u64,
    pairs: Vec<[AccountId; 2]>,
}

impl Batch for Transfers {
    type Answer = ();

    fn wants(&self) -> Wants {
        let mut accounts: Vec<_> = self.pairs.iter().flatten().copied().collect();
        accounts.sort_unstable();
        accounts.dedup();
        Wants { accounts, ..Wants::default() }
    }

    fn wants_after_collision(&self) -> Wants {
        Wants::default()
    }

    fn decide(&self, found: &Found) -> Decision<()> {
        let mut accounts: HashMap<AccountId, Account> =
            found.accounts.iter().filter_map(|(id, account)| Some((*id, account.clone()?))).collect();
        let mut effects = Effects::default();
        for (number, pair) in (self.first..).zip(&self.pairs) {
            let id = TransferId(scattered(number));
            let mut entry = |side: usize, minor: i128| {
                let account = accounts.get_mut(&pair[side]).expect("it was wanted");
                let amount = Amount::new(minor).expect("one");
                let balance_before = account.balance;
                account.balance = balance_before.plus(amount).expect("small");
                account.version += 1;
                effects.entries.push(Entry {
                    account: account.id,
                    seq: account.version,
                    transfer: id,
                    amount,
                    balance_before,
                    balance_after: account.balance,
                    held_after: account.held,
                    created_at: Timestamp(1_760_000_000_000_000),
                });
                account.version
            };
            let (from_seq, to_seq) = (entry(0, -1), Some(entry(1, 1)));
            effects.transfers.push(Transfer {
                id,
                kind: TransferKind::Transfer,
                status: TransferStatus::Posted,
                from: pair[0],
                to: pair[1],
                asset: Asset::parse("CNY").expect("a currency"),
                amount: Amount::new(1).expect("one"),
                settles: None,
                timeout_s: None,
                reference: None,
                description: Description::default(),
                actor: UserId(1),
                created_at: Timestamp(1_760_000_000_000_000),
                from_seq,
                to_seq,
            });
        }
        effects.accounts = accounts.into_values().collect();
        effects.accounts.sort_unstable_by_key(|account| account.id);
        Decision::Write(effects, ())
    }
}

/// Ids as a version 7 UUID has them: ascending, then anything.
fn scattered(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for size in [1, 100, 1_000, 8_000] {
        // Each on a database of its own: the more entries an account has, the more pages a batch touches.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Sqlite::open(&folder.path().join("teller.db"), 2, Duration::from_secs(60)).expect("open");
        store.migrate().await.expect("migrate");
        let accounts = accounts(&store).await;
        let (begun, mut done, mut spent) = (Instant::now(), 0, Duration::ZERO);
        while begun.elapsed() < Duration::from_secs(SECONDS) {
            let pairs = (done..done + size).map(|number| pair(&accounts, number)).collect();
            store.transact(Transfers { first: done, pairs }).await.expect("transact");
            done += size;
            if done <= FIRST {
                spent = begun.elapsed();
            }
        }
        let all = done as f64 / begun.elapsed().as_secs_f64();
        let first = done.min(FIRST - FIRST % size) as f64 / spent.as_secs_f64();
        println!("{size:>6} a batch: {all:>8.0}/s of {done}, the first {FIRST} of them {first:>8.0}/s");
    }
}

async fn accounts(store: &Sqlite) -> Vec<AccountId> {
    let cny = Asset::parse("CNY").expect("a currency");
    let open = (1..=ACCOUNTS).map(|user| store.open_account(UserId(user), cny, Timestamp(1)));
    let opened: Vec<_> = stream::iter(open).buffered(128).collect().await;
    opened.into_iter().map(|one| one.expect("open_account").expect("there is none yet").id).collect()
}

/// Two different accounts, as good as random.
fn pair(accounts: &[AccountId], number: u64) -> [AccountId; 2] {
    let random = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let from = (random >> 33) % ACCOUNTS;
    let to = (from + 1 + (random >> 11) % (ACCOUNTS - 1)) % ACCOUNTS;
    [from, to].map(|index| accounts[index as usize])
}
