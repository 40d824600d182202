//! Users: their names, roles and profiles.
//!
//! Lengths count characters (Unicode scalar values), never bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
pub use super::password::{EntryPassword, NewPassword, Password};
use super::text::{text_conversions, within};

/// A user's number: positive, given by the store, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub u64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name a user signs in with: 4 to 13 characters, unique, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (4, 13);

    /// Takes a name as it was typed.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        within("username", &text, Self::CHARS)?;
        printable("username", &text)?;
        Ok(Self(text))
    }

    /// Whether `text` can be read and told apart from others, whatever its length.
    pub fn printable(text: &str) -> Result<(), Invalid> {
        printable("username", text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What others see instead of the user name: 1 to 8 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nickname(String);

impl Nickname {
    /// Fewest and most characters.
    pub const CHARS: (usize, usize) = (1, 8);

    /// Takes a nickname as it was typed.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        within("nickname", &text, Self::CHARS)?;
        printable("nickname", &text)?;
        Ok(Self(text))
    }

    /// Whether `text` can be read and told apart from others, whatever its length.
    pub fn printable(text: &str) -> Result<(), Invalid> {
        printable("nickname", text)
    }

    /// What a user is called before choosing: as much of the user name as a nickname may hold.
    pub fn first_of(name: &UserName) -> Self {
        let text: String = name.as_str().chars().take(Self::CHARS.1).collect();
        Self(text.trim_end().to_owned())
    }

    /// The nickname as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a user may do. The numbers are those in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Role {
    /// Moves what is theirs.
    Customer = 1,
    /// Runs the house: also moves what is others', takes deposits and pays out.
    Operator = 2,
}

/// What a user shows, with the version of the row it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose profile it is.
    pub id: UserId,
    /// The name the user signs in with.
    pub user_name: String,
    /// The nickname; until it is changed, the first characters of the user name.
    pub nickname: String,
    /// The picture's name (see [`super::picture::PictureName`]); empty while there is none.
    pub picture: String,
    /// Grows by one with every change of the row, so that of two copies the newer one is known.
    pub version: u64,
}

pub(super) fn printable(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "must not contain control characters"));
    }
    if deceives(text) {
        return Err(Invalid::new(field, "must not contain invisible characters"));
    }
    if text.trim() != text {
        return Err(Invalid::new(field, "must not begin or end with a space"));
    }
    Ok(())
}

/// Whether one name may pass for another: `alice` with an invisible character in it, or with its letters turned around.
///
/// Look-alikes of other alphabets are not known here. The joiners and variation selectors of emoji, Persian and Indic scripts are
/// taken where they belong, after characters that are not ASCII.
fn deceives(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let alone = before.is_ascii() && matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}');
        before = c;
        alone || is_invisible(c)
    })
}

/// Unicode's `Bidi_Control`, and of `Default_Ignorable_Code_Point` what no script needs.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{3164}'
    ) || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

text_conversions!(UserName, Nickname);

#[cfg(test)]
mod tests {
    use super::{Nickname, UserName};

    #[test]
    fn lengths_count_characters_not_bytes_and_hold_at_both_edges() {
        for (chars, fits) in [(3, false), (4, true), (13, true), (14, false)] {
            let text = "é".repeat(chars);
            assert_eq!(UserName::parse(&text).is_ok(), fits, "user name of {chars}");
        }
        for (chars, fits) in [(0, false), (1, true), (8, true), (9, false)] {
            assert_eq!(Nickname::parse("界".repeat(chars)).is_ok(), fits, "nickname of {chars}");
        }
    }

    #[test]
    fn the_first_nickname_is_one_that_could_be_chosen() {
        for name in ["alice", "exactly8", "thirteen_char", "seven77 x"] {
            let first = Nickname::first_of(&UserName::parse(name).expect(name));
            assert_eq!(Nickname::parse(first.as_str()).expect(name), first);
            assert!(name.starts_with(first.as_str()));
        }
    }

    #[test]
    fn names_refuse_what_cannot_be_seen() {
        for name in ["ab\0cd", "ab\ncd", " abcd", "abcd "] {
            let refused = UserName::parse(name).expect_err(name);
            assert_eq!(refused.field, "username");
        }
        assert!(UserName::parse("ab cd").is_ok());
    }

    #[test]
    fn no_invisible_character_makes_one_name_look_like_another() {
        let fakes =
            ["ali\u{200B}ce", "alice\u{FEFF}", "\u{202E}ecila", "ali\u{AD}ce", "ali\u{200D}ce", "alice\u{FE0F}"];
        for fake in fakes {
            assert!(UserName::parse(fake).is_err() && Nickname::parse(fake).is_err(), "{}", fake.escape_unicode());
        }
        for name in ["\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "می\u{200C}خواهم", "\u{2764}\u{FE0F}", "Zoë"]
        {
            Nickname::parse(name).expect(name);
        }
    }
}
