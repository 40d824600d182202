//! The promises about refunds, of [`RefundStore`](crate::store::refund::RefundStore) and of the step that batches take: checked on a migrated
//! database without accounts.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ledger::books::{Books, amount, asset, at, id, two_accounts, write};
use super::{Promise, promises};
use crate::domain::account::{AccountId, AccountStatus};
use crate::domain::effects::Effects;
use crate::domain::money::Amount;
use crate::domain::payment::{OrderId, Payment, PaymentEnd, PaymentStatus, PaymentToken, Record};
use crate::domain::refund::{NoRefund, Refund, RefundEnd, RefundWish};
use crate::domain::transfer::{Description, TransferId};
use crate::domain::user::UserId;
use crate::store::Store;
use crate::store::ledger::{Amended, Amendment, NoAnswer};
use crate::store::refund::Reserved;

/// What was paid, in minor units.
const PAID: i128 = 1000;

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        a_refund_is_read_back_as_it_was_written,
        no_more_is_promised_than_was_paid,
        what_was_not_paid_is_not_given_back,
        of_many_at_once_no_more_is_promised_than_was_paid_and_each_once,
        one_id_is_one_refund_also_of_two_payments_at_once,
        a_refund_ends_once_and_a_failure_releases_what_it_reserved,
        a_refund_that_has_ended_undoes_the_money_it_came_with,
        amounts_of_38_digits_are_given_back_whole,
        refunds_that_nobody_touched_are_found_the_oldest_first,
        of_many_who_take_up_a_refund_one_does,
        pages_are_newest_first_without_gaps,
        what_comes_too_late_reserves_nothing,
        an_account_is_not_closed_while_money_is_on_its_way_back_to_it,
        of_a_refund_and_the_end_of_its_account_at_once_one_is_done,
    ]
}

fn token(number: u32) -> PaymentToken {
    PaymentToken::parse(format!("token-{number}")).expect("a token")
}

fn payment(number: u32, minor: i128) -> Payment {
    Payment {
        token: token(number),
        user: UserId(1),
        account: Some(AccountId(1)),
        asset: asset("CNY"),
        amount: amount(minor),
        refunded: Amount::ZERO,
        description: Description::default(),
        status: PaymentStatus::Processing,
        attempt: 1,
        order: OrderId::new(u64::from(number)),
        hold: id(number),
        reference: None,
        error: None,
        created_at: at(1),
        updated_at: at(1),
    }
}

async fn steps<S: Store>(store: &S, records: Vec<Record>) -> Result<(), NoAnswer> {
    write(store, Effects { records, ..Effects::default() }).await
}

/// A payment that has succeeded.
async fn paid<S: Store>(store: &S, number: u32, minor: i128) {
    paid_by(store, payment(number, minor)).await;
}

async fn paid_by<S: Store>(store: &S, payment: Payment) {
    let end = PaymentEnd {
        token: payment.token.clone(),
        attempt: 1,
        status: PaymentStatus::Success,
        reference: Some("gw-1".to_owned()),
        error: None,
        at: at(2),
    };
    steps(store, vec![Record::Begins(payment), Record::Ends(end)]).await.expect("a payment");
}

fn wish(number: u32, of: u32, minor: Option<i128>) -> RefundWish {
    let description = Description::parse("back \u{8336}").expect("short");
    RefundWish { id: id(number), token: token(of), amount: minor.map(amount), description, actor: UserId(9) }
}

