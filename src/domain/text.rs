//! What all texts that were checked once have in common.

use std::borrow::Cow;

use super::invalid::Invalid;

/// Whether all of `text` is lower-case hex digits.
pub(super) fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether `text` has from `min` to `max` characters.
pub(super) fn within(field: &'static str, text: &str, (min, max): (usize, usize)) -> Result<(), Invalid> {
    // One more than `max` is enough to know: a hostile length is not counted to its end.
    let chars = text.chars().take(max + 1).count();
    if (min..=max).contains(&chars) {
        return Ok(());
    }
    Err(Invalid::new(field, format!("must be {min} to {max} characters")))
}

/// Text that no spreadsheet runs: what begins like a formula has an apostrophe before it.
pub fn no_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

/// From and to plain text, for serde: what arrives over RPC is checked by the type's own `parse`.
macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = $crate::domain::invalid::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    )*};
}
pub(super) use text_conversions;
