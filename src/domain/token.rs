//! Tokens: the secrets that programs hold in place of a cookie. What they mean is the backend's to say.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::text_conversions;

/// Longest token in bytes: no token that was issued is half as long.
pub const TOKEN_MAX_BYTES: usize = 1024;

/// A secret that stands for a user for some minutes, sent as `Authorization: Bearer`. Never printed, never stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessToken(String);

/// A secret that is good for one new access token, and one new secret of its kind. Never printed, never stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefreshToken(String);

macro_rules! token {
    ($name:ident, $field:literal) => {
        impl $name {
            /// Takes a token as a client sent it: 1 to [`TOKEN_MAX_BYTES`] letters, digits, dots, hyphens and underscores.
            pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
                let text = text.into();
                if is_token(&text) {
                    return Ok(Self(text));
                }
                Err(Invalid::new($field, "must be a token as it was issued"))
            }

            /// The secret itself: for the one answer that issues it, and for checking it.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        text_conversions!($name);
    };
}

token!(AccessToken, "access_token");
token!(RefreshToken, "refresh_token");

fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=TOKEN_MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::{AccessToken, RefreshToken, TOKEN_MAX_BYTES};

    #[test]
    fn a_token_is_short_plain_text_and_never_prints() {
        let longest = "a".repeat(TOKEN_MAX_BYTES);
        for right in ["v4.local.AAAA-_.e30", "a", &longest] {
            let token = AccessToken::parse(right).expect(right);
            assert_eq!((token.expose(), format!("{token:?}")), (right, "AccessToken(..)".to_owned()));
        }
        for wrong in ["", "a b", "a=", "ä", "a\n", &format!("{longest}a")] {
            assert!(AccessToken::parse(wrong).is_err(), "{wrong}");
            assert!(RefreshToken::parse(wrong).is_err(), "{wrong}");
        }
    }
}