async fn reserve<S: Store>(store: &S, wish: &RefundWish) -> Reserved {
    store.reserve_refund(wish, at(10), soon()).await.expect("reserve_refund")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn begun<S: Store>(store: &S, wish: &RefundWish) -> Refund {
    match reserve(store, wish).await {
        Reserved::Begun(refund) => refund,
        other => panic!("{other:?}"),
    }
}

fn end(refund: &Refund) -> Record {
    Record::Refunds(RefundEnd { id: refund.id, transfer: id(77), reference: Some("gw-2".to_owned()), at: at(40) })
}

async fn refunded<S: Store>(store: &S, number: u32) -> i128 {
    store.payment(&token(number)).await.expect("payment").expect("it is there").refunded.minor()
}

async fn stands<S: Store>(store: &S, id: TransferId) -> Option<Refund> {
    store.refund(id).await.expect("refund")
}

async fn a_refund_is_read_back_as_it_was_written<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    assert_eq!(stands(&store, id(10)).await, None);
    let made = begun(&store, &wish(10, 1, None)).await;
    assert_eq!((made.amount.minor(), made.is_rest, made.charge.clone()), (PAID, true, OrderId::new(1)));
    assert_eq!(stands(&store, id(10)).await, Some(made.clone()));
    assert_eq!(reserve(&store, &wish(10, 1, None)).await, Reserved::Known(made.clone()));
    steps(&store, vec![end(&made)]).await.expect("it ends");
    let ended = Refund {
        status: PaymentStatus::Success,
        transfer: Some(id(77)),
        reference: Some("gw-2".to_owned()),
        updated_at: at(40),
        ..made
    };
    assert_eq!(stands(&store, id(10)).await, Some(ended));
    assert_eq!(refunded(&store, 1).await, PAID);
}

async fn no_more_is_promised_than_was_paid<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let too_much = |left: i128| Reserved::Refused(NoRefund::TooMuch { left: amount(left) });
    assert_eq!(reserve(&store, &wish(10, 1, Some(PAID + 1))).await, too_much(PAID));
    begun(&store, &wish(11, 1, Some(300))).await;
    assert_eq!(reserve(&store, &wish(12, 1, Some(701))).await, too_much(700));
    assert_eq!(begun(&store, &wish(13, 1, None)).await.amount.minor(), 700);
    for wanted in [None, Some(1)] {
        assert_eq!(reserve(&store, &wish(14, 1, wanted)).await, too_much(0));
    }
    assert_eq!(refunded(&store, 1).await, PAID);
}

async fn what_was_not_paid_is_not_given_back<S: Store>(store: S) {
    assert_eq!(reserve(&store, &wish(10, 1, None)).await, Reserved::Refused(NoRefund::NoPayment));
    let processing = payment(1, PAID);
    steps(&store, vec![Record::Begins(processing.clone())]).await.expect("it begins");
    assert_eq!(reserve(&store, &wish(10, 1, None)).await, Reserved::Refused(NoRefund::NotPaid));
    let failed = Payment { token: token(2), order: OrderId::new(2), status: PaymentStatus::Failed, ..processing };
    store.fail_payment(&failed).await.expect("fail_payment");
    assert_eq!(reserve(&store, &wish(10, 2, None)).await, Reserved::Refused(NoRefund::NotPaid));
    assert_eq!((stands(&store, id(10)).await, refunded(&store, 1).await), (None, 0));
}

/// 32 ids, each asked for twice, of a tenth of the payment each: ten are begun.
async fn of_many_at_once_no_more_is_promised_than_was_paid_and_each_once<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let store = store.clone();
        at_once.spawn(async move { reserve(&store, &wish(100 + number / 2, 1, Some(PAID / 10))).await });
    }
    let all = at_once.join_all().await;
    let begun = all.iter().filter(|one| matches!(one, Reserved::Begun(_))).count();
    let known = all.iter().filter(|one| matches!(one, Reserved::Known(_))).count();
    assert_eq!((begun, known), (10, 10), "{all:?}");
    assert_eq!(refunded(&store, 1).await, PAID);
}

async fn one_id_is_one_refund_also_of_two_payments_at_once<S: Store>(store: S) {
    let mut at_once = JoinSet::new();
    for number in 1..=8 {
        paid(&store, number, PAID).await;
    }
    for number in 1..=8 {
        let store = store.clone();
        at_once.spawn(async move { reserve(&store, &wish(10, number, None)).await });
    }
    let begun = at_once.join_all().await.into_iter().filter(|one| matches!(one, Reserved::Begun(_))).count();
    assert_eq!(begun, 1);
    let mut promised = 0;
    for number in 1..=8 {
        promised += refunded(&store, number).await;
    }
    assert_eq!(promised, PAID);
}

