//! Promises about batches that nothing is in the way of.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::super::{Promise, promises};
use super::books::{Books, Script, amount, at, id, two_accounts, write};
use crate::domain::account::{Account, AccountId};
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::money::Amount;
use crate::domain::transfer::{Description, HoldStatus, Reference, Stored, TransferKind};
use crate::store::ledger::{Amended, Amendment, Decision, EntryRange, LedgerStore, NoAnswer};

pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    promises![
        what_a_batch_writes_is_read_back_as_it_was,
        what_is_wanted_is_found_or_known_to_be_missing,
        a_decision_may_ask_for_more,
        batches_at_once_see_each_others_effects,
        a_batch_that_fails_in_its_middle_leaves_nothing,
        amounts_of_38_digits_keep_every_digit_in_every_column,
        texts_keep_every_character,
        thousands_of_transfers_are_one_batch,
        a_batch_without_effects_is_answered,
    ]
}

pub const ALL: EntryRange = EntryRange { from: None, until: None, before: None, limit: 100_000 };

async fn what_a_batch_writes_is_read_back_as_it_was<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let first = Books::of(&accounts).post(1, pair, 100, at(10)).hold(2, pair, 30, at(10), Some(at(99)));
    write(&store, first.effects.clone()).await.expect("write");
    let second = first.next().void(3, &first.stored[1], at(20)).hold(4, pair, 7, at(20), None);
    write(&store, second.effects.clone()).await.expect("write");

    let mut wanted: Vec<Stored> = first.stored.iter().chain(&second.stored).cloned().collect();
    let hold = wanted[1].hold.as_mut().expect("a pending one");
    (hold.status, hold.settled_by) = (HoldStatus::Voided, Some(id(3)));
    let mut found = store.transfers(&[4, 9, 1, 3, 2].map(id)).await.expect("transfers");
    found.sort_by_key(|stored| stored.receipt.transfer.id);
    assert_eq!(found, wanted);
    for account in pair {
        assert_eq!(store.account(account).await.expect("account"), Some(second.account(account)));
        let mut entries = store.entries(account, ALL).await.expect("entries");
        entries.reverse();
        let written = first.effects.entries.iter().chain(&second.effects.entries);
        assert_eq!(entries, written.filter(|entry| entry.account == account).cloned().collect::<Vec<_>>());
    }
    assert_eq!(store.transfers(&[]).await.expect("none"), []);
}

async fn what_is_wanted_is_found_or_known_to_be_missing<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut books = Books::of(&accounts).post(1, pair, 1, at(1)).hold(2, pair, 1, at(1), None);
    books.effects.references.push((TransferKind::Deposit, reference("used"), id(1)));
    write(&store, books.effects.clone()).await.expect("write");
    let wants = Wants {
        accounts: vec![pair[0], pair[1], AccountId(4711), AccountId(u64::MAX)],
        holds: vec![id(2), id(1)],
        transfers: vec![id(1), id(9)],
        references: vec![
            (TransferKind::Deposit, reference("used")),
            (TransferKind::Deposit, reference("Used")),
            (TransferKind::Withdrawal, reference("used")),
        ],
        records: Vec::new(),
    };
    let decide = |found: &Found| Decision::Write(Effects::default(), found.clone());
    let script = Script { wants: wants.clone(), after: Wants::default(), decide };
    let found = store.transact(script).await.expect("transact");
    let accounts = [Some(books.account(pair[0])), Some(books.account(pair[1])), None, None];
    let wanted = Found {
        accounts: wants.accounts.into_iter().zip(accounts).collect(),
        holds: wants.holds.into_iter().zip([books.stored[1].hold.clone(), None]).collect(),
        transfers: wants.transfers.into_iter().zip([Some(books.stored[0].clone()), None]).collect(),
        references: wants.references.into_iter().zip([Some(id(1)), None, None]).collect(),
        records: HashMap::new(),
    };
    assert_eq!(found, wanted);
}

