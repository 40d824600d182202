//! Sessions of programs that hold tokens: one for each sign-in that was answered with an access token and a refresh token.

use serde::{Deserialize, Serialize};

use super::session::SessionNumber;
use super::time::Timestamp;
use super::user::UserId;

/// Whether a session may still be used. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum GrantStatus {
    /// It may, until it expires.
    Active = 1,
    /// Its user, a change of the password, or a sign-in too many has ended it.
    Blocked = 2,
    /// A refresh token was used again after its successor was in use: somebody has a copy, so nobody may go on.
    Reused = 3,
}

/// A session, and what its refresh tokens are checked against. Nothing of it is a token, or makes one by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its number.
    pub id: SessionNumber,
    /// Who signed in.
    pub user: UserId,
    /// What makes, of a refresh token that is shown, its tag and its successor: random, 32 bytes.
    pub salt: Vec<u8>,
    /// SHA-256 of the secret in the refresh token that is valid.
    pub refresh_hash: Vec<u8>,
    /// The same of the one before it.
    pub previous_hash: Option<Vec<u8>>,
    /// What the program that signed in called itself; empty if it did not.
    pub user_agent: String,
    /// Where it was seen; empty if that is not known.
    pub address: String,
    /// Whether it may be used.
    pub status: GrantStatus,
    /// When it began.
    pub created_at: Timestamp,
    /// When its refresh token was last exchanged; at first, when it began.
    pub rotated_at: Timestamp,
    /// When it ends. An exchange does not move it.
    pub expires_at: Timestamp,
}

impl Grant {
    /// Whether it may be used at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.status == GrantStatus::Active && now < self.expires_at
    }
}
