//! What is said about a refusal beside its type: which rule, which field, and the numbers that help.

use std::borrow::Cow;

use serde::Serialize;

use super::catalog::Kind;
use super::show::{Id, Money};
use super::transfer::hold_status;
use crate::api::Refusal;
use crate::domain::command::{self, Side};
use crate::domain::transfer::TransferId;

/// The members of a problem that are its own (RFC 9457, section 3.2), and its detail.
#[derive(Debug, Default, Serialize)]
pub(super) struct Members<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_now: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_id: Option<Id>,
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
        Refusal::NoSuchUser => (Kind::UserNotFound, said),
        Refusal::WrongPassword => (Kind::WrongPassword, said),
        Refusal::NoSuchAccount => (Kind::AccountNotFound, said),
        Refusal::NoSuchTransfer => (Kind::TransferNotFound, said),
        Refusal::AccountExists(id) => (Kind::AccountExists, Members { account_id: Some(id.0), ..said }),
        Refusal::AccountClosed => (Kind::AccountClosed, said),
        Refusal::AccountNotEmpty => (Kind::AccountNotEmpty, said),
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
        Refusal::UnknownTransfer => (Kind::TransferNotFound, said),
        Refusal::NotPending => (Kind::NotPending, said),
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
