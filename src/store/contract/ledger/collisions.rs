//! Promises about batches that meet what is there already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::super::{Promise, promises};
use super::batches::ALL;
use super::books::{Books, Script, at, id, two_accounts, write};
use crate::domain::account::AccountId;
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::transfer::{Reference, TransferKind};
use crate::store::ledger::{Decision, LedgerStore};

pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    promises![
        an_id_that_is_there_is_looked_up,
        an_entry_that_is_there_is_looked_up,
        a_reference_that_is_used_is_looked_up,
        a_hold_that_has_ended_is_looked_up,
        what_a_collision_undid_is_not_there,
        collisions_among_batches_at_once_are_each_their_own,
    ]
}

/// What there is before: a transfer, a hold that ended, and a reference.
async fn before<S: LedgerStore>(store: &S) -> ([AccountId; 2], Books) {
    let accounts = two_accounts(store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut first = Books::of(&accounts).post(1, pair, 100, at(1)).hold(2, pair, 5, at(1), None);
    first.effects.references.push((TransferKind::Deposit, reference(), id(1)));
    write(store, first.effects.clone()).await.expect("write");
    let second = first.next().void(3, &first.stored[1], at(2));
    write(store, second.effects.clone()).await.expect("write");
    let stored = first.stored;
    let mut books = second.next();
    books.stored = stored;
    (pair, books)
}

/// Everything that [`before`] wrote.
fn everything() -> Wants {
    Wants {
        accounts: Vec::new(),
        holds: vec![id(2)],
        transfers: vec![id(1), id(2), id(3), id(99)],
        references: vec![(TransferKind::Deposit, reference())],
        records: Vec::new(),
    }
}

/// Tries to write `effects`, and answers what was found when it was in the way.
async fn collide<S: LedgerStore>(store: &S, pair: [AccountId; 2], effects: Effects) -> Found {
    let tries = AtomicUsize::new(0);
    let decide = move |found: &Found| {
        tries.fetch_add(1, Ordering::SeqCst);
        assert!(tries.load(Ordering::SeqCst) < 10, "one collision leads to one more try");
        let nothing = || Decision::Write(Effects::default(), found.clone());
        let once = || Decision::Write(effects.clone(), Found::default());
        if found.transfers.is_empty() { once() } else { nothing() }
    };
    let wants = Wants { accounts: pair.to_vec(), ..Wants::default() };
    store.transact(Script { wants, after: everything(), decide }).await.expect("transact")
}

/// All that there is was found, and nothing besides.
async fn finds_everything<S: LedgerStore>(
    store: &S,
    pair: [AccountId; 2],
    books: &Books,
    spoil: impl FnOnce(&mut Effects),
) {
    let mut effects = books.clone().post(99, pair, 1, at(9)).effects;
    effects.references.push((TransferKind::Withdrawal, reference(), id(99)));
    spoil(&mut effects);
    let found = collide(store, pair, effects).await;
    assert_eq!(found.accounts[&pair[0]], Some(books.account(pair[0])));
    assert_eq!(found.transfers[&id(1)], Some(books.stored[0].clone()));
    assert_eq!(found.transfers[&id(99)], None, "what the collision undid");
    assert_eq!(found.holds[&id(2)].as_ref().and_then(|hold| hold.settled_by), Some(id(3)));
    assert_eq!(found.references[&(TransferKind::Deposit, reference())], Some(id(1)));
    assert_eq!(found.holds.len() + found.transfers.len() + found.references.len(), 6);
}

async fn an_id_that_is_there_is_looked_up<S: LedgerStore>(store: S) {
    let (pair, books) = before(&store).await;
    let same = books.stored[0].receipt.transfer.clone();
    finds_everything(&store, pair, &books, |effects| effects.transfers.push(same)).await;
}

async fn an_entry_that_is_there_is_looked_up<S: LedgerStore>(store: S) {
    let (pair, books) = before(&store).await;
    let same = books.stored[0].receipt.from_entry.clone();
    finds_everything(&store, pair, &books, |effects| effects.entries.push(same)).await;
}

async fn a_reference_that_is_used_is_looked_up<S: LedgerStore>(store: S) {
    let (pair, books) = before(&store).await;
    let same = (TransferKind::Deposit, reference(), id(99));
    finds_everything(&store, pair, &books, |effects| effects.references.push(same)).await;
}

async fn a_hold_that_has_ended_is_looked_up<S: LedgerStore>(store: S) {
    let (pair, books) = before(&store).await;
    let again = books.clone().void(98, &books.stored[1], at(3)).effects.settled;
    finds_everything(&store, pair, &books, |effects| effects.settled.extend(again)).await;
    let hold = store.transfers(&[id(2)]).await.expect("transfers")[0].hold.clone().expect("a pending one");
    assert_eq!(hold.settled_by, Some(id(3)), "the first end stays");
}

async fn what_a_collision_undid_is_not_there<S: LedgerStore>(store: S) {
    let (pair, books) = before(&store).await;
    let mut effects = books.clone().post(99, pair, 1, at(9)).hold(97, pair, 1, at(9), Some(at(10))).effects;
    effects.references.push((TransferKind::Withdrawal, reference(), id(99)));
    effects.transfers.push(books.stored[0].receipt.transfer.clone());
    collide(&store, pair, effects).await;
    assert_eq!(store.transfers(&[id(99), id(97)]).await.expect("transfers"), []);
    assert_eq!(store.expired_holds(at(99), 9).await.expect("expired_holds"), []);
    for account in pair {
        let now = store.account(account).await.expect("account").expect("it is there");
        assert_eq!(now, books.account(account));
        assert_eq!(store.entries(account, ALL).await.expect("entries").len() as u64, now.version);
    }
    let mut free = books.clone().post(99, pair, 1, at(9)).effects;
    free.references.push((TransferKind::Withdrawal, reference(), id(99)));
    write(&store, free).await.expect("the id, the numbers and the reference are free");
}

/// All want to make the same transfer: one does, the others find it. Between them are batches that nothing is in the way of.
async fn collisions_among_batches_at_once_are_each_their_own<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let made = Arc::new(AtomicUsize::new(0));
    let mut at_once = JoinSet::new();
    for caller in 0..32_u32 {
        let (store, made) = (store.clone(), Arc::clone(&made));
        let number = if caller % 2 == 0 { 1 } else { 100 + caller };
        at_once.spawn(async move {
            let decide = move |found: &Found| {
                if found.transfers.get(&id(number)).is_some_and(Option::is_some) {
                    return Decision::Write(Effects::default(), 0);
                }
                let accounts: Vec<_> = pair.iter().filter_map(|id| found.accounts[id].clone()).collect();
                Decision::Write(Books::of(&accounts).post(number, pair, 1, at(i64::from(caller))).effects, 1)
            };
            let wants = Wants { accounts: pair.to_vec(), ..Wants::default() };
            let after = Wants { transfers: vec![id(number)], ..Wants::default() };
            let count = store.transact(Script { wants, after, decide }).await.expect("transact");
            if number == 1 {
                made.fetch_add(count, Ordering::SeqCst);
            }
        });
    }
    at_once.join_all().await;
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let account = store.account(pair[1]).await.expect("account").expect("it is there");
    assert_eq!((account.balance.minor(), account.version), (17, 17));
}

fn reference() -> Reference {
    Reference::parse("bank-0001").expect("a reference")
}
