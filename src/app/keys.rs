//! The keys of access tokens: made at the first start, and changed while backends run.

use std::path::Path;
use std::time::Duration;

use super::{Error, stores};
use crate::config::{self, Config};
use crate::domain::time::Timestamp;
use crate::service::system_clock;
use crate::token::file::{self, FileError};
use crate::token::key::{Kid, State};
use crate::token::{Format, Keys, Lifetime};

/// A key, as it may be shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its public name.
    pub kid: Kid,
    /// What it makes.
    pub format: Format,
    /// What it is for now.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The keys of the configured file, which is made if it is not there.
pub(super) fn load(config: &Config) -> Result<Keys, Error> {
    let path = config.token_keys_path();
    make_folder_of(config)?;
    let is_new = !path.exists();
    let ring = file::load_or_make(&path, format(config), system_clock()).map_err(|e| unusable(&path, e))?;
    if is_new {
        tracing::info!(path = %path.display(), "the keys of access tokens were made; other backends need a copy");
    }
    let lifetime = Lifetime { format: format(config), ttl: longest(config), clock: system_clock };
    Ok(Keys::new(path, ring, lifetime))
}

/// The keys there are, the oldest first.
pub fn list(config: &Config) -> Result<Vec<Shown>, Error> {
    let path = config.token_keys_path();
    let (ring, now) = (file::read(&path).map_err(|e| unusable(&path, e))?, system_clock());
    let shown = ring.keys().iter().map(|key| Shown {
        kid: key.kid().clone(),
        format: key.format(),
        state: ring.state(key, format(config), now),
        created_at: key.created_at(),
    });
    Ok(shown.collect())
}

/// Adds a key that will sign in a moment, and drops those whose last token has expired; returns how many.
pub fn rotate(config: &Config) -> Result<usize, Error> {
    let path = config.token_keys_path();
    make_folder_of(config)?;
    let change = file::change(&path, |ring| {
        let dropped = ring.drop_expired(format(config), longest(config), system_clock());
        ring.add(format(config), system_clock()).map(|()| dropped)
    });
    match change {
        Ok((_, Ok(dropped))) => Ok(dropped),
        Ok((_, Err(full))) => Err(Error::new("no key was added", full)
            .with_fix("wait until the tokens of the oldest have expired (token.access_ttl_s, payment.token_ttl_s, conversion.quote_ttl_s)")),
        Err(e) => Err(unusable(&path, e)),
    }
}

/// How long a key is of use after it has signed: as long as the last token that it made, for access or for a payment, and the last quote.
fn longest(config: &Config) -> Duration {
    config.token.access_ttl().max(config.payment.token_ttl()).max(config.conversion.quote_ttl())
}

/// What is configured, as tokens know it.
pub(super) fn format(config: &Config) -> Format {
    match config.token.format {
        config::TokenFormat::Paseto => Format::Paseto,
        config::TokenFormat::Jwt => Format::Jwt,
    }
}

/// A file that was named is somebody else's to make room for.
fn make_folder_of(config: &Config) -> Result<(), Error> {
    if config.token.keys_file.is_empty() { stores::make_folder(&config.data_dir) } else { Ok(()) }
}

fn unusable(path: &Path, error: FileError) -> Error {
    let fix = match &error {
        FileError::Open => format!("chmod 600 {}", path.display()),
        FileError::Io(_) => "set token.keys_file, or choose another folder with --data DIR".to_owned(),
        FileError::Unreadable(_) | FileError::Empty | FileError::TooLarge => {
            "restore it from a copy; or remove it, and all who hold access tokens renew them".to_owned()
        }
    };
    Error::new(format!("cannot use the token keys {}", path.display()), error).with_fix(fix)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::longest;
    use crate::config::Config;

    #[test]
    fn a_key_is_kept_as_long_as_anything_that_it_has_signed() {
        for longest_is in 0..3 {
            let mut config = Config::default();
            let ttls =
                [&mut config.token.access_ttl_s, &mut config.payment.token_ttl_s, &mut config.conversion.quote_ttl_s];
            for (place, ttl) in ttls.into_iter().enumerate() {
                *ttl = if place == longest_is { 3000 } else { 1000 };
            }
            assert_eq!(longest(&config), Duration::from_secs(3000), "the one at {longest_is}");
        }
    }
}
