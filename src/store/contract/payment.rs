//! The promises about payments, of [`PaymentStore`](crate::store::payment::PaymentStore) and of the steps that batches take: checked on a
//! migrated database without accounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::ledger::books::{Books, Script, amount, asset, at, id, two_accounts, write};
use super::{Promise, promises};
use crate::domain::account::AccountId;
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::money::Amount;
use crate::domain::payment::{OrderId, Payment, PaymentEnd, PaymentStatus, PaymentToken, Record, Recorded, Standing};
use crate::domain::transfer::{Description, TransferId};
use crate::domain::user::UserId;
use crate::store::Store;
use crate::store::ledger::{Decision, NoAnswer};

/// Every promise.
pub fn promises<S: Store>() -> Vec<Promise<S>> {
    promises![
        a_payment_is_read_back_as_it_was_written,
        each_step_leads_from_its_own_state_alone,
        a_step_that_comes_too_late_undoes_the_money_it_came_with,
        money_that_collides_undoes_the_step_it_came_with,
        how_payments_stand_is_found_after_a_collision,
        of_many_who_begin_one_payment_one_does,
        of_many_who_take_up_a_payment_one_does,
        a_failure_is_kept_and_never_written_over_another_state,
        those_that_nobody_touched_are_found_the_oldest_first,
        pages_are_newest_first_without_gaps,
    ]
}

fn token(number: u32) -> PaymentToken {
    PaymentToken::parse(format!("token-{number}")).expect("a token")
}

fn payment(number: u32, when: i64) -> Payment {
    Payment {
        token: token(number),
        user: UserId(1),
        account: Some(AccountId(1)),
        asset: asset("CNY"),
        amount: amount(1000),
        refunded: Amount::ZERO,
        description: Description::parse("tea \u{8336}").expect("a description"),
        status: PaymentStatus::Processing,
        attempt: 1,
        order: OrderId::new(u64::from(number) << 8 | 1),
        hold: id(number),
        reference: None,
        error: None,
        created_at: at(when),
        updated_at: at(when),
    }
}

fn next_attempt(of: &Payment) -> Payment {
    let attempt = of.attempt + 1;
    Payment {
        attempt,
        status: PaymentStatus::Processing,
        order: OrderId::new(u64::MAX - u64::from(attempt)),
        hold: TransferId([7; 16]),
        reference: None,
        error: None,
        updated_at: at(50),
        ..of.clone()
    }
}

fn end(of: &Payment, status: PaymentStatus) -> Record {
    let failed = status == PaymentStatus::Failed;
    Record::Ends(PaymentEnd {
        token: of.token.clone(),
        attempt: of.attempt,
        status,
        reference: (!failed).then(|| "gw-1".to_owned()),
        error: failed.then(|| "declined: \u{4e0d}".to_owned()),
        at: at(40),
    })
}

/// Takes steps without any money; `false` if they collide.
async fn takes<S: Store>(store: &S, records: Vec<Record>) -> bool {
    match write(store, Effects { records, ..Effects::default() }).await {
        Ok(()) => true,
        Err(NoAnswer::Undone(_)) => false,
        Err(unknown) => panic!("{unknown:?}"),
    }
}

async fn stands<S: Store>(store: &S, number: u32) -> Option<Payment> {
    store.payment(&token(number)).await.expect("payment")
}

async fn a_payment_is_read_back_as_it_was_written<S: Store>(store: S) {
    let begun = payment(1, 1);
    assert_eq!(stands(&store, 1).await, None);
    assert!(takes(&store, vec![Record::Begins(begun.clone())]).await);
    assert_eq!(stands(&store, 1).await, Some(begun.clone()));
    assert_eq!(store.payment_of_order(&begun.order).await.expect("payment_of_order"), Some(begun.clone()));
    assert_eq!(store.payment_of_order(&OrderId::new(7)).await.expect("payment_of_order"), None);
    assert!(takes(&store, vec![end(&begun, PaymentStatus::Failed)]).await);
    let failed = Payment {
        status: PaymentStatus::Failed,
        error: Some("declined: \u{4e0d}".to_owned()),
        updated_at: at(40),
        ..begun
    };
    assert_eq!(stands(&store, 1).await, Some(failed.clone()));
    let again = next_attempt(&failed);
    assert!(takes(&store, vec![Record::Retries(again.clone())]).await);
    assert_eq!(stands(&store, 1).await, Some(again.clone()));
    assert!(takes(&store, vec![end(&again, PaymentStatus::Success)]).await);
    let paid =
        Payment { status: PaymentStatus::Success, reference: Some("gw-1".to_owned()), updated_at: at(40), ..again };
    assert_eq!(stands(&store, 1).await, Some(paid));
    let odd =
        Payment { account: None, token: PaymentToken::parse("~".repeat(255)).expect("the longest"), ..payment(2, 2) };
    assert!(takes(&store, vec![Record::Begins(odd.clone())]).await);
    assert_eq!(store.payment(&odd.token).await.expect("payment"), Some(odd));
}

