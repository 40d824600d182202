//! Chains, and several commands of one batch that meet.

use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Authority, Command, Move, Outcome, Pending, Refusal, Settle, Settlement};
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, HoldStatus, Reference, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::ledger::trial::book::Book;
use crate::ledger::trial::{run, script};

const NOW: Timestamp = Timestamp(9_000_000);

fn id(number: u8) -> TransferId {
    TransferId([number; 16])
}

fn command(number: u8, linked: bool, action: Action) -> Command {
    Command {
        id: id(number),
        actor: UserId(1),
        authority: Authority::Operator,
        linked,
        action,
        record: None,
        along: None,
    }
}

/// `amount` CNY from account 1, which has 100, to account 2.
fn pay(number: u8, amount: i128, linked: bool) -> Command {
    let wish = Move {
        kind: TransferKind::Transfer,
        from: AccountId(1),
        to: AccountId(2),
        asset: Asset::parse("CNY").expect("a currency"),
        amount: Decimal { digits: amount, scale: 0 },
        pending: None,
        reference: None,
        description: Description::default(),
    };
    command(number, linked, Action::Move(wish))
}

fn with(mut command: Command, change: impl FnOnce(&mut Move)) -> Command {
    if let Action::Move(wish) = &mut command.action {
        change(wish);
    }
    command
}

fn hold(number: u8, amount: i128, linked: bool) -> Command {
    with(pay(number, amount, linked), |wish| wish.pending = Some(Pending { timeout_s: None }))
}

fn settle(number: u8, pending: u8, how: Settlement, linked: bool) -> Command {
    command(number, linked, Action::Settle(Settle { pending: id(pending), how }))
}

fn book() -> Book {
    Book::new(script::accounts(0))
}

/// How each ended: done, replayed or why not.
fn ends(outcomes: &[Outcome]) -> Vec<String> {
    let end = |outcome: &Outcome| match outcome {
        Ok(done) if done.replayed => "replayed".to_owned(),
        Ok(_) => "done".to_owned(),
        Err(Refusal::ChainBroken { at }) => format!("broken at {at}"),
        Err(Refusal::InsufficientFunds { available, .. }) => format!("only {}", available.minor()),
        Err(Refusal::IdReused { field }) => format!("reused: {field}"),
        Err(refusal) => format!("{refusal:?}"),
    };
    outcomes.iter().map(end).collect()
}

#[track_caller]
fn check(book: &mut Book, groups: &[Vec<Command>], expected: &[&str], balance: i128) {
    let outcomes = run(book, groups, NOW);
    book.check();
    assert_eq!(ends(&outcomes), expected);
    assert_eq!(book.accounts[&AccountId(1)].balance.minor(), balance);
}

#[test]
fn a_chain_stands_or_falls_together_and_what_comes_later_has_not_seen_it() {
    let chain = [pay(1, 60, true), pay(2, 60, true), pay(3, 1, false)];
    let group = [&chain[..], &[pay(4, 100, false), pay(5, 1, false)]].concat();
    check(&mut book(), &[group], &["broken at 1", "only 4000", "broken at 1", "done", "only 0"], 0);
    check(&mut book(), &[vec![pay(1, 60, true), pay(2, 40, false)]], &["done", "done"], 0);
}

#[test]
fn a_chain_ends_with_its_group_and_counts_places_in_it() {
    let groups =
        [vec![pay(1, 10, true)], vec![pay(2, 10, false), pay(3, 1, true), pay(4, 100, true)], vec![pay(5, 1, true)]];
    check(&mut book(), &groups, &["done", "done", "broken at 2", "only 7900", "done"], 7900);
}

