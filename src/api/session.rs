//! Sessions: sign-in and sign-out, and where one is signed in.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::caller::{Caller, Device};
use crate::domain::session::{SessionId, SessionNumber};
use crate::domain::time::Timestamp;
use crate::domain::user::Password;

teller_rpc::service! {
    /// Sessions.
    pub service "session" {
        /// Begins a session. Refused: `TooManyRequests` (after failures, before the password is looked at), `NoSuchUser`,
        /// `WrongPassword`.
        fn sign_in(SignIn) -> Result<SessionId, Refusal>;

        /// Ends a session, at once and everywhere. Refused: `InvalidSession`, also for one that was ended before.
        fn sign_out(Caller) -> Result<(), Refusal>;

        /// Where one is signed in, the session that was used last first. Refused: `InvalidSession`.
        idempotent fn list(Caller) -> Result<Vec<SignedIn>, Refusal>;

        /// Ends one of one's own sessions, at once and everywhere. Refused: `InvalidSession`, `NoSuchSession`.
        fn end(EndSession) -> Result<(), Refusal>;

        /// Ends all of one's own sessions but the one that is used for this, and answers how many. Refused: `InvalidSession`.
        fn end_others(Caller) -> Result<u32, Refusal>;
    }
}

/// Who wants in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The name as it was typed.
    pub user_name: String,
    /// The password as it was typed.
    pub password: Password,
    /// From where.
    #[serde(default)]
    pub device: Device,
}

/// Where somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session's public number.
    pub number: SessionNumber,
    /// With what.
    pub kind: SessionKind,
    /// Whether it is the session of whoever asks.
    pub current: bool,
    /// From where.
    pub device: Device,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, within a minute; with tokens, when these were last exchanged.
    pub seen_at: Timestamp,
    /// When it ends by itself; none, if that is a time after its last use.
    pub expires_at: Option<Timestamp>,
}

/// What somebody is signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// A browser, by a cookie.
    Browser,
    /// A program, by tokens.
    Token,
}

/// A session to be ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndSession {
    /// Whose.
    pub caller: Caller,
    /// Which one.
    pub session: SessionNumber,
}
