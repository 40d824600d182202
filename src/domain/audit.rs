//! What happened, for whoever has to find out later.

use super::time::Timestamp;
use super::user::UserId;

/// Something that happened. Written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Whom it was about.
    pub user: Option<UserId>,
    /// Who did it; none where nobody knows, or the house itself did.
    pub actor: Option<UserId>,
    /// From where; empty if that is not known.
    pub address: String,
    /// With what; empty if that is not known.
    pub user_agent: String,
    /// The rest, in words. Never a secret.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A refresh token was used again, and its session blocked.
    TokenReused,
    /// A user was given another role.
    RoleChanged,
}

impl EventKind {
    /// Its name in SQL and in answers: at most 32 characters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenReused => "token.reused",
            Self::RoleChanged => "user.role_changed",
        }
    }
}