async fn each_step_leads_from_its_own_state_alone<S: Store>(store: S) {
    let first = payment(1, 1);
    let second = next_attempt(&first);
    let (fails, succeeds) = (end(&first, PaymentStatus::Failed), end(&first, PaymentStatus::Success));
    let retries = Record::Retries(second.clone());
    let ends = |status| end(&second, status);
    let begins = Record::Begins(first.clone());
    let story = [
        (&fails, false),
        (&succeeds, false),
        (&retries, false),
        (&begins, true),
        (&begins, false),
        (&retries, false),
        (&ends(PaymentStatus::Success), false),
        (&fails, true),
        (&fails, false),
        (&succeeds, false),
        (&begins, false),
        (&retries, true),
        (&retries, false),
        (&fails, false),
        (&succeeds, false),
        (&ends(PaymentStatus::Success), true),
        (&ends(PaymentStatus::Success), false),
        (&ends(PaymentStatus::Failed), false),
        (&Record::Retries(next_attempt(&second)), false),
        (&begins, false),
    ];
    for (place, (record, wanted)) in story.into_iter().enumerate() {
        let before = stands(&store, 1).await;
        assert_eq!(takes(&store, vec![record.clone()]).await, wanted, "step {place} of the story: {record:?}");
        let after = stands(&store, 1).await;
        match wanted {
            true => assert_eq!(after.map(|payment| payment.standing()), Some(record.after()), "step {place}"),
            false => assert_eq!(after, before, "step {place}"),
        }
    }
    let both = vec![Record::Begins(payment(2, 2)), end(&payment(2, 2), PaymentStatus::Failed)];
    assert!(takes(&store, both).await, "two steps of one payment, in their order");
}

async fn a_step_that_comes_too_late_undoes_the_money_it_came_with<S: Store>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let begun = payment(1, 1);
    assert!(takes(&store, vec![Record::Begins(begun.clone())]).await);
    for late in [Record::Begins(begun.clone()), Record::Retries(next_attempt(&begun))] {
        let mut effects = Books::of(&accounts).post(1, pair, 100, at(1)).hold(2, pair, 30, at(1), None).effects;
        effects.records.extend([Record::Begins(payment(3, 3)), late]);
        assert!(matches!(write(&store, effects).await, Err(NoAnswer::Undone(_))));
        assert_eq!(store.transfers(&[1, 2].map(id)).await.expect("transfers"), []);
        assert_eq!(stands(&store, 3).await, None, "another's step beside it");
        for account in &accounts {
            assert_eq!(store.account(account.id).await.expect("account").as_ref(), Some(account));
        }
    }
}

async fn money_that_collides_undoes_the_step_it_came_with<S: Store>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let first = Books::of(&accounts).hold(1, pair, 100, at(1), None);
    write(&store, first.effects.clone()).await.expect("write");
    let ended = first.next().void(2, &first.stored[0], at(2));
    write(&store, ended.effects.clone()).await.expect("write");
    assert!(takes(&store, vec![Record::Begins(payment(9, 1))]).await);
    // The id is there, an entry is there, the hold has ended.
    let mut again = ended.next().void(3, &first.stored[0], at(3)).effects;
    again.records = vec![Record::Begins(payment(1, 1)), end(&payment(9, 1), PaymentStatus::Success)];
    let mut twice = first.effects.clone();
    twice.records = again.records.clone();
    for effects in [again, twice] {
        assert!(matches!(write(&store, effects).await, Err(NoAnswer::Undone(_))));
        assert_eq!(stands(&store, 1).await, None);
        assert_eq!(stands(&store, 9).await, Some(payment(9, 1)));
    }
}

async fn how_payments_stand_is_found_after_a_collision<S: Store>(store: S) {
    let begun = payment(1, 1);
    assert!(takes(&store, vec![Record::Begins(begun.clone())]).await);
    let records = vec![Record::Begins(begun)];
    let decide = move |found: &Found| match found.records.is_empty() {
        true => Decision::Write(Effects { records: records.clone(), ..Effects::default() }, Found::default()),
        false => Decision::Write(Effects::default(), found.clone()),
    };
    let [known, unknown] = [1, 2].map(|number| Recorded::Payment(token(number)));
    let after = Wants { records: vec![known.clone(), unknown.clone()], ..Wants::default() };
    let found = store.transact(Script { wants: Wants::default(), after, decide }).await.expect("transact");
    let standing = Standing { attempt: 1, status: PaymentStatus::Processing };
    assert_eq!(found.records.len(), 2);
    assert_eq!((found.records[&known], found.records[&unknown]), (Some(standing), None));
}