async fn a_decision_may_ask_for_more<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let books = Books::of(&accounts).hold(1, pair, 1, at(1), None);
    write(&store, books.effects.clone()).await.expect("write");
    let decide = |found: &Found| {
        let more = Wants { transfers: vec![id(1)], ..Wants::default() };
        let still_more = Wants { holds: vec![id(1)], ..Wants::default() };
        match (found.transfers.is_empty(), found.holds.is_empty()) {
            (true, _) => Decision::Read(more),
            (false, true) => Decision::Read(still_more),
            (false, false) => Decision::Write(Effects::default(), found.clone()),
        }
    };
    let wants = Wants { accounts: pair.to_vec(), ..Wants::default() };
    let found = store.transact(Script { wants, after: Wants::default(), decide }).await.expect("transact");
    assert_eq!(found.transfers[&id(1)], Some(books.stored[0].clone()));
    assert_eq!(found.holds[&id(1)], books.stored[0].hold);
    assert_eq!(found.accounts[&pair[0]], Some(books.account(pair[0])), "what was found before is still there");
}

async fn batches_at_once_see_each_others_effects<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut at_once = JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        // Half of them want the accounts in the other order.
        let wanted = if number % 2 == 0 { pair } else { [pair[1], pair[0]] };
        let decide = move |found: &Found| {
            let accounts: Vec<Account> = pair.iter().filter_map(|id| found.accounts[id].clone()).collect();
            Decision::Write(Books::of(&accounts).post(number, pair, 1, at(i64::from(number))).effects, ())
        };
        let wants = Wants { accounts: wanted.to_vec(), ..Wants::default() };
        at_once.spawn(async move { store.transact(Script { wants, after: Wants::default(), decide }).await });
    }
    for outcome in at_once.join_all().await {
        outcome.expect("transact");
    }
    for (account, sign) in [(pair[0], -1), (pair[1], 1)] {
        let now = store.account(account).await.expect("account").expect("it is there");
        assert_eq!((now.balance, now.version), (amount(32 * sign), 32));
        let entries = store.entries(account, ALL).await.expect("entries");
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=32).rev().collect::<Vec<_>>());
        assert!(entries.windows(2).all(|pair| pair[1].balance_after == pair[0].balance_before));
    }
}

async fn a_batch_that_fails_in_its_middle_leaves_nothing<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let first = Books::of(&accounts).post(1, pair, 1, at(1));
    write(&store, first.effects.clone()).await.expect("write");
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let mut second = first.next().post(2, pair, 1, at(2)).hold(3, pair, 1, at(2), Some(at(3))).effects;
    second.references.push((TransferKind::Transfer, reference("free"), id(2)));
    // The last of its entries is there already.
    second.entries.push(first.effects.entries[0].clone());
    let decide = move |_: &Found| {
        counted.fetch_add(1, Ordering::SeqCst);
        Decision::Write(second.clone(), ())
    };
    let wants = Wants { accounts: pair.to_vec(), ..Wants::default() };
    let outcome = store.transact(Script { wants, after: Wants::default(), decide }).await;
    assert!(matches!(outcome, Err(NoAnswer::Undone(_))), "{outcome:?}");
    assert!(tries.load(Ordering::SeqCst) >= 2, "it is tried again, and not for ever");
    assert_eq!(store.transfers(&[2, 3].map(id)).await.expect("transfers"), []);
    assert_eq!(store.expired_holds(at(9), 9).await.expect("expired_holds"), []);
    for account in pair {
        assert_eq!(store.account(account).await.expect("account"), Some(first.account(account)));
        assert_eq!(store.entries(account, ALL).await.expect("entries").len(), 1);
    }
    let mut third = first.next().post(4, pair, 1, at(2)).effects;
    third.references.push((TransferKind::Transfer, reference("free"), id(4)));
    write(&store, third).await.expect("the reference is free");
}

