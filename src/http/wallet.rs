//! `/api/wallets`, as published: accounts by another name, with amounts that have no zeros at their end.

use hyper::header::{HeaderValue, LINK};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract;
use super::front::Call;
use super::json::{Object, Unknown, number};
use super::openapi::value::{Shape, one_of};
use super::openapi::verdict;
use super::query::{self, Query, cursor};
use super::reconciliation::{self, claim, start};
use super::reply::{Reply, Trouble};
use super::show::Instant;
use super::transfer::{moving, told};
use crate::api::Refusal;
use crate::api::transfer::Handle;
use crate::api::wallet::{
    Event, EventKind, EventStatus, Events, History, MoveOutside, OfUser, OfWallet, OpenWallet, Reconcile, Reconciled,
    Reconciliations,
};
use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::Reference;
use crate::domain::user::UserId;

/// Items on a page unless `limit` says otherwise, and at most.
pub(super) const PAGE: (u16, u16) = (50, 200);

/// An account, as the contract shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Wallet {
    #[serde(rename = "ID")]
    id: u64,
    created_at: Instant,
    updated_at: Instant,
    #[serde(rename = "UserID")]
    user_id: u64,
    #[schema(value_type = String)]
    currency: Asset,
    balance: String,
}

impl From<&Account> for Wallet {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.0,
            created_at: Instant(account.created_at),
            updated_at: Instant(account.updated_at),
            user_id: account.owner.map_or(0, |owner| owner.0),
            currency: account.asset,
            balance: short(account.balance, account.asset),
        }
    }
}

/// Something that has happened in a wallet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transaction {
    #[serde(rename = "ID")]
    id: u64,
    created_at: Instant,
    updated_at: Instant,
    #[serde(rename = "WalletID")]
    wallet_id: u64,
    #[schema(schema_with = kinds)]
    r#type: &'static str,
    amount: String,
    balance_before: String,
    balance_after: String,
    #[schema(schema_with = statuses)]
    status: &'static str,
    tx_hash: String,
    description: String,
}

impl Transaction {
    fn new(wallet: AccountId, asset: Asset, event: Event) -> Self {
        Self {
            id: event.seq,
            created_at: Instant(event.at),
            updated_at: Instant(event.at),
            wallet_id: wallet.0,
            r#type: word(&KINDS, event.kind),
            amount: short(event.amount, asset),
            balance_before: short(event.balance_before, asset),
            balance_after: short(event.balance_after, asset),
            status: word(&STATUSES, event.status),
            tx_hash: event.tx_hash.map_or_else(String::new, |hash| hash.as_str().to_owned()),
            description: event.description.into(),
        }
    }
}

/// A comparison of two balances.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reconciliation {
    #[serde(rename = "ID")]
    id: u64,
    created_at: Instant,
    #[serde(rename = "WalletID")]
    wallet_id: u64,
    start_time: Instant,
    end_time: Instant,
    opening_balance: String,
    system_balance: String,
    external_balance: String,
    tolerance: String,
    #[schema(schema_with = verdict)]
    status: &'static str,
    difference: String,
    notes: String,
}

impl From<Reconciled> for Reconciliation {
    fn from(Reconciled { asset, made }: Reconciled) -> Self {
        Self {
            id: made.id,
            created_at: Instant(made.created_at),
            wallet_id: made.account.0,
            start_time: Instant(made.period.start),
            end_time: Instant(made.period.end),
            opening_balance: short(made.books.opening, asset),
            system_balance: short(made.books.closing, asset),
            external_balance: made.claim.external.to_string(),
            tolerance: made.claim.tolerance.to_string(),
            status: reconciliation::word(made.verdict),
            difference: made.difference.to_string(),
            notes: made.notes,
        }
    }
}

/// That it is done.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    message: &'static str,
}

/// What a transaction is, in a word.
const KINDS: [(&str, EventKind); 7] = [
    ("deposit", EventKind::Deposit),
    ("withdraw", EventKind::Withdraw),
    ("transfer_in", EventKind::TransferIn),
    ("transfer_out", EventKind::TransferOut),
    ("deduction", EventKind::Deduction),
    ("payment", EventKind::Payment),
    ("refund", EventKind::Refund),
];

/// What it has come to, in a word.
const STATUSES: [(&str, EventStatus); 2] = [("completed", EventStatus::Completed), ("pending", EventStatus::Pending)];

/// The words of [`KINDS`], described.
pub(super) fn kinds() -> Shape {
    one_of(KINDS.map(|(word, _)| word), "What it is.")
}

/// The words of [`STATUSES`], described.
pub(super) fn statuses() -> Shape {
    one_of(STATUSES.map(|(word, _)| word), "What it has come to.")
}

/// `GET /api/wallets?user_id=` and `POST /api/wallets`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    if call.reads() {
        let query = Query::known(&["user_id"], call.head.uri().query())?;
        let user = user(query.text("user_id").ok_or_else(|| Invalid::new("user_id", "is required"))?)?;
        let wallets = call.backend().wallet.list(&call.context(), &OfUser { caller, user }).await??;
        return Ok(Reply::document(&wallets.iter().map(Wallet::from).collect::<Vec<_>>()));
    }
    let body = call.json().await?;
    let fields = Object::read(&["user_id", "currency"], &body, Unknown::Ignored)?;
    let request = OpenWallet { caller, user: user(fields.plain("user_id")?)?, asset: fields.currency()? };
    let account = call.backend().wallet.open(&call.context(), &request).await??;
    Ok(Reply::created(&format!("/api/wallets/{}", account.id.0), &Wallet::from(&account)))
}

