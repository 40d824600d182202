//! Group commit: what is gathered, what is divided, and what callers hear of a batch that came to nothing. Batches are held at a gate, never by
//! waiting.

use std::task::Poll;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::store::{Fault, Memory};
use crate::domain::account::AccountId;
use crate::domain::command::{Action, Authority, Command, Move, Outcome, Settle, Settlement};
use crate::domain::money::Decimal;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::ledger::trial::script::asset;
use crate::ledger::{Ledger, LedgerError, Limits};

pub(super) const LIMITS: Limits =
    Limits { lanes: 1, batch_max: 4, queue_max: 100, external_stripes: 2, transfer_timeout: Duration::from_secs(1) };

type Call = JoinHandle<Result<Vec<Outcome>, LedgerError>>;

/// 50 seconds after the newest of the accounts that take part was last changed.
pub(super) fn clock() -> Timestamp {
    Timestamp(50_001_000)
}

pub(super) fn id(number: u8) -> TransferId {
    TransferId([number; 16])
}

/// One CNY from account 1, which has 100, to account 2.
pub(super) fn pay(number: u8, amount: i128) -> Command {
    let action = Action::Move(Move {
        kind: TransferKind::Transfer,
        from: AccountId(1),
        to: AccountId(2),
        asset: asset("CNY"),
        amount: Decimal { digits: amount, scale: 0 },
        pending: None,
        reference: None,
        description: Description::default(),
    });
    Command {
        id: id(number),
        actor: UserId(1),
        authority: Authority::Owner,
        linked: false,
        action,
        record: None,
        along: None,
    }
}

pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn held(limits: Limits) -> (Ledger<Memory>, mpsc::UnboundedReceiver<usize>) {
    let (store, begun) = Memory::new(true);
    (Ledger::new(store, limits, clock), begun)
}

/// Submits a group from a task of its own, and returns once it is queued.
async fn submit(ledger: &Ledger<Memory>, numbers: impl IntoIterator<Item = u8>, deadline: Instant) -> Call {
    let (ledger, (polled, queued)) = (ledger.clone(), oneshot::channel());
    let commands = numbers.into_iter().map(|number| pay(number, 1)).collect();
    let call = tokio::spawn(async move {
        let mut call = std::pin::pin!(ledger.submit(commands, deadline));
        let first = std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
        polled.send(()).expect("the test waits");
        match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.await,
        }
    });
    queued.await.expect("it was polled");
    call
}

/// How a call ended: how many commands stand, or the error's name.
async fn end(call: Call) -> String {
    match call.await.expect("no caller panics") {
        Ok(outcomes) => format!("{} of {}", outcomes.iter().filter(|outcome| outcome.is_ok()).count(), outcomes.len()),
        Err(LedgerError::Busy) => "busy".into(),
        Err(LedgerError::TooLate) => "too late".into(),
        Err(LedgerError::Unknown(_)) => "unknown".into(),
        Err(LedgerError::Undone(_)) => "undone".into(),
    }
}

async fn ends(calls: Vec<Call>) -> Vec<String> {
    let mut all = Vec::new();
    for call in calls {
        all.push(end(call).await);
    }
    all
}

#[tokio::test]
async fn groups_are_gathered_up_to_batch_max_and_never_divided() {
    let (ledger, mut begun) = held(LIMITS);
    let mut calls = vec![submit(&ledger, [1], soon()).await];
    assert_eq!(begun.recv().await, Some(1), "an idle lane waits for nobody");
    for group in [2..=2, 3..=5, 6..=7, 10..=19, 20..=20] {
        calls.push(submit(&ledger, group, soon()).await);
    }
    for expected in [10, 4, 3] {
        ledger.store().go_on(1);
        assert_eq!(begun.recv().await, Some(expected));
    }
    ledger.store().go_on(1);
    assert_eq!(
        ends(calls).await,
        ["1 of 1", "1 of 1", "3 of 3", "2 of 2", "10 of 10", "1 of 1"],
        "the largest had its turn"
    );
    assert_eq!(ledger.store().book().transfers.len(), 18);
    assert!(ledger.submit(Vec::new(), soon()).await.is_ok_and(|outcomes| outcomes.is_empty()));
}

