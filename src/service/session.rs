//! Sessions: sign-in and sign-out, and where one is signed in.

use std::cmp::Reverse;

use teller_rpc::{Context, Status};

use super::answer;
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::door::Door;
use super::grants::Grants;
use super::new_password::NewPasswords;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::api::session::{EndSession, Service, SessionKind, SignIn, SignedIn};
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::{Caller, Credential, Device};
use crate::domain::grant::Grant;
use crate::domain::session::{Session, SessionId, SessionNumber};
use crate::domain::user::UserId;
use crate::store::{Store, Volatile};

/// The service `session`.
pub struct SignIns<S, V> {
    pub(super) callers: Callers<S, V>,
    pub(super) sessions: Sessions<V>,
    pub(super) grants: Grants<S>,
    pub(super) passwords: NewPasswords<S, V>,
    pub(super) door: Door<V>,
    pub(super) audit: Audit,
}

impl<S: Store, V: Volatile> Service for SignIns<S, V> {
    async fn sign_in(&self, cx: Context, request: SignIn) -> Result<Result<SessionId, Refusal>, Status> {
        answer("session.sign_in", &cx, async { heard(self.begin(request).await) }).await
    }

    async fn sign_out(&self, cx: Context, caller: Caller) -> Result<Result<(), Refusal>, Status> {
        answer("session.sign_out", &cx, async { heard(self.end(caller).await) }).await
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
    async fn begin(&self, SignIn { user_name, password, device }: SignIn) -> Result<SessionId, Halt> {
        let shown = self.door.knock(user_name, password.clone(), &device).await?;
        let session = self.sessions.begin(&shown.known, device.clone()).await?;
        let current = self.door.is_current(&shown).await;
        if !matches!(current, Ok(true)) {
            let ended = self.sessions.end(&session).await;
            // What failed is no wrong password.
            current?;
            ended?;
            return Err(Refusal::WrongPassword.into());
        }
        self.passwords.freshen(&shown.known, &password);
        self.door.enter(shown, device).await?;
        Ok(session)
    }

    async fn end(&self, caller: Caller) -> Result<(), Halt> {
        let user = self.callers.user(&caller).await?;
        let ended = match &caller.credential {
            Credential::Session(session) => self.sessions.end(session).await?,
            Credential::Access(token) => match self.grants.find(token).await? {
                Some(grant) => self.grants.end(grant.user, grant.id).await?,
                None => false,
            },
        };
        if !ended {
            return Err(Refusal::InvalidSession.into());
        }
        // After it, so that a store that is away keeps nobody signed in.
        self.record(AuditKind::SignOut, user, &caller, "").await
    }

    async fn record(&self, kind: AuditKind, user: UserId, caller: &Caller, detail: &str) -> Result<(), Halt> {
        let event = AuditEvent::new(kind).about(user).by(user).from_caller(caller).with_detail(detail);
        Ok(self.audit.record(event).await?)
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
        if !ended {
            return Err(Refusal::NoSuchSession.into());
        }
        self.record(AuditKind::SessionsBlocked, user, &caller, &format!("session {session}")).await
    }

    async fn end_all_but(&self, caller: Caller) -> Result<u32, Halt> {
        let user = self.callers.user(&caller).await?;
        let spared = self.number(&caller).await?;
        let browsers = self.sessions.end_others(user, caller.credential.session()).await?;
        let programs = self.grants.end_others(user, spared).await?;
        let ended = u32::try_from(browsers as u64 + programs).unwrap_or(u32::MAX);
        self.record(AuditKind::SessionsBlocked, user, &caller, &format!("{ended} others")).await?;
        Ok(ended)
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
