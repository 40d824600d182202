//! The scheme of the entry task: lower-case hex of `MD5(salt + hex(MD5(password)) + salt)`, with a salt of 4 characters.

use md5::{Digest, Md5};
use rand::RngExt;
use rand::distr::Alphanumeric;
use subtle::ConstantTimeEq;

use crate::domain::user::Password;

use super::PasswordError;

/// What stored hashes of this scheme begin with; the salt, a dollar sign and the hex digits follow.
pub(super) const PREFIX: &str = "$md5-salted$";

/// Length of the salt in characters.
const SALT_CHARS: usize = 4;

/// Length of the hex digits.
const HEX_CHARS: usize = 32;

pub(super) fn hash(password: &Password) -> String {
    let salt: String = rand::rng().sample_iter(Alphanumeric).take(SALT_CHARS).map(char::from).collect();
    format!("{PREFIX}{salt}${}", digest(password, &salt))
}

/// What an old table's salt and digest are kept as.
pub(super) fn keep(salt: &str, digest: &str) -> Result<String, PasswordError> {
    if salt.chars().count() != SALT_CHARS || !is_digest(digest) {
        return Err(PasswordError::Malformed);
    }
    Ok(format!("{PREFIX}{salt}${digest}"))
}

/// Checks against what follows [`PREFIX`]. Compares in constant time.
pub(super) fn verify(password: &Password, rest: &str) -> Result<bool, PasswordError> {
    // From the right: a salt may hold a dollar sign itself.
    let (salt, hex) = rest.rsplit_once('$').ok_or(PasswordError::Malformed)?;
    if salt.chars().count() != SALT_CHARS || !is_digest(hex) {
        return Err(PasswordError::Malformed);
    }
    Ok(digest(password, salt).as_bytes().ct_eq(hex.as_bytes()).into())
}

/// Whether `hex` may be what [`digest`] answers.
pub(super) fn is_digest(hex: &str) -> bool {
    hex.len() == HEX_CHARS && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What this scheme stores of a password, beside its salt.
pub(super) fn digest(password: &Password, salt: &str) -> String {
    let inner = hex::encode(Md5::digest(password.expose().as_bytes()));
    let outer = Md5::new().chain_update(salt).chain_update(inner).chain_update(salt).finalize();
    hex::encode(outer)
}
