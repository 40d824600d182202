//! The contract between front end and backend: one file per service, each declared once with [`teller_rpc::service!`].
//!
//! An answer has one of three kinds of bad news: [`teller_rpc::CallError`] (the call did not get through),
//! [`Refusal`] (it did, and the answer is no: part of the answer's type), or a
//! [`teller_rpc::Status`] with a [`crate::error::Code`] (something of ours failed).
//!
//! - [`user`]: sign-up, profile, nickname, picture, password.
//! - [`session`]: sign-in, sign-out, where one is signed in.
//! - [`token`]: sign-in for programs, and new tokens for old.
//! - [`account`]: accounts and their entries.
//! - [`transfer`]: moving money.
//! - [`payment`]: payments through a gateway.
//! - [`conversion`]: money of one currency for money of another.
//! - [`wallet`]: accounts, as a published contract has them.
//! - [`webhook`]: where events are brought to.
//! - [`matching`]: statements of others beside our entries.
//! - [`audit`]: what was written down about who did what.
//! - [`health`]: whether the backend can serve.

pub mod account;
pub mod audit;
pub mod conversion;
pub mod health;
pub mod matching;
pub mod payment;
pub mod session;
pub mod token;
pub mod transfer;
pub mod user;
pub mod wallet;
pub mod webhook;

use serde::{Deserialize, Serialize};
use teller_rpc::MethodVisitor;

use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command;
use crate::domain::invalid::Invalid;
use crate::domain::money::Amount;
use crate::domain::transfer::TransferId;

/// An answer that is no, and why. Nothing was changed, unless it is [`Self::OutcomeUnknown`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The user name is taken.
    #[error("the user name is taken")]
    UserExists,
    /// The e-mail address is another user's.
    #[error("the e-mail address is taken")]
    EmailExists,
    /// Nobody has that user name.
    #[error("there is no such user")]
    NoSuchUser,
    /// The user exists, the password is another.
    #[error("the password is wrong")]
    WrongPassword,
    /// There is no such user, or the password is another: which, is nobody else's business.
    #[error("the user name or the password is wrong")]
    WrongLogin,
    /// Too many tries, or requests: come back after as many seconds.
    #[error("try again in {retry_after_s} s")]
    TooManyRequests {
        /// From now on.
        retry_after_s: u32,
    },
    /// No session, or one that has expired or was ended.
    #[error("whoever asks is not signed in")]
    InvalidSession,
    /// There is no such session, or it is another user's.
    #[error("there is no such session")]
    NoSuchSession,
    /// A value broke a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The call is an operator's, and whoever asks is none.
    #[error("only an operator may do this")]
    NotOperator,
    /// There is no such account, or it is another user's.
    #[error("there is no such account")]
    NoSuchAccount,
    /// There is no such transfer, or it is between others' accounts.
    #[error("there is no such transfer")]
    NoSuchTransfer,
    /// There is no payment of this token, or it is another user's.
    #[error("there is no such payment")]
    NoSuchPayment,
    /// There is no such statement or line, or it is of another user's account.
    #[error("there is no such statement")]
    NoSuchStatement,
    /// The token is another payment's: in which field that differs.
    #[error("{field}: must be the same for the same token")]
    PaymentDiffers {
        /// The field, by its name on the wire.
        field: String,
    },
    /// The payment has not succeeded: there is nothing to give back.
    #[error("the payment has not succeeded, so nothing can be given back")]
    PaymentNotPaid,
    /// More is to be given back than is left of the payment.
    #[error("only {} {asset} of the payment can still be given back", left.in_major(*asset))]
    MoreThanPaid {
        /// What is left, in minor units.
        left: Amount,
        /// Of this asset.
        asset: Asset,
    },
    /// The gateway gives nothing back: why.
    #[error("the gateway has declined the refund: {reason}")]
    RefundDeclined {
        /// For people.
        reason: String,
    },
    /// No operator has set a rate for that pair of currencies.
    #[error("there is no rate for these currencies")]
    NoSuchRate,
    /// The quote was not made here, has been changed, or is another user's.
    #[error("the quote is not one that was given to this user")]
    NoSuchQuote,
    /// The quote's time is over.
    #[error("the quote has expired")]
    QuoteExpired,
    /// It would buy less than one minor unit.
    #[error("the amount is too small to buy anything")]
    TooSmall,
    /// The house has not enough of what would be bought.
    #[error("the house cannot sell so much of that currency now")]
    NoLiquidity,
    /// The user has an account in that currency: which.
    #[error("there is an account in this currency already")]
    AccountExists(AccountId),
    /// The account is closed, which is for good.
    #[error("the account is closed")]
    AccountClosed,
    /// Only an empty account can be closed.
    #[error("the account is not empty")]
    AccountNotEmpty,
    /// The ledger says no.
    #[error(transparent)]
    Ledger(#[from] command::Refusal),
    /// The same request, under the same key, is still running: it is not done twice, and how it ends is not known yet.
    #[error("the same request is still running")]
    StillRunning,
    /// Nobody knows yet whether it is in effect. Sent again with the same id or key it is done once. The transfer; none of a batch, whose transfers
    /// may be in effect although its first one is not.
    #[error("whether the transfer is in effect is not known yet")]
    OutcomeUnknown(Option<TransferId>),
    /// There is no such webhook, or it is another user's.
    #[error("there is no such webhook")]
    NoSuchWebhook,
    /// The user has as many as there may be.
    #[error("a user may have {0} webhooks at most")]
    TooManyWebhooks(u64),
}

