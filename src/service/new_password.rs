//! Passwords that take the place of others: because somebody chose a new one, or because an old hash is known again.

use std::time::Duration;

use super::caller::Halt;
use super::password::{Hasher, PasswordError};
use super::sessions::Sessions;
use super::{Clock, chain, to_the_end};
use crate::api::Refusal;
use crate::domain::session::{SessionId, SessionNumber};
use crate::domain::user::{NewPassword, Password, UserId};
use crate::store::{Credentials, PasswordChange, Store, StoreError, Volatile};

/// How long the first wait is before the volatile store is told once more to end sessions; it doubles up to [`TELL_WAIT_MAX`].
const TELL_WAIT: Duration = Duration::from_millis(50);
const TELL_WAIT_MAX: Duration = Duration::from_secs(5);
/// Tries to tell it, over a good minute: by then every session in use is found by itself to be of an old password.
const TELL_TRIES: u32 = 20;

/// What goes on when the password changes: what it is changed through.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// A browser's session.
    pub browser: Option<SessionId>,
    /// A session with tokens.
    pub grant: Option<SessionNumber>,
}

/// Changes passwords and ends what was begun with them.
#[derive(Clone)]
pub struct NewPasswords<S, V> {
    store: S,
    sessions: Sessions<V>,
    hasher: Hasher,
    clock: Clock,
}

impl<S: Store, V: Volatile> NewPasswords<S, V> {
    /// Passwords of `store`, whose users' browsers are signed in by `sessions`.
    pub fn new(store: S, sessions: Sessions<V>, hasher: Hasher, clock: Clock) -> Self {
        Self { store, sessions, hasher, clock }
    }

    /// Gives the user `known` the password `new`, if they know the current one. All their sessions end but `keep`.
    ///
    /// In this order: other browsers are signed out, so that nothing is changed if that cannot be done; the password is changed and sessions with
    /// tokens are blocked, in one transaction; and browsers are signed out again that signed in between. It runs to its end, also when the caller
    /// goes away.
    pub async fn change(
        &self,
        known: Credentials,
        keep: &Kept,
        current: Password,
        new: NewPassword,
    ) -> Result<(), Halt> {
        if !self.hasher.verify(current, known.password_hash).await? {
            return Err(Refusal::WrongPassword.into());
        }
        let password_hash = self.hasher.hash(new.into()).await?;
        let (user, version) = (known.user, known.password_version);
        let change = PasswordChange { user, version, password_hash, keep: keep.grant, now: (self.clock)() };
        let keep = keep.browser.clone();
        let this = self.clone();
        let changed = to_the_end(async move {
            this.sessions.end_others(user, keep.as_ref()).await?;
            let changed = this.store.change_password(change).await;
            // Also when nobody knows whether it is changed: to sign in once more is no harm.
            if matches!(changed, Ok(true) | Err(StoreError::Unavailable(_))) {
                this.end_older(user, version + 1, keep).await;
            }
            Ok(changed?)
        });
        match changed.await? {
            true => Ok(()),
            // Somebody else has changed it meanwhile, so that what was checked is the password no more.
            false => Err(Refusal::WrongPassword.into()),
        }
    }

    /// Ends what was begun with older passwords. If that cannot be done now, it goes on behind the answer.
    async fn end_older(&self, user: UserId, version: u64, keep: Option<SessionId>) {
        let Err(error) = self.sessions.renew_password(user, version, keep.as_ref()).await else { return };
        tracing::warn!(%user, error = chain(&error), "sessions of an old password were not ended; trying again");
        let sessions = self.sessions.clone();
        tokio::spawn(async move {
            let mut wait = TELL_WAIT;
            for _ in 0..TELL_TRIES {
                tokio::time::sleep(wait).await;
                if sessions.renew_password(user, version, keep.as_ref()).await.is_ok() {
                    return;
                }
                wait = (wait * 2).min(TELL_WAIT_MAX);
            }
        });
    }

    /// Keeps a password, which was just found to be right, under a hash as new ones are made, if its own is another. Behind the answer, and only if
    /// a core is free for it: the next sign-in is as good.
    pub fn freshen(&self, known: &Credentials, password: &Password) {
        if !self.hasher.is_outdated(&known.password_hash) {
            return;
        }
        let (this, user, old) = (self.clone(), known.user, known.password_hash.clone());
        let password = password.clone();
        tokio::spawn(async move {
            let new = match this.hasher.hash_if_idle(password).await {
                Ok(new) => new,
                Err(PasswordError::Busy) => return,
                Err(error) => return tracing::warn!(%user, %error, "a password was not hashed anew"),
            };
            match this.store.rehash_password(user, &old, &new).await {
                Ok(true) => tracing::debug!(%user, "a password is kept under a hash of today"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%user, error = chain(&error), "a new hash was not kept"),
            }
        });
    }
}
