//! Refunds that are cut short anywhere, and asked for many times at once: the money goes back once, and never more than was paid.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Begun, Cut, PRICE, Twist, World, recovered, soon};
use crate::domain::account::AccountStatus;
use crate::domain::money::Amount;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::{NoRefund, Refund, RefundWish};
use crate::domain::transfer::{Description, TransferId};
use crate::domain::user::UserId;
use crate::service::system_clock;
use crate::store::ledger::{Amended, Amendment, LedgerStore};
use crate::store::refund::{RefundStore, Reserved};

const OPERATOR: UserId = UserId(9);
const ALL_TWISTS: [Twist; 4] = [Twist::Charges, Twist::Declines, Twist::LosesTheAnswer, Twist::LosesTheOrder];

/// A world in which the payment has succeeded.
async fn paid(twists: &[Twist]) -> World {
    let world = World::new(&[]).await;
    let paid = world.pay().await;
    assert!(matches!(&paid, Begun::Held(payment) if payment.status == PaymentStatus::Success), "{paid:?}");
    world.gateway.twists.lock().expect("no panic").extend(twists);
    world
}

fn back(number: u8, minor: Option<i128>) -> RefundWish {
    let amount = minor.map(|minor| Amount::new(minor).expect("small"));
    let (token, description) = (super::wish().token, Description::default());
    RefundWish { id: TransferId([number; 16]), token, amount, description, actor: OPERATOR }
}

impl World {
    async fn reserve(&self, wish: &RefundWish) -> Reserved {
        self.flow.ledger.store().reserve_refund(wish, system_clock(), soon()).await.expect("the store is there")
    }

    /// Gives back once, as the service does; none if it was not begun here.
    async fn give_back(&self, wish: &RefundWish) -> Option<Refund> {
        match self.reserve(wish).await {
            Reserved::Begun(refund) => Some(self.flow.refund(refund).await),
            Reserved::Known(_) | Reserved::Refused(_) | Reserved::TooLate => None,
        }
    }

    async fn refund(&self, wish: &RefundWish) -> Option<Refund> {
        self.flow.ledger.store().refund(wish.id).await.expect("the store is there")
    }

    async fn payment(&self) -> Payment {
        self.stands().await.expect("it was paid")
    }

    /// Both ledgers agree, and so does the payment's record.
    async fn agrees_on_refunds(&self, what: &str) {
        self.agrees(what).await;
        assert_eq!(self.payment().await.refunded.minor(), self.gateway.refunded(), "{what}");
    }
}

/// A crash after each step, between any two: of the refund, and of the recovery after it. Then the same is asked for again.
#[tokio::test]
async fn wherever_a_refund_is_cut_short_the_money_goes_back_once_or_not_at_all() {
    for twist in ALL_TWISTS {
        let (mut polls, mut ended) = (0, false);
        let wish = back(1, Some(300));
        while !ended {
            polls += 1;
            let what = format!("{twist:?}, cut after {polls} steps");
            let world = paid(&[twist]).await;
            ended = Cut { inner: Box::pin(world.give_back(&wish)), left: polls }.await.is_some();
            world.settle().await;
            // Whoever recovers dies too, at every step, until one gets through.
            let mut left = 0;
            while !recovered(&world, left).await {
                left += 1;
                world.settle().await;
            }
            world.recover().await;
            world.agrees_on_refunds(&what).await;
            let Some(refund) = world.refund(&wish).await else {
                assert_eq!(world.gateway.refunded(), 0, "{what}");
                continue;
            };
            assert_ne!(refund.status, PaymentStatus::Processing, "{what}");
            let given = if refund.status == PaymentStatus::Success { 300 } else { 0 };
            assert_eq!(world.gateway.refunded(), given, "{what}");
            assert!(world.give_back(&wish).await.is_none(), "{what}: asked again, it is known");
            world.agrees_on_refunds(&what).await;
            assert!(polls < 200, "a refund ends");
        }
        assert!(polls > 3, "{twist:?}: cut at several places, not at {polls}");
    }
}

