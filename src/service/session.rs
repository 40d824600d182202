//! Sessions: sign-in and sign-out.

use std::collections::HashMap;
use std::sync::Arc;

use teller_rpc::{Context, Status};

use super::answer;
use super::password::Hasher;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::api::session::{Service, SignIn};
use crate::coalesce::{Coalescer, Limits};
use crate::domain::caller::{Caller, Credential};
use crate::domain::session::SessionId;
use crate::domain::user::UserName;
use crate::error::Error;
use crate::store::{Credentials, Store, StoreError, USER_NAME_MAX_BYTES, Volatile};

/// The service `session`.
pub struct SignIns<V> {
    sessions: Sessions<V>,
    hasher: Hasher,
    look_up: Coalescer<String, Option<Credentials>, Arc<StoreError>>,
}

impl<V: Volatile> Service for SignIns<V> {
    async fn sign_in(&self, cx: Context, request: SignIn) -> Result<Result<SessionId, Refusal>, Status> {
        answer("session.sign_in", &cx, self.begin(request)).await
    }

    async fn sign_out(&self, cx: Context, caller: Caller) -> Result<Result<(), Refusal>, Status> {
        answer("session.sign_out", &cx, self.end(caller)).await
    }
}

impl<V: Volatile> SignIns<V> {
    /// Sign-ins of the users of `store`. Those that arrive together are looked up together.
    pub fn new<S: Store>(store: S, sessions: Sessions<V>, hasher: Hasher, limits: Limits) -> Self {
        let look_up = Coalescer::merging(limits, move |user_names: Vec<String>| {
            let store = store.clone();
            async move { find(&store, &user_names).await.map_err(Arc::new) }
        });
        Self { sessions, hasher, look_up }
    }

    async fn begin(&self, SignIn { user_name, password, .. }: SignIn) -> Result<Result<SessionId, Refusal>, Error> {
        if user_name.len() > USER_NAME_MAX_BYTES {
            // It is nobody's. Looked up, it would make the one statement that many wait for as long as its sender likes.
            return Ok(Err(nobody(user_name)));
        }
        let Some(known) = self.look_up.call(user_name.clone()).await? else {
            return Ok(Err(nobody(user_name)));
        };
        if !self.hasher.verify(password, known.password_hash).await? {
            return Ok(Err(Refusal::WrongPassword));
        }
        Ok(Ok(self.sessions.begin(known.user, &user_name).await?))
    }

    async fn end(&self, caller: Caller) -> Result<Result<(), Refusal>, Error> {
        let Credential::Session(session) = caller.credential else {
            return Ok(Err(Refusal::InvalidSession));
        };
        if self.sessions.find(&session).await?.is_none() {
            return Ok(Err(Refusal::InvalidSession));
        }
        self.sessions.end(&session).await?;
        Ok(Ok(()))
    }
}

async fn find<S: Store>(store: &S, user_names: &[String]) -> Result<Vec<Option<Credentials>>, StoreError> {
    let found = store.credentials_of(user_names).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|known| (known.user_name.clone(), known)).collect();
    Ok(user_names.iter().map(|user_name| found.remove(user_name)).collect())
}

/// Seeded and imported users may have names that nobody could sign up with, so the rule is looked at only when nobody has the name.
fn nobody(user_name: String) -> Refusal {
    match UserName::parse(user_name) {
        Ok(_) => Refusal::NoSuchUser,
        Err(broken) => Refusal::Invalid(broken),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SignIn, SignIns};
    use crate::api::Refusal;
    use crate::coalesce::Limits;
    use crate::domain::asset::Asset;
    use crate::domain::caller::Device;
    use crate::domain::user::Password;
    use crate::service::Settings;
    use crate::service::cpu::Cpu;
    use crate::service::password::{Hasher, Scheme};
    use crate::service::sessions::Sessions;
    use crate::store::memory::Memory;
    use crate::store::sqlite::Sqlite;
    use crate::store::{Store, USER_NAME_MAX_BYTES};

    #[tokio::test]
    async fn a_name_that_no_store_holds_is_never_looked_up_with_those_of_others() {
        const LONG: Duration = Duration::from_secs(60);
        let coalesce = Limits { lanes: 1, batch_max: 1, queue_max: 0 };
        let settings = Settings {
            session_ttl: LONG,
            profile_ttl: LONG,
            change_guard: LONG,
            coalesce,
            contracts_open: false,
            deduct_asset: Asset::parse("CNY").expect("a currency"),
        };
        let store = Sqlite::memory(LONG).expect("opens");
        store.migrate().await.expect("migrates");
        let hasher = Hasher::new(Scheme::Md5Salted, Cpu::new(1, 1)).expect("no parameters");
        let sign_ins = SignIns::new(store, Sessions::new(Memory::new(10), &settings), hasher, coalesce);

        for (bytes, is_looked_up) in [(USER_NAME_MAX_BYTES, true), (USER_NAME_MAX_BYTES + 1, false), (60_000, false)] {
            let password = Password::parse("open-sesame").expect("a password");
            let outcome =
                sign_ins.begin(SignIn { user_name: "x".repeat(bytes), password, device: Device::default() }).await;
            // There is no room for any look-up: one that is asked for fails.
            assert_eq!(outcome.is_err(), is_looked_up, "{bytes} bytes");
            assert!(is_looked_up || matches!(outcome, Ok(Err(Refusal::Invalid(_)))), "{bytes} bytes");
        }
    }
}
