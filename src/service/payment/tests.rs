//! Payments that are cut short anywhere, and gateways that lose, decline and delay: whatever happens, the two ledgers agree in the end.

mod again;
mod refunds;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::flow::{Begun, Flow, Wish};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Authority, Command, Move, Refusal, Settle, Settlement};
use crate::domain::money::{Amount, Decimal};
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken};
use crate::domain::transfer::{Description, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::gateway::simulated::Book;
use crate::gateway::wire::{self, State};
use crate::gateway::{Fate, Gateway, Order, RefundOrder, Verdict};
use crate::ledger::{Ledger, Limits};
use crate::service::system_clock;
use crate::store::Store;
use crate::store::ledger::LedgerStore;
use crate::store::payment::PaymentStore;
use crate::store::sqlite::Sqlite;

const PAYER: UserId = UserId(3);
/// What the payer begins with, and what a payment is of, in minor units.
const START: i128 = 100_000;
const PRICE: i128 = 1_000;

/// What the gateway does with a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twist {
    /// Charges, and says so.
    Charges,
    /// Says no.
    Declines,
    /// Charges, and its answer is lost.
    LosesTheAnswer,
    /// The order does not arrive, and nobody hears.
    LosesTheOrder,
}

/// A gateway in memory. Without a twist of its own a charge is charged.
#[derive(Clone)]
struct Fake {
    book: Arc<Mutex<Book>>,
    twists: Arc<Mutex<VecDeque<Twist>>>,
    charges: Arc<Mutex<u32>>,
    /// Answers no question while it is away.
    away: Arc<Mutex<bool>>,
    /// The order that a question about is never answered, and that such a question has come.
    stuck: Arc<Mutex<Option<OrderId>>>,
    asked: Arc<Notify>,
}

impl Fake {
    fn new(twists: &[Twist]) -> Self {
        Self {
            book: Arc::new(Mutex::new(Book::in_memory())),
            twists: Arc::new(Mutex::new(twists.iter().copied().collect())),
            charges: Arc::default(),
            away: Arc::default(),
            stuck: Arc::default(),
            asked: Arc::default(),
        }
    }

    fn decide(&self, order: &Order, fails: bool) -> State {
        let wanted = wire::Charge {
            order_id: order.id.to_string(),
            amount: order.amount.in_major(order.asset),
            currency: order.asset.to_string(),
        };
        self.book.lock().expect("no panic").charge(&wanted, fails).expect("in memory")
    }

    fn decide_refund(&self, refund: &RefundOrder, fails: bool) -> State {
        let wanted = wire::Refund {
            refund_id: refund.id.to_string(),
            order_id: refund.charge.to_string(),
            amount: refund.amount.in_major(refund.asset),
            currency: refund.asset.to_string(),
        };
        self.book.lock().expect("no panic").refund(&wanted, fails).expect("in memory")
    }

    /// What it has charged in all, in minor units.
    fn charged(&self) -> i128 {
        self.sum(|state| matches!(state, State::Charged { .. }))
    }

    /// What it has given back in all.
    fn refunded(&self) -> i128 {
        self.sum(|state| matches!(state, State::Refunded { .. }))
    }

    fn sum(&self, of: fn(&State) -> bool) -> i128 {
        let lines = self.book.lock().expect("no panic").lines().expect("in memory");
        let counted = lines.iter().filter(|line| of(&line.state));
        counted
            .map(|line| {
                Decimal::parse("amount", &line.amount).expect("an amount").amount_of(cny()).expect("CNY").minor()
            })
            .sum()
    }
}

fn said(state: State) -> Verdict {
    match state {
        State::Charged { reference } | State::Refunded { reference } => Verdict::Done { reference },
        State::Declined { reason } => Verdict::Declined { reason },
        State::Cancelled => Verdict::Declined { reason: "cancelled".to_owned() },
        State::Unknown | State::Conflict => Verdict::Unknown { why: "a mistake".to_owned() },
    }
}

fn lost() -> Verdict {
    Verdict::Unknown { why: "lost".to_owned() }
}

impl Gateway for Fake {
    async fn charge(&self, order: &Order) -> Verdict {
        *self.charges.lock().expect("no panic") += 1;
        // Before, and after it is decided, it may be cut short.
        tokio::task::yield_now().await;
        let twist = self.twists.lock().expect("no panic").pop_front().unwrap_or(Twist::Charges);
        let state = match twist {
            Twist::LosesTheOrder => return lost(),
            twist => self.decide(order, twist == Twist::Declines),
        };
        tokio::task::yield_now().await;
        if twist == Twist::LosesTheAnswer { lost() } else { said(state) }
    }

