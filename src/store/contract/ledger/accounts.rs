//! Promises about accounts.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::super::{Promise, promises};
use super::books::{Books, amount, asset, at, two_accounts, write};
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::money::Amount;
use crate::domain::user::UserId;
use crate::store::ledger::{Amended, Amendment, LedgerStore};

pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    promises![
        a_user_has_one_account_in_each_asset,
        of_16_that_open_one_account_at_once_one_does,
        accounts_of_many_are_opened_where_they_are_missing,
        accounts_of_many_are_opened_once_also_by_16_at_once,
        accounts_of_a_user_come_by_number_in_pages,
        external_accounts_are_made_once_also_by_16_at_once,
        an_account_is_amended_and_keeps_the_rest,
        an_account_is_closed_only_when_it_is_empty_and_for_good,
        an_unknown_account_is_not_there,
    ]
}

async fn a_user_has_one_account_in_each_asset<S: LedgerStore>(store: S) {
    let user = UserId(7);
    let opened = store.open_account(user, asset("CNY"), at(1)).await.expect("open_account").expect("opened");
    let wanted = Account {
        id: opened.id,
        owner: Some(user),
        kind: AccountKind::User,
        stripe: None,
        asset: asset("CNY"),
        balance: Amount::ZERO,
        held: Amount::ZERO,
        floor: Amount::ZERO,
        version: 0,
        status: AccountStatus::Open,
        created_at: at(1),
        updated_at: at(1),
    };
    assert_eq!(opened, wanted);
    assert_eq!(store.open_account(user, asset("CNY"), at(2)).await.expect("open_account"), None);
    assert_eq!(store.account(opened.id).await.expect("account"), Some(wanted.clone()), "as it was");
    assert_eq!(store.account_of(user, asset("CNY")).await.expect("account_of"), Some(wanted));
    for (owner, code) in [(user, "JPY"), (UserId(8), "CNY")] {
        let other = store.open_account(owner, asset(code), at(3)).await.expect("open_account").expect("opened");
        assert_ne!(other.id, opened.id);
        assert_eq!(store.account_of(owner, asset(code)).await.expect("account_of"), Some(other));
    }
    assert_eq!(store.account_of(UserId(8), asset("JPY")).await.expect("account_of"), None);
}

async fn of_16_that_open_one_account_at_once_one_does<S: LedgerStore>(store: S) {
    let mut at_once = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        at_once.spawn(async move { store.open_account(UserId(1), asset("CNY"), at(0)).await.expect("open_account") });
    }
    let opened: Vec<_> = at_once.join_all().await.into_iter().flatten().collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(store.account_of(UserId(1), asset("CNY")).await.expect("account_of").as_ref(), opened.first());
}

async fn accounts_of_many_are_opened_where_they_are_missing<S: LedgerStore>(store: S) {
    let there = store.open_account(UserId(300), asset("CNY"), at(1)).await.expect("open_account").expect("opened");
    let owners: Vec<_> = (1..=600).rev().map(UserId).collect();
    let ids = store.open_accounts(&owners, asset("CNY"), at(2)).await.expect("open_accounts");
    assert_eq!(ids[300], there.id, "in the order of their owners");
    assert_eq!(store.account(there.id).await.expect("account"), Some(there.clone()), "as it was");
    let new: Vec<_> = ids.iter().copied().filter(|id| *id != there.id).collect();
    assert!(new.is_sorted_by(|one, next| one < next), "in the order in which they were opened");
    let one = store.account_of(UserId(600), asset("CNY")).await.expect("account_of").expect("opened");
    let created_at = at(2);
    let wanted = Account { id: ids[0], owner: Some(UserId(600)), created_at, updated_at: created_at, ..there };
    assert_eq!(one, wanted);
    assert_eq!(store.open_accounts(&owners, asset("CNY"), at(3)).await.expect("open_accounts"), ids);
    assert_eq!(store.open_accounts(&[], asset("CNY"), at(3)).await.expect("open_accounts"), []);
    let others = store.open_accounts(&owners[..2], asset("JPY"), at(4)).await.expect("open_accounts");
    assert!(others.iter().all(|id| !ids.contains(id)));
}

async fn accounts_of_many_are_opened_once_also_by_16_at_once<S: LedgerStore>(store: S) {
    let mut at_once = JoinSet::new();
    for _ in 0..16 {
        let (store, owners) = (store.clone(), (1..=20).map(UserId).collect::<Vec<_>>());
        at_once.spawn(async move { store.open_accounts(&owners, asset("CNY"), at(0)).await.expect("open_accounts") });
    }
    let answers: BTreeSet<Vec<AccountId>> = at_once.join_all().await.into_iter().collect();
    let [ids] = answers.into_iter().collect::<Vec<_>>().try_into().expect("all are told the same");
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 20);
}

async fn accounts_of_a_user_come_by_number_in_pages<S: LedgerStore>(store: S) {
    let mut all = Vec::new();
    for code in ["USD", "CNY", "JPY", "EUR", "CHF"] {
        store.open_account(UserId(2), asset(code), at(0)).await.expect("open_account").expect("opened");
        all.push(store.open_account(UserId(1), asset(code), at(0)).await.expect("open_account").expect("opened"));
    }
    let page = async |after, limit| store.accounts_of(UserId(1), after, limit).await.expect("accounts_of");
    assert_eq!(page(None, 100).await, all);
    assert_eq!(page(None, 2).await, all[..2]);
    assert_eq!(page(Some(all[1].id), 2).await, all[2..4]);
    assert_eq!(page(Some(all[4].id), 2).await, []);
    assert_eq!(page(Some(AccountId(u64::MAX)), 2).await, []);
    assert_eq!(store.accounts_of(UserId(u64::MAX), None, 2).await.expect("accounts_of"), []);
}

