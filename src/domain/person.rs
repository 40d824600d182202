//! Users as `/v1` knows them: who they are, beside what they show.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::{text_conversions, within};
use super::time::Timestamp;
use super::user::{Role, UserId, printable};

/// A person's name in full: 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FullName(String);

impl FullName {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (1, 100);

    /// Takes a name as it was typed.
    ///
    /// # Errors
    ///
    /// Names the field `full_name`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        within("full_name", &text, Self::CHARS)?;
        printable("full_name", &text)?;
        Ok(Self(text))
    }
}

/// An e-mail address, in lower case: two users never have the same one.
///
/// What is checked is its form (something, `@`, a host name with a dot, all of it visible ASCII), not whether letters arrive there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Most bytes: the longest path that SMTP carries (RFC 5321, section 4.5.3.1.3), without its brackets.
    pub const MAX_BYTES: usize = 254;
    /// Most bytes before the `@` (RFC 5321, section 4.5.3.1.1).
    pub const LOCAL_MAX_BYTES: usize = 64;

    /// Takes an address as it was typed.
    ///
    /// # Errors
    ///
    /// Names the field `email`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if text.len() <= Self::MAX_BYTES && is_address(&text) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Invalid::new("email", format!("must be an e-mail address of at most {} characters", Self::MAX_BYTES)))
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let local_holds = (1..=Email::LOCAL_MAX_BYTES).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom));
    let label_holds = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    local_holds && host.contains('.') && host.split('.').all(label_holds)
}

/// `atext` of RFC 5322, section 3.2.3.
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

text_conversions!(FullName, Email);

/// A user, to themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their number.
    pub id: UserId,
    /// The name they sign in with.
    pub user_name: String,
    /// Their name in full; empty for those who signed up without one.
    pub full_name: String,
    /// Their address; none for those who signed up without one.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// When they signed up.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{Email, FullName};

    #[test]
    fn an_address_is_kept_in_lower_case_or_refused() {
        for (text, kept) in [
            ("Alice@Example.COM", Some("alice@example.com")),
            ("a.b+c@x-y.example", Some("a.b+c@x-y.example")),
            ("alice", None),
            ("alice@localhost", None),
            ("@example.com", None),
            ("alice@", None),
            ("alice@@example.com", None),
            ("a..b@example.com", None),
            (".a@example.com", None),
            ("alice@-x.com", None),
            ("alice@x..com", None),
            ("al ice@example.com", None),
            ("alice@example.com\r\nbcc: all@example.com", None),
            ("ali\u{200b}ce@example.com", None),
        ] {
            let parsed = Email::parse(text).ok().map(String::from);
            assert_eq!(parsed.as_deref(), kept, "{text:?}");
        }
        for (local, host, fits) in [(64, 188, true), (63, 190, true), (64, 190, false), (65, 10, false)] {
            let text = format!("{}@{}xy", "l".repeat(local), "x.".repeat((host - 2) / 2));
            assert_eq!(Email::parse(&text).is_ok(), fits, "{local} before and {host} after");
        }
    }

    #[test]
    fn a_full_name_has_1_to_100_characters_that_can_be_seen() {
        for (text, fits) in [("", false), ("A", true), (" A", false), ("A\nB", false), ("Zoë 界", true)] {
            assert_eq!(FullName::parse(text).is_ok(), fits, "{text:?}");
        }
        assert!(FullName::parse("é".repeat(100)).is_ok() && FullName::parse("é".repeat(101)).is_err());
    }
}
