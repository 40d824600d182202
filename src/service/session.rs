//! Sessions: sign-in and sign-out.

use teller_rpc::{Context, Status};

use super::answer;
use super::password::Hasher;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::api::session::{Service, SignIn};
use crate::domain::session::SessionId;
use crate::domain::user::UserName;
use crate::error::Error;
use crate::store::{Store, Volatile};

/// The service `session`.
pub struct SignIns<S, V> {
    pub(super) store: S,
    pub(super) sessions: Sessions<V>,
    pub(super) hasher: Hasher,
}

impl<S: Store, V: Volatile> Service for SignIns<S, V> {
    async fn sign_in(&self, cx: Context, request: SignIn) -> Result<Result<SessionId, Refusal>, Status> {
        answer("session.sign_in", &cx, self.begin(request)).await
    }

    async fn sign_out(&self, cx: Context, session: SessionId) -> Result<Result<(), Refusal>, Status> {
        answer("session.sign_out", &cx, self.end(session)).await
    }
}

impl<S: Store, V: Volatile> SignIns<S, V> {
    async fn begin(&self, SignIn { user_name, password }: SignIn) -> Result<Result<SessionId, Refusal>, Error> {
        let Some(known) = self.store.credentials(&user_name).await? else {
            return Ok(Err(nobody(user_name)));
        };
        if !self.hasher.verify(password, known.password_hash).await? {
            return Ok(Err(Refusal::WrongPassword));
        }
        Ok(Ok(self.sessions.begin(known.user, &user_name).await?))
    }

    async fn end(&self, session: SessionId) -> Result<Result<(), Refusal>, Error> {
        if self.sessions.find(&session).await?.is_none() {
            return Ok(Err(Refusal::InvalidSession));
        }
        self.sessions.end(&session).await?;
        Ok(Ok(()))
    }
}

/// Seeded and imported users may have names that nobody could sign up with, so the rule is looked at only when nobody has the name.
fn nobody(user_name: String) -> Refusal {
    match UserName::parse(user_name) {
        Ok(_) => Refusal::NoSuchUser,
        Err(broken) => Refusal::Invalid(broken),
    }
}