async fn a_refund_ends_once_and_a_failure_releases_what_it_reserved<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let (good, bad) = (begun(&store, &wish(10, 1, Some(300))).await, begun(&store, &wish(11, 1, Some(700))).await);
    let fail = async |refund: &Refund| store.fail_refund(refund, "declined: \u{4e0d}", at(50)).await.expect("fail");
    assert!(fail(&bad).await);
    let failed = stands(&store, bad.id).await.expect("it is there");
    assert_eq!((failed.status, failed.error.as_deref()), (PaymentStatus::Failed, Some("declined: \u{4e0d}")));
    assert_eq!(refunded(&store, 1).await, 300);
    assert!(!fail(&bad).await, "it has failed");
    assert!(matches!(steps(&store, vec![end(&bad)]).await, Err(NoAnswer::Undone(_))), "it has failed");
    steps(&store, vec![end(&good)]).await.expect("it ends");
    assert!(!fail(&good).await, "it has succeeded");
    assert!(matches!(steps(&store, vec![end(&good)]).await, Err(NoAnswer::Undone(_))), "it has succeeded");
    assert_eq!(refunded(&store, 1).await, 300);
    assert_eq!(begun(&store, &wish(12, 1, None)).await.amount.minor(), 700, "what was released is there again");
}

async fn a_refund_that_has_ended_undoes_the_money_it_came_with<S: Store>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    paid(&store, 1, PAID).await;
    let made = begun(&store, &wish(10, 1, None)).await;
    steps(&store, vec![end(&made)]).await.expect("it ends");
    let mut effects = Books::of(&accounts).post(1, pair, 100, at(1)).effects;
    effects.records.push(end(&made));
    assert!(matches!(write(&store, effects).await, Err(NoAnswer::Undone(_))));
    assert_eq!(store.transfers(&[id(1)]).await.expect("transfers"), []);
    for account in &accounts {
        assert_eq!(store.account(account.id).await.expect("account").as_ref(), Some(account));
    }
}

async fn amounts_of_38_digits_are_given_back_whole<S: Store>(store: S) {
    let most = Amount::MAX.minor();
    paid(&store, 1, most).await;
    let first = begun(&store, &wish(10, 1, Some(most - 1))).await;
    assert_eq!(refunded(&store, 1).await, most - 1);
    begun(&store, &wish(11, 1, None)).await;
    assert!(store.fail_refund(&first, "no", at(50)).await.expect("fail"));
    assert_eq!(refunded(&store, 1).await, 1);
}

async fn refunds_that_nobody_touched_are_found_the_oldest_first<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let mut made = Vec::new();
    for (number, when) in [(1, 30), (2, 10), (3, 20), (4, 5)] {
        let reserved = store.reserve_refund(&wish(number, 1, Some(1)), at(when), soon()).await.expect("reserve_refund");
        let Reserved::Begun(refund) = reserved else { panic!("{reserved:?}") };
        made.push(refund);
    }
    steps(&store, vec![end(&made[3])]).await.expect("it ends");
    let stale = async |until: i64, limit| {
        let found = store.stale_refunds(at(until), limit).await.expect("stale_refunds");
        found.into_iter().map(|refund| refund.id).collect::<Vec<_>>()
    };
    assert_eq!(stale(9, 9).await, []);
    assert_eq!(stale(10, 9).await, [id(2)]);
    assert_eq!(stale(99, 9).await, [id(2), id(3), id(1)]);
    assert_eq!(stale(99, 2).await, [id(2), id(3)]);
    assert!(store.claim_refund(&made[1], at(40)).await.expect("claim_refund"));
    assert_eq!(stale(99, 9).await, [id(3), id(1), id(2)]);
}

async fn of_many_who_take_up_a_refund_one_does<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let made = begun(&store, &wish(10, 1, None)).await;
    let mut at_once = JoinSet::new();
    for _ in 0..16 {
        let (store, seen) = (store.clone(), made.clone());
        at_once.spawn(async move { store.claim_refund(&seen, at(60)).await.expect("claim_refund") });
    }
    assert_eq!(at_once.join_all().await.into_iter().filter(|claimed| *claimed).count(), 1);
    steps(&store, vec![end(&made)]).await.expect("it ends");
    let ended = stands(&store, made.id).await.expect("it is there");
    assert!(!store.claim_refund(&ended, at(61)).await.expect("claim_refund"), "one that has ended");
}

