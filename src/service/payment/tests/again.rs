//! Payments that are asked for again after the configuration has changed: under other keys, and in another currency.

use std::time::Duration;

use teller_rpc::Context;

use super::{Fake, PAYER, START, Twist, World, cny};
use crate::api::Refusal;
use crate::api::payment::{Issue, Paid, Pay, Payer, Service};
use crate::coalesce::Limits;
use crate::domain::asset::Asset;
use crate::domain::attempt::AttemptRule;
use crate::domain::money::Decimal;
use crate::domain::payment::{Payment, PaymentStatus, PaymentToken};
use crate::domain::time::Timestamp;
use crate::domain::transfer::Description;
use crate::domain::user::Role;
use crate::service::audit::Audit;
use crate::service::caller::Callers;
use crate::service::fees::PriceList;
use crate::service::grants::Grants;
use crate::service::matching::Bounds;
use crate::service::payment::flow::Flow;
use crate::service::payment::mint::Mint;
use crate::service::payment::{Paying, Payments, Rules};
use crate::service::running::Running;
use crate::service::sessions::Sessions;
use crate::service::{Settings, system_clock};
use crate::store::ledger::LedgerStore;
use crate::store::memory::Memory;
use crate::store::payment::PaymentStore;
use crate::store::sqlite::Sqlite;
use crate::store::{Contact, NewUser, Store};
use crate::token::{Format, Keys, Lifetime, Ring};

const LONG: Duration = Duration::from_secs(60);
const COALESCE: Limits = Limits { lanes: 1, batch_max: 10, queue_max: 10 };
const OLD: &str = "0123456789abcdef paseto 2025-01-01T00:00:00Z 2025-01-01T00:00:00Z \
    000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
const NEW: &str = "fedcba9876543210 paseto 2025-02-01T00:00:00Z 2025-02-01T00:00:00Z \
    ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n";

async fn world(twists: &[Twist]) -> World {
    let world = World::new(twists).await;
    let payer = NewUser {
        id: Some(PAYER),
        user_name: "payer".to_owned(),
        nickname: "payer".to_owned(),
        password_hash: String::new(),
        role: Role::Customer,
        contact: Contact::default(),
        created_at: system_clock(),
    };
    world.flow.ledger.store().insert_users(vec![payer]).await.expect("insert_users");
    world
}

impl World {
    /// A backend over the same books, with these keys and this currency of new payments.
    fn backend(&self, keys: &str, asset: Asset) -> Payments<Sqlite, Memory, Fake> {
        let store = self.flow.ledger.store().clone();
        let settings = Settings {
            session_ttl: LONG,
            profile_ttl: LONG,
            change_guard: LONG,
            coalesce: COALESCE,
            contracts_open: true,
            deduct_asset: asset,
            tariffs: PriceList::default(),
            quote_ttl: LONG,
            same_key_wait: LONG,
            statements: Bounds::new(1, 1, 9, 9),
            sign_in: AttemptRule { free: 10, free_per_address: 100, window: LONG },
        };
        let sessions = Sessions::new(store.clone(), Memory::new(10), system_clock, &settings);
        let clock = || Timestamp(1_760_000_000_000_000);
        let lifetime = Lifetime { format: Format::Paseto, ttl: LONG, clock };
        let mint = Mint::new(Keys::new("token.keys".into(), Ring::parse(keys).expect("keys"), lifetime));
        let rules = Rules { contracts_open: true, accept_client_tokens: false, token_ttl: LONG, max_in_flight: 10 };
        let flow = Flow::new(self.flow.ledger.clone(), self.gateway.clone(), system_clock, asset);
        let callers = Callers::new(store.clone(), sessions, Grants::of_nobody(store.clone(), COALESCE));
        let audit = Audit::new(store, COALESCE, system_clock);
        Payments::new(Paying { flow, mint, rules }, callers, audit, Running::new(LONG))
    }

    async fn record(&self, token: &PaymentToken) -> Payment {
        self.flow.ledger.store().payment(token).await.expect("payment").expect("it was paid")
    }
}

async fn issue(backend: &Payments<Sqlite, Memory, Fake>) -> PaymentToken {
    let request = Issue { caller: None, user: Payer::Number(PAYER.0), amount: None };
    backend.issue(Context::with_timeout(LONG), request).await.expect("an answer").expect("issued").token
}

async fn pay(backend: &Payments<Sqlite, Memory, Fake>, token: &PaymentToken, amount: &str) -> Result<Paid, Refusal> {
    let request = Pay {
        caller: None,
        user: Payer::Number(PAYER.0),
        token: token.clone(),
        amount: Decimal::parse("amount", amount).expect("an amount"),
        description: Description::default(),
    };
    backend.pay(Context::with_timeout(LONG), request).await.expect("an answer")
}

fn jpy() -> Asset {
    Asset::parse("JPY").expect("a currency")
}

#[tokio::test]
async fn a_payment_that_failed_is_tried_again_also_once_the_key_of_its_token_is_gone() {
    let world = world(&[Twist::Declines]).await;
    let old = world.backend(OLD, cny());
    let token = issue(&old).await;
    assert!(matches!(pay(&old, &token, "10.00").await, Ok(Paid::Failed(..))));
    let new = world.backend(NEW, cny());
    assert!(matches!(pay(&new, &token, "10.00").await, Ok(Paid::Success(_))));
    let unused = issue(&old).await;
    let refused = pay(&new, &unused, "10.00").await;
    assert!(matches!(refused, Err(Refusal::Invalid(_))), "what has not begun does not: {refused:?}");
    world.agrees("other keys").await;
}

#[tokio::test]
async fn what_has_begun_stays_in_its_currency_whatever_new_payments_are_of() {
    let world = world(&[Twist::Charges, Twist::Declines]).await;
    let old = world.backend(OLD, cny());
    let (paid, failed) = (issue(&old).await, issue(&old).await);
    let first = pay(&old, &paid, "10.50").await;
    assert!(matches!(first, Ok(Paid::Success(_))), "{first:?}");
    assert!(matches!(pay(&old, &failed, "1.05").await, Ok(Paid::Failed(..))));
    let new = world.backend(OLD, jpy());
    assert_eq!(pay(&new, &paid, "10.50").await, first, "the same for ever");
    // As many minor units as were paid, and another amount.
    for other in ["1050", "10.51"] {
        let differs = Err(Refusal::PaymentDiffers { field: "amount".to_owned() });
        assert_eq!(pay(&new, &paid, other).await, differs, "{other}");
    }
    assert!(matches!(pay(&new, &failed, "1.05").await, Ok(Paid::Success(_))), "tried again as what it was");
    let record = world.record(&failed).await;
    assert_eq!((record.asset, record.amount.minor(), record.status), (cny(), 105, PaymentStatus::Success));
    let account = world.flow.ledger.store().account(world.account).await.expect("account").expect("it is there");
    assert_eq!(START - account.balance.minor(), 1050 + 105);
}
