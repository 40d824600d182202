//! Sessions: sign-in and sign-out, and where one is signed in.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use teller_rpc::{Context, Status};

use super::answer;
use super::caller::{Callers, Halt, heard};
use super::grants::Grants;
use super::new_password::NewPasswords;
use super::password::Hasher;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::api::session::{EndSession, Service, SessionKind, SignIn, SignedIn};
use crate::coalesce::{Coalescer, Limits};
use crate::domain::caller::{Caller, Credential, Device};
use crate::domain::grant::Grant;
use crate::domain::session::{Session, SessionId, SessionNumber};
use crate::domain::user::UserName;
use crate::error::Error;
use crate::store::{Credentials, Store, StoreError, USER_NAME_MAX_BYTES, Volatile};

/// The service `session`.
pub struct SignIns<S, V> {
    callers: Callers<S, V>,
    sessions: Sessions<V>,
    grants: Grants<S>,
    passwords: NewPasswords<S, V>,
    hasher: Hasher,
    look_up: Coalescer<String, Option<Credentials>, Arc<StoreError>>,
}

impl<S: Store, V: Volatile> Service for SignIns<S, V> {
    async fn sign_in(&self, cx: Context, request: SignIn) -> Result<Result<SessionId, Refusal>, Status> {
        answer("session.sign_in", &cx, self.begin(request)).await
    }

    async fn sign_out(&self, cx: Context, caller: Caller) -> Result<Result<(), Refusal>, Status> {
        answer("session.sign_out", &cx, self.end(caller)).await
    }

    async fn list(&self, cx: Context, caller: Caller) -> Result<Result<Vec<SignedIn>, Refusal>, Status> {
        answer("session.list", &cx, async { heard(self.all(caller).await) }).await
    }

    async fn end(&self, cx: Context, request: EndSession) -> Result<Result<(), Refusal>, Status> {
        answer("session.end", &cx, async { heard(self.end_numbered(request).await) }).await
    }

    async fn end_others(&self, cx: Context, caller: Caller) -> Result<Result<u32, Refusal>, Status> {
        answer("session.end_others", &cx, async { heard(self.end_all_but(caller).await) }).await
    }
}

impl<S: Store, V: Volatile> SignIns<S, V> {
    /// Sign-ins of the users of `store`. Those that arrive together are looked up together.
    pub fn new(
        store: S,
        sessions: Sessions<V>,
        grants: Grants<S>,
        passwords: NewPasswords<S, V>,
        hasher: Hasher,
        limits: Limits,
    ) -> Self {
        let callers = Callers::new(store.clone(), sessions.clone(), grants.clone());
        let look_up = Coalescer::merging(limits, move |user_names: Vec<String>| {
            let store = store.clone();
            async move { find(&store, &user_names).await.map_err(Arc::new) }
        });
        Self { callers, sessions, grants, passwords, hasher, look_up }
    }

    async fn begin(&self, SignIn { user_name, password, device }: SignIn) -> Result<Result<SessionId, Refusal>, Error> {
        if user_name.len() > USER_NAME_MAX_BYTES {
            // It is nobody's. Looked up, it would make the one statement that many wait for as long as its sender likes.
            return Ok(Err(nobody(user_name)));
        }
        let Some(known) = self.look_up.call(user_name.clone()).await? else {
            return Ok(Err(nobody(user_name)));
        };
        if !self.hasher.verify(password.clone(), known.password_hash.clone()).await? {
            return Ok(Err(Refusal::WrongPassword));
        }
        let session = self.sessions.begin(&known, device).await?;
        // The password may have been changed since it was checked, before there was a session to end.
        let now = self.look_up.call(user_name).await;
        if !matches!(&now, Ok(Some(now)) if now.password_version == known.password_version) {
            self.sessions.end(&session).await?;
            return Ok(now.map(|_| Err(Refusal::WrongPassword))?);
        }
        self.passwords.freshen(&known, &password);
        Ok(Ok(session))
    }

