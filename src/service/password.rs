//! Hashing and checking passwords.
//!
//! Hashes are stored with their scheme and parameters, so that any of them can be checked whatever is configured today:
//! - `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`: a PHC string, the default (OWASP's second choice of parameters).
//! - `$md5-salted$SALT$HEX`: `HEX` is MD5 of salt, hex of MD5 of the password, and salt. For the entry-task profile only.
//! - `$md5-salted+argon2id$HEX$v=19$m=19456,t=2,p=1$SALT$HASH`: the MD5 of an old table under Argon2id, `HEX` being its salt.
//!
//! What was made otherwise than new hashes are today is to be replaced when the password is known again, at a sign-in. Argon2id runs on a bounded pool: beyond `threads` and `queue` it refuses, because every hash in progress holds `memory_kib`.
//! `md5-salted` takes a microsecond and is done in place.

mod argon2id;
mod md5_salted;
mod memory;
mod wrapped;

use crate::domain::user::Password;

use self::memory::Memory;
use super::cpu::{Cpu, CpuError};

/// How new passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Argon2id, version 1.3 (RFC 9106).
    Argon2id {
        /// Memory in KiB, at least 8 for each lane.
        memory_kib: u32,
        /// Passes over the memory, at least 1.
        passes: u32,
        /// Lanes, at least 1. They share one thread.
        lanes: u32,
    },
    /// MD5 of salt, MD5 and salt again. Breakable; to import old tables, and to compare speeds.
    Md5Salted,
}

/// Why a password was neither hashed nor checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many passwords are waiting to be hashed. Nothing was begun.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored hash is of no known scheme, or broken.
    #[error("the stored password hash cannot be understood")]
    Malformed,
    /// The hashing itself failed: the parameters are out of range, or memory or random bytes were refused.
    #[error("hashing a password failed")]
    Failed,
}

impl From<CpuError> for PasswordError {
    fn from(error: CpuError) -> Self {
        match error {
            CpuError::Busy => Self::Busy,
            CpuError::Panicked => Self::Failed,
        }
    }
}

/// Hashes and checks passwords. Clones share one pool, and the memory that its hashes work in.
#[derive(Clone, Debug)]
pub struct Hasher {
    scheme: Scheme,
    cpu: Cpu,
    memory: Memory,
}

impl Hasher {
    /// A hasher that makes hashes of `scheme` and checks all schemes; what is slow runs within `cpu`'s bounds.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Failed`] for parameters that Argon2 does not take.
    pub fn new(scheme: Scheme, cpu: Cpu) -> Result<Self, PasswordError> {
        if let Scheme::Argon2id { memory_kib, passes, lanes } = scheme {
            argon2id::params(memory_kib, passes, lanes)?;
        }
        Ok(Self { scheme, cpu, memory: Memory::default() })
    }

    /// The hash of `password` with a fresh salt, as it is stored.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] at once when the pool is full.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        match self.scheme {
            Scheme::Argon2id { memory_kib, passes, lanes } => {
                let params = argon2id::params(memory_kib, passes, lanes)?;
                let memory = self.memory.clone();
                self.cpu.run(move || argon2id::hash(password.expose().as_bytes(), params, &memory)).await?
            }
            Scheme::Md5Salted => Ok(md5_salted::hash(&password)),
        }
    }

    /// As much work as [`Self::verify`], for nothing: so that an answer takes as long where there is no hash to check.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] at once when the pool is full.
    pub async fn verify_nothing(&self, password: Password) -> Result<(), PasswordError> {
        self.hash(password).await.map(drop)
    }

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] at once when the pool is full, [`PasswordError::Malformed`] for a hash that cannot be understood.
    pub async fn verify(&self, password: Password, stored: String) -> Result<bool, PasswordError> {
        if let Some(rest) = stored.strip_prefix(md5_salted::PREFIX) {
            return md5_salted::verify(&password, rest);
        }
        let memory = self.memory.clone();
        if stored.starts_with(argon2id::PREFIX) {
            let check = move || argon2id::verify(password.expose().as_bytes(), &stored, &memory);
            return self.cpu.run(check).await?;
        }
        let Some(rest) = stored.strip_prefix(wrapped::PREFIX).map(str::to_owned) else {
            return Err(PasswordError::Malformed);
        };
        self.cpu.run(move || wrapped::verify(&password, &rest, &memory)).await?
    }

    /// Whether `stored` is weaker or otherwise made than a hash of today. Where `md5-salted` is configured nothing ever is: it is nobody's gain.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let Scheme::Argon2id { memory_kib, passes, lanes } = self.scheme else { return false };
        let params = argon2id::params(memory_kib, passes, lanes);
        !params.is_ok_and(|params| argon2id::is_made_with(stored, &params))
    }

    /// As [`Self::hash`], if a core is free for it at once: for what can be done another time.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Busy`] at once when all that may be is in work.
    pub async fn hash_if_idle(&self, password: Password) -> Result<String, PasswordError> {
        match self.cpu.is_idle() {
            true => self.hash(password).await,
            false => Err(PasswordError::Busy),
        }
    }

    /// What an old table's salt and digest are kept as: `digest` is the hex of MD5 of salt, hex of MD5 of the password, and salt. Where
    /// `md5-salted` is configured they are kept as they are, if the salt has its 4 characters.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Malformed`] for a digest that is no 32 lower-case hex digits, and a salt that is too long or of no use to the scheme;
    /// [`PasswordError::Busy`] at once when the pool is full.
    pub async fn wrap(&self, salt: String, digest: String) -> Result<String, PasswordError> {
        match self.scheme {
            Scheme::Argon2id { memory_kib, passes, lanes } => {
                let params = argon2id::params(memory_kib, passes, lanes)?;
                let memory = self.memory.clone();
                self.cpu.run(move || wrapped::wrap(&salt, &digest, params, &memory)).await?
            }
            Scheme::Md5Salted => md5_salted::keep(&salt, &digest),
        }
    }
}

#[cfg(test)]
mod tests;
