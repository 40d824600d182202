//! `/payment`, as published: a token, a payment under it, and what became of it.

use hyper::header::{HeaderValue, LINK};
use serde::Serialize;
use teller_rpc::{CallError, Executed};

use super::extract::{self, Form};
use super::front::Call;
use super::json::{Object, Unknown};
use super::problem::Problem;
use super::query::Query;
use super::reply::{Reply, Trouble};
use super::show::{Instant, Money};
use crate::api::Refusal;
use crate::api::account::Page;
use crate::api::payment::{Issue, OfPayment, Paid, Pay, Payer, Records};
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::payment::{Payment, PaymentStatus, PaymentToken};
use crate::domain::time::Timestamp;
use crate::domain::transfer::Description;
use crate::error::{self, Code};

/// The fields of both requests.
const FIELDS: &[&str; 4] = &["idempotent_token", "amount", "user_id", "description"];
const DONE: &str = "payment successful";
const UNDER_WAY: &str = "payment is being processed";
const BUSY: &str = "too busy, nothing was begun: try again with the same token";

/// How far a payment is, in the contract's word; its HTTP status is in [`super::reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Word {
    /// Paid.
    Success,
    /// On its way.
    Processing,
    /// Nothing was begun.
    Retry,
    /// Nothing was charged.
    Failed,
    /// It cannot be a payment, or something of ours failed.
    Error,
}

impl From<PaymentStatus> for Word {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Processing => Self::Processing,
            PaymentStatus::Success => Self::Success,
            PaymentStatus::Failed => Self::Failed,
        }
    }
}

#[derive(Serialize)]
struct Said<'a> {
    status: Word,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
    expires_at: Instant,
}

#[derive(Serialize)]
struct Record<'a> {
    idempotent_key: &'a str,
    status: Word,
    result: Option<Charged<'a>>,
    created_at: Instant,
    updated_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
}

/// What was paid.
#[derive(Serialize)]
struct Charged<'a> {
    order_id: &'a str,
    amount: Money,
    currency: &'a str,
    /// What of it was given back, refunds on their way included.
    refunded: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// `POST /payment/token`.
pub(super) async fn token(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    let body = call.bytes().await?;
    let fields = Fields::read(call, &body)?;
    let amount = fields.amount()?;
    let request = Issue { caller, user: fields.user()?, amount };
    let issued = call.backend().payment.issue(&call.context(), &request).await??;
    Ok(Reply::document(&Token { token: issued.token.as_str(), expires_at: Instant(issued.expires_at) }))
}

/// `POST /payment`.
pub(super) async fn pay(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    let body = call.bytes().await?;
    let fields = Fields::read(call, &body)?;
    let token = PaymentToken::parse(fields.text("idempotent_token")?.ok_or_else(|| required("idempotent_token"))?)?;
    let amount = fields.amount()?.ok_or_else(|| required("amount"))?;
    let description = fields.text("description")?.map_or(Ok(Description::default()), Description::parse)?;
    let request = Pay { caller, token, user: fields.user()?, amount, description };
    let paid = call.backend().payment.pay(&call.context(), &request).await??;
    let (status, message, order) = match &paid {
        Paid::Success(order) => (Word::Success, DONE, Some(order)),
        Paid::Processing(order) => (Word::Processing, UNDER_WAY, Some(order)),
        Paid::Failed(order, why) => (Word::Failed, why.as_str(), Some(order)),
        Paid::Retry => (Word::Retry, BUSY, None),
    };
    let order_id = order.map(|order| order.as_str());
    Ok(Reply::payment(status, &Said { status, message, order_id, request_id: &call.request_id() }))
}

/// `GET /payment/status?token=`.
pub(super) async fn status(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let parameters = extract::url_encoded_pairs(call.head.uri().query().unwrap_or_default().as_bytes())?;
    let token = parameters.into_iter().find(|(name, value)| name == "token" && !value.is_empty());
    let (_, token) = token.ok_or_else(|| required("token"))?;
    let request = OfPayment { caller: call.caller().ok(), token: PaymentToken::parse(token)? };
    let payment = call.backend().payment.status(&call.context(), &request).await??;
    Ok(Reply::document(&Record::from(&payment)))
}

/// `GET /payment/records`.
pub(super) async fn records(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let query = Query::read(&["limit", "cursor"], call.head.uri().query())?;
    let (limit, after) = (query.limit()?, query.place("cursor", place)?);
    let request = Records { caller: call.caller().ok(), after, limit };
    let Page { items, more } = call.backend().payment.records(&call.context(), &request).await??;
    let reply = Reply::document(&items.iter().map(Record::from).collect::<Vec<_>>());
    let Some(last) = items.last().filter(|_| more) else { return Ok(reply) };
    let next = format!("</payment/records?limit={limit}&cursor={}>; rel=\"next\"", cursor(last));
    Ok(reply.with(LINK, HeaderValue::from_str(&next).expect("hex digits and a path of ours are ASCII")))
}

impl<'a> From<&'a Payment> for Record<'a> {
    fn from(payment: &'a Payment) -> Self {
        let charged = || Charged {
            order_id: payment.order.as_str(),
            amount: Money(payment.amount, payment.asset),
            currency: payment.asset.code(),
            refunded: Money(payment.refunded, payment.asset),
            reference: payment.reference.as_deref(),
        };
        Self {
            idempotent_key: payment.token.as_str(),
            status: payment.status.into(),
            result: (payment.status == PaymentStatus::Success).then(charged),
            created_at: Instant(payment.created_at),
            updated_at: Instant(payment.updated_at),
            error_message: payment.error.as_deref(),
        }
    }
}

