//! Health: whether the backend can serve.

use serde::{Deserialize, Serialize};

teller_rpc::service! {
    /// Health.
    pub service "health" {
        /// Answers when both stores answer; otherwise the status [`crate::error::Code::Store`].
        idempotent fn ready(()) -> Ready;
    }
}

/// A backend that can serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Its version, as `0.1.0`.
    pub version: String,
}
