//! Sessions: sign-in and sign-out, and where one is signed in.

use std::collections::HashMap;
use std::sync::Arc;

use teller_rpc::{Context, Status};

use super::answer;
use super::attempts::{Attempts, Tried};
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::new_password::NewPasswords;
use super::password::Hasher;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::api::session::{EndSession, Service, SessionKind, SignIn, SignedIn};
use crate::coalesce::{Coalescer, Limits};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::{Caller, Credential, Device};
use crate::domain::session::{Session, SessionId, SessionNumber};
use crate::domain::user::UserName;
use crate::error::Error;
use crate::store::{Credentials, Store, StoreError, USER_NAME_MAX_BYTES, Volatile};

/// The service `session`.
pub struct SignIns<S, V> {
    callers: Callers<S, V>,
    sessions: Sessions<V>,
    passwords: NewPasswords<S, V>,
    hasher: Hasher,
    attempts: Attempts<V>,
    audit: Audit,
    look_up: Coalescer<String, Option<Credentials>, Arc<StoreError>>,
}

impl<S: Store, V: Volatile> Service for SignIns<S, V> {
    async fn sign_in(&self, cx: Context, request: SignIn) -> Result<Result<SessionId, Refusal>, Status> {
        answer("session.sign_in", &cx, async { heard(self.begin(request).await) }).await
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
        passwords: NewPasswords<S, V>,
        hasher: Hasher,
        attempts: Attempts<V>,
        audit: Audit,
        limits: Limits,
    ) -> Self {
        let callers = Callers::new(store.clone(), sessions.clone());
        let look_up = Coalescer::merging(limits, move |user_names: Vec<String>| {
            let store = store.clone();
            async move { find(&store, &user_names).await.map_err(Arc::new) }
        });
        Self { callers, sessions, passwords, hasher, attempts, audit, look_up }
    }

    async fn begin(&self, SignIn { user_name, password, device }: SignIn) -> Result<SessionId, Halt> {
        let Some(known) = self.known(&user_name).await? else {
            return Err(self.nobody(user_name, device).await?.into());
        };
        let attempt = self.attempts.begin(Tried::User(known.user), device.address).await??;
        let session = match self.hasher.verify(password.clone(), known.password_hash.clone()).await? {
            true => self.let_in(&known, device.clone()).await?,
            false => None,
        };
        let Some(session) = session else {
            self.attempts.failed(&attempt).await?;
            let event = AuditEvent::new(AuditKind::SignInFailed).about(known.user).from_device(device);
            self.audit.record(event.with_detail("wrong password")).await?;
            return Err(Refusal::WrongPassword.into());
        };
        self.attempts.succeeded(&attempt).await?;
        let event = AuditEvent::new(AuditKind::SignIn).about(known.user).by(known.user).from_device(device);
        // Nobody hears of a session that is not recorded: its id leaves with the answer alone.
        self.audit.record(event).await?;
        self.passwords.freshen(&known, &password);
        Ok(session)
    }

    /// A session for whoever has shown the password of `known`; none, if it was changed before there was a session to end.
    async fn let_in(&self, known: &Credentials, device: Device) -> Result<Option<SessionId>, Error> {
        let session = self.sessions.begin(known, device).await?;
        let now = self.look_up.call(known.user_name.clone()).await;
        if matches!(&now, Ok(Some(now)) if now.password_version == known.password_version) {
            return Ok(Some(session));
        }
        self.sessions.end(&session).await?;
        now?;
        Ok(None)
    }

    async fn known(&self, user_name: &str) -> Result<Option<Credentials>, Error> {
        if user_name.len() > USER_NAME_MAX_BYTES {
            // It is nobody's. Looked up, it would make the one statement that many wait for as long as its sender likes.
            return Ok(None);
        }
        Ok(self.look_up.call(user_name.to_owned()).await?)
    }

    /// Seeded and imported users may have names that nobody could sign up with, so the rule is looked at only when nobody has the name.
    async fn nobody(&self, user_name: String, device: Device) -> Result<Refusal, Halt> {
        let attempt = self.attempts.begin(Tried::Nobody(&user_name), device.address).await??;
        if let Err(broken) = UserName::parse(user_name) {
            return Ok(Refusal::Invalid(broken));
        }
        self.attempts.failed(&attempt).await?;
        // Not the name itself: it may be a password that was typed into the wrong field.
        let event = AuditEvent::new(AuditKind::SignInFailed).from_device(device);
        self.audit.record(event.with_detail("no such user")).await?;
        Ok(Refusal::NoSuchUser)
    }

    async fn end(&self, caller: Caller) -> Result<Result<(), Refusal>, Error> {
        let Credential::Session(session) = &caller.credential else {
            return Ok(Err(Refusal::InvalidSession));
        };
        let Some(user) = self.sessions.find(session).await? else {
            return Ok(Err(Refusal::InvalidSession));
        };
        self.sessions.end(session).await?;
        // After it, so that a store that is away keeps nobody signed in.
        let event = AuditEvent::new(AuditKind::SignOut).about(user).by(user).from_caller(&caller);
        self.audit.record(event).await?;
        Ok(Ok(()))
    }

    async fn all(&self, caller: Caller) -> Result<Vec<SignedIn>, Halt> {
        let user = self.callers.user(&caller).await?;
        let current = self.number(&caller).await?;
        let shown = |session: Session| SignedIn {
            number: session.number,
            kind: SessionKind::Browser,
            current: current == Some(session.number),
            device: session.device,
            created_at: session.created_at,
            seen_at: session.seen_at,
        };
        Ok(self.sessions.of(user).await?.into_iter().map(shown).collect())
    }

