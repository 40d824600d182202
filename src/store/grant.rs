//! What a store keeps of who may: sessions of programs that hold tokens, and roles.

use std::future::Future;

use super::StoreError;
use crate::domain::audit::AuditEvent;
use crate::domain::grant::{Grant, GrantStatus};
use crate::domain::person::Person;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, UserId};

/// The part of a store that keeps who may.
pub trait GrantStore: Clone + Send + Sync + 'static {
    /// Who a user is; `None` for an unknown one.
    fn person(&self, user: UserId) -> impl Future<Output = Result<Option<Person>, StoreError>> + Send;

    /// Gives a user another role, and writes `event`, in one transaction. Whether there is such a user; without one nothing is written.
    fn set_role(
        &self,
        user: UserId,
        role: Role,
        event: AuditEvent,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps a new session, which is active whatever it says. If its user then has more than `most` that may be used at its beginning, the
    /// oldest beyond them are blocked, in the same transaction. Of several at once each may be allowed one too many, until the next.
    fn begin_grant(&self, grant: Grant, most: usize) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The sessions `ids` in one round trip, in any order; unknown ones are left out.
    fn grants(&self, ids: &[SessionNumber]) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// A user's sessions that may be used at `now`, the newest first, at most `most` of them.
    fn grants_of(
        &self,
        user: UserId,
        now: Timestamp,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Puts a refresh token with the hash `to` in the place of that with the hash `from`, if that is the valid one of a session that is not
    /// blocked. Whether it did; where an answer was lost on the way, also `false` for what it did: look again.
    fn rotate_grant(
        &self,
        id: SessionNumber,
        from: [u8; 32],
        to: [u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends a session that may be used, and writes `event` if there is one, in one transaction. Whether it could be used until now: if not,
    /// nothing is written.
    fn block_grant(
        &self,
        id: SessionNumber,
        status: GrantStatus,
        event: Option<(AuditEvent, Timestamp)>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends all of a user's sessions but `spared`. How many.
    fn block_grants_of(
        &self,
        user: UserId,
        spared: Option<SessionNumber>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Forgets sessions that ended by themselves before `before`, at most `most` of them. How many.
    fn forget_grants(&self, before: Timestamp, most: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}