/// 64 at once, of which each two are the same, of a tenth each: ten are given back.
#[tokio::test]
async fn of_many_at_once_no_more_is_given_back_than_was_paid() {
    let world = Arc::new(paid(&[]).await);
    let mut at_once = JoinSet::new();
    for number in 0..64 {
        let world = Arc::clone(&world);
        at_once.spawn(async move { world.give_back(&back(number / 2 + 1, Some(PRICE / 10))).await });
    }
    let given = at_once.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    assert!(given.len() == 10 && given.iter().all(|one| one.status == PaymentStatus::Success), "{given:?}");
    assert_eq!(world.gateway.refunded(), PRICE);
    world.agrees_on_refunds("64 at once").await;
    let more = world.reserve(&back(100, Some(1))).await;
    assert_eq!(more, Reserved::Refused(NoRefund::TooMuch { left: Amount::ZERO }));
}

#[tokio::test]
async fn a_refund_that_was_declined_is_so_for_ever_and_its_amount_is_there_for_another() {
    let world = paid(&[Twist::Declines]).await;
    let declined = world.give_back(&back(1, None)).await.expect("begun");
    assert_eq!((declined.status, declined.error.as_deref()), (PaymentStatus::Failed, Some("the bank declined")));
    assert_eq!(world.refund(&back(1, None)).await, Some(declined.clone()));
    assert_eq!(world.reserve(&back(1, None)).await, Reserved::Known(declined));
    let other = world.give_back(&back(2, None)).await.expect("begun");
    assert_eq!((other.status, other.amount.minor()), (PaymentStatus::Success, PRICE));
    world.agrees_on_refunds("declined, then given back").await;
}

#[tokio::test]
async fn a_gateway_that_is_away_leaves_a_refund_open_until_it_is_back() {
    let world = paid(&[Twist::LosesTheAnswer]).await;
    *world.gateway.away.lock().expect("no panic") = true;
    let open = world.give_back(&back(1, None)).await.expect("begun");
    assert_eq!(open.status, PaymentStatus::Processing);
    assert_eq!(world.payment().await.left(), Amount::ZERO, "it is promised");
    world.recover().await;
    assert_eq!(world.refund(&back(1, None)).await.map(|one| one.status), Some(PaymentStatus::Processing));
    *world.gateway.away.lock().expect("no panic") = false;
    // Several backends at once.
    let all = [world.flow.clone(), world.flow.clone(), world.flow.clone()];
    world.settle().await;
    let mut at_once = JoinSet::new();
    for flow in all {
        at_once.spawn(async move { flow.recover_once(std::time::Duration::ZERO).await.expect("the store is there") });
    }
    at_once.join_all().await;
    assert_eq!(world.refund(&back(1, None)).await.map(|one| one.status), Some(PaymentStatus::Success));
    world.agrees_on_refunds("back again").await;
}

#[tokio::test]
async fn what_was_given_back_comes_home_also_to_an_account_that_was_frozen_meanwhile() {
    let world = paid(&[Twist::LosesTheAnswer]).await;
    *world.gateway.away.lock().expect("no panic") = true;
    world.give_back(&back(1, None)).await.expect("begun");
    let frozen = Amendment::Status(AccountStatus::Frozen);
    let amended = world.flow.ledger.store().amend_account(world.account, frozen, system_clock()).await.expect("amend");
    assert!(matches!(amended, Amended::Done(_)), "{amended:?}");
    assert_eq!(world.reserve(&back(2, None)).await, Reserved::Refused(NoRefund::Frozen), "what begins is refused");
    *world.gateway.away.lock().expect("no panic") = false;
    world.flow.recover_once(std::time::Duration::ZERO).await.expect("the store is there");
    assert_eq!(world.refund(&back(1, None)).await.map(|one| one.status), Some(PaymentStatus::Success));
    world.agrees_on_refunds("frozen").await;
}
