//! What was written down about who did what: for operators.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::account::Page;
use crate::domain::audit::{AuditKind, AuditRecord};
use crate::domain::caller::Caller;
use crate::domain::user::UserId;

teller_rpc::service! {
    /// Audit.
    pub service "audit" {
        /// What was written down, newest first. Refused: `NotOperator`.
        idempotent fn list(List) -> Result<Page<AuditRecord>, Refusal>;
    }
}

/// A part of what was written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List {
    /// An operator.
    pub caller: Caller,
    /// Only about this user.
    pub user: Option<UserId>,
    /// Only of this kind.
    pub kind: Option<AuditKind>,
    /// Only those before this number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many: 1 to [`super::account::PAGE_MAX`].
    pub limit: u16,
}
