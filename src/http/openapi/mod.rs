//! `GET /openapi.json`: every call of the surface, described in OpenAPI 3.1 for programs and for the page at `/docs`.
//!
//! Little is written twice. Schemas of answers come from the types that are answered, refusals from the functions that answer them, limits from
//! the settings, and what may be said of any request from the router's table. The rest is told by noun:
//!
//! - [`operation`]: how a call is told of.
//! - [`user`], [`identity`], [`account`], [`transfer`], [`deduct`], [`payment`], [`refund`], [`conversion`], [`wallet`],
//!   [`matching`], [`webhook`], [`server`]: the calls, one file per noun.
//! - [`value`]: what may stand in a field.
//! - [`answer`]: what may be answered, by status.
//! - [`document`]: all of it, made once, kept and served.

mod account;
mod answer;
mod conversion;
mod deduct;
mod document;
mod identity;
mod matching;
mod operation;
mod payment;
mod refund;
mod server;
#[cfg(test)]
mod tests;
mod transfer;
mod user;
pub(super) mod value;
mod wallet;
mod webhook;

pub(super) use self::document::{Document, show};
use self::operation::Operation;
pub(super) use self::wallet::verdict;

/// A noun: its name, what it is in short, and its calls.
type Noun = (&'static str, &'static str, fn() -> Vec<Operation>);

/// All of them, in the order in which they are read.
const NOUNS: [Noun; 12] = [
    ("Users", user::ABOUT, user::operations),
    ("Identity", identity::ABOUT, identity::operations),
    ("Accounts", account::ABOUT, account::operations),
    ("Transfers", transfer::ABOUT, transfer::operations),
    ("Deductions", deduct::ABOUT, deduct::operations),
    ("Payments", payment::ABOUT, payment::operations),
    ("Refunds", refund::ABOUT, refund::operations),
    ("Conversions", conversion::ABOUT, conversion::operations),
    ("Wallets", wallet::ABOUT, wallet::operations),
    ("Statements", matching::ABOUT, matching::operations),
    ("Webhooks", webhook::ABOUT, webhook::operations),
    ("Server", server::ABOUT, server::operations),
];
