//! Tokens: sign-in for programs, and new tokens for old.

use teller_rpc::{Context, Status};

use super::answer;
use super::caller::{Halt, heard};
use super::door::Door;
use super::grants::Grants;
use super::new_password::NewPasswords;
use crate::api::Refusal;
use crate::api::token::{Granted, LogIn, LoggedIn, Renew, Service};
use crate::store::{Store, Volatile};

/// The service `token`.
pub struct Tokens<S, V> {
    pub(super) store: S,
    pub(super) grants: Grants<S>,
    pub(super) passwords: NewPasswords<S, V>,
    pub(super) door: Door<V>,
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
        let shown = self.door.knock_unknown(user_name, password.clone(), &device).await?;
        let granted = self.grants.begin(shown.known.user, &device).await?;
        let person = self.store.person(shown.known.user).await?;
        let current = self.door.is_current(&shown).await;
        if let (Some(person), Ok(true)) = (person, &current) {
            self.passwords.freshen(&shown.known, &password);
            self.door.enter(shown, device).await?;
            return Ok(LoggedIn { granted, person });
        }
        let ended = self.grants.end(shown.known.user, granted.session).await;
        // What failed is no wrong password.
        current?;
        ended?;
        Err(Refusal::WrongLogin.into())
    }

    async fn exchange(&self, Renew { token, device }: Renew) -> Result<Granted, Halt> {
        self.grants.renew(&token, &device).await?.ok_or(Refusal::InvalidSession.into())
    }
}
