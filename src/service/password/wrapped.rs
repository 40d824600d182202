//! Old MD5 hashes under Argon2id: what a table of the entry task's kind becomes when it is imported.
//!
//! The password is not known then, only `md5-salted`'s digest of it: that is hashed like a password, so that nothing weaker than Argon2id is kept for
//! a single day. At the next sign-in the hash is replaced by one of the password itself.
//!
//! `$md5-salted+argon2id$HEX$v=19$m=19456,t=2,p=1$SALT$HASH`: `HEX` is the old salt's UTF-8, the rest as in `$argon2id$`, whose password is the
//! digest's 32 hex digits.

use crate::domain::user::Password;

use super::memory::Memory;
use super::{PasswordError, argon2id, md5_salted};

/// What stored hashes of this scheme begin with; the old salt in hex, a dollar sign and the rest of an Argon2id hash follow.
pub(super) const PREFIX: &str = "$md5-salted+argon2id$";

/// Most bytes of an old salt, so that the hash fits into its column.
pub(super) const SALT_MAX_BYTES: usize = 32;

/// Wraps the digest that an old table has. Slow on purpose.
pub(super) fn wrap(salt: &str, digest: &str, params: argon2::Params, memory: &Memory) -> Result<String, PasswordError> {
    if salt.len() > SALT_MAX_BYTES || !md5_salted::is_digest(digest) {
        return Err(PasswordError::Malformed);
    }
    let hash = argon2id::hash(digest.as_bytes(), params, memory)?;
    let rest = hash.strip_prefix(argon2id::PREFIX).ok_or(PasswordError::Failed)?;
    Ok(format!("{PREFIX}{}${rest}", hex::encode(salt)))
}

/// Checks against what follows [`PREFIX`]. Compares in constant time.
pub(super) fn verify(password: &Password, rest: &str, memory: &Memory) -> Result<bool, PasswordError> {
    let (salt, rest) = rest.split_once('$').ok_or(PasswordError::Malformed)?;
    let salt = hex::decode(salt).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let digest = md5_salted::digest(password, &salt.ok_or(PasswordError::Malformed)?);
    argon2id::verify(digest.as_bytes(), &format!("{}{rest}", argon2id::PREFIX), memory)
}
