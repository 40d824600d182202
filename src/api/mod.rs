//! The contract between front end and backend: one file per service, each declared once with [`teller_rpc::service!`].
//!
//! An answer has one of three kinds of bad news: [`teller_rpc::CallError`] (the call did not get through),
//! [`Refusal`] (it did, and the answer is no: part of the answer's type), or a
//! [`teller_rpc::Status`] with a [`crate::error::Code`] (something of ours failed).
//!
//! - [`user`]: sign-up, profile, nickname, picture.
//! - [`session`]: sign-in, sign-out.
//! - [`health`]: whether the backend can serve.

pub mod health;
pub mod session;
pub mod user;

use serde::{Deserialize, Serialize};
use teller_rpc::MethodVisitor;

use crate::domain::invalid::Invalid;

/// An answer that is no, and why. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The user name is taken.
    #[error("the user name is taken")]
    UserExists,
    /// Nobody has that user name.
    #[error("there is no such user")]
    NoSuchUser,
    /// The user exists, the password is another.
    #[error("the password is wrong")]
    WrongPassword,
    /// No session, or one that has expired or was ended.
    #[error("there is no such session")]
    InvalidSession,
    /// A value broke a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// All of the backend's services, over one connection pool.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Users.
    pub user: user::Client,
    /// Sessions.
    pub session: session::Client,
    /// Health.
    pub health: health::Client,
}

impl Backend {
    /// The services reached through `client`.
    pub fn new(client: teller_rpc::Client) -> Self {
        Self {
            user: user::Client::new(client.clone()),
            session: session::Client::new(client.clone()),
            health: health::Client::new(client),
        }
    }
}

/// Brings `visitor` to the method `method` of `service`; `None` if there is none.
pub fn visit<V: MethodVisitor>(service: &str, method: &str, visitor: V) -> Option<V::Output> {
    match service {
        user::SERVICE => user::visit(method, visitor),
        session::SERVICE => session::visit(method, visitor),
        health::SERVICE => health::visit(method, visitor),
        _ => None,
    }
}
