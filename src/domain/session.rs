//! Sessions: the secret a signed-in browser holds, and what the stores know of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::{is_lower_hex, text_conversions};
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

/// What a session stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub user: UserId,
}

#[cfg(test)]
mod tests {
    use super::SessionId;

    #[test]
    fn a_session_id_is_32_lower_case_hex_digits_and_never_prints() {
        let id = SessionId::parse("0123456789abcdef0123456789abcdef").expect("well formed");
        assert_eq!(format!("{id:?}"), "SessionId(..)");
        let long = "a".repeat(33);
        for wrong in ["", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde", &long] {
            assert!(SessionId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
