//! Sessions: the secret a signed-in browser holds, and what the stores know of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::caller::Device;
use super::invalid::Invalid;
use super::text::{is_lower_hex, text_conversions};
use super::time::Timestamp;
use super::user::UserId;

/// The secret that stands for a signed-in user: 32 lower-case hex digits, in the cookie `sessionID`. Never printed, never stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    /// Length in characters.
    pub const CHARS: usize = 32;

    /// Takes a session id as a client sent it.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.len() == Self::CHARS && is_lower_hex(&text) {
            return Ok(Self(text));
        }
        Err(Invalid::new("sessionID", "must be 32 lower-case hex digits"))
    }

    /// The secret itself: for the cookie, and for the hash that stores know it by.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

text_conversions!(SessionId);

/// What stores know a session by: the SHA-256 of its [`SessionId`]. Whoever reads the store cannot sign in with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 32]);

/// The public number of a session, by which its owner names it: a UUID. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionNumber(pub [u8; 16]);

impl SessionNumber {
    /// Takes a UUID as it is written here: 32 lower-case hex digits in groups.
    ///
    /// # Errors
    ///
    /// Names the field `session_id`.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = text.as_ref();
        let number = Uuid::try_parse(text).ok().map(|uuid| Self(uuid.into_bytes()));
        number.filter(|number| number.to_string() == text).ok_or_else(|| Invalid::new("session_id", "must be a UUID"))
    }
}

impl fmt::Display for SessionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl TryFrom<String> for SessionNumber {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl From<SessionNumber> for String {
    fn from(number: SessionNumber) -> Self {
        number.to_string()
    }
}

/// A signed-in browser: what its session stands for, and what is shown of it to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its public number.
    pub number: SessionNumber,
    /// Who signed in.
    pub user: UserId,
    /// Which of the user's passwords, in their order, it was begun with: a later one ends it.
    pub password_version: u64,
    /// From where.
    pub device: Device,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, within a minute.
    pub seen_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{SessionId, SessionNumber};

    #[test]
    fn a_session_id_is_32_lower_case_hex_digits_and_never_prints() {
        let id = SessionId::parse("0123456789abcdef0123456789abcdef").expect("well formed");
        assert_eq!(format!("{id:?}"), "SessionId(..)");
        let long = "a".repeat(33);
        for wrong in ["", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde", &long] {
            assert!(SessionId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_a_uuid_as_it_is_written_here() {
        let text = "0190a5c8-7b1e-7c3a-9d0e-5f6a7b8c9d0e";
        assert_eq!(SessionNumber::parse(text).expect("a UUID").to_string(), text);
        for wrong in ["", "1", "0190A5C8-7B1E-7C3A-9D0E-5F6A7B8C9D0E", "0190a5c87b1e7c3a9d0e5f6a7b8c9d0e", "{x}"] {
            assert_eq!(SessionNumber::parse(wrong).expect_err(wrong).field, "session_id");
        }
    }
}