#[test]
fn a_broken_chain_takes_back_holds_ends_references_and_ids() {
    let mut book = book();
    check(&mut book, &[vec![hold(1, 10, false)]], &["done"], 10_000);
    let reference = Reference::parse("r").expect("a reference");
    let refers = |number, linked| with(pay(number, 1, linked), |wish| wish.reference = Some(reference.clone()));
    let chain = vec![
        hold(2, 5, true),
        settle(3, 2, Settlement::Post(None), true),
        settle(4, 1, Settlement::Void, true),
        refers(5, true),
        refers(6, false),
    ];
    let group = vec![
        settle(7, 2, Settlement::Void, false),
        settle(8, 1, Settlement::Post(None), false),
        refers(6, false),
        hold(2, 5, false),
        settle(3, 2, Settlement::Void, false),
    ];
    let used = format!("{:?}", Refusal::ReferenceUsed { by: id(5) });
    let expected = ["broken at 4"; 4].into_iter().chain([&used[..], "UnknownTransfer", "done", "done", "done", "done"]);
    check(&mut book, &[chain, group], &expected.collect::<Vec<_>>(), 8900);
    assert_eq!(book.holds[&id(1)].status, HoldStatus::Posted);
    assert_eq!((book.holds[&id(2)].status, book.holds[&id(2)].settled_by), (HoldStatus::Voided, Some(id(3))));
}

#[test]
fn a_hold_of_the_chains_own_past_is_whole_again() {
    let chain = vec![settle(2, 1, Settlement::Post(None), true), pay(3, 100, false)];
    let groups = [vec![hold(1, 10, false)], chain, vec![settle(4, 1, Settlement::Post(None), false)]];
    check(
        &mut book(),
        &groups,
        &["done", "broken at 1", "only 0", "done"].map(|end| if end == "only 0" { "only 9000" } else { end }),
        9000,
    );
}

#[test]
fn what_was_in_effect_before_a_chain_broke_is_answered_as_such() {
    let mut book = book();
    check(&mut book, &[vec![pay(1, 10, false), pay(4, 5, false)]], &["done", "done"], 8500);
    let chain = vec![pay(1, 10, true), pay(2, 1, true), pay(3, 1000, true), pay(4, 5, true), pay(1, 11, false)];
    let expected = ["replayed", "broken at 2", "only 8400", "replayed", "reused: amount"];
    check(&mut book, &[chain], &expected, 8500);
}

#[test]
fn one_id_several_times_in_a_batch_is_one_transfer() {
    let thrice = vec![pay(1, 30, false), pay(1, 30, false), pay(1, 31, false)];
    check(&mut book(), &[thrice, vec![pay(1, 30, false)]], &["done", "replayed", "reused: amount", "replayed"], 7000);
    let refused_first = vec![pay(1, 300, false), pay(1, 30, false), pay(1, 300, false)];
    check(&mut book(), &[refused_first], &["only 10000", "done", "reused: amount"], 7000);
    let in_a_chain = vec![pay(1, 30, true), pay(1, 30, true), pay(2, 300, false), pay(1, 30, false)];
    check(&mut book(), &[in_a_chain], &["broken at 2", "broken at 2", "only 7000", "done"], 7000);
}

#[test]
fn knowing_an_old_transfer_can_mend_a_chain_and_so_refuse_a_later_command() {
    let mut book = book();
    check(&mut book, &[vec![pay(1, 95, false), pay(2, 3, false)]], &["done", "done"], 200);
    // Alone, 1 would be refused and break the chain, and 3 and the second 2 would find money.
    let batch = [vec![pay(3, 2, true), pay(1, 95, false)], vec![pay(4, 1, false), pay(2, 3, false)]];
    check(&mut book, &batch, &["done", "replayed", "only 0", "replayed"], 0);
}

#[test]
fn a_hold_is_made_and_ended_in_one_batch_in_every_way() {
    for (how, end, balance) in [
        (Settlement::Post(None), HoldStatus::Posted, 0),
        (Settlement::Post(Some(Decimal { digits: 2550, scale: 2 })), HoldStatus::Posted, 7450),
        (Settlement::Void, HoldStatus::Voided, 10_000),
    ] {
        let mut book = book();
        let batch = vec![hold(1, 100, false), pay(2, 1, false), settle(3, 1, how, false), settle(4, 1, how, false)];
        let already = format!("{:?}", Refusal::AlreadySettled(end));
        check(&mut book, &[batch], &["done", "only 0", "done", &already], balance);
        assert_eq!((book.holds[&id(1)].status, book.holds[&id(1)].settled_by), (end, Some(id(3))));
        assert_eq!(book.accounts[&AccountId(1)].held, Amount::ZERO);
        let again = vec![settle(3, 1, how, false)];
        check(&mut book, &[again], &["replayed"], balance);
    }
}