    async fn end(&self, caller: Caller) -> Result<Result<(), Refusal>, Error> {
        let ended = match caller.credential {
            Credential::Session(session) => self.sessions.end(&session).await?,
            Credential::Access(token) => match self.grants.find(&token).await? {
                Some(grant) => self.grants.end(grant.user, grant.id).await?,
                None => false,
            },
        };
        Ok(if ended { Ok(()) } else { Err(Refusal::InvalidSession) })
    }

    async fn all(&self, caller: Caller) -> Result<Vec<SignedIn>, Halt> {
        let user = self.callers.user(&caller).await?;
        let current = self.number(&caller).await?;
        let browsers = self.sessions.of(user).await?.into_iter().map(browser);
        let mut all: Vec<SignedIn> = browsers.chain(self.grants.of(user).await?.into_iter().map(program)).collect();
        all.iter_mut().for_each(|session| session.current = current == Some(session.number));
        all.sort_by_key(|session| (Reverse(session.seen_at), Reverse(session.number.0)));
        Ok(all)
    }

    async fn end_numbered(&self, EndSession { caller, session }: EndSession) -> Result<(), Halt> {
        let user = self.callers.user(&caller).await?;
        let ended = self.grants.end(user, session).await? || self.sessions.end_numbered(user, session).await?;
        if ended { Ok(()) } else { Err(Refusal::NoSuchSession.into()) }
    }

    async fn end_all_but(&self, caller: Caller) -> Result<u32, Halt> {
        let user = self.callers.user(&caller).await?;
        let spared = self.number(&caller).await?;
        let browsers = self.sessions.end_others(user, caller.credential.session()).await?;
        let programs = self.grants.end_others(user, spared).await?;
        Ok(u32::try_from(browsers as u64 + programs).unwrap_or(u32::MAX))
    }

    /// The number of the session that the caller uses.
    async fn number(&self, caller: &Caller) -> Result<Option<SessionNumber>, Halt> {
        Ok(match &caller.credential {
            Credential::Session(id) => self.sessions.session(id).await?.map(|session| session.number),
            Credential::Access(token) => self.grants.find(token).await?.map(|grant| grant.id),
        })
    }
}

/// A browser's session, as it is listed.
fn browser(session: Session) -> SignedIn {
    let Session { number, device, created_at, seen_at, .. } = session;
    SignedIn { number, kind: SessionKind::Browser, current: false, device, created_at, seen_at, expires_at: None }
}

/// A program's.
fn program(grant: Grant) -> SignedIn {
    SignedIn {
        number: grant.id,
        kind: SessionKind::Token,
        current: false,
        device: Device::new(grant.address.parse().ok(), &grant.user_agent),
        created_at: grant.created_at,
        seen_at: grant.rotated_at,
        expires_at: Some(grant.expires_at),
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
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{SignIn, SignIns};
    use crate::api::Refusal;
    use crate::coalesce::Limits;
    use crate::domain::asset::Asset;
    use crate::domain::caller::Device;
    use crate::domain::user::Password;
    use crate::service::cpu::Cpu;
    use crate::service::grants::{Grants, Rules};
    use crate::service::new_password::NewPasswords;
    use crate::service::password::{Hasher, Scheme};
    use crate::service::sessions::Sessions;
    use crate::service::{Settings, system_clock};
    use crate::store::memory::Memory;
    use crate::store::sqlite::Sqlite;
    use crate::store::{Store, USER_NAME_MAX_BYTES};
    use crate::token::{Format, Keys, Ring};

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
        let sessions = Sessions::new(store.clone(), Memory::new(10), system_clock, &settings);
        let passwords = NewPasswords::new(store.clone(), sessions.clone(), hasher.clone(), system_clock);
        let rules = Rules { format: Format::Paseto, access_ttl: LONG, refresh_ttl: LONG, grace: LONG, sessions_max: 1 };
        let keys = Keys::new(PathBuf::new(), Ring::default());
        let grants = Grants::new(store.clone(), keys, rules, system_clock, coalesce);
        let sign_ins = SignIns::new(store, sessions, grants, passwords, hasher, coalesce);

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
