//! The caller's own name for a request, so that the same request sent again is the same.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::text_conversions;

/// What `Idempotency-Key` carries: 1 to 255 visible ASCII characters, told apart from those of other callers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Most characters.
    pub const CHARS: usize = 255;

    /// Takes a key as a caller sent it.
    ///
    /// # Errors
    ///
    /// Names the field `Idempotency-Key`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (1..=Self::CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Invalid::new("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(IdempotencyKey);

#[cfg(test)]
mod tests {
    use super::IdempotencyKey;

    #[test]
    fn a_key_holds_at_both_edges() {
        let (most, more) = ("k".repeat(255), "k".repeat(256));
        for (text, fits) in [("", false), ("k", true), (most.as_str(), true), (more.as_str(), false)] {
            assert_eq!(IdempotencyKey::parse(text).is_ok(), fits, "{} characters", text.len());
        }
        for text in ["a b", "a\tb", "ä", "a\0"] {
            assert!(IdempotencyKey::parse(text).is_err(), "{}", text.escape_debug());
        }
    }
}
