//! What all texts that were checked once have in common.

/// Whether all of `text` is lower-case hex digits.
pub(super) fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
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
