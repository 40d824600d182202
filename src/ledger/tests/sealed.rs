//! Commands that are one request: under its seal another request has no effect.

use super::groups::{LIMITS, clock, id, pay, soon};
use super::store::Memory;
use crate::domain::command::{Command, Outcome, Refusal};
use crate::domain::transfer::Reference;
use crate::ledger::Ledger;

/// What nobody has.
const TOO_MUCH: i128 = 1_000_000;

fn ledger() -> Ledger<Memory> {
    Ledger::new(Memory::new(false).0, LIMITS, clock)
}

fn seal() -> Reference {
    Reference::parse("batch:1").expect("a reference")
}

/// A request of these amounts, whose ids begin with `first`.
fn request(first: u8, amounts: &[i128]) -> Vec<Command> {
    (first..).zip(amounts).map(|(number, amount)| pay(number, *amount)).collect()
}

/// What became of each, in a word.
fn words(outcomes: &[Outcome]) -> Vec<&'static str> {
    let word = |outcome: &Outcome| match outcome {
        Ok(done) if done.replayed => "again",
        Ok(_) => "done",
        Err(Refusal::IdReused { field }) if field == "transfers" => "another",
        Err(Refusal::ChainBroken { .. }) => "broken",
        Err(_) => "refused",
    };
    outcomes.iter().map(word).collect()
}

async fn ask(ledger: &Ledger<Memory>, commands: Vec<Command>) -> Vec<&'static str> {
    words(&ledger.submit_sealed(seal(), commands, soon()).await.expect("committed"))
}

/// Which transfers bear the seal.
fn bearers(ledger: &Ledger<Memory>) -> Vec<u8> {
    let book = ledger.store().book();
    book.check();
    let sealed = book.transfers.values().filter(|transfer| transfer.reference == Some(seal()));
    sealed.map(|transfer| transfer.id.0[0]).collect()
}

#[tokio::test]
async fn a_request_is_done_once_and_another_one_under_its_seal_never() {
    let ledger = ledger();
    assert_eq!(ask(&ledger, request(1, &[1, 2])).await, ["done", "done"]);
    assert_eq!(bearers(&ledger), [1], "the first bears it");
    assert_eq!(ask(&ledger, request(1, &[1, 2])).await, ["again", "again"]);
    assert_eq!(ask(&ledger, request(11, &[1, 2, 1])).await, ["another"; 3]);
    assert_eq!(ask(&ledger, request(21, &[TOO_MUCH])).await, ["another"], "whatever else is said against it");
    assert_eq!(ledger.store().book().transfers.len(), 2);
    let other = Reference::parse("batch:2").expect("a reference");
    let outcomes = ledger.submit_sealed(other, request(31, &[1]), soon()).await.expect("committed");
    assert_eq!(words(&outcomes), ["done"]);
}

#[tokio::test]
async fn what_was_refused_is_tried_again_with_its_own_request_alone() {
    let ledger = ledger();
    assert_eq!(ask(&ledger, request(1, &[TOO_MUCH])).await, ["refused"]);
    assert_eq!(
        ask(&ledger, request(11, &[TOO_MUCH, 1, 2])).await,
        ["refused", "done", "done"],
        "nothing was in effect"
    );
    assert_eq!(bearers(&ledger), [12]);
    assert_eq!(ask(&ledger, request(11, &[TOO_MUCH, 1, 2])).await, ["refused", "again", "again"]);
    assert_eq!(ask(&ledger, request(11, &[3, 1, 2])).await, ["done", "again", "again"], "there is more money now");
    assert_eq!(ask(&ledger, request(1, &[1])).await, ["another"]);
    assert_eq!(bearers(&ledger), [12]);
}

#[tokio::test]
async fn what_a_chain_takes_back_bears_no_seal() {
    let ledger = ledger();
    let mut commands = request(1, &[1, TOO_MUCH, 2, 3]);
    commands[0].linked = true;
    assert_eq!(ask(&ledger, commands).await, ["broken", "refused", "done", "done"]);
    assert_eq!(bearers(&ledger), [3]);
}

#[tokio::test]
async fn of_two_requests_in_one_transaction_the_first_is_done() {
    let (store, mut begun) = Memory::new(true);
    let ledger = Ledger::new(store, LIMITS, clock);
    let first = {
        let ledger = ledger.clone();
        tokio::spawn(async move { ledger.one(pay(99, 1), soon()).await })
    };
    begun.recv().await.expect("it began");
    let (two, three) = (ask(&ledger, request(1, &[1, 2])), ask(&ledger, request(11, &[1, 2])));
    let go_on = async { ledger.store().go_on(2) };
    let (two, three, ()) = tokio::join!(biased; two, three, go_on);
    assert_eq!((two, three), (vec!["done"; 2], vec!["another"; 2]));
    first.await.expect("no panic").expect("committed").expect("there is money");
    assert_eq!((bearers(&ledger), ledger.store().book().transfers.contains_key(&id(11))), (vec![1], false));
}