async fn amounts_of_38_digits_keep_every_digit_in_every_column<S: LedgerStore>(store: S) {
    let mut accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let (most, least) = (Amount::MAX, Amount::MIN);
    let wide = i128::from(i64::MAX);
    for (step, value) in
        (0_u32..).zip([most, least, amount(wide), amount(wide + 1), amount(-wide - 1), amount(-wide - 2), Amount::ZERO])
    {
        let mut books = Books::of(&accounts).post(10 * step, pair, 0, at(1)).hold(10 * step + 1, pair, 0, at(1), None);
        for stored in &mut books.stored {
            let from = &mut stored.receipt.from_entry;
            [from.amount, from.balance_before, from.balance_after, from.held_after] = [value; 4];
            stored.receipt.transfer.amount = value;
            if let Some(to) = &mut stored.receipt.to_entry {
                [to.amount, to.balance_before, to.balance_after, to.held_after] = [value; 4];
            }
            if let Some(hold) = &mut stored.hold {
                hold.amount = value;
            }
        }
        let receipts = books.stored.iter().map(|stored| &stored.receipt);
        books.effects.entries =
            receipts.clone().flat_map(|one| [one.from_entry.clone()].into_iter().chain(one.to_entry.clone())).collect();
        books.effects.transfers = receipts.map(|one| one.transfer.clone()).collect();
        books.effects.holds = books.stored.iter().filter_map(|stored| stored.hold.clone()).collect();
        for account in &mut books.effects.accounts {
            (account.balance, account.held) = (value, value);
        }
        write(&store, books.effects.clone()).await.expect("write");
        let mut found = store.transfers(&[id(10 * step), id(10 * step + 1)]).await.expect("transfers");
        found.sort_by_key(|stored| stored.receipt.transfer.id);
        assert_eq!(found, books.stored, "{value:?}");
        for account in &mut accounts {
            let amended = store.amend_account(account.id, Amendment::Floor(value), at(1)).await.expect("amend_account");
            let Amended::Done(after) = amended else { panic!("{amended:?}") };
            assert_eq!((after.balance, after.held, after.floor), (value, value, value));
            assert_eq!(store.account(account.id).await.expect("account"), Some(after.clone()));
            // The books begin at nothing again, so that their arithmetic stays within 38 digits.
            *account = Account { balance: Amount::ZERO, held: Amount::ZERO, ..after };
        }
    }
}

async fn texts_keep_every_character<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut books = Books::of(&accounts);
    let descriptions = ["", "🦀".repeat(140).as_str(), "'\";--\\%", " spaces ", "e\u{301}"].map(str::to_owned);
    for (number, text) in (0..).zip(descriptions) {
        books = books.post(number, pair, 1, at(1));
        let transfer = &mut books.stored.last_mut().expect("just added").receipt.transfer;
        transfer.description = Description::parse(text).expect("a description");
        transfer.reference = Some(reference(&"~".repeat(128 - number as usize)));
        transfer.timeout_s = Some(u32::MAX);
        *books.effects.transfers.last_mut().expect("just added") = transfer.clone();
    }
    write(&store, books.effects.clone()).await.expect("write");
    for wanted in &books.stored {
        let found = store.transfers(&[wanted.receipt.transfer.id]).await.expect("transfers");
        assert_eq!(found.first(), Some(wanted));
    }
}

async fn thousands_of_transfers_are_one_batch<S: LedgerStore>(store: S) {
    const COUNT: u32 = 2_500;
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut books = Books::of(&accounts);
    for number in 0..COUNT {
        books = books.hold(number, pair, 1, at(1), Some(at(2)));
        books.effects.references.push((TransferKind::Transfer, reference(&number.to_string()), id(number)));
    }
    write(&store, books.effects.clone()).await.expect("write");
    let mut settled = books.next();
    for (number, pending) in (COUNT..).zip(&books.stored) {
        settled = settled.void(number, pending, at(3));
    }
    write(&store, settled.effects.clone()).await.expect("write");
    let ids: Vec<_> = (0..2 * COUNT).map(id).collect();
    let found = store.transfers(&ids).await.expect("transfers");
    assert_eq!(found.len(), ids.len());
    let ended = found.iter().filter_map(|stored| stored.hold.as_ref()).filter(|hold| hold.status == HoldStatus::Voided);
    assert_eq!(ended.count(), COUNT as usize);
    let account = store.account(pair[0]).await.expect("account").expect("it is there");
    assert_eq!((account.held, account.version), (Amount::ZERO, u64::from(2 * COUNT)));
}

async fn a_batch_without_effects_is_answered<S: LedgerStore>(store: S) {
    let decide = |_: &Found| Decision::Write(Effects::default(), "nothing to do");
    let script = Script { wants: Wants::default(), after: Wants::default(), decide };
    assert_eq!(store.transact(script).await.expect("transact"), "nothing to do");
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).expect("a reference")
}
