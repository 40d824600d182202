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

/// Checks against what follows [`PREFIX`]. Compares in constant time.
pub(super) fn verify(password: &Password, rest: &str) -> Result<bool, PasswordError> {
    // From the right: an imported salt may hold a dollar sign itself.
    let (salt, hex) = rest.rsplit_once('$').ok_or(PasswordError::Malformed)?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if salt.chars().count() != SALT_CHARS || hex.len() != HEX_CHARS || !hex.bytes().all(is_hex) {
        return Err(PasswordError::Malformed);
    }
    Ok(digest(password, salt).as_bytes().ct_eq(hex.as_bytes()).into())
}

fn digest(password: &Password, salt: &str) -> String {
    let inner = hex::encode(Md5::digest(password.expose().as_bytes()));
    let outer = Md5::new().chain_update(salt).chain_update(inner).chain_update(salt).finalize();
    hex::encode(outer)
}