    async fn end_numbered(&self, EndSession { caller, session }: EndSession) -> Result<(), Halt> {
        let user = self.callers.user(&caller).await?;
        if !self.sessions.end_numbered(user, session).await? {
            return Err(Refusal::NoSuchSession.into());
        }
        let event = AuditEvent::new(AuditKind::SessionsBlocked).about(user).by(user).from_caller(&caller);
        Ok(self.audit.record(event.with_detail(session.to_string())).await?)
    }

    async fn end_all_but(&self, caller: Caller) -> Result<u32, Halt> {
        let user = self.callers.user(&caller).await?;
        let ended = self.sessions.end_others(user, caller.credential.session()).await?;
        let event = AuditEvent::new(AuditKind::SessionsBlocked).about(user).by(user).from_caller(&caller);
        self.audit.record(event.with_detail(format!("{ended} other sessions"))).await?;
        Ok(u32::try_from(ended).unwrap_or(u32::MAX))
    }

    /// The number of the session that the caller uses.
    async fn number(&self, caller: &Caller) -> Result<Option<SessionNumber>, Halt> {
        let Some(id) = caller.credential.session() else { return Ok(None) };
        Ok(self.sessions.session(id).await?.map(|session| session.number))
    }
}

async fn find<S: Store>(store: &S, user_names: &[String]) -> Result<Vec<Option<Credentials>>, StoreError> {
    let found = store.credentials_of(user_names).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|known| (known.user_name.clone(), known)).collect();
    Ok(user_names.iter().map(|user_name| found.remove(user_name)).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SignIn, SignIns};
    use crate::api::Refusal;
    use crate::coalesce::Limits;
    use crate::domain::asset::Asset;
    use crate::domain::attempt::AttemptRule;
    use crate::domain::caller::Device;
    use crate::domain::user::{Password, Role};
    use crate::service::attempts::Attempts;
    use crate::service::audit::Audit;
    use crate::service::caller::Halt;
    use crate::service::cpu::Cpu;
    use crate::service::new_password::NewPasswords;
    use crate::service::password::{Hasher, Scheme};
    use crate::service::sessions::Sessions;
    use crate::service::{Settings, system_clock};
    use crate::store::memory::Memory;
    use crate::store::sqlite::Sqlite;
    use crate::store::{NewUser, Store, USER_NAME_MAX_BYTES};

    const LONG: Duration = Duration::from_secs(60);

    /// Sign-ins of one user, `alice`, where as many as said wait to be looked up and to be written down.
    async fn sign_ins(look_ups: usize, records: usize) -> SignIns<Sqlite, Memory> {
        let coalesce = Limits { lanes: 1, batch_max: 1, queue_max: look_ups };
        let settings = Settings {
            session_ttl: LONG,
            profile_ttl: LONG,
            change_guard: LONG,
            coalesce,
            contracts_open: false,
            sign_in: AttemptRule { free: 10, free_per_address: 100, window: LONG },
            deduct_asset: Asset::parse("CNY").expect("a currency"),
        };
        let store = Sqlite::memory(LONG).expect("opens");
        store.migrate().await.expect("migrates");
        let hasher = Hasher::new(Scheme::Md5Salted, Cpu::new(1, 1)).expect("no parameters");
        let alice = NewUser {
            id: None,
            user_name: "alice".to_owned(),
            nickname: "alice".to_owned(),
            password_hash: hasher.hash(password("open-sesame")).await.expect("hashes"),
            role: Role::Customer,
            created_at: system_clock(),
        };
        store.insert_user(alice).await.expect("insert_user");
        let audit = Audit::new(store.clone(), Limits { queue_max: records, ..coalesce }, system_clock);
        let memory = Memory::new(10);
        let sessions = Sessions::new(store.clone(), memory.clone(), system_clock, &settings);
        let passwords = NewPasswords::new(store.clone(), sessions.clone(), hasher.clone(), system_clock);
        let attempts = Attempts::new(memory, settings.sign_in);
        SignIns::new(store, sessions, passwords, hasher, attempts, audit, coalesce)
    }

    fn password(text: &str) -> Password {
        Password::parse(text).expect("a password")
    }

    fn sign_in(user_name: &str, typed: &str) -> SignIn {
        SignIn { user_name: user_name.to_owned(), password: password(typed), device: Device::default() }
    }

    #[tokio::test]
    async fn a_name_that_no_store_holds_is_never_looked_up_with_those_of_others() {
        let sign_ins = sign_ins(0, 10).await;
        for (bytes, is_looked_up) in [(USER_NAME_MAX_BYTES, true), (USER_NAME_MAX_BYTES + 1, false), (60_000, false)] {
            let outcome = sign_ins.begin(sign_in(&"x".repeat(bytes), "open-sesame")).await;
            // There is no room for any look-up: one that is asked for fails.
            assert_eq!(matches!(outcome, Err(Halt::Failed(_))), is_looked_up, "{bytes} bytes");
            let is_refused = matches!(outcome, Err(Halt::Refused(Refusal::Invalid(_))));
            assert!(is_looked_up || is_refused, "{bytes} bytes");
        }
    }

    #[tokio::test]
    async fn nobody_is_let_in_or_told_no_unrecorded() {
        for (records, is_answered) in [(10, true), (0, false)] {
            let sign_ins = sign_ins(10, records).await;
            let right = sign_ins.begin(sign_in("alice", "open-sesame")).await;
            assert_eq!(right.is_ok(), is_answered);
            for (name, typed) in [("alice", "another"), ("nobody", "another")] {
                let refused = matches!(sign_ins.begin(sign_in(name, typed)).await, Err(Halt::Refused(_)));
                assert_eq!(refused, is_answered, "{name}");
            }
        }
    }
}