/// All of the backend's services, over one connection pool.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Users.
    pub user: user::Client,
    /// Sessions.
    pub session: session::Client,
    /// Tokens.
    pub token: token::Client,
    /// Accounts.
    pub account: account::Client,
    /// Transfers.
    pub transfer: transfer::Client,
    /// Payments.
    pub payment: payment::Client,
    /// Conversions.
    pub conversion: conversion::Client,
    /// Wallets.
    pub wallet: wallet::Client,
    /// Webhooks.
    pub webhook: webhook::Client,
    /// Statements of others.
    pub matching: matching::Client,
    /// Audit.
    pub audit: audit::Client,
    /// Health.
    pub health: health::Client,
}

impl Backend {
    /// The services reached through `client`.
    pub fn new(client: teller_rpc::Client) -> Self {
        Self {
            user: user::Client::new(client.clone()),
            session: session::Client::new(client.clone()),
            token: token::Client::new(client.clone()),
            account: account::Client::new(client.clone()),
            transfer: transfer::Client::new(client.clone()),
            payment: payment::Client::new(client.clone()),
            conversion: conversion::Client::new(client.clone()),
            wallet: wallet::Client::new(client.clone()),
            webhook: webhook::Client::new(client.clone()),
            matching: matching::Client::new(client.clone()),
            audit: audit::Client::new(client.clone()),
            health: health::Client::new(client),
        }
    }
}

/// Brings `visitor` to the method `method` of `service`; `None` if there is none.
pub fn visit<V: MethodVisitor>(service: &str, method: &str, visitor: V) -> Option<V::Output> {
    match service {
        user::SERVICE => user::visit(method, visitor),
        session::SERVICE => session::visit(method, visitor),
        token::SERVICE => token::visit(method, visitor),
        account::SERVICE => account::visit(method, visitor),
        transfer::SERVICE => transfer::visit(method, visitor),
        payment::SERVICE => payment::visit(method, visitor),
        conversion::SERVICE => conversion::visit(method, visitor),
        wallet::SERVICE => wallet::visit(method, visitor),
        webhook::SERVICE => webhook::visit(method, visitor),
        matching::SERVICE => matching::visit(method, visitor),
        audit::SERVICE => audit::visit(method, visitor),
        health::SERVICE => health::visit(method, visitor),
        _ => None,
    }
}
