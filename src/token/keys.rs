//! The keys in force: those of the file, read again whenever it has changed.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::file::{self, FileError};
use super::key::{Format, Key, Ring};
use crate::domain::time::Timestamp;

/// How often the file is looked at: a new key is known everywhere long before it signs.
const PAUSE: Duration = Duration::from_secs(2);

/// How long keys are of use.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// What tokens are made for.
    pub format: Format,
    /// How long what they make lives: access tokens, and tokens for payments.
    pub ttl: Duration,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
}

/// The keys in force. Clones share them.
#[derive(Clone, Debug)]
pub struct Keys {
    path: Arc<PathBuf>,
    lifetime: Lifetime,
    ring: Arc<RwLock<Arc<Ring>>>,
}

impl Keys {
    /// Those of `ring`, which was read from `path`.
    pub fn new(path: PathBuf, ring: Ring, lifetime: Lifetime) -> Self {
        Self { path: Arc::new(path), lifetime, ring: Arc::new(RwLock::new(Arc::new(ring))) }
    }

    /// As they are now.
    pub fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that signs now; none, if the file has lost all that did.
    pub fn signing(&self) -> Option<Key> {
        let Lifetime { format, clock, .. } = self.lifetime;
        self.ring().signing(format, clock()).cloned()
    }

    /// Reads the file again, for ever. While it cannot be used, the keys that were read last stay in force.
    pub async fn keep_up(self) {
        let mut is_well = true;
        loop {
            tokio::time::sleep(PAUSE).await;
            let keys = self.clone();
            let outcome = tokio::task::spawn_blocking(move || keys.reload()).await;
            match outcome {
                Ok(Ok(())) => is_well = true,
                Ok(Err(error)) if is_well => {
                    is_well = false;
                    let path = self.path.display();
                    tracing::warn!(%path, %error, "the token keys cannot be read again; those in force stay");
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Reads the file again. A key whose last token has expired opens nothing any more, also if it is still in the file: whoever has
    /// it chooses when its tokens expire.
    ///
    /// # Errors
    ///
    /// What is wrong with it; then nothing has changed. A file without any key is taken for one that is being written.
    pub fn reload(&self) -> Result<(), FileError> {
        let mut fresh = file::read(&self.path)?;
        let Lifetime { format, ttl, clock } = self.lifetime;
        fresh.drop_expired(format, ttl, clock());
        if fresh.keys().is_empty() {
            return Err(FileError::Empty);
        }
        let is_new = *fresh.text() != *self.ring().text();
        if is_new {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
            tracing::info!(path = %self.path.display(), "the token keys have changed, and are in force");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::{Keys, Lifetime};
    use crate::domain::time::Timestamp;
    use crate::token::file::{change, load_or_make};
    use crate::token::key::Format;

    const NOW: Timestamp = Timestamp(1_760_000_000_000_000);
    const LIFETIME: Lifetime = Lifetime { format: Format::Paseto, ttl: Duration::from_secs(900), clock: || NOW };

    #[test]
    fn a_key_that_was_relieved_opens_nothing_once_its_last_token_has_expired() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.keys");
        let ring = load_or_make(&path, Format::Paseto, NOW).expect("keys");
        change(&path, |ring| ring.add(Format::Paseto, NOW)).expect("changed").1.expect("room");
        for (clock, left) in [((|| NOW) as fn() -> Timestamp, 2), (|| Timestamp(NOW.0 + 3_600_000_000), 1)] {
            let keys = Keys::new(path.clone(), ring.clone(), Lifetime { clock, ..LIFETIME });
            keys.reload().expect("it can be read");
            assert_eq!(keys.ring().keys().len(), left);
        }
    }

    #[test]
    fn a_change_of_the_file_is_in_force_and_a_broken_file_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.keys");
        let ring = load_or_make(&path, Format::Paseto, NOW).expect("keys");
        let keys = Keys::new(path.clone(), ring, LIFETIME);
        change(&path, |ring| ring.add(Format::Paseto, NOW)).expect("changed").1.expect("room");
        assert_eq!(keys.ring().keys().len(), 1);
        keys.reload().expect("it can be read");
        assert_eq!(keys.ring().keys().len(), 2);
        for broken in ["nonsense", "", "# nothing\n"] {
            fs::write(&path, broken).expect("written");
            keys.reload().expect_err("it cannot be used");
            assert_eq!(keys.ring().keys().len(), 2);
        }
    }
}
