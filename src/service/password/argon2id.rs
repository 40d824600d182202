//! Argon2id (RFC 9106) in PHC strings. Slow on purpose: call it on a blocking thread.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, Error, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::Rng;

use super::PasswordError;
use super::memory::Memory;

/// What stored hashes of this scheme begin with.
pub(super) const PREFIX: &str = "$argon2id$";

pub(super) fn params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Params, PasswordError> {
    Params::new(memory_kib, passes, lanes, None).map_err(|_| PasswordError::Failed)
}

/// The hash of a password's bytes, with a fresh salt.
pub(super) fn hash(password: &[u8], params: Params, memory: &Memory) -> Result<String, PasswordError> {
    let mut salt = [0; argon2::RECOMMENDED_SALT_LEN];
    rand::rng().fill_bytes(&mut salt);
    let hash = memory.hash_password_customized(password, &salt, None, None, params);
    Ok(hash.map_err(|_| PasswordError::Failed)?.to_string())
}

/// Compares in constant time. The parameters are the stored ones.
pub(super) fn verify(password: &[u8], stored: &str, memory: &Memory) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|_| PasswordError::Malformed)?;
    if stored.salt.is_none() || stored.hash.is_none() {
        return Err(PasswordError::Malformed);
    }
    match memory.verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(Error::OutOfMemory) => Err(PasswordError::Failed),
        Err(_) => Err(PasswordError::Malformed),
    }
}

/// Whether `stored` was made with exactly these parameters, by the version of today.
pub(super) fn is_made_with(stored: &str, params: &Params) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    let same = |made: Params| (made.m_cost(), made.t_cost(), made.p_cost());
    stored.version == Some(Version::V0x13.into())
        && Params::try_from(&stored).is_ok_and(|made| same(made) == same(params.clone()))
}

/// As [`Argon2`] hashes, in memory that is used again.
impl CustomizedPasswordHasher<PasswordHash> for Memory {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(Algorithm::Argon2id), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let salt = Salt::new(salt)?;
        let mut buffer = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        self.lend(params.block_count(), |blocks| {
            argon2.hash_password_into_with_memory(password, &salt, output, blocks)
        })
        .ok_or(Error::OutOfMemory)??;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(Output::new(output)?),
        })
    }
}
