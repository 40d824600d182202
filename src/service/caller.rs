//! Who asks, and what they may see and do.

use super::cpu::CpuError;
use super::grants::Grants;
use super::password::PasswordError;
use super::sessions::Sessions;
use crate::api::Refusal;
use crate::domain::account::{Account, AccountId};
use crate::domain::caller::{Caller, Credential};
use crate::domain::command;
use crate::domain::invalid::Invalid;
use crate::domain::session::SessionNumber;
use crate::domain::user::{Role, UserId};
use crate::error::Error;
use crate::ledger::LedgerError;
use crate::store::{Store, StoreError, Volatile};

/// Why a handler stopped before its end.
#[derive(Debug)]
pub enum Halt {
    /// The answer is no.
    Refused(Refusal),
    /// Something failed.
    Failed(Error),
}

/// What the handler's caller hears.
pub fn heard<T>(outcome: Result<T, Halt>) -> Result<Result<T, Refusal>, Error> {
    match outcome {
        Ok(answer) => Ok(Ok(answer)),
        Err(Halt::Refused(refusal)) => Ok(Err(refusal)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Knows callers by their credentials, and what they may do by the store.
#[derive(Clone)]
pub struct Callers<S, V> {
    store: S,
    sessions: Sessions<V>,
    grants: Grants<S>,
}

impl<S: Store, V: Volatile> Callers<S, V> {
    /// Callers with sessions in `sessions`, tokens of `grants`, and roles in `store`.
    pub fn new(store: S, sessions: Sessions<V>, grants: Grants<S>) -> Self {
        Self { store, sessions, grants }
    }

    /// Whom the caller's credential stands for.
    pub async fn user(&self, caller: &Caller) -> Result<UserId, Halt> {
        match &caller.credential {
            Credential::Session(session) => self.sessions.find(session).await?.ok_or(Refusal::InvalidSession.into()),
            Credential::Access(token) => {
                Ok(self.grants.find(token).await?.map(|grant| grant.user).ok_or(Refusal::InvalidSession)?)
            }
        }
    }

    /// The session with tokens that the caller uses, if it is one.
    pub async fn grant(&self, caller: &Caller) -> Result<Option<SessionNumber>, Halt> {
        let Credential::Access(token) = &caller.credential else { return Ok(None) };
        Ok(self.grants.find(token).await?.map(|grant| grant.id))
    }

    /// Whether `user` is an operator.
    pub async fn is_operator(&self, user: UserId) -> Result<bool, Halt> {
        Ok(self.store.role(user).await? == Some(Role::Operator))
    }

    /// The caller, who must be an operator.
    pub async fn operator(&self, caller: &Caller) -> Result<UserId, Halt> {
        let user = self.user(caller).await?;
        if self.is_operator(user).await? { Ok(user) } else { Err(Refusal::NotOperator.into()) }
    }

    /// An account that `user` may see: their own or, for an operator, any. Another's is answered as none.
    pub async fn account(&self, user: UserId, id: AccountId) -> Result<Account, Halt> {
        let account = self.store.account(storable(id)).await?.ok_or(Refusal::NoSuchAccount)?;
        if account.owner == Some(user) || self.is_operator(user).await? {
            return Ok(account);
        }
        Err(Refusal::NoSuchAccount.into())
    }
}

/// The same number, as far as SQL counts: one beyond that belongs to no account, and neither does the last.
pub fn storable(id: AccountId) -> AccountId {
    AccountId(id.0.min(i64::MAX.unsigned_abs()))
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Invalid> for Halt {
    fn from(broken: Invalid) -> Self {
        Self::Refused(broken.into())
    }
}

impl From<command::Refusal> for Halt {
    fn from(refusal: command::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<PasswordError> for Halt {
    fn from(error: PasswordError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CpuError> for Halt {
    fn from(error: CpuError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LedgerError> for Halt {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.into())
    }
}
