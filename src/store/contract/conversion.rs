//! Promises about rates and conversions, of [`ConversionStore`](crate::store::conversion::ConversionStore): checked on a migrated database without
//! accounts.

use super::ledger::books::{Books, amount, asset, at, id, two_accounts, write};
use super::{Promise, promises};
use crate::domain::account::AccountKind;
use crate::domain::conversion::{Conversion, Posted, Rate};
use crate::domain::effects::Effects;
use crate::domain::fee::Percent;
use crate::domain::money::Amount;
use crate::domain::user::UserId;
use crate::store::Store;
use crate::store::ledger::NoAnswer;

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        the_newest_rate_of_each_pair_holds,
        the_houses_accounts_are_those_of_a_kind_and_of_a_currency_if_one_is_named,
        a_conversion_is_read_back_as_it_was_written_and_written_once_with_its_money
    ]
}

fn posted(pair: (&str, &str), numerator: i128, millionths: u32) -> Posted {
    Posted {
        from: asset(pair.0),
        to: asset(pair.1),
        rate: Rate::new(amount(numerator), Amount::MAX).expect("a rate"),
        spread: Percent::try_from(millionths).expect("a percentage"),
        actor: UserId(7),
        created_at: at(i64::from(millionths)),
    }
}

async fn the_newest_rate_of_each_pair_holds<S: Store>(store: S) {
    assert_eq!(store.rates().await.expect("rates"), []);
    let (first, second) = (posted(("CNY", "USD"), 7, 0), posted(("CNY", "USD"), 1, 99_999_999));
    let (back, other) = (posted(("USD", "CNY"), 2, 1), posted(("CNY", "JPY"), Amount::MAX.minor() - 1, 2));
    for one in [&first, &back, &other, &second] {
        store.post_rate(one).await.expect("post_rate");
    }
    assert_eq!(store.rate(asset("CNY"), asset("USD")).await.expect("rate"), Some(second.clone()));
    assert_eq!(store.rate(asset("USD"), asset("CNY")).await.expect("rate"), Some(back.clone()));
    assert_eq!(store.rate(asset("USD"), asset("JPY")).await.expect("rate"), None);
    assert_eq!(store.rates().await.expect("rates"), [other, second, back]);
}

async fn the_houses_accounts_are_those_of_a_kind_and_of_a_currency_if_one_is_named<S: Store>(store: S) {
    let (cny, usd) = (asset("CNY"), asset("USD"));
    for (kind, asset, stripes) in
        [(AccountKind::Fees, usd, 2), (AccountKind::Fees, cny, 3), (AccountKind::Liquidity, usd, 1)]
    {
        store.house_accounts(kind, asset, stripes, at(1)).await.expect("house_accounts");
    }
    let listed = async |kind, asset, limit| {
        let found = store.accounts_of_kind(kind, asset, limit).await.expect("accounts_of_kind");
        assert!(found.iter().all(|account| account.kind == kind && account.owner.is_none()), "{found:?}");
        found.into_iter().map(|account| (account.asset, account.stripe)).collect::<Vec<_>>()
    };
    let of = |asset, stripes: u16| (0..stripes).map(move |stripe| (asset, Some(stripe)));
    let all: Vec<_> = of(cny, 3).chain(of(usd, 2)).collect();
    assert_eq!(listed(AccountKind::Fees, None, 9).await, all);
    assert_eq!(listed(AccountKind::Fees, None, 4).await, all[..4]);
    assert_eq!(listed(AccountKind::Fees, Some(usd), 2).await, all[3..], "the others take no room");
    assert_eq!(listed(AccountKind::Liquidity, Some(cny), 9).await, []);
}

async fn a_conversion_is_read_back_as_it_was_written_and_written_once_with_its_money<S: Store>(store: S) {
    let accounts = two_accounts(&store).await;
    let books = Books::of(&accounts).post(1, [accounts[0].id, accounts[1].id], 100, at(1));
    let made = Conversion {
        id: id(1),
        bought_by: id(2),
        user: UserId(1),
        from: asset("CNY"),
        to: asset("KWD"),
        sold: Amount::MAX,
        bought: amount(1),
        rate: Rate::new(Amount::MAX, amount(7)).expect("a rate"),
        created_at: at(5),
    };
    let conversions = vec![made.clone(), Conversion { id: id(3), bought_by: id(4), ..made.clone() }];
    write(&store, Effects { conversions, ..books.effects.clone() }).await.expect("write");
    assert_eq!(store.conversion(id(1)).await.expect("conversion"), Some(made.clone()));
    assert_eq!(store.conversion(id(2)).await.expect("conversion"), None);

    let next = books.next().post(9, [accounts[0].id, accounts[1].id], 5, at(2)).effects;
    let again = write(&store, Effects { conversions: vec![made.clone()], ..next }).await;
    assert!(matches!(again, Err(NoAnswer::Undone(_))), "it is there");
    assert_eq!(store.transfers(&[id(9)]).await.expect("transfers"), [], "and so the money did not move");
}
