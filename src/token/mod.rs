//! Tokens: what a program holds after its user signed in, how it is made and what it is checked for. Pure, but for the keys' file.
//!
//! - [`claims`]: what an access token says, and which of it must hold.
//! - [`paseto`], [`jwt`]: the two forms of an access token.
//! - [`key`]: the keys, which of them signs, and when one is dropped.
//! - [`mod@file`]: the keys' file, which all backends share.
//! - [`keys`]: the keys in force, which follow the file.
//! - [`refresh`]: refresh tokens, and how each follows from the one before.
//! - [`signed`]: what is shown to users under the same keys for other purposes.
//!
//! Which form a token has is not the token's to say: it names a key, and a key is for one form only. So there is no algorithm to swap.

pub mod claims;
pub mod file;
pub mod jwt;
pub mod key;
pub mod keys;
pub mod paseto;
pub mod refresh;
pub mod signed;
#[cfg(test)]
mod tests;

pub use self::claims::Claims;
pub use self::key::{Format, Key, Kid, Ring};
pub use self::keys::{Keys, Lifetime};

use crate::domain::time::Timestamp;

/// Longest access token that is looked at, in bytes. Those that are made here have fewer than 600.
pub const ACCESS_MAX_BYTES: usize = 1024;

/// Why an access token is not accepted. For tests and the log: whoever showed it hears one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not of either form.
    #[error("it is no token")]
    Malformed,
    /// It names a key that is not there, or one for the other form.
    #[error("its key is not known")]
    UnknownKey,
    /// It was not made with the key that it names.
    #[error("it was not made here")]
    Forged,
    /// It was made here, and is not for this, or not any more, or not yet.
    #[error("its {0} does not hold")]
    Claim(&'static str),
}

/// An access token that says `claims`, made with `key`.
pub fn seal(key: &Key, claims: &Claims) -> String {
    match key.format() {
        Format::Paseto => paseto::seal(key, claims),
        Format::Jwt => jwt::seal(key, claims),
    }
}

/// What an access token says, if it was made with one of the keys of `ring` and holds at `now`.
///
/// # Errors
///
/// Says why not.
pub fn open(ring: &Ring, token: &str, now: Timestamp) -> Result<Claims, Unfit> {
    if token.len() > ACCESS_MAX_BYTES {
        return Err(Unfit::Malformed);
    }
    let format = if token.starts_with(paseto::HEADER) { Format::Paseto } else { Format::Jwt };
    let claims = match format {
        Format::Paseto => paseto::open(ring, token)?,
        Format::Jwt => jwt::open(ring, token)?,
    };
    claims.hold(now)?;
    Ok(claims)
}
