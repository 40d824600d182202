//! Sessions of programs that hold tokens: one for each sign-in that was answered with an access token and a refresh token.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::time::Timestamp;
use super::user::UserId;

/// The public number of a session: a UUID of version 7, so that sessions begun later sort later. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GrantId(pub [u8; 16]);

impl GrantId {
    /// Takes a UUID as it is written: 32 lower-case hex digits in groups.
    ///
    /// # Errors
    ///
    /// Names the field `session_id`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parsed = uuid::Uuid::try_parse(text).ok().map(|uuid| Self(uuid.into_bytes()));
        parsed.filter(|id| id.to_string() == text).ok_or_else(|| Invalid::new("session_id", "must be a UUID"))
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

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
    pub id: GrantId,
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

#[cfg(test)]
mod tests {
    use super::GrantId;

    #[test]
    fn a_number_is_a_uuid_as_it_is_written_here() {
        let text = "0190a5c8-7b1e-7c3a-9d0e-5f6a7b8c9d0e";
        assert_eq!(GrantId::parse(text).expect("a UUID").to_string(), text);
        for wrong in ["", "1", "0190A5C8-7B1E-7C3A-9D0E-5F6A7B8C9D0E", "0190a5c87b1e7c3a9d0e5f6a7b8c9d0e", "{x}"] {
            assert_eq!(GrantId::parse(wrong).expect_err(wrong).field, "session_id");
        }
    }
}
