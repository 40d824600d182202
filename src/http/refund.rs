//! `/v1/payments/{id}` and its refunds: a payment as `/v1` shows it, and money that is given back.

use hyper::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract;
use super::front::Call;
use super::json::Object;
use super::openapi::value::payment_status;
use super::payment::Word;
use super::query::{self, Query};
use super::reply::{Reply, Trouble};
use super::show::{Id, Instant, Money};
use super::transfer::{moving, told};
use crate::api::account::Page;
use crate::api::payment::{Find, GiveBack, Refunds};
use crate::api::transfer::Handle;
use crate::domain::money::Decimal;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;

/// A payment.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
pub(super) struct ShownPayment<'a> {
    token: &'a str,
    /// What the gateway knows its last attempt by.
    order_id: &'a str,
    user_id: u64,
    #[schema(schema_with = payment_status)]
    status: Word,
    amount: Money,
    currency: &'a str,
    /// What was given back of it, refunds on their way included.
    refunded: Money,
    /// What can still be given back.
    refundable: Money,
    description: &'a str,
    /// The gateway's own name for the charge.
    #[schema(required)]
    reference: Option<&'a str>,
    /// Why it failed.
    #[schema(required)]
    error_message: Option<&'a str>,
    created_at: Instant,
    updated_at: Instant,
}

/// What is given back of a payment.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub(super) struct ShownRefund<'a> {
    id: Id,
    /// The payment's token.
    payment: &'a str,
    /// The order that was charged.
    order_id: &'a str,
    #[schema(schema_with = payment_status)]
    status: Word,
    amount: Money,
    currency: &'a str,
    description: &'a str,
    /// The transfer that brought the money back, once it has.
    #[schema(required)]
    transfer_id: Option<Id>,
    /// The gateway's own name for it.
    #[schema(required)]
    reference: Option<&'a str>,
    /// Why it failed.
    #[schema(required)]
    error_message: Option<&'a str>,
    created_at: Instant,
    updated_at: Instant,
}

/// Some of a payment's refunds.
#[derive(Serialize, ToSchema)]
pub(super) struct RefundPage<'a> {
    refunds: Vec<ShownRefund<'a>>,
    /// The next page's `cursor`; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

impl<'a> From<&'a Payment> for ShownPayment<'a> {
    fn from(payment: &'a Payment) -> Self {
        let money = |amount| Money(amount, payment.asset);
        let is_paid = payment.status == PaymentStatus::Success;
        Self {
            token: payment.token.as_str(),
            order_id: payment.order.as_str(),
            user_id: payment.user.0,
            status: payment.status.into(),
            amount: money(payment.amount),
            currency: payment.asset.code(),
            refunded: money(payment.refunded),
            refundable: money(if is_paid { payment.left() } else { Default::default() }),
            description: payment.description.as_str(),
            reference: payment.reference.as_deref(),
            error_message: payment.error.as_deref(),
            created_at: Instant(payment.created_at),
            updated_at: Instant(payment.updated_at),
        }
    }
}

impl<'a> From<&'a Refund> for ShownRefund<'a> {
    fn from(refund: &'a Refund) -> Self {
        Self {
            id: Id(refund.id),
            payment: refund.token.as_str(),
            order_id: refund.charge.as_str(),
            status: refund.status.into(),
            amount: Money(refund.amount, refund.asset),
            currency: refund.asset.code(),
            description: refund.description.as_str(),
            transfer_id: refund.transfer.map(Id),
            reference: refund.reference.as_deref(),
            error_message: refund.error.as_deref(),
            created_at: Instant(refund.created_at),
            updated_at: Instant(refund.updated_at),
        }
    }
}

/// `GET /v1/payments/{id}`: by token, or by the gateway's order.
pub(super) async fn payment(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let request = Find { caller: call.caller().ok(), payment: query::payment(call.head.uri().path())? };
    let payment = call.backend().payment.find(&call.context(), &request).await??;
    Ok(Reply::document(&ShownPayment::from(&payment)))
}

/// `GET` and `POST /v1/payments/{id}/refunds`.
pub(super) async fn collection(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    if call.head.method() == Method::POST { give_back(call).await } else { list(call).await }
}

async fn give_back(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let payment = query::payment(call.head.uri().path())?;
    let body = call.json().await?;
    let (amount, description) = match body.is_empty() {
        true => (None, Default::default()),
        false => {
            let fields = Object::strict(&["amount", "description"], &body)?;
            (fields.text("amount")?.map(|text| Decimal::parse("amount", &text)), fields.description()?)
        }
    };
    let request = GiveBack { caller, handle, payment, amount: amount.transpose()?, description };
    let (backend, cx) = (call.backend(), call.context());
    let given = moving(told(&request.handle), backend.payment.refund(&cx, &request)).await?;
    let shown = ShownRefund::from(&given.refund);
    let reply = match given.refund.status {
        PaymentStatus::Processing => Reply::accepted(&shown),
        // One that failed is refused.
        PaymentStatus::Success | PaymentStatus::Failed => {
            Reply::created(&format!("/v1/payments/{}/refunds", given.refund.charge), &shown)
        }
    };
    Ok(reply.replayed(given.replayed))
}

async fn list(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    let payment = query::payment(call.head.uri().path())?;
    let query = Query::read(&["limit", "cursor"], call.head.uri().query())?;
    let request = Refunds { caller, payment, after: query.place("cursor", place)?, limit: query.limit()? };
    let Page { items, more } = call.backend().payment.refunds(&call.context(), &request).await??;
    let next = items.last().filter(|_| more).map(cursor);
    Ok(Reply::document(&RefundPage { refunds: items.iter().map(ShownRefund::from).collect(), next }))
}

/// A position among the refunds: the time in 16 hex digits, and the id.
fn cursor(last: &Refund) -> String {
    format!("1{:016x}{}", last.created_at.0, last.id)
}

fn place(cursor: &str) -> Option<(Timestamp, TransferId)> {
    let (time, id) = cursor.strip_prefix('1')?.split_at_checked(16)?;
    let time = i64::try_from(u64::from_str_radix(time, 16).ok()?).ok()?;
    Some((Timestamp(time), TransferId::parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::TransferId;

    #[test]
    fn a_cursor_leads_back_and_an_invented_one_nowhere() {
        let id = TransferId([7; 16]);
        assert_eq!(place(&format!("1000000000000002a{id}")), Some((Timestamp(42), id)));
        for wrong in ["", "1", "1000000000000002a", "2000000000000002a00000000-0000-4000-8000-000000000000", "1x"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