    async fn find(&self, order: &OrderId) -> Fate {
        tokio::task::yield_now().await;
        let stuck = self.stuck.lock().expect("no panic").clone();
        if stuck.as_ref() == Some(order) {
            self.asked.notify_one();
            std::future::pending::<()>().await;
        }
        if *self.away.lock().expect("no panic") {
            return Fate::Known(lost());
        }
        match self.book.lock().expect("no panic").find(order.as_str()).expect("in memory") {
            State::Unknown => Fate::NeverSeen,
            state => Fate::Known(said(state)),
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> Verdict {
        tokio::task::yield_now().await;
        let twist = self.twists.lock().expect("no panic").pop_front().unwrap_or(Twist::Charges);
        let state = match twist {
            Twist::LosesTheOrder => return lost(),
            twist => self.decide_refund(refund, twist == Twist::Declines),
        };
        tokio::task::yield_now().await;
        if twist == Twist::LosesTheAnswer { lost() } else { said(state) }
    }

    async fn find_refund(&self, refund: TransferId) -> Fate {
        tokio::task::yield_now().await;
        if *self.away.lock().expect("no panic") {
            return Fate::Known(lost());
        }
        match self.book.lock().expect("no panic").find(&refund.to_string()).expect("in memory") {
            State::Unknown => Fate::NeverSeen,
            state => Fate::Known(said(state)),
        }
    }

    async fn cancel(&self, order: &OrderId) -> Verdict {
        tokio::task::yield_now().await;
        said(self.book.lock().expect("no panic").cancel(order.as_str()).expect("in memory"))
    }
}

/// A payer with money, and a way to pay.
struct World {
    flow: Flow<Sqlite, Fake>,
    gateway: Fake,
    account: AccountId,
}

impl World {
    async fn new(twists: &[Twist]) -> Self {
        let store = Sqlite::memory(Duration::from_secs(10)).expect("open");
        store.migrate().await.expect("migrate");
        let account = store.open_account(PAYER, cny(), system_clock()).await.expect("open").expect("the first").id;
        let limits =
            Limits { lanes: 1, batch_max: 64, queue_max: 1000, external_stripes: 2, transfer_timeout: Duration::ZERO };
        let ledger = Ledger::new(store, limits, system_clock);
        let gateway = Fake::new(twists);
        let world = Self { flow: Flow::new(ledger, gateway.clone(), system_clock, cny()), gateway, account };
        world.deposit(START).await;
        world
    }

    async fn deposit(&self, minor: i128) {
        let id = TransferId(*uuid::Uuid::new_v4().as_bytes());
        let ledger = &self.flow.ledger;
        let action = Action::Move(Move {
            kind: TransferKind::Deposit,
            from: ledger.external_account(cny(), id).await.expect("external"),
            to: self.account,
            asset: cny(),
            amount: Decimal { digits: minor, scale: 2 },
            pending: None,
            reference: None,
            description: Description::default(),
        });
        let command = Command {
            id,
            actor: PAYER,
            authority: Authority::Operator,
            linked: false,
            action,
            record: None,
            along: None,
        };
        ledger.one(command, soon()).await.expect("ledger").expect("done");
    }

    async fn stands(&self) -> Option<Payment> {
        self.flow.ledger.store().payment(&wish().token).await.expect("payment")
    }

    /// Pays once, as the service does.
    async fn pay(&self) -> Begun {
        self.flow.run(wish(), self.stands().await, soon()).await.expect("the store is there")
    }

    /// Waits until all that was begun in the ledger is done: one lane takes its commands in order.
    async fn settle(&self) {
        self.deposit(1).await;
        self.deposit_back().await;
        self.flow.ledger.store().finish().await;
    }

    /// The same, and takes up what nobody finished.
    async fn recover(&self) {
        self.settle().await;
        self.flow.recover_once(Duration::ZERO).await.expect("the store is there");
    }

    async fn deposit_back(&self) {
        let id = TransferId(*uuid::Uuid::new_v4().as_bytes());
        let ledger = &self.flow.ledger;
        let action = Action::Move(Move {
            kind: TransferKind::Withdrawal,
            from: self.account,
            to: ledger.external_account(cny(), id).await.expect("external"),
            asset: cny(),
            amount: Decimal { digits: 1, scale: 2 },
            pending: None,
            reference: None,
            description: Description::default(),
        });
        let command = Command {
            id,
            actor: PAYER,
            authority: Authority::Operator,
            linked: false,
            action,
            record: None,
            along: None,
        };
        ledger.one(command, soon()).await.expect("ledger").expect("done");
    }

    /// What left the account is what the gateway charged and has not given back, and nothing is held.
    async fn agrees(&self, what: &str) {
        let account = self.flow.ledger.store().account(self.account).await.expect("account").expect("it is there");
        assert_eq!(START - account.balance.minor(), self.gateway.charged() - self.gateway.refunded(), "{what}");
        assert_eq!(account.held, Amount::ZERO, "{what}");
    }
}

fn cny() -> Asset {
    Asset::parse("CNY").expect("a currency")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn wish() -> Wish {
    Wish {
        token: PaymentToken::parse("018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e").expect("a token"),
        user: PAYER,
        amount: Amount::new(PRICE).expect("small"),
        asset: cny(),
        description: Description::parse("tea").expect("short"),
    }
}

/// A future that is dropped after it was polled so many times.
struct Cut<F> {
    inner: Pin<Box<F>>,
    left: u32,
}

impl<F: Future> Future for Cut<F> {
    /// Nothing, if it was cut.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.inner.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// A recovery that dies after it was polled so many times; whether it came to its end before.
async fn recovered(world: &World, left: u32) -> bool {
    Cut { inner: Box::pin(world.flow.recover_once(Duration::ZERO)), left }.await.is_some()
}

/// A crash after each step, between any two: of the payment, and of the recovery after it. Then the same is asked for again.
#[tokio::test]
async fn wherever_a_payment_is_cut_short_it_is_charged_once_or_not_at_all() {
    for twist in [Twist::Charges, Twist::Declines, Twist::LosesTheAnswer, Twist::LosesTheOrder] {
        let (mut polls, mut ended) = (0, false);
        while !ended {
            polls += 1;
            let what = format!("{twist:?}, cut after {polls} steps");
            let world = World::new(&[twist]).await;
            ended = Cut { inner: Box::pin(world.pay()), left: polls }.await.is_some();
            world.settle().await;
            // Whoever recovers dies too, at every step, until one gets through.
            let mut left = 0;
            while !recovered(&world, left).await {
                left += 1;
                world.settle().await;
            }
            world.recover().await;
            let stands = world.stands().await;
            let status = stands.as_ref().map(|payment| payment.status);
            assert_ne!(status, Some(PaymentStatus::Processing), "{what}");
            world.agrees(&what).await;
            if status == Some(PaymentStatus::Success) {
                assert_eq!(world.gateway.charged(), PRICE, "{what}");
            } else {
                world.gateway.twists.lock().expect("no panic").clear();
                let again = world.pay().await;
                let paid = matches!(&again, Begun::Held(payment) if payment.status == PaymentStatus::Success);
                assert!(paid, "{what}: {again:?}");
            }
            assert_eq!(world.gateway.charged(), PRICE, "{what}");
            world.agrees(&what).await;
            assert!(polls < 200, "a payment ends");
        }
        assert!(polls > 5, "{twist:?}: cut at several places, not at {polls}");
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_charged() {
    let world = Arc::new(World::new(&[]).await);
    let mut at_once = JoinSet::new();
    for _ in 0..64 {
        let world = Arc::clone(&world);
        at_once.spawn(async move { matches!(world.pay().await, Begun::Held(_)) });
    }
    let held = at_once.join_all().await.into_iter().filter(|held| *held).count();
    assert_eq!((held, *world.gateway.charges.lock().expect("no panic")), (1, 1));
    world.agrees("64 at once").await;
    assert_eq!(world.gateway.charged(), PRICE);
}

#[tokio::test]
async fn a_charge_that_arrives_after_all_is_refused_once_it_was_given_up() {
    let world = World::new(&[Twist::LosesTheOrder]).await;
    let Begun::Held(under_way) = world.pay().await else { panic!("it was held") };
    assert_eq!(under_way.status, PaymentStatus::Processing, "the gateway has not seen it, but may yet");
    world.recover().await;
    assert_eq!(world.stands().await.expect("recorded").status, PaymentStatus::Failed);
    let order = Order { id: under_way.order.clone(), amount: under_way.amount, asset: cny() };
    assert_eq!(world.gateway.decide(&order, false), State::Cancelled);
    // The call that waited all the time hears so, and changes nothing.
    let late = world.flow.charge(under_way).await;
    assert_eq!(late.status, PaymentStatus::Failed);
    world.agrees("late").await;
    assert_eq!(world.gateway.charged(), 0);
}

#[tokio::test]
async fn a_gateway_that_is_away_leaves_it_open_until_it_is_back() {
    let world = World::new(&[Twist::LosesTheAnswer]).await;
    *world.gateway.away.lock().expect("no panic") = true;
    let Begun::Held(payment) = world.pay().await else { panic!("it was held") };
    assert_eq!(payment.status, PaymentStatus::Processing);
    for _ in 0..3 {
        world.recover().await;
        assert_eq!(world.stands().await.expect("recorded").status, PaymentStatus::Processing);
    }
    *world.gateway.away.lock().expect("no panic") = false;
    world.recover().await;
    assert_eq!(world.stands().await.expect("recorded").status, PaymentStatus::Success);
    world.agrees("back again").await;
    assert_eq!(world.gateway.charged(), PRICE);
}

#[tokio::test]
async fn a_payment_that_the_gateway_is_slow_about_holds_up_no_other() {
    let world = World::new(&[Twist::LosesTheOrder, Twist::LosesTheOrder]).await;
    let Begun::Held(slow) = world.pay().await else { panic!("it was held") };
    *world.gateway.stuck.lock().expect("no panic") = Some(slow.order);
    let mut recovering = JoinSet::new();
    recovering.spawn(world.flow.clone().recover(Duration::ZERO));
    world.gateway.asked.notified().await;
    let other = Wish { token: PaymentToken::parse("another").expect("a token"), ..wish() };
    world.flow.run(other.clone(), None, soon()).await.expect("the store is there");
    let ended = async {
        loop {
            let stands = world.flow.ledger.store().payment(&other.token).await.expect("payment");
            if stands.is_some_and(|stands| stands.status == PaymentStatus::Failed) {
                break;
            }
            // Nobody tells when a payment ends but its record.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it is taken up, whatever becomes of the first");
    assert_eq!(world.stands().await.map(|stands| stands.status), Some(PaymentStatus::Processing));
}

#[tokio::test]
async fn what_a_payment_holds_is_ended_by_nobody_else() {
    let world = World::new(&[Twist::LosesTheOrder]).await;
    let Begun::Held(payment) = world.pay().await else { panic!("it was held") };
    for how in [Settlement::Void, Settlement::Post(None), Settlement::Expire] {
        for authority in [Authority::Owner, Authority::Operator] {
            let action = Action::Settle(Settle { pending: payment.hold, how });
            let id = TransferId(*uuid::Uuid::new_v4().as_bytes());
            let command = Command { id, actor: PAYER, authority, linked: false, action, record: None, along: None };
            let outcome = world.flow.ledger.one(command, soon()).await.expect("ledger");
            assert_eq!(outcome, Err(Refusal::OfPayment), "{how:?} {authority:?}");
        }
    }
}

#[tokio::test]
async fn whoever_uses_the_ids_of_an_end_first_keeps_no_payment_open() {
    let world = World::new(&[Twist::LosesTheAnswer]).await;
    *world.gateway.away.lock().expect("no panic") = true;
    let Begun::Held(payment) = world.pay().await else { panic!("it was held") };
    for posts in [true, false] {
        let id = payment.hold.of_payment_end(posts);
        let action = Action::Move(Move {
            kind: TransferKind::Withdrawal,
            from: world.account,
            to: world.flow.ledger.external_account(cny(), id).await.expect("external"),
            asset: cny(),
            amount: Decimal { digits: 1, scale: 2 },
            pending: None,
            reference: None,
            description: Description::default(),
        });
        let command =
            Command { id, actor: PAYER, authority: Authority::Owner, linked: false, action, record: None, along: None };
        world.flow.ledger.one(command, soon()).await.expect("ledger").expect("done");
    }
    *world.gateway.away.lock().expect("no panic") = false;
    world.recover().await;
    assert_eq!(world.stands().await.expect("recorded").status, PaymentStatus::Success);
}

#[tokio::test]
async fn too_little_money_is_a_failure_that_is_kept_and_may_be_tried_again() {
    let world = World::new(&[]).await;
    let dear = Wish { amount: Amount::new(START + 1).expect("small"), ..wish() };
    let begun = world.flow.run(dear.clone(), None, soon()).await.expect("the store is there");
    assert!(matches!(begun, Begun::Failed(_)), "{begun:?}");
    let failed = world.stands().await.expect("recorded");
    assert_eq!((failed.status, failed.error.as_deref()), (PaymentStatus::Failed, Some("insufficient balance")));
    assert_eq!(*world.gateway.charges.lock().expect("no panic"), 0);
    world.deposit(PRICE).await;
    let again = world.flow.run(dear, Some(failed.clone()), soon()).await.expect("the store is there");
    let Begun::Held(paid) = again else { panic!("{again:?}") };
    assert_eq!((paid.status, paid.attempt), (PaymentStatus::Success, 2));
    assert_ne!(paid.order, failed.order, "another attempt is another order");
}
