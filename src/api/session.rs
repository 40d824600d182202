//! Sessions: sign-in and sign-out.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::domain::caller::{Caller, Device};
use crate::domain::session::SessionId;
use crate::domain::user::Password;

teller_rpc::service! {
    /// Sessions.
    pub service "session" {
        /// Begins a session. Refused: `NoSuchUser`, `WrongPassword`.
        fn sign_in(SignIn) -> Result<SessionId, Refusal>;

        /// Ends a session, at once and everywhere. Refused: `InvalidSession`, also for one that was ended before.
        fn sign_out(Caller) -> Result<(), Refusal>;
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
