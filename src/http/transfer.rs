//! `/v1/transfers`, deposits and withdrawals: money that moves, or is held until it does.

use std::future::Future;

use serde::Serialize;
use teller_rpc::{CallError, Executed};
use utoipa::ToSchema;

use super::account::ShownEntry;
use super::extract;
use super::front::Call;
use super::json::Object;
use super::openapi::value;
use super::query;
use super::reply::{Reply, Trouble};
use super::show::{Id, Instant, Money};
use crate::api::Refusal;
use crate::api::transfer::{End, External, Handle, OfTransfer, Order, Post, Seen, Settle};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command::{Done, Pending};
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Entry, Hold, HoldStatus, Receipt, Reference, Stored, Transfer, TransferId, TransferKind, TransferStatus,
};
use crate::error::Code;

/// Most seconds that money is held for: a year.
pub(super) const TIMEOUT_MAX_S: u64 = 31_536_000;

/// A transfer with its accounts as it left them, and the entries that it made.
#[derive(Serialize, ToSchema)]
#[schema(as = TransferMade)]
pub(super) struct Shown<'a> {
    transfer: ShownTransfer<'a>,
    from_account: ShownAccount<'a>,
    to_account: ShownAccount<'a>,
    #[schema(required)]
    from_entry: Option<ShownEntry>,
    /// `null` where nothing has reached the account.
    #[schema(required)]
    to_entry: Option<ShownEntry>,
}

/// A transfer as it is known by its id.
#[derive(Serialize, ToSchema)]
#[schema(as = TransferFound)]
pub(super) struct Found<'a> {
    transfer: ShownTransfer<'a>,
    from_account: ShownAccount<'a>,
    to_account: ShownAccount<'a>,
    /// `null` to whoever is paid.
    #[schema(required)]
    from_entry: Option<ShownEntry>,
    /// `null` where nothing has reached the account.
    #[schema(required)]
    to_entry: Option<ShownEntry>,
    /// What became of what it holds; `null` if it was never pending.
    #[schema(required)]
    hold: Option<ShownHold>,
}

/// What became of a pending transfer.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
struct ShownHold {
    #[schema(schema_with = value::hold_status)]
    status: &'static str,
    amount: Money,
    #[schema(required)]
    expires_at: Option<Instant>,
    /// The transfer that posted or voided it.
    #[schema(required)]
    settled_by: Option<Id>,
}

/// A transfer, as it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = Transfer)]
pub(super) struct ShownTransfer<'a> {
    id: Id,
    #[schema(schema_with = value::transfer_kind)]
    kind: &'static str,
    #[schema(schema_with = value::transfer_status)]
    status: &'static str,
    from_account_id: u64,
    to_account_id: u64,
    amount: Money,
    currency: &'a str,
    description: &'a str,
    /// The bank's own name for it, of a deposit or withdrawal.
    #[schema(required)]
    reference: Option<&'a str>,
    /// The pending transfer that it settles.
    #[schema(required)]
    pending_id: Option<Id>,
    #[schema(required)]
    timeout_seconds: Option<u32>,
    #[schema(required)]
    expires_at: Option<Instant>,
    created_at: Instant,
}

/// An account as a transfer left it. One that it did not touch is named alone: what is in it is not the transfer's to say.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountLeft)]
struct ShownAccount<'a> {
    id: u64,
    currency: &'a str,
    #[schema(required)]
    balance: Option<Money>,
    #[schema(required)]
    held: Option<Money>,
}

impl<'a> ShownAccount<'a> {
    fn new(id: AccountId, asset: &'a Asset, entry: Option<&Entry>) -> Self {
        let money = |amount| Money(amount, *asset);
        Self {
            id: id.0,
            currency: asset.code(),
            balance: entry.map(|entry| money(entry.balance_after)),
            held: entry.map(|entry| money(entry.held_after)),
        }
    }
}

