//! What is said about a refusal beside its type: which rule, which field, and the numbers that help.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::catalog::Kind;
use super::openapi::value::hold_status as hold_status_shape;
use super::reply::status_of_kind;
use super::show::{Id, Money};
use super::transfer::hold_status;
use crate::api::Refusal;
use crate::domain::command::{self, Side};
use crate::domain::invalid::Invalid;
use crate::domain::transfer::TransferId;

/// The members of a problem that are its own (RFC 9457, section 3.2), and its detail.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ProblemMembers)]
pub(super) struct Members<'a> {
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The field or parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'a, str>>,
    /// What could be moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Money>,
    /// The currency of `available`, or of the account that is in another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// How many decimals the currency has.
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<u8>,
    /// What became of the pending transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = hold_status_shape)]
    status_now: Option<&'static str>,
    /// The account that is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<u64>,
    /// The transfer that has the reference, or that may be in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_id: Option<Id>,
    /// The place of the transfer that was refused, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
}

impl<'a> Members<'a> {
    /// A detail alone.
    pub(super) fn detail(text: impl Into<String>) -> Self {
        Self { detail: Some(text.into()), ..Self::default() }
    }

    /// The transfer that may be in effect, if its id is known.
    pub(super) fn unsure(id: Option<TransferId>) -> Self {
        Self { transfer_id: id.map(Id), ..Self::detail(Refusal::OutcomeUnknown(id).to_string()) }
    }

    /// The field that is named.
    pub(super) fn named(&self) -> Option<&str> {
        self.field.as_deref()
    }

