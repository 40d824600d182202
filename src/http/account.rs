//! `/v1/accounts`: accounts, their entries and their past.
//!
//! - [`statement`]: what became of one in a period.

pub(super) mod statement;

use hyper::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::front::Call;
use super::json::Object;
use super::openapi::value::account_status;
use super::query::{self, Query, cursor};
use super::reply::{Reply, Trouble};
use super::show::{Id, Instant, Money};
use crate::api::account::{Amend, BalanceAt, Change, Entries, List, OfAccount, Open};
use crate::domain::account::{Account, AccountId, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Entry;

/// An account, as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct Shown<'a> {
    id: u64,
    /// Whose; `null` for the house's own.
    #[schema(required)]
    user_id: Option<u64>,
    currency: &'a str,
    /// All of it, held money included.
    balance: Money,
    /// What pending transfers hold of it.
    held: Money,
    /// What may leave it; `null` where nothing binds it.
    #[schema(required)]
    available: Option<Money>,
    /// How far it may be overdrawn, zero or less; `null` where nothing binds it.
    #[schema(required)]
    floor: Option<Money>,
    #[schema(schema_with = account_status)]
    status: &'static str,
    created_at: Instant,
    updated_at: Instant,
}

/// Some of a user's accounts.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountPage<'a> {
    accounts: Vec<Shown<'a>>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

impl<'a> From<&'a Account> for Shown<'a> {
    fn from(account: &'a Account) -> Self {
        let money = |amount| Money(amount, account.asset);
        // No floor binds the house's own accounts.
        let bound = account.owner.is_some();
        Self {
            id: account.id.0,
            user_id: account.owner.map(|owner| owner.0),
            currency: account.asset.code(),
            balance: money(account.balance),
            held: money(account.held),
            available: account.available().ok().filter(|_| bound).map(money),
            floor: bound.then_some(money(account.floor)),
            status: match account.status {
                AccountStatus::Open => "open",
                AccountStatus::Frozen => "frozen",
                AccountStatus::Closed => "closed",
            },
            created_at: Instant(account.created_at),
            updated_at: Instant(account.updated_at),
        }
    }
}

/// An entry, as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Entry)]
pub(super) struct ShownEntry {
    account_id: u64,
    /// Its place among the account's entries, from 1.
    seq: u64,
    transfer_id: Id,
    /// Less than zero where the account paid.
    amount: Money,
    balance_before: Money,
    balance_after: Money,
    held_after: Money,
    created_at: Instant,
}

impl ShownEntry {
    /// Of an account in `asset`.
    pub(super) fn new(entry: &Entry, asset: Asset) -> Self {
        let money = |amount| Money(amount, asset);
        Self {
            account_id: entry.account.0,
            seq: entry.seq,
            transfer_id: Id(entry.transfer),
            amount: money(entry.amount),
            balance_before: money(entry.balance_before),
            balance_after: money(entry.balance_after),
            held_after: money(entry.held_after),
            created_at: Instant(entry.created_at),
        }
    }
}

/// Some of an account's entries.
#[derive(Serialize, ToSchema)]
pub(super) struct EntriesPage<'a> {
    account_id: u64,
    currency: &'a str,
    entries: Vec<ShownEntry>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

/// What an account held at an instant.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
pub(super) struct Past<'a> {
    account_id: u64,
    currency: &'a str,
    /// The instant; `null` for now.
    #[schema(required)]
    at: Option<Instant>,
    balance: Money,
    held: Money,
    /// The newest entry then; 0 before the first.
    seq: u64,
}

/// `GET` and `POST /v1/accounts`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::POST { open(call).await } else { list(call).await }
}

/// `GET` and `PATCH /v1/accounts/{id}`.
pub(super) async fn one(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::PATCH { amend(call).await } else { get(call).await }
}

async fn open(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let body = call.json().await?;
    let asset = Object::strict(&["currency"], &body)?.currency()?;
    let account = call.backend().account.open(&call.context(), &Open { caller, asset }).await??;
    Ok(Reply::created(&format!("/v1/accounts/{}", account.id), &Shown::from(&account)))
}

async fn get(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let request = OfAccount { caller, account: account_of(call)? };
    let account = call.backend().account.get(&call.context(), &request).await??;
    Ok(Reply::document(&Shown::from(&account)))
}

async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let query = Query::read(&["limit", "cursor"], call.head.uri().query())?;
    let request = List { caller, after: query.cursor()?.map(AccountId), limit: query.limit()? };
    let page = call.backend().account.list(&call.context(), &request).await??;
    let next = page.items.last().filter(|_| page.more).map(|last| cursor(last.id.0));
    Ok(Reply::document(&AccountPage { accounts: page.items.iter().map(Shown::from).collect(), next }))
}

/// `GET /v1/accounts/{id}/entries`: newest first.
pub(super) async fn entries(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let account = account_of(call)?;
    let query = Query::read(&["from", "to", "limit", "cursor"], call.head.uri().query())?;
    let (from, until) = (query.since_instant("from")?, query.since_instant("to")?);
    let request = Entries { caller, account, from, until, before: query.cursor()?, limit: query.limit()? };
    let found = call.backend().account.entries(&call.context(), &request).await??;
    let (asset, page) = (found.asset, found.page);
    let next = page.items.last().filter(|_| page.more).map(|last| cursor(last.seq));
    let entries = page.items.iter().map(|entry| ShownEntry::new(entry, asset)).collect();
    Ok(Reply::document(&EntriesPage { account_id: account.0, currency: asset.code(), entries, next }))
}

/// `GET /v1/accounts/{id}/balance`: at the instant `at`, or now.
pub(super) async fn balance(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    /// Later than any entry.
    const NOW: Timestamp = Timestamp(i64::MAX);
    let caller = call.caller()?;
    let account = account_of(call)?;
    let at = Query::read(&["at"], call.head.uri().query())?.at_instant("at")?;
    let request = BalanceAt { caller, account, at: at.unwrap_or(NOW) };
    let then = call.backend().account.balance_at(&call.context(), &request).await??;
    let (balance, held) = (Money(then.balance, then.asset), Money(then.held, then.asset));
    let (currency, at) = (then.asset.code(), at.map(Instant));
    Ok(Reply::document(&Past { account_id: account.0, currency, at, balance, held, seq: then.seq }))
}

async fn amend(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let account = account_of(call)?;
    let body = call.json().await?;
    let change = change(&body)?;
    let request = Amend { caller, account, change };
    let account = call.backend().account.amend(&call.context(), &request).await??;
    Ok(Reply::document(&Shown::from(&account)))
}

fn change(body: &[u8]) -> Result<Change, Invalid> {
    let fields = Object::strict(&["floor", "status"], body)?;
    match (fields.text("floor")?, fields.text("status")?.as_deref()) {
        (Some(floor), None) => Ok(Change::Floor(Decimal::parse("floor", &floor)?)),
        (None, Some("open")) => Ok(Change::Status(AccountStatus::Open)),
        (None, Some("frozen")) => Ok(Change::Status(AccountStatus::Frozen)),
        (None, Some("closed")) => Ok(Change::Status(AccountStatus::Closed)),
        (None, Some(_)) => Err(Invalid::new("status", "must be open, frozen or closed")),
        (Some(_), Some(_)) | (None, None) => Err(Invalid::new("body", "must have either floor or status")),
    }
}

fn account_of(call: &Call<'_>) -> Result<AccountId, Trouble> {
    Ok(query::account(call.head.uri().path())?)
}