async fn of_many_who_begin_one_payment_one_does<S: Store>(store: S) {
    let done = Arc::new(AtomicUsize::new(0));
    let mut at_once = JoinSet::new();
    for _ in 0..32 {
        let (store, done) = (store.clone(), Arc::clone(&done));
        at_once.spawn(async move {
            let began = takes(&store, vec![Record::Begins(payment(1, 1))]).await;
            done.fetch_add(usize::from(began), Ordering::SeqCst);
        });
    }
    at_once.join_all().await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

async fn of_many_who_take_up_a_payment_one_does<S: Store>(store: S) {
    let begun = payment(1, 1);
    assert!(!store.claim_payment(&begun, at(60)).await.expect("claim_payment"), "one that is not there");
    assert!(takes(&store, vec![Record::Begins(begun.clone())]).await);
    let mut at_once = JoinSet::new();
    for _ in 0..16 {
        let (store, seen) = (store.clone(), begun.clone());
        at_once.spawn(async move { store.claim_payment(&seen, at(60)).await.expect("claim_payment") });
    }
    let claimed = at_once.join_all().await.into_iter().filter(|claimed| *claimed).count();
    assert_eq!(claimed, 1);
    let seen = Payment { updated_at: at(60), ..begun };
    assert_eq!(stands(&store, 1).await, Some(seen.clone()));
    assert!(takes(&store, vec![end(&seen, PaymentStatus::Failed)]).await);
    let failed = stands(&store, 1).await.expect("it is there");
    assert!(!store.claim_payment(&failed, at(61)).await.expect("claim_payment"), "one that has ended");
}

async fn a_failure_is_kept_and_never_written_over_another_state<S: Store>(store: S) {
    let failed = |error: &str, when: i64| Payment {
        status: PaymentStatus::Failed,
        error: Some(error.to_owned()),
        updated_at: at(when),
        ..payment(1, 1)
    };
    store.fail_payment(&failed("first", 1)).await.expect("fail_payment");
    assert_eq!(stands(&store, 1).await, Some(failed("first", 1)));
    store.fail_payment(&failed("second", 2)).await.expect("fail_payment");
    assert_eq!(stands(&store, 1).await, Some(failed("second", 2)));
    let again = next_attempt(&failed("second", 2));
    assert!(takes(&store, vec![Record::Retries(again.clone())]).await);
    for late in [failed("third", 3), Payment { attempt: 2, ..failed("fourth", 4) }] {
        store.fail_payment(&late).await.expect("fail_payment");
        assert_eq!(stands(&store, 1).await, Some(again.clone()), "it is processing now");
    }
}

async fn those_that_nobody_touched_are_found_the_oldest_first<S: Store>(store: S) {
    for (number, when) in [(1, 30), (2, 10), (3, 20), (4, 5)] {
        assert!(takes(&store, vec![Record::Begins(payment(number, when))]).await);
    }
    assert!(takes(&store, vec![end(&payment(4, 5), PaymentStatus::Success)]).await);
    let stale = async |until: i64, limit| {
        let found = store.stale_payments(at(until), limit).await.expect("stale_payments");
        found.into_iter().map(|payment| payment.token).collect::<Vec<_>>()
    };
    assert_eq!(stale(9, 9).await, []);
    assert_eq!(stale(10, 9).await, [token(2)]);
    assert_eq!(stale(99, 9).await, [token(2), token(3), token(1)]);
    assert_eq!(stale(99, 2).await, [token(2), token(3)]);
    assert!(store.claim_payment(&payment(2, 10), at(40)).await.expect("claim_payment"));
    assert_eq!(stale(99, 9).await, [token(3), token(1), token(2)]);
}

async fn pages_are_newest_first_without_gaps<S: Store>(store: S) {
    // Several of the same moment, and of two users.
    let all: Vec<Payment> = (0..25)
        .map(|number| Payment {
            user: UserId(1 + u64::from(number % 3 == 0)),
            ..payment(number, i64::from(number / 4))
        })
        .collect();
    for payment in &all {
        assert!(takes(&store, vec![Record::Begins(payment.clone())]).await);
    }
    for (user, size) in [
        (None, 4),
        (None, 100),
        (Some(UserId(1)), 3),
        (Some(UserId(2)), 3),
        (Some(UserId(3)), 3),
        (Some(UserId(u64::MAX)), 3),
    ] {
        let mut wanted: Vec<_> = all.iter().filter(|one| user.is_none_or(|user| one.user == user)).cloned().collect();
        wanted.sort_by(|one, other| (other.created_at, &other.token).cmp(&(one.created_at, &one.token)));
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page: Vec<Payment> = store.payments(user, after, size).await.expect("payments");
            let Some(last) = page.last() else { break };
            assert!(page.len() <= size);
            after = Some((last.created_at, last.token.clone()));
            found.extend(page);
        }
        assert_eq!(found, wanted, "{user:?}");
    }
}
