//! Values: what may stand in a field, with its limits, and the schema types of what [`show`](crate::http::show) writes.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::transfer::{Description, IdempotencyKey, Reference};
use crate::domain::webhook::{DeliveryStatus, EventKind, WebhookStatus};
use crate::http::show::{Id, Instant, Money};

/// A schema, or where one is.
pub(in crate::http) type Shape = RefOr<Schema>;

/// Whether a field may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Must,
    May,
}

/// What is done about fields that are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Refused,
    Ignored,
}

/// An object with these fields.
pub(super) fn record<const N: usize>(others: Others, fields: [(&str, Need, Shape); N]) -> Shape {
    let mut object = ObjectBuilder::new();
    for (name, need, shape) in fields {
        object = object.property(name, shape);
        if need == Need::Must {
            object = object.required(name);
        }
    }
    if others == Others::Refused {
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    built(object)
}

/// A text of `least` to `most` characters.
pub(super) fn text(least: usize, most: usize, about: &str) -> Shape {
    built(string(about).min_length(Some(least)).max_length(Some(most)))
}

/// The same without control characters.
pub(super) fn line(least: usize, most: usize, about: &str) -> Shape {
    let pattern = Some(r"^[^\x00-\x1f\x7f-\x9f]*$");
    built(string(about).min_length(Some(least)).max_length(Some(most)).pattern(pattern))
}

/// A text that matches `pattern`.
pub(super) fn like(pattern: &str, about: &str, example: &str) -> Shape {
    built(string(about).pattern(Some(pattern)).examples([json!(example)]))
}

/// One of a few words.
pub(in crate::http) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>, about: &str) -> Shape {
    built(string(about).enum_values(Some(words)))
}

/// This value and no other.
pub(in crate::http) fn just(value: impl Into<Value>) -> Shape {
    let value = value.into();
    let kind = if value.is_number() { Type::Integer } else { Type::String };
    built(ObjectBuilder::new().schema_type(kind).enum_values(Some([value])))
}

/// True or false.
pub(super) fn switch(about: &str) -> Shape {
    built(ObjectBuilder::new().schema_type(Type::Boolean).description(Some(about)).default(Some(json!(false))))
}

/// A whole number from `least` to `most`.
pub(super) fn whole(least: u64, most: u64, about: &str) -> Shape {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most));
    built(number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).description(told(about)))
}

/// The number of an account or a user.
pub(super) fn number(about: &str) -> Shape {
    whole(1, i64::MAX as u64, about)
}

/// A list of 1 to `most`.
pub(super) fn list(most: usize, item: Shape, about: &str) -> Shape {
    Schema::from(ArrayBuilder::new().items(item).min_items(Some(1)).max_items(Some(most)).description(Some(about)))
        .into()
}

/// Any of these.
pub(super) fn either(shapes: impl IntoIterator<Item = Shape>) -> Shape {
    Schema::from(shapes.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item)).into()
}

/// A UUID.
pub(super) fn uuid(about: &str) -> Shape {
    built(string(about).format(Some(SchemaFormat::Custom("uuid".to_owned()))))
}

/// A currency.
pub(super) fn currency() -> Shape {
    like("^[A-Z]{3}$", "A currency's ISO 4217 code. Metals, funds and codes for testing are none.", "CNY")
}

/// An amount as it is sent, more than zero.
pub(super) fn amount() -> Shape {
    let about =
        "In the currency's units, more than zero, with no more decimals than the currency has and at most 38 digits.";
    like(r"^([0-9]*[1-9][0-9]*(\.[0-9]+)?|0+\.[0-9]*[1-9][0-9]*)$", about, "10.00")
}

/// A number with decimals.
pub(super) fn decimal(about: &str) -> Shape {
    built(ObjectBuilder::new().schema_type(Type::Number).description(told(about)))
}

/// A description as it is sent.
pub(super) fn description() -> Shape {
    line(0, Description::CHARS, "What it says to people; no control characters.")
}

