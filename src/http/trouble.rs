//! What went wrong with a request, before it is said in any contract's words.

use teller_rpc::CallError;

use super::problem::Problem;
use crate::api::Refusal;
use crate::domain::invalid::Invalid;
use crate::domain::transfer::TransferId;

/// Why there is no good answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The backend, or the form of a value, says no.
    Refused(Refusal),
    /// The backend did not answer, or failed.
    Failed(CallError),
    /// The same of a call that moves money, and nobody knows whether it did: the transfer, if its id is known.
    Unsure(Option<TransferId>, CallError),
    /// The request never reached its handler.
    Early(Problem),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Invalid> for Trouble {
    fn from(broken: Invalid) -> Self {
        Self::Refused(Refusal::Invalid(broken))
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}