async fn pages_are_newest_first_without_gaps<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    paid(&store, 2, PAID).await;
    begun(&store, &wish(99, 2, None)).await;
    let mut wanted = Vec::new();
    for number in 1..=25 {
        // Several of the same moment.
        let when = at(i64::from(number / 4));
        let reserved = store.reserve_refund(&wish(number, 1, Some(1)), when, soon()).await.expect("reserve_refund");
        let Reserved::Begun(refund) = reserved else { panic!("{reserved:?}") };
        wanted.push(refund);
    }
    wanted.sort_by_key(|refund| std::cmp::Reverse((refund.created_at, refund.id)));
    for size in [4, 25, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.refunds(&token(1), after, size).await.expect("refunds");
            let Some(last) = page.last() else { break };
            assert!(page.len() <= size);
            after = Some((last.created_at, last.id));
            found.extend(page);
        }
        assert_eq!(found, wanted, "{size}");
    }
}

async fn what_comes_too_late_reserves_nothing<S: Store>(store: S) {
    paid(&store, 1, PAID).await;
    let late = store.reserve_refund(&wish(10, 1, None), at(10), Instant::now()).await.expect("reserve_refund");
    assert_eq!((late, stands(&store, id(10)).await, refunded(&store, 1).await), (Reserved::TooLate, None, 0));
    let made = begun(&store, &wish(10, 1, None)).await;
    let again = store.reserve_refund(&wish(10, 1, None), at(11), Instant::now()).await.expect("reserve_refund");
    assert_eq!(again, Reserved::Known(made), "what is there already is told of at any time");
}

const CLOSE: Amendment = Amendment::Status(AccountStatus::Closed);

async fn an_account_is_not_closed_while_money_is_on_its_way_back_to_it<S: Store>(store: S) {
    let [alice, bob] = two_accounts(&store).await;
    for (number, account) in [(1, alice.id), (2, bob.id)] {
        paid_by(&store, Payment { account: Some(account), ..payment(number, PAID) }).await;
    }
    let made = begun(&store, &wish(10, 1, Some(300))).await;
    let refused = store.amend_account(alice.id, CLOSE, at(20)).await.expect("amend_account");
    assert_eq!(refused, Amended::Refused(alice.clone()));
    let closed = store.amend_account(bob.id, CLOSE, at(20)).await.expect("amend_account");
    assert!(matches!(closed, Amended::Done(_)), "nothing is on its way to the other: {closed:?}");
    assert_eq!(reserve(&store, &wish(11, 2, None)).await, Reserved::Refused(NoRefund::Closed));
    let frozen = Amendment::Status(AccountStatus::Frozen);
    assert!(matches!(store.amend_account(alice.id, frozen, at(21)).await.expect("amend"), Amended::Done(_)));
    assert_eq!(reserve(&store, &wish(11, 1, None)).await, Reserved::Refused(NoRefund::Frozen));
    assert_eq!((refunded(&store, 1).await, refunded(&store, 2).await), (300, 0));
    assert!(store.fail_refund(&made, "no", at(50)).await.expect("fail"));
    assert!(matches!(store.amend_account(alice.id, CLOSE, at(60)).await.expect("amend"), Amended::Done(_)));
}

async fn of_a_refund_and_the_end_of_its_account_at_once_one_is_done<S: Store>(store: S) {
    let [alice, bob] = two_accounts(&store).await;
    for (number, account) in [(1, alice.id), (2, bob.id)] {
        paid_by(&store, Payment { account: Some(account), ..payment(number, PAID) }).await;
        let wish = wish(10 + number, number, None);
        let (reserved, amended) = tokio::join!(reserve(&store, &wish), store.amend_account(account, CLOSE, at(20)));
        match (reserved, amended.expect("amend_account")) {
            (Reserved::Begun(_), Amended::Refused(_)) | (Reserved::Refused(NoRefund::Closed), Amended::Done(_)) => {}
            both => panic!("{both:?}"),
        }
    }
}