/// A reference as it is sent.
pub(super) fn reference() -> Shape {
    like(&visible(Reference::CHARS), "The bank's own name for it, used once in each direction.", "bank-2026-11-1")
}

/// An `Idempotency-Key`.
pub(super) fn key() -> Shape {
    built(string("").pattern(Some(visible(IdempotencyKey::CHARS))))
}

/// An instant as it is sent.
pub(super) fn instant() -> Shape {
    built(string("").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
}

/// What `next` of an answer said.
pub(super) fn cursor() -> Shape {
    built(string("").pattern(Some("^1[0-7][0-9a-f]{15}$")))
}

/// What an account is.
pub(in crate::http) fn account_status() -> Shape {
    one_of(["open", "frozen", "closed"], "`frozen`: nothing comes in or goes out. `closed`: for good.")
}

/// What made a transfer.
pub(in crate::http) fn transfer_kind() -> Shape {
    one_of(["transfer", "deposit", "withdrawal", "deduction", "payment", "refund"], "What made it.")
}

/// What a session is kept in.
pub(in crate::http) fn session_kind() -> Shape {
    one_of(["browser", "token"], "A browser's cookie, or a program's tokens.")
}

/// What a user may do.
pub(in crate::http) fn role() -> Shape {
    one_of(["customer", "operator"], "What they may do.")
}

/// What a transfer did.
pub(in crate::http) fn transfer_status() -> Shape {
    one_of(
        ["posted", "pending", "voided", "expired"],
        "What it did. What became of a pending one since is `hold.status`.",
    )
}

/// How far a payment or a refund is.
pub(in crate::http) fn payment_status() -> Shape {
    one_of(["PROCESSING", "SUCCESS", "FAILED"], "How far it is.")
}

/// What became of a hold.
pub(in crate::http) fn hold_status() -> Shape {
    one_of(["pending", "posted", "voided", "expired"], "What became of it.")
}

/// What an event is about.
pub(in crate::http) fn event() -> Shape {
    one_of(EventKind::ALL.iter().map(|kind| kind.as_str()), "What it is about.")
}

/// Any number of these.
pub(in crate::http) fn list_of(item: Shape) -> Shape {
    Schema::from(ArrayBuilder::new().items(item)).into()
}

/// Whether anything is brought to a webhook.
pub(in crate::http) fn webhook_status() -> Shape {
    let about = "Whether anything is brought. `gone`: it answered 410. `failing`: it took nothing for days.";
    one_of(WebhookStatus::ALL.map(WebhookStatus::as_str), about)
}

/// What became of a try.
pub(in crate::http) fn delivery_status() -> Shape {
    one_of(DeliveryStatus::ALL.map(DeliveryStatus::as_str), "`retrying`: it is tried again. `dead`: it was given up.")
}

fn visible(most: usize) -> String {
    format!("^[!-~]{{1,{most}}}$")
}

fn string(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(told(about))
}

/// Nothing rather than an empty text.
fn told(about: &str) -> Option<&str> {
    Some(about).filter(|text| !text.is_empty())
}

fn built(object: ObjectBuilder) -> Shape {
    Schema::from(Object::from(object)).into()
}

macro_rules! written {
    ($($kind:ident $name:literal $object:expr;)*) => {$(
        impl PartialSchema for $kind {
            fn schema() -> Shape {
                built($object)
            }
        }

        impl ToSchema for $kind {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

written! {
    Money "Money" string("An amount in major units, with all of the currency's decimals and up to 38 digits.")
        .pattern(Some(r"^-?[0-9]+(\.[0-9]+)?$")).examples([json!("10.00")]);
    Instant "Instant" string("An instant in UTC, to the microsecond (RFC 3339).")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).examples([json!("2026-03-01T12:00:00.000001Z")]);
    Id "TransferId" string("A transfer's id.")
        .format(Some(SchemaFormat::Custom("uuid".to_owned()))).examples([json!("018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e")]);
}