#[tokio::test]
async fn the_queue_counts_commands() {
    let (ledger, mut begun) = held(Limits { queue_max: 5, ..LIMITS });
    let first = submit(&ledger, [1], soon()).await;
    begun.recv().await.expect("it began");
    let second = submit(&ledger, 2..=5, soon()).await;
    assert_eq!(end(submit(&ledger, 6..=7, soon()).await).await, "busy");
    let third = submit(&ledger, [8], soon()).await;
    ledger.store().go_on(3);
    assert_eq!(ends(vec![first, second, third]).await, ["1 of 1", "4 of 4", "1 of 1"]);
    assert!(!ledger.store().book().transfers.contains_key(&id(6)), "it was not done");
}

#[tokio::test]
async fn who_sends_many_large_groups_keeps_nobody_elses_transfer_from_being_done() {
    let (ledger, mut begun) = held(LIMITS);
    let mut calls = vec![submit(&ledger, 100..=109, soon()).await];
    assert_eq!(begun.recv().await, Some(10));
    calls.push(submit(&ledger, 110..=119, soon()).await);
    calls.push(submit(&ledger, 120..=134, soon()).await);
    assert_eq!(end(submit(&ledger, 200..=204, soon()).await).await, "busy", "a quarter of the queue is full of them");
    calls.push(submit(&ledger, [1], soon()).await);
    for expected in [1, 10, 15] {
        ledger.store().go_on(1);
        assert_eq!(begun.recv().await, Some(expected), "it waits for what was begun, and for nothing else");
    }
    ledger.store().go_on(1);
    assert_eq!(ends(calls).await, ["10 of 10", "10 of 10", "15 of 15", "1 of 1"]);

    let (ledger, mut begun) = held(Limits { lanes: 2, ..LIMITS });
    let mut calls = vec![submit(&ledger, 100..=109, soon()).await, submit(&ledger, 110..=119, soon()).await];
    assert_eq!(begun.recv().await, Some(10));
    calls.push(submit(&ledger, [1], soon()).await);
    assert_eq!(begun.recv().await, Some(1), "there is a lane for it");
    ledger.store().go_on(3);
    assert_eq!(begun.recv().await, Some(10));
    assert_eq!(ends(calls).await, ["10 of 10", "10 of 10", "1 of 1"]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_not_begun_and_its_neighbours_are() {
    let (ledger, mut begun) = held(LIMITS);
    let first = submit(&ledger, [1], soon()).await;
    begun.recv().await.expect("it began");
    let late = submit(&ledger, [2], Instant::now() + Duration::from_secs(1)).await;
    let neighbour = submit(&ledger, [3], soon()).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    ledger.store().go_on(2);
    assert_eq!(ends(vec![first, late, neighbour]).await, ["1 of 1", "too late", "1 of 1"]);
    assert!(!ledger.store().book().transfers.contains_key(&id(2)));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_stuck_lane_hears_in_time_that_it_was_not_begun() {
    let (ledger, mut begun) = held(LIMITS);
    let first = submit(&ledger, [1], Instant::now() + Duration::from_secs(1)).await;
    begun.recv().await.expect("it began");
    let second = submit(&ledger, [2], Instant::now() + Duration::from_secs(2)).await;
    assert_eq!(end(second).await, "too late", "while the lane is stuck");
    ledger.store().go_on(2);
    assert_eq!(end(first).await, "1 of 1", "what was begun is waited for");
    ledger.one(pay(3, 1), soon()).await.expect("committed").expect("there is money");
    assert!(!ledger.store().book().transfers.contains_key(&id(2)), "nor is it begun later");
}

#[tokio::test]
async fn a_poisonous_group_stands_alone_in_the_end_and_its_neighbours_are_unharmed_and_in_order() {
    let (ledger, mut begun) = held(Limits { batch_max: 16, ..LIMITS });
    ledger.store().fail(id(13), Fault::Refused);
    let mut calls = vec![submit(&ledger, [1], soon()).await];
    begun.recv().await.expect("it began");
    for group in [2..=2, 3..=5, 12..=14, 6..=7, 8..=8] {
        calls.push(submit(&ledger, group, soon()).await);
    }
    ledger.store().go_on(usize::from(u8::MAX));
    assert_eq!(ends(calls).await, ["1 of 1", "1 of 1", "3 of 3", "undone", "2 of 2", "1 of 1"]);
    let mut order: Vec<_> = ledger
        .store()
        .book()
        .entries
        .range((AccountId(1), 0)..(AccountId(2), 0))
        .map(|(_, entry)| entry.transfer.0[0])
        .collect();
    assert_eq!(order, (1..=8).collect::<Vec<_>>(), "nobody overtook");
    order.clear();
    while let Ok(size) = begun.try_recv() {
        order.push(size as u8);
    }
    assert_eq!(order, [10, 4, 6, 3, 3], "halves, each whole groups");
}

#[tokio::test]
async fn a_batch_that_may_be_in_effect_is_unknown_to_all_of_its_callers_and_never_begun_again() {
    for (fault, expected, made) in
        [(Fault::Unknown, "unknown", 3), (Fault::Panic, "unknown", 1), (Fault::Undone, "undone", 1)]
    {
        let (ledger, mut begun) = held(LIMITS);
        ledger.store().fail(id(3), fault);
        let first = submit(&ledger, [1], soon()).await;
        begun.recv().await.expect("it began");
        let (second, third) = (submit(&ledger, [2], soon()).await, submit(&ledger, [3], soon()).await);
        ledger.store().go_on(9);
        assert_eq!(ends(vec![first, second, third]).await, ["1 of 1", expected, expected], "{fault:?}");
        assert_eq!(ledger.store().book().transfers.len(), made);

        let again = ledger.one(pay(2, 1), soon()).await.expect("the lane goes on").expect("there is money");
        assert_eq!(again.replayed, fault == Fault::Unknown, "asked again, it is known");
    }
}

#[tokio::test]
async fn a_pending_transfer_that_cannot_be_read_fails_no_neighbour() {
    let (ledger, mut begun) = held(LIMITS);
    ledger.store().fail(id(9), Fault::Unreadable);
    let first = submit(&ledger, [1], soon()).await;
    begun.recv().await.expect("it began");
    let neighbour = submit(&ledger, [2], soon()).await;
    let action = Action::Settle(Settle { pending: id(9), how: Settlement::Void });
    let failed = ledger.one(Command { id: id(3), action, ..pay(0, 1) }, soon()).await;
    assert!(matches!(failed, Err(LedgerError::Undone(_))), "before its turn: {failed:?}");
    ledger.store().go_on(2);
    assert_eq!(ends(vec![first, neighbour]).await, ["1 of 1", "1 of 1"]);
}

#[tokio::test]
async fn a_caller_who_leaves_stops_nothing_that_was_begun_and_leaves_nothing_to_be_begun() {
    let (ledger, mut begun) = held(LIMITS);
    let first = submit(&ledger, [1], soon()).await;
    begun.recv().await.expect("it began");
    let second = submit(&ledger, [2], soon()).await;
    for call in [first, second] {
        call.abort();
        assert!(call.await.is_err_and(|error| error.is_cancelled()));
    }
    ledger.store().go_on(3);
    ledger.one(pay(3, 1), soon()).await.expect("committed").expect("there is money");
    let done = |number| ledger.store().book().transfers.contains_key(&id(number));
    assert_eq!([done(1), done(2), done(3)], [true, false, true], "who sends it again hears what becomes of that");
}