    fn field(self, field: impl Into<Cow<'a, str>>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

/// A problem, as it is written (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details<'a> {
    /// What kind: an address on this server that tells what it means, or `about:blank` where the status says all.
    r#type: &'static str,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status; in a batch, that of the transfer alone.
    status: u16,
    #[serde(flatten)]
    members: Members<'a>,
}

impl<'a> Details<'a> {
    /// Of that kind.
    pub(super) fn new(kind: Kind, members: Members<'a>) -> Self {
        Self { r#type: kind.uri(), title: kind.title(), status: status_of_kind(kind).as_u16(), members }
    }

    /// Of what has no more to say than its status.
    pub(super) fn of_status(status: u16, title: &'static str, members: Members<'a>) -> Self {
        Self { r#type: "about:blank", title, status, members }
    }
}

/// The problem of one transfer among many.
pub(super) fn details_of(refusal: &command::Refusal) -> Details<'_> {
    let (kind, members) = ledger(refusal);
    Details::new(kind, members)
}

/// The kind of a refusal, and what there is to say about it.
pub(super) fn refusal(refusal: &Refusal) -> (Kind, Members<'_>) {
    let said = Members::detail(refusal.to_string());
    match refusal {
        Refusal::TooManyRequests { .. } => (Kind::TooManyRequests, said),
        Refusal::InvalidSession => (Kind::Unauthenticated, said),
        Refusal::NoSuchSession => (Kind::SessionNotFound, said),
        Refusal::Invalid(broken) => (Kind::InvalidRequest, said.field(broken.field.as_ref())),
        Refusal::NotOperator => (Kind::OperatorOnly, said),
        Refusal::UserExists => (Kind::UserExists, said),
        Refusal::EmailExists => (Kind::EmailExists, said),
        Refusal::WrongLogin => (Kind::WrongLogin, said),
        Refusal::NoSuchUser => (Kind::UserNotFound, said),
        Refusal::WrongPassword => (Kind::WrongPassword, said),
        Refusal::NoSuchAccount => (Kind::AccountNotFound, said),
        Refusal::NoSuchTransfer => (Kind::TransferNotFound, said),
        Refusal::NoSuchStatement => (Kind::StatementNotFound, said),
        Refusal::NoSuchPayment => (Kind::PaymentNotFound, said),
        Refusal::NoSuchWebhook => (Kind::WebhookNotFound, said),
        Refusal::TooManyWebhooks(_) => (Kind::TooManyWebhooks, said),
        Refusal::PaymentDiffers { field } => (Kind::PaymentDiffers, said.field(field)),
        Refusal::PaymentNotPaid => (Kind::PaymentNotPaid, said),
        Refusal::MoreThanPaid { left, asset } => {
            let said = Members { currency: Some(asset.to_string()), ..said.field("amount") };
            (Kind::MoreThanPaid, Members { available: Some(Money(*left, *asset)), ..said })
        }
        Refusal::RefundDeclined { .. } => (Kind::RefundDeclined, said),
        Refusal::NoSuchRate => (Kind::RateNotFound, said),
        Refusal::NoSuchQuote => (Kind::QuoteNotFound, said.field("quote")),
        Refusal::QuoteExpired => (Kind::QuoteExpired, said.field("quote")),
        Refusal::TooSmall => (Kind::AmountTooSmall, said),
        Refusal::NoLiquidity => (Kind::InsufficientLiquidity, said),
        Refusal::AccountExists(id) => (Kind::AccountExists, Members { account_id: Some(id.0), ..said }),
        Refusal::AccountClosed => (Kind::AccountClosed, said),
        Refusal::AccountNotEmpty => (Kind::AccountNotEmpty, said),
        Refusal::StillRunning => (Kind::StillRunning, said),
        Refusal::OutcomeUnknown(id) => (Kind::OutcomeUnknown, Members::unsure(*id)),
        Refusal::Ledger(refusal) => ledger(refusal),
    }
}

/// The same for what the ledger says.
pub(super) fn ledger(refusal: &command::Refusal) -> (Kind, Members<'_>) {
    use command::Refusal;
    let said = Members::detail(refusal.to_string());
    match refusal {
        Refusal::IdReused { field } => (Kind::KeyReused, said.field(field)),
        // Nothing but a conversion is good until a time, and its quote is what says so.
        Refusal::TooLate => (Kind::QuoteExpired, said.field("quote")),
        Refusal::UnknownTransfer => (Kind::TransferNotFound, said),
        Refusal::NotPending => (Kind::NotPending, said),
        // A payment's own steps are asked for by the backend alone, which knows what to make of the second.
        Refusal::OfPayment | Refusal::PaymentMoved => (Kind::OfPayment, said),
        Refusal::SameAccount => (Kind::SameAccount, said.field(field_of(Side::To))),
        // That an account is another's is nobody else's business.
        Refusal::NotYours => ledger(&Refusal::UnknownAccount(Side::From)),
        Refusal::UnknownAccount(side) => (Kind::AccountNotFound, said.field(field_of(*side))),
        Refusal::Frozen(side) => (Kind::AccountFrozen, said.field(field_of(*side))),
        Refusal::Closed(side) => (Kind::AccountClosed, said.field(field_of(*side))),
        Refusal::CurrencyMismatch { side, account, .. } => {
            (Kind::CurrencyMismatch, Members { currency: Some(account.to_string()), ..said.field(field_of(*side)) })
        }
        Refusal::AlreadySettled(status) => {
            (Kind::AlreadySettled, Members { status_now: Some(hold_status(*status)), ..said })
        }
        Refusal::HoldExpired => (Kind::HoldExpired, said),
        Refusal::NotExpired => (Kind::HoldNotExpired, said),
        Refusal::NotPositive => (Kind::AmountNotPositive, said.field("amount")),
        Refusal::TooManyDecimals { most } => {
            (Kind::TooManyDecimals, Members { decimals: Some(*most), ..said.field("amount") })
        }
        Refusal::TooLarge => (Kind::AmountTooLarge, said.field("amount")),
        Refusal::MoreThanHeld { held, asset } => {
            let said = Members { currency: Some(asset.to_string()), ..said.field("amount") };
            (Kind::MoreThanHeld, Members { available: Some(Money(*held, *asset)), ..said })
        }
        Refusal::ReferenceUsed { by } => {
            (Kind::ReferenceUsed, Members { transfer_id: Some(Id(*by)), ..said.field("reference") })
        }
        Refusal::InsufficientFunds { available, asset } => {
            let said = Members { currency: Some(asset.to_string()), ..said.field("amount") };
            (Kind::InsufficientFunds, Members { available: Some(Money(*available, *asset)), ..said })
        }
        Refusal::ChainBroken { at } => (Kind::ChainBroken, Members { index: Some(*at), ..said }),
    }
}

const fn field_of(side: Side) -> &'static str {
    match side {
        Side::From => "from_account_id",
        Side::To => "to_account_id",
    }
}

/// `field: rule` in ASCII and of bounded length, whatever a backend says.
pub(super) fn printable(broken: &Invalid) -> String {
    const MAX_CHARS: usize = 200;
    let visible = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    broken.to_string().chars().take(MAX_CHARS).map(visible).collect()
}

/// Without a key nothing can be sent again and be the same; then there is an id to name.
pub(super) fn unknown_outcome(id: Option<TransferId>) -> String {
    match id {
        Some(id) => {
            format!("outcome unknown: transfer {id} may be in effect; send it again only with its Idempotency-Key")
        }
        None => "outcome unknown: send it again with its Idempotency-Key".to_owned(),
    }
}
