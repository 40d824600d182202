//! Tokens: sign-in for programs, and new tokens for old.

use teller_rpc::{Context, Status};

use super::answer;
use super::caller::{Halt, heard};
use super::grants::Grants;
use super::new_password::NewPasswords;
use super::password::Hasher;
use crate::api::Refusal;
use crate::api::token::{Granted, LogIn, LoggedIn, Renew, Service};
use crate::store::{Credentials, Store, USER_NAME_MAX_BYTES, Volatile};

/// The service `token`.
pub struct Tokens<S, V> {
    pub(super) store: S,
    pub(super) grants: Grants<S>,
    pub(super) passwords: NewPasswords<S, V>,
    pub(super) hasher: Hasher,
}

impl<S: Store, V: Volatile> Service for Tokens<S, V> {
    async fn log_in(&self, cx: Context, request: LogIn) -> Result<Result<LoggedIn, Refusal>, Status> {
        answer("token.log_in", &cx, async { heard(self.begin(request).await) }).await
    }

    async fn renew(&self, cx: Context, request: Renew) -> Result<Result<Granted, Refusal>, Status> {
        answer("token.renew", &cx, async { heard(self.exchange(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Tokens<S, V> {
    async fn begin(&self, LogIn { user_name, password, device }: LogIn) -> Result<LoggedIn, Halt> {
        let Some(known) = self.known(&user_name).await? else {
            // As much work as for a user that exists: how long the answer takes says nothing of who does.
            self.hasher.verify_nothing(password).await?;
            return Err(Refusal::WrongLogin.into());
        };
        if !self.hasher.verify(password.clone(), known.password_hash.clone()).await? {
            return Err(Refusal::WrongLogin.into());
        }
        let granted = self.grants.begin(known.user, &device).await?;
        let person = self.store.person(known.user).await?;
        // The password may have been changed since it was checked, before there was a session to end.
        let now = self.known(&user_name).await?;
        match person {
            Some(person) if now.is_some_and(|now| now.password_version == known.password_version) => {
                self.passwords.freshen(&known, &password);
                Ok(LoggedIn { granted, person })
            }
            _ => {
                self.grants.end(known.user, granted.session).await?;
                Err(Refusal::WrongLogin.into())
            }
        }
    }

    async fn known(&self, user_name: &str) -> Result<Option<Credentials>, Halt> {
        // A longer name is nobody's.
        if user_name.len() > USER_NAME_MAX_BYTES {
            return Ok(None);
        }
        Ok(self.store.credentials(user_name).await?)
    }

    async fn exchange(&self, Renew { token, device }: Renew) -> Result<Granted, Halt> {
        self.grants.renew(&token, &device).await?.ok_or(Refusal::InvalidSession.into())
    }
}
