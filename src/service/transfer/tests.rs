//! Keys and ids, and what is written down before money moves.

use std::time::Duration;

use teller_rpc::Context;

use super::{IDS_IN_DETAIL, Transfers, id_of};
use crate::api::transfer::{Deduct, External, Handle, Service, fresh_id};
use crate::coalesce::Limits;
use crate::domain::account::Account;
use crate::domain::asset::Asset;
use crate::domain::attempt::AttemptRule;
use crate::domain::audit::{AuditEvent, AuditKind, DETAIL_MAX_CHARS};
use crate::domain::caller::{Caller, Device};
use crate::domain::money::Decimal;
use crate::domain::transfer::{Description, IdempotencyKey, Reference};
use crate::domain::user::{Role, UserId};
use crate::ledger::{self, Ledger};
use crate::service::audit::Audit;
use crate::service::caller::Callers;
use crate::service::fees::{Fees, PriceList};
use crate::service::grants::Grants;
use crate::service::matching::Bounds;
use crate::service::running::Running;
use crate::service::sessions::Sessions;
use crate::service::{Settings, system_clock};
use crate::store::ledger::LedgerStore;
use crate::store::memory::Memory;
use crate::store::sqlite::Sqlite;
use crate::store::{Contact, NewUser, Store};

const LONG: Duration = Duration::from_secs(60);
const ALICE: UserId = UserId(1);
const OPERATOR: UserId = UserId(2);

#[test]
fn a_key_means_one_thing_to_each_user() {
    let key = IdempotencyKey::parse("k").expect("a key");
    let keyed = |user| id_of(UserId(user), &Handle { id: fresh_id(), key: Some(key.clone()) });
    assert_eq!(keyed(1), keyed(1), "whatever the id beside the key");
    assert_ne!(keyed(1), keyed(2));
    assert_ne!(keyed(1), keyed(11));
}

#[test]
fn without_a_key_the_id_counts() {
    let handle = Handle::new(None);
    assert_eq!(id_of(UserId(1), &handle), handle.id);
    assert_ne!(Handle::new(None).id, handle.id);
}

#[test]
fn a_detail_has_room_for_the_ids_of_its_transfers() {
    let ids = vec![fresh_id().to_string(); IDS_IN_DETAIL].join(" ");
    let detail = format!("transfers {ids}");
    assert_eq!(AuditEvent::new(AuditKind::TransferByOperator).with_detail(detail.as_str()).detail(), detail);
    assert!(detail.len() + 37 > DETAIL_MAX_CHARS, "one more would be cut");
}

/// What an operator asks of Alice's account, where nothing can be written down.
struct Unrecorded {
    transfers: Transfers<Sqlite, Memory>,
    operator: Caller,
    account: Account,
}

async fn unrecorded() -> Unrecorded {
    let store = Sqlite::memory(LONG).expect("opens");
    store.migrate().await.expect("migrates");
    let users = [(ALICE, "alice", Role::Customer), (OPERATOR, "operator", Role::Operator)];
    let users = users.map(|(id, name, role)| NewUser {
        id: Some(id),
        user_name: name.to_owned(),
        nickname: name.to_owned(),
        password_hash: String::new(),
        role,
        contact: Contact::default(),
        created_at: system_clock(),
    });
    store.insert_users(users.to_vec()).await.expect("insert_users");
    let asset = Asset::parse("CNY").expect("a currency");
    let account = store.open_account(ALICE, asset, system_clock()).await.expect("open_account").expect("none so far");

    let coalesce = Limits { lanes: 1, batch_max: 10, queue_max: 10 };
    let settings = Settings {
        session_ttl: LONG,
        profile_ttl: LONG,
        change_guard: LONG,
        coalesce,
        contracts_open: false,
        deduct_asset: asset,
        tariffs: PriceList::default(),
        quote_ttl: LONG,
        same_key_wait: LONG,
        statements: Bounds::new(1, 1, 9, 9),
        sign_in: AttemptRule { free: 10, free_per_address: 100, window: LONG },
    };
    let sessions = Sessions::new(store.clone(), Memory::new(10), system_clock, &settings);
    let known = store.credentials("operator").await.expect("credentials").expect("the operator");
    let operator = sessions.begin(&known, Device::default()).await.expect("a session").into();
    let limits = ledger::Limits {
        lanes: 1,
        batch_max: 10,
        queue_max: 10,
        external_stripes: 1,
        transfer_timeout: Duration::ZERO,
    };
    let ledger = Ledger::new(store.clone(), limits, system_clock);
    let transfers = Transfers {
        fees: Fees::new(ledger.clone(), PriceList::default()),
        ledger,
        callers: Callers::new(store.clone(), sessions, Grants::of_nobody(store.clone(), coalesce)),
        audit: Audit::new(store, Limits { queue_max: 0, ..coalesce }, system_clock),
        contracts_open: false,
        deduct_asset: asset,
        running: Running::new(LONG),
    };
    Unrecorded { transfers, operator, account }
}

#[tokio::test]
async fn what_cannot_be_written_down_moves_no_money() {
    let Unrecorded { transfers, operator, account } = unrecorded().await;
    let amount = Decimal::parse("amount", "1.00").expect("an amount");
    let cx = || Context::with_timeout(LONG);
    let external = External {
        caller: operator.clone(),
        handle: Handle::new(None),
        account: account.id,
        asset: account.asset,
        amount,
        reference: Reference::parse("r").expect("a reference"),
        description: Description::default(),
    };
    transfers.deposit(cx(), external.clone()).await.expect_err("not recorded");
    transfers.withdraw(cx(), external).await.expect_err("not recorded");
    let deduct = Deduct { caller: Some(operator), handle: Handle::new(None), user: ALICE, amount };
    transfers.deduct(cx(), deduct).await.expect_err("not recorded");
    let entries = crate::store::ledger::EntryRange { from: None, until: None, before: None, limit: 10 };
    let entries = transfers.ledger.store().entries(account.id, entries).await.expect("entries");
    assert!(entries.is_empty(), "{entries:?}");
}
