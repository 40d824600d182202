//! The largest batch that there may be, on MySQL: as many accounts as it can have, and a server that is slow.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use teller::domain::account::AccountId;
use teller::domain::asset::Asset;
use teller::domain::command::{Action, Authority, Command, Move, extra_time};
use teller::domain::money::Decimal;
use teller::domain::time::Timestamp;
use teller::domain::transfer::{Description, TransferId, TransferKind};
use teller::domain::user::UserId;
use teller::ledger::{Ledger, LedgerError, Limits};
use teller::store::ledger::LedgerStore;
use teller::store::mysql::Mysql;

use crate::support::moves::NOW;
use crate::support::mysql::{Database, available};
use crate::support::run;
use crate::{TIMEOUT, mysql, trial};

const TRANSFERS: usize = 10_000;
/// Accounts of one transaction that opens some.
const AT_ONCE: usize = 500;
/// What a batch has by default, and less than a slow server takes for a large one.
const STATEMENT: Duration = Duration::from_millis(1500);
const EACH: Duration = Duration::from_millis(1);
/// Every transfer makes two entries: four seconds together at least.
const SLOW: &str = "CREATE TRIGGER slow BEFORE INSERT ON entries FOR EACH ROW SET @slept = SLEEP(0.0002)";

pub fn trials() -> Vec<Trial> {
    let name = "mysql_ledger::a_full_batch_over_20000_accounts_is_done_by_a_slow_server_too";
    vec![trial(name.to_owned(), available(), full_batch_on_a_slow_server)]
}

fn clock() -> Timestamp {
    NOW
}

fn ledger(database: &Database, transfer_timeout: Duration) -> Ledger<Mysql> {
    let store = Mysql::open(&database.url(), 8, STATEMENT).expect("open");
    let limits = Limits { lanes: 2, batch_max: 1024, queue_max: 65_536, external_stripes: 1, transfer_timeout };
    Ledger::new(store, limits, clock)
}

/// One unit of money between `from` and `to`.
fn one(kind: TransferKind, from: AccountId, to: AccountId, asset: Asset) -> Command {
    let action = Action::Move(Move {
        kind,
        from,
        to,
        asset,
        amount: Decimal { digits: 1, scale: 0 },
        pending: None,
        reference: None,
        description: Description::default(),
    });
    let id = TransferId(rand::random());
    Command { id, actor: UserId(1), authority: Authority::Operator, linked: false, action, record: None, along: None }
}

fn full_batch_on_a_slow_server() {
    let database = Database::create();
    run(async {
        let store = mysql::ready(&database).await;
        let asset = Asset::parse("CNY").expect("a currency");
        let outside = store.external_accounts(asset, 1, NOW).await.expect("external_accounts")[0];
        let mut accounts = Vec::new();
        for first in (1..=2 * TRANSFERS as u64).step_by(AT_ONCE) {
            let owners: Vec<_> = (first..first + AT_ONCE as u64).map(UserId).collect();
            accounts.extend(store.open_accounts(&owners, asset, NOW).await.expect("open_accounts"));
        }
        let (payers, payees) = accounts.split_at(TRANSFERS);
        let ledger = ledger(&database, EACH);
        let done = async |ledger: &Ledger<Mysql>, commands: &[Command]| {
            let (begun, deadline) =
                (Instant::now(), tokio::time::Instant::now() + TIMEOUT + extra_time(EACH, TRANSFERS));
            let outcomes = ledger.submit(commands.to_vec(), deadline).await?;
            assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|one| one.is_err()));
            println!("{} transfers in {:?}", outcomes.len(), begun.elapsed());
            Ok::<_, LedgerError>(())
        };
        let deposits: Vec<_> = payers.iter().map(|to| one(TransferKind::Deposit, outside, *to, asset)).collect();
        done(&ledger, &deposits).await.expect("the server is quick");

        database.execute(SLOW).await;
        let pairs = payers.iter().zip(payees);
        let batch: Vec<_> = pairs.map(|(from, to)| one(TransferKind::Transfer, *from, *to, asset)).collect();
        let hurried = self::ledger(&database, Duration::ZERO);
        let undone = done(&hurried, &batch).await;
        assert!(matches!(undone, Err(LedgerError::Undone(_))), "the server is not slow: {undone:?}");
        done(&ledger, &batch).await.expect("there is time for each transfer");
        let last = store.account(payees[TRANSFERS - 1]).await.expect("account").expect("it was opened");
        assert_eq!((last.balance.minor(), last.version), (100, 1));
    });
}