/// `GET /api/wallets/{id}`.
pub(super) async fn one(call: &Call<'_>) -> Result<Reply, Trouble> {
    let account = call.backend().wallet.get(&call.context(), &of(call)?).await??;
    Ok(Reply::document(&Wallet::from(&account)))
}

/// `POST /api/wallets/{id}/deposit`.
pub(super) async fn deposit(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = outside(call).await?;
    moving(told(&request.handle), call.backend().wallet.deposit(&call.context(), &request)).await?;
    Ok(Reply::document(&Message { message: "deposit successful" }))
}

/// `POST /api/wallets/{id}/withdraw`.
pub(super) async fn withdraw(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = outside(call).await?;
    moving(told(&request.handle), call.backend().wallet.withdraw(&call.context(), &request)).await?;
    Ok(Reply::document(&Message { message: "withdrawal successful" }))
}

async fn outside(call: &mut Call<'_>) -> Result<MoveOutside, Trouble> {
    let of = of(call)?;
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let body = call.json().await?;
    let fields = Object::read(&["amount", "tx_hash", "description"], &body, Unknown::Ignored)?;
    let amount = Decimal::parse("amount", fields.plain("amount")?)?;
    let tx_hash = Reference::parse(fields.required("tx_hash")?)
        .map_err(|broken| Invalid { field: "tx_hash".into(), ..broken })?;
    Ok(MoveOutside { of, handle, amount, tx_hash, description: fields.description()? })
}

/// `GET /api/wallets/{id}/transactions`.
pub(super) async fn transactions(call: &Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let wallet = of.wallet;
    let query = Query::known(&["from", "to", "type", "status", "limit", "cursor"], call.head.uri().query())?;
    let request = History {
        of,
        from: query.since_instant("from")?,
        // Up to and with that very instant.
        until: query.at_instant("to")?.map(|Timestamp(at)| Timestamp(at.saturating_add(1))),
        kind: query.text("type").map(|text| meant("type", &KINDS, text)).transpose()?,
        status: query.text("status").map(|text| meant("status", &STATUSES, text)).transpose()?,
        before: query.cursor()?,
        limit: query.limit_within(PAGE)?,
    };
    let Events { asset, items, next } = call.backend().wallet.history(&call.context(), &request).await??;
    let items: Vec<_> = items.into_iter().map(|event| Transaction::new(wallet, asset, event)).collect();
    Ok(linked(call, next, Reply::document(&items)))
}

/// `POST /api/wallets/{id}/reconcile`.
pub(super) async fn reconcile(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let body = call.json().await?;
    let fields = Object::read(&["start_time", "end_time", "external_balance", "tolerance"], &body, Unknown::Ignored)?;
    let claim = claim(&fields)?;
    let (start, end) = (start(&fields)?, query::time("end_time", &fields.required("end_time")?)?);
    let request = Reconcile { of, start, end, claim };
    let made = call.backend().wallet.reconcile(&call.context(), &request).await??;
    Ok(Reply::document(&Reconciliation::from(made)))
}

/// `GET /api/wallets/{id}/reconciliations`.
pub(super) async fn reconciliations(call: &Call<'_>) -> Result<Reply, Trouble> {
    let of = of(call)?;
    let query = Query::known(&["limit", "cursor"], call.head.uri().query())?;
    let request = Reconciliations { of, before: query.cursor()?, limit: query.limit_within(PAGE)? };
    let page = call.backend().wallet.reconciliations(&call.context(), &request).await??;
    let next = page.items.last().filter(|_| page.more).map(|last| last.made.id);
    let items: Vec<_> = page.items.into_iter().map(Reconciliation::from).collect();
    Ok(linked(call, next, Reply::document(&items)))
}

fn of(call: &Call<'_>) -> Result<OfWallet, Refusal> {
    Ok(OfWallet { caller: call.caller().ok(), wallet: query::account(call.head.uri().path())? })
}

/// The number of a user, as the contract's clients write it.
fn user(text: &str) -> Result<UserId, Invalid> {
    number("user_id", text, i64::MAX as u64).map(UserId)
}

/// An amount without zeros at its end.
fn short(amount: Amount, asset: Asset) -> String {
    Decimal { digits: amount.minor(), scale: asset.scale() }.to_string()
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], meaning: T) -> &'static str {
    words.iter().find(|(_, own)| *own == meaning).map_or("", |(word, _)| word)
}

fn meant<T: Copy>(field: &'static str, words: &[(&'static str, T)], text: &str) -> Result<T, Invalid> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Invalid::new(field, format!("must be one of {}", all.join(", ")))
    })
}

/// Names the next page in a `Link` header (RFC 8288): the same request, from there on.
fn linked(call: &Call<'_>, next: Option<u64>, reply: Reply) -> Reply {
    let Some(next) = next else { return reply };
    let uri = call.head.uri();
    let others =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<String> = others.map(str::to_owned).chain([format!("cursor={}", cursor(next))]).collect();
    let value = format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"));
    reply.with(LINK, HeaderValue::try_from(value).expect("a target that was parsed is ASCII"))
}
