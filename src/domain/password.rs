//! Passwords in the clear: as they are typed, and as they may be chosen. Wiped from memory when dropped, and never printed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use super::invalid::Invalid;
use super::text::within;

/// What [`NewPassword`] refuses: lower case, one a line; the file's head says where it is from.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password as somebody typed it to be let in: 4 to 128 characters, which is as many as any password that could be chosen has.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (4, 128);

    /// Takes a password as it was typed: any characters count, spaces too.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        Self::named("password", text)
    }

    /// The same for a field of another name.
    pub fn named(field: &'static str, text: impl Into<String>) -> Result<Self, Invalid> {
        checked(field, text, Self::CHARS)
    }

    /// The password itself, for hashing and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A password that the entry task lets one choose: 4 to 13 characters.
#[derive(Clone, Debug)]
pub struct EntryPassword(Password);

impl EntryPassword {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (4, 13);

    /// Takes a password as it was chosen.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        checked("password", text, Self::CHARS).map(Self)
    }
}

/// A password that may be chosen everywhere else: 8 to 128 characters, and none of those that are guessed first, in upper or lower case.
///
/// No other rule (NIST SP 800-63B, section 3.1.1.2): to demand digits or signs only moves them to the end of the same words.
#[derive(Clone, Debug)]
pub struct NewPassword(Password);

impl NewPassword {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (8, 128);

    /// Takes a password as it was chosen.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        Self::named("password", text)
    }

    /// The same for a field of another name.
    pub fn named(field: &'static str, text: impl Into<String>) -> Result<Self, Invalid> {
        let password = checked(field, text, Self::CHARS)?;
        if is_common(password.expose()) {
            return Err(Invalid::new(field, "must not be a common one: it would be guessed first"));
        }
        Ok(Self(password))
    }
}

fn checked(field: &'static str, text: impl Into<String>, chars: (usize, usize)) -> Result<Password, Invalid> {
    let text = Zeroizing::new(text.into());
    within(field, &text, chars)?;
    Ok(Password(text))
}

/// From top to bottom: it is done once for a new password, whose hashing takes a hundred times as long.
fn is_common(password: &str) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    COMMON.lines().filter(|line| !line.starts_with('#')).any(|common| common == lower.as_str())
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What all kinds of password have in common: to be hashed they are one, and over RPC they are checked by their own rule.
macro_rules! chosen {
    ($($name:ident),*) => {$(
        impl From<$name> for Password {
            fn from(chosen: $name) -> Self {
                chosen.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )*};
}

chosen!(EntryPassword, NewPassword);

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, EntryPassword, NewPassword, Password};

    #[test]
    fn lengths_count_characters_not_bytes_and_hold_at_both_edges() {
        for (chars, typed, entry, new) in [
            (3, false, false, false),
            (4, true, true, false),
            (7, true, true, false),
            (8, true, true, true),
            (13, true, true, true),
            (14, true, false, true),
            (128, true, false, true),
            (129, false, false, false),
        ] {
            let text = "é".repeat(chars);
            let taken = (
                Password::parse(&text).is_ok(),
                EntryPassword::parse(&text).is_ok(),
                NewPassword::parse(&text).is_ok(),
            );
            assert_eq!(taken, (typed, entry, new), "{chars}");
        }
    }

    #[test]
    fn what_is_guessed_first_cannot_be_chosen_in_upper_or_lower_case() {
        for common in ["password1", "PASSWORD1", "12345678", "iloveyou", "Qwertyuiop"] {
            let refused = NewPassword::named("new_password", common).expect_err(common).to_string();
            assert_eq!(refused, "new_password: must not be a common one: it would be guessed first");
            Password::parse(common).expect("who has it is let in");
        }
        for other in ["teller-demo", "password1 ", "passw0rd passw0rd", "# A comment of the list"] {
            NewPassword::parse(other).expect(other);
        }
    }

    #[test]
    fn the_list_holds_what_could_be_chosen_otherwise() {
        let common: Vec<&str> = COMMON.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(common.len() > 15_000 && common.is_sorted());
        for word in common {
            assert!(word.len() >= NewPassword::CHARS.0 && word.to_lowercase() == word, "{word}");
        }
    }

    #[test]
    fn a_refusal_names_the_field_and_the_rule_and_not_the_value() {
        let refused = EntryPassword::parse("abc").expect_err("too short").to_string();
        assert_eq!(refused, "password: must be 4 to 13 characters");
    }

    #[test]
    fn a_password_never_prints() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Password::parse("hunter22").expect("8 characters"),
            EntryPassword::parse("hunter22").expect("8 characters"),
            NewPassword::parse("hunter22-hunter22").expect("17 characters"),
        );
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