/// What went wrong, as the contract says it; `plain` is how others would hear of it.
pub(super) fn explain(trouble: &Trouble, plain: Reply, request_id: String) -> Reply {
    fn said<'a>(status: Word, message: &'a str, request_id: &'a str) -> Said<'a> {
        Said { status, message, order_id: None, request_id }
    }
    let id = request_id.as_str();
    match trouble {
        Trouble::Failed(error) if began_nothing(error) => Reply::payment(Word::Retry, &said(Word::Retry, BUSY, id)),
        Trouble::Failed(_) | Trouble::Unsure(..) => {
            let message = "something of ours failed: ask again with the same token";
            Reply::payment(Word::Error, &said(Word::Error, message, id))
        }
        Trouble::Refused(Refusal::TooManyRequests { .. }) => plain.said_as(&said(Word::Retry, BUSY, id)),
        Trouble::Early(Problem::Unavailable) => Reply::payment(Word::Retry, &said(Word::Retry, BUSY, id)),
        Trouble::Refused(refusal) => plain.said_as(&said(Word::Error, &refusal.to_string(), id)),
        Trouble::Early(problem) => plain.said_as(&said(Word::Error, &problem.to_string(), id)),
    }
}

fn began_nothing(error: &CallError) -> bool {
    match error {
        CallError::Status { status, .. } => error::Code::of(status) == Code::Busy,
        error => error.executed() == Executed::No,
    }
}

fn required(name: &'static str) -> Invalid {
    Invalid::new(name, "is required")
}

/// A position among the records: the time in 16 hex digits, and the token in hex.
fn cursor(last: &Payment) -> String {
    format!("1{:016x}{}", last.created_at.0, hex::encode(last.token.as_str()))
}

fn place(cursor: &str) -> Option<(Timestamp, PaymentToken)> {
    let (time, token) = cursor.strip_prefix('1')?.split_at_checked(16)?;
    let time = i64::try_from(u64::from_str_radix(time, 16).ok()?).ok()?;
    let token = String::from_utf8(hex::decode(token).ok()?).ok()?;
    Some((Timestamp(time), PaymentToken::parse(token).ok()?))
}

/// A body's fields, as JSON or as a form; those that nobody asks for are passed over.
enum Fields<'a> {
    Json(Object<'a, 4>),
    Form(Vec<(String, String)>),
}

impl<'a> Fields<'a> {
    fn read(call: &Call<'_>, body: &'a bytes::Bytes) -> Result<Self, Trouble> {
        Ok(match extract::form(call.headers(), body)? {
            Form::Json => Self::Json(Object::read(FIELDS, body, Unknown::Ignored)?),
            Form::UrlEncoded => Self::Form(extract::url_encoded_pairs(body)?),
        })
    }

    /// The only value of a form's field.
    fn value<'f>(pairs: &'f [(String, String)], name: &'static str) -> Result<Option<&'f str>, Invalid> {
        let mut values = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            // Which of two amounts was meant is not for us to say.
            (Some(_), Some(_)) => Err(Invalid::new(name, "must be given once")),
            (value, _) => Ok(value),
        }
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, Invalid> {
        match self {
            Self::Json(fields) => Ok(fields.text(name)?.map(String::from)),
            Self::Form(pairs) => Ok(Self::value(pairs, name)?.map(str::to_owned)),
        }
    }

    /// An amount, in a string or as a number, which is read from its text.
    fn amount(&self) -> Result<Option<Decimal>, Invalid> {
        let text = match self {
            Self::Json(fields) => match fields.raw("amount") {
                Some(raw) if !raw.starts_with('"') => return Decimal::parse_number("amount", raw).map(Some),
                _ => fields.text("amount")?.map(String::from),
            },
            Self::Form(pairs) => Self::value(pairs, "amount")?.map(str::to_owned),
        };
        text.map(|text| Decimal::parse("amount", &text)).transpose()
    }

    /// A JSON string is a user name, a JSON number a user's number; in a form it may be either.
    fn user(&self) -> Result<Payer, Invalid> {
        let name = match self {
            Self::Json(fields) => match fields.raw("user_id") {
                Some(raw) if !raw.starts_with('"') => {
                    return Ok(Payer::Number(super::json::number("user_id", raw, i64::MAX as u64)?));
                }
                _ => fields.text("user_id")?.map(String::from),
            },
            Self::Form(pairs) => Self::value(pairs, "user_id")?.map(str::to_owned),
        };
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| required("user_id"))?;
        match name.len() {
            0..=64 => Ok(Payer::Name(name)),
            _ => Err(Invalid::new("user_id", "must be a user name or a number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cursor, place};
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken};
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::{Description, TransferId};
    use crate::domain::user::UserId;

    #[test]
    fn a_cursor_leads_back_and_an_invented_one_nowhere() {
        let payment = Payment {
            token: PaymentToken::parse("pt_abc-_").expect("a token"),
            user: UserId(1),
            account: None,
            asset: Asset::parse("CNY").expect("a currency"),
            amount: Amount::ZERO,
            refunded: Amount::ZERO,
            description: Description::default(),
            status: PaymentStatus::Failed,
            attempt: 1,
            order: OrderId::new(1),
            hold: TransferId([0; 16]),
            reference: None,
            error: None,
            created_at: Timestamp(1_760_000_000_000_000),
            updated_at: Timestamp(0),
        };
        let written = cursor(&payment);
        assert_eq!(place(&written), Some((payment.created_at, payment.token)));
        for wrong in ["", "1", "10000000000000000", "2000000000000000061", "1ffffffffffffffff61", "100000000000000006g"]
        {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