impl<'a> From<&'a Receipt> for Shown<'a> {
    fn from(Receipt { transfer, from_entry, to_entry }: &'a Receipt) -> Self {
        let asset = &transfer.asset;
        Self {
            transfer: transfer.into(),
            from_account: ShownAccount::new(transfer.from, asset, Some(from_entry)),
            to_account: ShownAccount::new(transfer.to, asset, to_entry.as_ref()),
            from_entry: Some(ShownEntry::new(from_entry, *asset)),
            to_entry: to_entry.as_ref().map(|entry| ShownEntry::new(entry, *asset)),
        }
    }
}

impl<'a> From<&'a Transfer> for ShownTransfer<'a> {
    fn from(transfer: &'a Transfer) -> Self {
        let expiry = |seconds: u32| Timestamp(transfer.created_at.0.saturating_add(i64::from(seconds) * 1_000_000));
        Self {
            id: Id(transfer.id),
            kind: transfer.kind.name(),
            status: status(transfer.status),
            from_account_id: transfer.from.0,
            to_account_id: transfer.to.0,
            amount: Money(transfer.amount, transfer.asset),
            currency: transfer.asset.code(),
            description: transfer.description.as_str(),
            reference: reference(transfer).map(Reference::as_str),
            pending_id: transfer.settles.map(Id),
            timeout_seconds: transfer.timeout_s,
            expires_at: transfer.timeout_s.map(|seconds| Instant(expiry(seconds))),
            created_at: Instant(transfer.created_at),
        }
    }
}

/// What the world outside calls it. A transfer between users has only a batch's own mark.
fn reference(transfer: &Transfer) -> Option<&Reference> {
    transfer.reference.as_ref().filter(|_| transfer.kind != TransferKind::Transfer)
}

/// What a transfer did, in a word.
pub(super) const fn status(status: TransferStatus) -> &'static str {
    match status {
        TransferStatus::Posted => "posted",
        TransferStatus::Pending => "pending",
        TransferStatus::Voided => "voided",
        TransferStatus::Expired => "expired",
    }
}

/// What became of a pending transfer, in a word.
pub(super) const fn hold_status(status: HoldStatus) -> &'static str {
    match status {
        HoldStatus::Pending => "pending",
        HoldStatus::Posted => "posted",
        HoldStatus::Voided => "voided",
        HoldStatus::Expired => "expired",
    }
}

/// `POST /v1/transfers`.
pub(super) async fn post(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let body = call.json().await?;
    let request = Post { caller, handle, order: order(&Object::strict(ORDER, &body)?)? };
    let (backend, cx) = (call.backend(), call.context());
    let done = moving(told(&request.handle), backend.transfer.post(&cx, &request)).await?;
    Ok(made(&done))
}

/// The fields of an [`Order`].
const ORDER: &[&str; 7] =
    &["from_account_id", "to_account_id", "amount", "currency", "description", "pending", "timeout_seconds"];

/// The order that these fields make. The object may have others.
pub(super) fn order<const N: usize>(fields: &Object<'_, N>) -> Result<Order, Invalid> {
    let timeout_s = fields.number("timeout_seconds", TIMEOUT_MAX_S)?.map(|seconds| seconds as u32);
    let pending = fields.switch("pending")?.then_some(Pending { timeout_s });
    if pending.is_none() && timeout_s.is_some() {
        return Err(Invalid::new("timeout_seconds", "must come with \"pending\": true"));
    }
    Ok(Order {
        from: AccountId(fields.id("from_account_id")?),
        to: AccountId(fields.id("to_account_id")?),
        asset: fields.currency()?,
        amount: fields.amount()?,
        pending,
        description: fields.description()?,
    })
}

/// `POST /v1/transfers/{id}/post`: all of what is held, or as much as `amount` says.
pub(super) async fn post_pending(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let body = call.json().await?;
    let part = match body.is_empty() {
        true => None,
        false => Object::strict(&["amount"], &body)?.text("amount")?.map(|text| Decimal::parse("amount", &text)),
    };
    settle(call, End::Post(part.transpose()?)).await
}

