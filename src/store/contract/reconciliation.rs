//! Promises about reconciliations.

use super::{Promise, promises};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::money::{Amount, Decimal};
use crate::domain::reconcile::{Books, Claim, Period, Reconciliation};
use crate::domain::time::Timestamp;
use crate::store::Store;

pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        what_was_compared_is_kept_to_the_last_digit,
        comparisons_come_newest_first_in_pages_and_by_account,
        many_are_kept_in_their_order,
        the_last_that_matched_is_found_among_those_that_did_not,
    ]
}

fn compared(account: u64, closing: i128, external: &str) -> Reconciliation {
    let books = Books { opening: Amount::ZERO, closing: Amount::new(closing).expect("38 digits"), entries: 7 };
    let decimal = |text| Decimal::parse("external_balance", text).expect("a decimal");
    let claim = Claim { external: decimal(external), tolerance: decimal("0") };
    let period = Period { start: Timestamp(-5), end: Timestamp(1_760_000_000_000_001) };
    let asset = Asset::parse("JPY").expect("a currency");
    Reconciliation::of(AccountId(account), asset, period, books, claim, Timestamp(9)).expect("comparable")
}

async fn what_was_compared_is_kept_to_the_last_digit<S: Store>(store: S) {
    for (closing, external) in [(Amount::MAX.minor(), "0"), (-1, "0.000000000000000000000000000001"), (0, "-3.50")] {
        let made = compared(1, closing, external);
        let id = store.add_reconciliation(&made).await.expect("add");
        let kept = store.reconciliations(AccountId(1), None, 1).await.expect("read");
        assert_eq!(kept, [Reconciliation { id, ..made }]);
    }
}

async fn comparisons_come_newest_first_in_pages_and_by_account<S: Store>(store: S) {
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(store.add_reconciliation(&compared(1, number, "0")).await.expect("add"));
        store.add_reconciliation(&compared(2, number, "0")).await.expect("add");
    }
    ids.reverse();
    let page = async |before, limit| {
        let page = store.reconciliations(AccountId(1), before, limit).await.expect("read");
        page.into_iter().map(|made| made.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 9).await, ids);
    assert_eq!(page(None, 2).await, ids[..2]);
    assert_eq!(page(Some(ids[1]), 2).await, ids[2..4]);
    assert_eq!(page(Some(ids[4]), 2).await, [0; 0]);
    assert_eq!(page(Some(u64::MAX), 1).await, ids[..1]);
    assert_eq!(store.reconciliations(AccountId(u64::MAX), None, 9).await.expect("read"), []);
}

async fn many_are_kept_in_their_order<S: Store>(store: S) {
    let made: Vec<_> = (0..300).map(|number| compared(1 + number % 2, i128::from(number), "0")).collect();
    let ids = store.add_reconciliations(made.clone()).await.expect("add");
    assert_eq!(ids.len(), made.len());
    for (account, odd) in [(1, 0), (2, 1)] {
        let mut kept = store.reconciliations(AccountId(account), None, 300).await.expect("read");
        kept.reverse();
        let wanted = made.iter().zip(&ids).skip(odd).step_by(2);
        let wanted: Vec<_> = wanted.map(|(made, id)| Reconciliation { id: *id, ..made.clone() }).collect();
        assert_eq!(kept, wanted);
    }
    assert_eq!(store.add_reconciliations(Vec::new()).await.expect("none to add"), [0; 0]);
}

async fn the_last_that_matched_is_found_among_those_that_did_not<S: Store>(store: S) {
    let last = async |account| store.last_matched(AccountId(account)).await.expect("read").map(|made| made.id);
    assert_eq!(last(1).await, None);
    let mut matched = None;
    for external in ["7", "8", "7", "9", "9"] {
        let id = store.add_reconciliation(&compared(1, 7, external)).await.expect("add");
        store.add_reconciliation(&compared(2, 7, "8")).await.expect("add");
        matched = if external == "7" { Some(id) } else { matched };
        assert_eq!((last(1).await, last(2).await, last(u64::MAX).await), (matched, None, None));
    }
}
