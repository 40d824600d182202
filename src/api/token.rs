//! Tokens: sign-in for programs, and new tokens for old.
//!
//! An access token is sent with every call and holds for minutes; a refresh token is exchanged for both anew, and good for that once. What the
//! tokens stand for is a session, which ends when it is ended (see [`super::session`]), when its time is over, or when a refresh token is used
//! again after its successor was in use: then somebody has a copy.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::caller::Device;
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::domain::user::Password;

teller_rpc::service! {
    /// Tokens.
    pub service "token" {
        /// Begins a session with tokens. Refused: `WrongLogin`, for an unknown user and for a wrong password, in the same time.
        fn log_in(LogIn) -> Result<LoggedIn, Refusal>;

        /// Exchanges a refresh token. Sent again within seconds, because the answer was lost, it is answered with the same refresh token.
        /// Refused: `InvalidSession`.
        idempotent fn renew(Renew) -> Result<Granted, Refusal>;
    }
}

/// Who wants in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogIn {
    /// The name as it was typed.
    pub user_name: String,
    /// The password as it was typed.
    pub password: Password,
    /// From where.
    pub device: Device,
}

/// A refresh token to be exchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Renew {
    /// The token.
    pub token: RefreshToken,
    /// From where.
    pub device: Device,
}

/// A session's tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The session that they stand for.
    pub session: SessionNumber,
    /// For the calls of the next minutes.
    pub access: AccessToken,
    /// When that ends, in whole seconds.
    pub access_expires_at: Timestamp,
    /// For the next exchange.
    pub refresh: RefreshToken,
    /// When the session ends. An exchange does not move it.
    pub refresh_expires_at: Timestamp,
}

/// Who is in, and with what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The tokens.
    pub granted: Granted,
    /// Whose they are.
    pub person: Person,
}
