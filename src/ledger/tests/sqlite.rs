//! The same on a real database: SQLite in memory.

use std::time::Duration;

use super::groups::{LIMITS, clock, id, pay, soon};
use super::properties::scripts;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::command::{Action, Authority, Command, Done, Outcome, Refusal};
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, TransferKind};
use crate::domain::user::UserId;
use crate::ledger::commit::Lent;
use crate::ledger::plan::Asked;
use crate::ledger::trial::model::Model;
use crate::ledger::trial::script::{self, Script};
use crate::ledger::trial::unnamed;
use crate::ledger::{Ledger, Limits, commit};
use crate::store::Store;
use crate::store::ledger::{Amendment, Batch, Decision, LedgerStore};
use crate::store::sqlite::Sqlite;

/// Sets accounts to what they are to be by an entry each, without any transfer.
struct Set(Vec<Account>);

impl Batch for Set {
    type Answer = ();

    fn wants(&self) -> Wants {
        Wants { accounts: self.0.iter().map(|account| account.id).collect(), ..Wants::default() }
    }

    fn wants_after_collision(&self) -> Wants {
        Wants::default()
    }

    fn decide(&self, _: &Found) -> Decision<()> {
        Decision::Write(Effects { entries: self.0.iter().map(newest).collect(), ..Effects::default() }, ())
    }
}

/// The entry that leaves an account as it stands.
fn newest(account: &Account) -> Entry {
    Entry {
        account: account.id,
        seq: account.version.max(1),
        transfer: id(u8::MAX),
        amount: Amount::ZERO,
        balance_before: account.balance,
        balance_after: account.balance,
        held_after: account.held,
        created_at: account.updated_at,
    }
}

/// A database with the accounts of [`script::accounts`], and these as they stand there.
async fn open() -> (Sqlite, Vec<Account>) {
    let store = Sqlite::memory(Duration::from_secs(10)).expect("open");
    store.migrate().await.expect("migrate");
    let now = Timestamp(0);
    for account in script::accounts(0) {
        let opened = match account.owner {
            Some(owner) => store.open_account(owner, account.asset, now).await.expect("open").expect("not twice").id,
            None => {
                let stripes = if account.id == AccountId(11) { 2 } else { 1 };
                let house = store.house_accounts(account.kind, account.asset, stripes, now).await.expect("open");
                *house.last().expect("as many")
            }
        };
        assert_eq!(opened, account.id, "numbers begin with 1");
        if account.kind == AccountKind::User {
            store.amend_account(opened, Amendment::Floor(account.floor), now).await.expect("amend");
        }
        if account.status != AccountStatus::Open {
            store.amend_account(opened, Amendment::Status(account.status), now).await.expect("amend");
        }
    }
    store.transact(Set(script::accounts(0))).await.expect("set");
    let mut accounts = Vec::new();
    for account in script::accounts(0) {
        accounts.push(store.account(account.id).await.expect("read").expect("it is there"));
    }
    (store, accounts)
}

#[tokio::test]
async fn any_commands_come_to_what_the_model_says_on_sqlite_too() {
    for input in scripts(24, 1500) {
        let (store, accounts) = open().await;
        assert!(accounts.iter().zip(script::accounts(0)).all(|(a, b)| (a.balance, a.status) == (b.balance, b.status)));
        let mut model = Model::new(accounts);
        for (now, groups) in Script::read(&input, 0).batches {
            let expected: Vec<Outcome> = groups.iter().flat_map(|group| model.run(group, now)).collect();
            let pending = commit::pending(&store, &groups.concat()).await.expect("read");
            let batch = Lent::new(groups.into_iter().map(Asked::from).collect(), pending, now, Duration::ZERO);
            let outcomes = store.transact(batch).await.expect("committed");
            assert_eq!(
                outcomes.iter().map(unnamed).collect::<Vec<_>>(),
                expected.iter().map(unnamed).collect::<Vec<_>>()
            );
        }
        for (number, account) in &model.accounts {
            assert_eq!(store.account(*number).await.expect("read").as_ref(), Some(account));
        }
    }
}

/// What each of 64 tasks hears who ask at once.
async fn at_once(command: fn(u8) -> Command) -> (Ledger<Sqlite>, Vec<Outcome>) {
    let ledger = Ledger::new(open().await.0, Limits { lanes: 4, batch_max: 8, ..LIMITS }, clock);
    let call = |number| {
        let ledger = ledger.clone();
        tokio::spawn(async move { ledger.one(command(number), soon()).await })
    };
    let calls: Vec<_> = (0..64).map(call).collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.expect("no caller panics").expect("committed"));
    }
    (ledger, outcomes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_64_times_at_once_is_one_effect_and_one_receipt() {
    let (ledger, outcomes) = at_once(|_| pay(1, 1)).await;
    let done: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("there is money")).collect();
    assert_eq!(done.iter().filter(|done| !done.replayed).count(), 1);
    assert!(done.iter().all(|one| one.receipt == done[0].receipt));
    let payee = ledger.store().account(AccountId(2)).await.expect("read").expect("it is there");
    assert_eq!(payee.balance, Amount::new(100).expect("small"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_who_want_the_whole_balance_at_once_one_gets_it() {
    let (ledger, outcomes) = at_once(|number| pay(number, 100)).await;
    let available = Amount::ZERO;
    let refused = |outcome: &&Outcome| matches!(outcome, Err(Refusal::InsufficientFunds { available: left, .. }) if *left == available);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(refused).count(), 63);
    let won = outcomes.iter().flatten().next().expect("one");
    let stored = ledger.store().transfers(&(0..64).map(id).collect::<Vec<_>>()).await.expect("read");
    assert_eq!(stored.iter().map(|stored| &stored.receipt).collect::<Vec<_>>(), [&won.receipt]);
}

#[tokio::test]
async fn with_more_accounts_outside_what_was_done_is_still_the_same() {
    let store = Sqlite::memory(Duration::from_secs(10)).expect("open");
    store.migrate().await.expect("migrate");
    let cny = script::asset("CNY");
    let account = store.open_account(UserId(1), cny, Timestamp(0)).await.expect("open").expect("not twice").id;
    let few = Ledger::new(store.clone(), LIMITS, clock);
    let many = Ledger::new(store, Limits { external_stripes: 2 * LIMITS.external_stripes, ..LIMITS }, clock);
    let mut others = 0;
    for (kind, numbers) in
        [(TransferKind::Deposit, 0..8), (TransferKind::Withdrawal, 8..12), (TransferKind::Deduction, 12..16)]
    {
        for number in numbers {
            let command = |outside| {
                let mut command = Command { authority: Authority::Operator, ..pay(number, 1) };
                let Action::Move(wish) = &mut command.action else { panic!("it moves money") };
                wish.kind = kind;
                (wish.from, wish.to) =
                    if kind == TransferKind::Deposit { (outside, account) } else { (account, outside) };
                command
            };
            let before = few.external_account(cny, id(number)).await.expect("it is there");
            let after = many.external_account(cny, id(number)).await.expect("it is there");
            others += u8::from(before != after);
            let done = few.one(command(before), soon()).await.expect("committed").expect("there is money");
            let again = many.one(command(after), soon()).await.expect("committed");
            assert_eq!(again, Ok(Done { replayed: true, ..done }), "{kind:?}");
        }
    }
    assert_eq!(others, 8, "half of them have another");
}