async fn external_accounts_are_made_once_also_by_16_at_once<S: LedgerStore>(store: S) {
    let mut at_once = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        at_once.spawn(async move { store.external_accounts(asset("CNY"), 8, at(0)).await.expect("external_accounts") });
    }
    let answers: BTreeSet<Vec<AccountId>> = at_once.join_all().await.into_iter().collect();
    let [eight] = answers.into_iter().collect::<Vec<_>>().try_into().expect("all are told the same");
    assert_eq!(eight.iter().collect::<BTreeSet<_>>().len(), 8);
    for (stripe, id) in (0..).zip(&eight) {
        let account = store.account(*id).await.expect("account").expect("it is there");
        assert_eq!((account.owner, account.kind, account.stripe), (None, AccountKind::External, Some(stripe)));
        assert_eq!((account.balance, account.floor), (Amount::ZERO, Amount::MIN));
    }
    let twelve = store.external_accounts(asset("CNY"), 12, at(1)).await.expect("external_accounts");
    assert_eq!((twelve.len(), &twelve[..8]), (12, &eight[..]));
    assert_eq!(store.external_accounts(asset("CNY"), 3, at(1)).await.expect("external_accounts"), twelve[..3]);
    let others = store.external_accounts(asset("USD"), 2, at(1)).await.expect("external_accounts");
    assert!(others.iter().all(|id| !twelve.contains(id)));
}

async fn an_account_is_amended_and_keeps_the_rest<S: LedgerStore>(store: S) {
    let [alice, bob] = two_accounts(&store).await;
    let books = Books::of(&[alice.clone(), bob.clone()]).post(1, [alice.id, bob.id], 5, at(50));
    write(&store, books.effects.clone()).await.expect("write");
    let mut wanted = books.account(alice.id);
    for (amendment, when) in [
        (Amendment::Floor(amount(-1_000)), at(60)),
        (Amendment::Status(AccountStatus::Frozen), at(70)),
        // A clock that was set back.
        (Amendment::Floor(Amount::MIN), at(10)),
        (Amendment::Status(AccountStatus::Open), at(70)),
    ] {
        match amendment {
            Amendment::Floor(floor) => wanted.floor = floor,
            Amendment::Status(status) => wanted.status = status,
        }
        wanted.updated_at = when.max(wanted.updated_at);
        let amended = store.amend_account(alice.id, amendment, when).await.expect("amend_account");
        assert_eq!(amended, Amended::Done(wanted.clone()), "{amendment:?}");
        assert_eq!(store.account(alice.id).await.expect("account"), Some(wanted.clone()));
    }
    assert_eq!(store.account(bob.id).await.expect("account"), Some(books.account(bob.id)));
}

async fn an_account_is_closed_only_when_it_is_empty_and_for_good<S: LedgerStore>(store: S) {
    let [alice, bob] = two_accounts(&store).await;
    let pair = [alice.id, bob.id];
    let close = Amendment::Status(AccountStatus::Closed);
    let funded = Books::of(&[alice, bob]).post(1, [pair[1], pair[0]], 5, at(1));
    write(&store, funded.effects.clone()).await.expect("write");
    let refused = store.amend_account(pair[0], close, at(2)).await.expect("amend_account");
    assert_eq!(refused, Amended::Refused(funded.account(pair[0])), "there is money");
    let held = funded.next().post(2, pair, 5, at(3)).hold(3, pair, 0, at(4), None).hold(4, pair, 1, at(4), None);
    write(&store, held.effects.clone()).await.expect("write");
    let refused = store.amend_account(pair[0], close, at(5)).await.expect("amend_account");
    assert_eq!(refused, Amended::Refused(held.account(pair[0])), "money is held");
    let empty = held.next().void(5, &held.stored[2], at(6));
    write(&store, empty.effects.clone()).await.expect("write");
    let closed = Account { status: AccountStatus::Closed, updated_at: at(7), ..empty.account(pair[0]) };
    assert_eq!(store.amend_account(pair[0], close, at(7)).await.expect("amend"), Amended::Done(closed.clone()));
    for amendment in [close, Amendment::Status(AccountStatus::Open), Amendment::Floor(amount(-1))] {
        let refused = store.amend_account(pair[0], amendment, at(8)).await.expect("amend_account");
        assert_eq!(refused, Amended::Refused(closed.clone()), "{amendment:?}");
    }
    assert_eq!(store.account(pair[0]).await.expect("account"), Some(closed));
}

async fn an_unknown_account_is_not_there<S: LedgerStore>(store: S) {
    for id in [AccountId(0), AccountId(4711), AccountId(u64::MAX)] {
        assert_eq!(store.account(id).await.expect("account"), None);
        let amendment = Amendment::Status(AccountStatus::Frozen);
        assert_eq!(store.amend_account(id, amendment, at(0)).await.expect("amend_account"), Amended::Unknown);
    }
    assert_eq!(store.external_accounts(asset("CNY"), 0, at(0)).await.expect("external_accounts"), []);
}
