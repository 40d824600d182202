//! The ledger as its callers see it: at once, again, and after its time.

use std::collections::HashSet;

use super::groups::{LIMITS, clock, id, pay, soon};
use super::store::{Fault, Memory};
use crate::domain::account::AccountId;
use crate::domain::command::{Action, Command, Pending, Refusal, Settle, Settlement};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{HoldStatus, TransferId};
use crate::ledger::trial::script::asset;
use crate::ledger::{Ledger, Limits};

fn ledger() -> Ledger<Memory> {
    let (store, _) = Memory::new(false);
    Ledger::new(store, Limits { lanes: 4, batch_max: 8, ..LIMITS }, clock)
}

fn hold(number: u8, timeout_s: u32) -> Command {
    let mut command = pay(number, 1);
    if let Action::Move(wish) = &mut command.action {
        wish.pending = Some(Pending { timeout_s: Some(timeout_s) });
    }
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_64_times_at_once_is_one_effect_and_one_receipt() {
    let ledger = ledger();
    let calls = (0..64).map(|_| {
        tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.one(pay(1, 1), soon()).await }
        })
    });
    let mut receipts = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        receipts.push(call.await.expect("no caller panics").expect("committed").expect("there is money"));
    }
    assert_eq!(receipts.iter().filter(|done| !done.replayed).count(), 1);
    assert!(receipts.iter().all(|done| done.receipt == receipts[0].receipt));
    assert_eq!(ledger.store().book().accounts[&AccountId(2)].balance, Amount::new(100).expect("small"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_who_want_the_whole_balance_at_once_one_gets_it() {
    let ledger = ledger();
    let calls = (0..64).map(|number| {
        tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.one(pay(number, 100), soon()).await }
        })
    });
    let mut won = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.expect("no caller panics").expect("committed") {
            Ok(_) => won += 1,
            Err(refusal) => {
                assert_eq!(refusal, Refusal::InsufficientFunds { available: Amount::ZERO, asset: asset("CNY") })
            }
        }
    }
    assert_eq!(won, 1);
    ledger.store().book().check();
}

#[tokio::test]
async fn an_id_always_has_the_same_external_account_and_all_are_used() {
    let (ledger, cny) = (ledger(), asset("CNY"));
    let mut used = HashSet::new();
    for number in 0..64 {
        let account = ledger.external_account(cny, id(number)).await.expect("it is there");
        assert_eq!(ledger.external_account(cny, id(number)).await.ok(), Some(account));
        used.insert(account);
    }
    assert_eq!(used, HashSet::from([AccountId(10), AccountId(11)]));
    assert!(ledger.external_account(asset("USD"), id(1)).await.is_err(), "this store makes none");
}

#[tokio::test]
async fn what_has_expired_is_released_once_whoever_does_it() {
    let (store, _) = Memory::new(false);
    let early = Ledger::new(store.clone(), LIMITS, || Timestamp(0));
    for command in [hold(1, 10), hold(2, 20), hold(3, 50), hold(4, 51)] {
        early.one(command, soon()).await.expect("committed").expect("there is money");
    }
    // The id that the end of 2 would have is public: somebody used it.
    let stolen = Command { id: id(2).of_expiry(), ..pay(0, 1) };
    early.one(stolen, soon()).await.expect("committed").expect("there is money");
    assert_eq!(early.expire(10).await.ok(), Some(0), "not yet");

    let (one, other) = (Ledger::new(store.clone(), LIMITS, clock), Ledger::new(store.clone(), LIMITS, clock));
    let (ours, theirs) = tokio::join!(one.expire(10), other.expire(10));
    assert_eq!(ours.expect("released") + theirs.expect("released"), 3);
    assert_eq!(one.expire(10).await.ok(), Some(0));
    let book = store.book();
    book.check();
    let status = |number| (book.holds[&id(number)].status, book.holds[&id(number)].settled_by);
    assert_eq!(status(1), (HoldStatus::Expired, Some(id(1).of_expiry())), "every backend gives it the same id");
    assert_eq!(
        [status(2).0, status(3).0, status(4).0],
        [HoldStatus::Expired, HoldStatus::Expired, HoldStatus::Pending]
    );
    assert_eq!(book.accounts[&AccountId(1)].held, Amount::new(100).expect("small"));
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_no_other_from_its_end() {
    let (store, _) = Memory::new(false);
    let early = Ledger::new(store.clone(), LIMITS, || Timestamp(0));
    for command in [hold(1, 10), hold(2, 20), hold(3, 30)] {
        early.one(command, soon()).await.expect("committed").expect("there is money");
    }
    store.fail(id(2), Fault::Unreadable);
    let ledger = Ledger::new(store.clone(), LIMITS, clock);
    assert_eq!(ledger.expire(10).await.ok(), Some(2));
    assert_eq!(store.book().holds[&id(2)].status, HoldStatus::Pending);
}

#[tokio::test]
async fn a_pending_transfer_of_an_earlier_batch_is_ended_in_a_later_one() {
    let ledger = ledger();
    let settle = |number, pending| {
        let action = Action::Settle(Settle { pending, how: Settlement::Post(None) });
        Command { id: id(number), action, ..pay(0, 1) }
    };
    assert_eq!(ledger.one(settle(2, id(1)), soon()).await.ok(), Some(Err(Refusal::UnknownTransfer)));
    ledger.one(hold(1, 1000), soon()).await.expect("committed").expect("there is money");
    let first = ledger.one(settle(2, id(1)), soon()).await.expect("committed").expect("it is held");
    let again = ledger.one(settle(2, id(1)), soon()).await.expect("committed").expect("it was done");
    assert_eq!((again.replayed, again.receipt), (true, first.receipt));
    let twice = ledger.one(settle(3, id(1)), soon()).await.expect("committed");
    assert_eq!(twice, Err(Refusal::AlreadySettled(HoldStatus::Posted)));
    let not_pending = ledger.one(settle(3, TransferId(id(2).0)), soon()).await.expect("committed");
    assert_eq!(not_pending, Err(Refusal::NotPending));
}
