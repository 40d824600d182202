//! References as they are compared: without regard to case and spaces, which banks change as they like.

use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest, Sha256};

use crate::domain::transfer::TransferId;

/// Half of a SHA-256, so that nobody can make two references that are taken for one; of what is a UUID, that itself.
pub type Key = u128;

/// Shortest word of a description that may be a reference.
const WORD_CHARS: usize = 6;
/// Most words of a description that are looked at.
const WORDS_MAX: usize = 16;

/// The key of a reference; `None` for one that says nothing.
pub fn key(reference: &str) -> Option<Key> {
    let plain: String =
        reference.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_uppercase).collect();
    if plain.is_empty() {
        return None;
    }
    if let Some(id) = uuid(&plain) {
        return Some(of_id(id));
    }
    let digest = Sha256::digest(plain.as_bytes());
    let half = digest[..16].try_into().expect("a SHA-256 has 32 bytes");
    Some(Key::from_be_bytes(half))
}

/// The key of a transfer by its id, as a statement may have it: with hyphens or, where 36 characters are too many, without.
pub fn of_id(id: TransferId) -> Key {
    Key::from_be_bytes(id.0)
}

fn uuid(text: &str) -> Option<TransferId> {
    match text.len() {
        36 => TransferId::parse(text).ok(),
        32 if text.is_ascii() => {
            let [a, b, c, d, e] = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
            TransferId::parse(&format!("{a}-{b}-{c}-{d}-{e}")).ok()
        }
        _ => None,
    }
}

/// The keys of words in a description that may be references: long enough, and with a digit.
pub fn of_words(description: &str) -> impl Iterator<Item = Key> {
    let words = description.split_whitespace().map(|word| word.trim_matches(|edge: char| !edge.is_alphanumeric()));
    words
        .filter(|word| word.len() >= WORD_CHARS && word.bytes().any(|byte| byte.is_ascii_digit()))
        .take(WORDS_MAX)
        .filter_map(key)
}

/// A hasher for keys, which are hashes already.
#[derive(Default)]
pub struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        // Ids count up in their first half; both halves together are spread.
        self.0 = ((key >> 64) as u64 ^ key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Makes them.
pub type Hashing = BuildHasherDefault<Plain>;

#[cfg(test)]
mod tests {
    use super::{key, of_id, of_words};
    use crate::domain::transfer::TransferId;

    #[test]
    fn a_reference_is_the_same_however_a_bank_writes_it() {
        assert_eq!(key("0xAbC 1"), key(" 0Xabc1"));
        assert_ne!(key("ab-1"), key("ab1"));
        assert_eq!((key(""), key(" \u{a0}")), (None, None));
        let id = TransferId::parse("018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e").expect("an id");
        for text in ["018f4e5c-7a3b-7c21-9d10-0b5f6a7c8d9e", "018F4E5C7A3B7C219D100B5F6A7C8D9E"] {
            assert_eq!(key(text), Some(of_id(id)), "{text}");
        }
    }

    #[test]
    fn words_with_a_digit_may_be_references() {
        let found: Vec<_> = of_words("payment, see (INV-2026/7). thank you 12345").collect();
        assert_eq!(found, [key("INV-2026/7").expect("a key")]);
    }
}