/// `POST /v1/transfers/{id}/void`.
pub(super) async fn void_pending(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let body = call.json().await?;
    if !body.is_empty() {
        Object::strict(&[], &body)?;
    }
    settle(call, End::Void).await
}

async fn settle(call: &Call<'_>, end: End) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let request = Settle { caller, handle, pending: query::transfer(call.head.uri().path())?, end };
    let (backend, cx) = (call.backend(), call.context());
    let done = moving(told(&request.handle), backend.transfer.settle(&cx, &request)).await?;
    Ok(made(&done))
}

/// `GET /v1/transfers/{id}`.
pub(super) async fn get(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller()?;
    let request = OfTransfer { caller, transfer: query::transfer(call.head.uri().path())? };
    let Seen { stored: Stored { receipt, hold }, by_payer } =
        call.backend().transfer.get(&call.context(), &request).await??;
    let show = |hold: Hold| ShownHold {
        status: hold_status(hold.status),
        amount: Money(hold.amount, receipt.transfer.asset),
        expires_at: hold.expires_at.map(Instant),
        settled_by: hold.settled_by.map(Id),
    };
    let mut shown = Shown::from(&receipt);
    if !by_payer {
        shown.from_account = ShownAccount::new(receipt.transfer.from, &receipt.transfer.asset, None);
        shown.from_entry = None;
    }
    let Shown { transfer, from_account, to_account, from_entry, to_entry } = shown;
    Ok(Reply::document(&Found { transfer, from_account, to_account, from_entry, to_entry, hold: hold.map(show) }))
}

/// `POST /v1/accounts/{id}/deposits`.
pub(super) async fn deposit(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = external(call).await?;
    let (backend, cx) = (call.backend(), call.context());
    let done = moving(told(&request.handle), backend.transfer.deposit(&cx, &request)).await?;
    Ok(made(&done))
}

/// `POST /v1/accounts/{id}/withdrawals`.
pub(super) async fn withdraw(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = external(call).await?;
    let (backend, cx) = (call.backend(), call.context());
    let done = moving(told(&request.handle), backend.transfer.withdraw(&cx, &request)).await?;
    Ok(made(&done))
}

async fn external(call: &mut Call<'_>) -> Result<External, Trouble> {
    let caller = call.caller()?;
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let account = query::account(call.head.uri().path())?;
    let body = call.json().await?;
    let fields = Object::strict(&["amount", "currency", "reference", "description"], &body)?;
    Ok(External {
        caller,
        handle,
        account,
        asset: fields.currency()?,
        amount: fields.amount()?,
        reference: Reference::parse(fields.required("reference")?)?,
        description: fields.description()?,
    })
}

/// The id to name when the outcome is unknown. With a key the backend alone knows it, since it knows who asks.
pub(super) fn told(handle: &Handle) -> Option<TransferId> {
    handle.key.is_none().then_some(handle.id)
}

/// Waits for a call that moves money, under the id that is told if nobody knows whether it did. That it failed on the way, or broke where it
/// was carried out, does not say that nothing moved.
pub(super) async fn moving<T>(
    id: Option<TransferId>,
    call: impl Future<Output = Result<Result<T, Refusal>, CallError>>,
) -> Result<T, Trouble> {
    match call.await {
        Ok(answer) => Ok(answer?),
        Err(error) if moved_nothing(&error) => Err(error.into()),
        Err(error) => Err(Trouble::Unsure(id, error)),
    }
}

/// Whether it was not executed, or the ledger itself said that it is not in effect: what the backend does not know is no failure with it,
/// but [`Refusal::OutcomeUnknown`]. A panic, or an answer that cannot be read, may come after the commit.
fn moved_nothing(error: &CallError) -> bool {
    match error {
        CallError::Status { status, .. } if matches!(Code::of(status), Code::Store | Code::Busy) => true,
        error => error.executed() == Executed::No,
    }
}

fn made(Done { receipt, replayed }: &Done) -> Reply {
    let location = format!("/v1/transfers/{}", receipt.transfer.id);
    Reply::created(&location, &Shown::from(receipt)).replayed(*replayed)
}
