//! Argon2id (RFC 9106) in PHC strings. Slow on purpose: call it on a blocking thread.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::domain::user::Password;

use super::PasswordError;

/// What stored hashes of this scheme begin with.
pub(super) const PREFIX: &str = "$argon2id$";

pub(super) fn params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Params, PasswordError> {
    Params::new(memory_kib, passes, lanes, None).map_err(|_| PasswordError::Failed)
}

pub(super) fn hash(password: &Password, params: Params) -> Result<String, PasswordError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.expose().as_bytes()).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

/// Compares in constant time. The parameters are the stored ones.
pub(super) fn verify(password: &Password, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|_| PasswordError::Malformed)?;
    if stored.salt.is_none() || stored.hash.is_none() {
        return Err(PasswordError::Malformed);
    }
    match Argon2::default().verify_password(password.expose().as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(Error::OutOfMemory) => Err(PasswordError::Failed),
        Err(_) => Err(PasswordError::Malformed),
    }
}
