//! What the rest of Teller may ask of its stores. The comments here are promises; `contract` states them again as tests that run
//! on every implementation.
//!
//! - [`Store`] keeps what must survive: on SQLite or MySQL.
//! - [`ledger::LedgerStore`] is its part that keeps money, [`payment::PaymentStore`] the one that keeps payments, [`refund::RefundStore`]
//!   the one that keeps what is given back of them, [`conversion::ConversionStore`] the one that keeps rates and conversions,
//!   [`grant::GrantStore`] the one that keeps who may, [`webhook::WebhookStore`] the one that keeps where events are brought to, and how far,
//!   [`matching::MatchingStore`] the one that keeps statements of others.
//! - [`Volatile`] keeps what may be lost: sessions and cached profiles, in memory or in Redis. Losing all of it logs people out
//!   and costs speed, never truth.
//!
//! The modules: [`sqlite`] and [`mysql`] implement [`Store`], both on `queries` (the statements of `sql/` as functions) and
//! [`migrations`] (which a database still needs); `contract` states the promises as tests.
//!
//! A unit of work that was begun is finished, also when the future that asked for it is dropped: callers come and go, a
//! half-used connection would stay.

#[doc(hidden)]
pub mod contract;
pub mod conversion;
pub mod grant;
pub mod ledger;
pub mod matching;
pub mod memory;
pub mod migrations;
pub mod mysql;
pub mod payment;
#[doc(hidden)]
pub mod queries;
pub mod redis;
pub mod refund;
pub mod sqlite;
pub mod webhook;

use std::future::Future;
use std::time::Duration;

use crate::domain::account::AccountId;
use crate::domain::attempt::{AttemptKey, Counter};
use crate::domain::audit::{AuditEvent, AuditKind, AuditRecord};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::reconcile::Reconciliation;
use crate::domain::session::{Session, SessionKey, SessionNumber};
use crate::domain::time::Timestamp;
use crate::domain::user::{Nickname, Profile, Role, UserId};

/// What a store could not do. The cause is for the log, never for a caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or cache is away, overloaded or did not answer in time. For a change, its outcome may be unknown.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered and refused, or answered what cannot be understood: trying again does not help.
    #[error("the store refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Most bytes of a user name that a store holds, as the column says.
pub const USER_NAME_MAX_BYTES: usize = 64;

/// Most sessions of one user that a volatile store keeps: of more, those end that were not seen for longest.
pub const SESSIONS_OF_USER_MAX: usize = 256;

/// A session in use is to be touched (see [`Volatile::touch_session`]) at least this often.
pub const SESSION_TOUCH: Duration = Duration::from_secs(60);

/// A user who is about to exist.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// A fixed number, for seeds and imports; otherwise the store gives the next.
    pub id: Option<UserId>,
    /// The name to sign in with.
    pub user_name: String,
    /// The nickname to begin with.
    pub nickname: String,
    /// The hash of the password, with its scheme and parameters.
    pub password_hash: String,
    /// What the user may do.
    pub role: Role,
    /// Who the user is beside that.
    pub contact: Contact,
    /// Now.
    pub created_at: Timestamp,
}

/// Who a user is and how they are reached; nothing, for those who did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The name in full.
    pub full_name: String,
    /// The e-mail address, in lower case.
    pub email: Option<String>,
}

/// What became of a [`NewUser`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The user exists, under this number.
    Created(UserId),
    /// Somebody already has the name (or the e-mail address, or the fixed number); nothing was written.
    Taken,
}

/// What a sign-in is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who signs in.
    pub user: UserId,
    /// The name to sign in with.
    pub user_name: String,
    /// As in [`NewUser::password_hash`].
    pub password_hash: String,
    /// Which of the user's passwords it is, in their order.
    pub password_version: u64,
}

/// A part of what was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditRange {
    /// Only about this user.
    pub user: Option<UserId>,
    /// Only of this kind.
    pub kind: Option<AuditKind>,
    /// Only those before this number: where the page before ended.
    pub before: Option<u64>,
    /// At most as many.
    pub limit: usize,
}

/// A password that takes another's place.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose.
    pub user: UserId,
    /// The version of the password whose place it takes.
    pub version: u64,
    /// As in [`NewUser::password_hash`].
    pub password_hash: String,
    /// The session with tokens that goes on; all others of the user are blocked.
    pub keep: Option<SessionNumber>,
    /// Now.
    pub now: Timestamp,
}

/// The durable store, with all its parts. What a method returned `Ok` for is on disk.
pub trait Store:
    ledger::LedgerStore
    + payment::PaymentStore
    + refund::RefundStore
    + conversion::ConversionStore
    + grant::GrantStore
    + webhook::WebhookStore
    + matching::MatchingStore
{
    /// Brings the schema up to date. Safe when several processes do it at once: one works, the others wait.
    /// Returns how many migrations were applied.
    fn migrate(&self) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Answers when the database answers.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Creates a user. Of two at once with the same name, compared byte for byte, one is [`Inserted::Taken`].
    fn insert_user(&self, user: NewUser) -> impl Future<Output = Result<Inserted, StoreError>> + Send;

    /// Creates many users in one transaction, except those whose name is taken; returns how many it created.
    fn insert_users(&self, users: Vec<NewUser>) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Whether there is no user at all.
    fn has_no_users(&self) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What the passwords of `user_names` are checked against, in one round trip and in any order; unknown names are left out.
    fn credentials_of(
        &self,
        user_names: &[String],
    ) -> impl Future<Output = Result<Vec<Credentials>, StoreError>> + Send;

    /// The same for one name.
    fn credentials(&self, user_name: &str) -> impl Future<Output = Result<Option<Credentials>, StoreError>> + Send {
        async { Ok(self.credentials_of(&[user_name.to_owned()]).await?.pop()) }
    }

    /// The versions of the passwords of `users` in one round trip, in any order; unknown users are left out.
    fn password_versions(
        &self,
        users: &[UserId],
    ) -> impl Future<Output = Result<Vec<(UserId, u64)>, StoreError>> + Send;

    /// Changes a password and blocks the user's sessions with tokens, in one transaction: `false`, and nothing is changed, if the password
    /// is not of that version any more. The version grows by one.
    fn change_password(&self, change: PasswordChange) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps the same password under another hash, unless the one that is kept is not `old` any more; returns whether it was. Neither the
    /// password's version nor the profile's grows.
    fn rehash_password(
        &self,
        user: UserId,
        old: &str,
        new: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What a user may do; `None` for an unknown one.
    fn role(&self, user: UserId) -> impl Future<Output = Result<Option<Role>, StoreError>> + Send;

    /// The profiles of `users` in one round trip, in any order; unknown users are left out.
    fn profiles(&self, users: &[UserId]) -> impl Future<Output = Result<Vec<Profile>, StoreError>> + Send;

    /// Changes the nickname. Returns the profile after it, its version grown by one, also when the nickname was the same; `None` for
    /// an unknown user. A store whose database lost an acknowledgement may do it twice: then the version grew by two.
    fn set_nickname(
        &self,
        user: UserId,
        nickname: &Nickname,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Profile>, StoreError>> + Send;

    /// Keeps `picture` and makes it the user's; the one before is deleted, all in one transaction. Returns as [`Self::set_nickname`].
    fn set_picture(
        &self,
        user: UserId,
        picture: &Picture,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Profile>, StoreError>> + Send;

    /// A kept picture.
    fn picture(&self, name: &PictureName) -> impl Future<Output = Result<Option<Picture>, StoreError>> + Send;

    /// Keeps a reconciliation, and returns the number it got. A store whose database lost an acknowledgement may keep it twice.
    fn add_reconciliation(&self, made: &Reconciliation) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The same of many: all or none, numbered in their order.
    fn add_reconciliations(
        &self,
        made: Vec<Reconciliation>,
    ) -> impl Future<Output = Result<Vec<u64>, StoreError>> + Send;

    /// An account's newest reconciliation in which both balances were the same.
    fn last_matched(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Result<Option<Reconciliation>, StoreError>> + Send;

    /// An account's reconciliations before number `before`, newest first, at most `limit`.
    fn reconciliations(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Reconciliation>, StoreError>> + Send;

    /// Writes events down, all or none, in their order, at one instant. A store whose database lost an acknowledgement may do it twice.
    fn record(&self, events: Vec<AuditEvent>, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What was written down, newest first.
    fn audit(&self, range: AuditRange) -> impl Future<Output = Result<Vec<AuditRecord>, StoreError>> + Send;

    /// Deletes those of the `most` oldest records that were written before `before`; returns how many it deleted.
    fn forget_audit(&self, before: Timestamp, most: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Takes no more work, and waits until what was begun is done, also where nobody waits for it any more; as long as that may
    /// take. For the end of a process, whose runtime would cut it short.
    fn finish(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The volatile store: an allow-list of sessions, what slows down failing sign-ins, and a profile cache that is never stale after a change.
///
/// A profile is changed in this order: [`guard_profile`](Self::guard_profile), the change in the [`Store`], then
/// [`forget_profile`](Self::forget_profile) with the new version, tried again until it holds. Readers look in the cache, then in
/// the store, then offer what they found. However these interleave, and also if the changer dies in between:
/// - while guarded nothing can be cached, so that a crash between change and `forget_profile` leaves no old value behind;
/// - after `forget_profile` a reader that was slow, however slow, cannot put an older version back: a tombstone with the version
///   outlives the value it replaced.
///
/// A change that is given up without an outcome may still happen: it is guarded once more, for as long as a value may be cached.
pub trait Volatile: Clone + Send + Sync + 'static {
    /// Answers when the store answers.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Remembers a session for `ttl`. Beyond [`SESSIONS_OF_USER_MAX`] the user's session that was not seen for longest ends.
    fn put_session(
        &self,
        key: SessionKey,
        session: &Session,
        ttl: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The sessions of `keys`, in their order and in one round trip. Each one found lives for another `ttl`.
    fn sessions(
        &self,
        keys: &[SessionKey],
        ttl: Duration,
    ) -> impl Future<Output = Result<Vec<Option<Session>>, StoreError>> + Send;

    /// Writes down what has changed of a session (when it was seen, which password it is of), which then lives for another `ttl`. One that has
    /// ended does not come back. A session that is in use and never touched may be missing among [`Self::sessions_of`] after some minutes.
    fn touch_session(
        &self,
        key: SessionKey,
        session: &Session,
        ttl: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A user's sessions, in any order; they live no longer by it.
    fn sessions_of(&self, user: UserId) -> impl Future<Output = Result<Vec<(SessionKey, Session)>, StoreError>> + Send;

    /// Ends sessions, all of which are the user's. Ending one that is not there is no error.
    fn drop_sessions(&self, user: UserId, keys: &[SessionKey]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends all sessions of a user that are there now but one; returns how many. One that is put at the same time may stay.
    fn drop_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionKey>,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send {
        async move {
            let keys = self.sessions_of(user).await?.into_iter().map(|(key, _)| key);
            let others: Vec<_> = keys.filter(|key| Some(*key) != except).collect();
            self.drop_sessions(user, &others).await?;
            Ok(others.len())
        }
    }

    /// Whether a try to sign in may go on, as far as `counters` say: `None`, or how long it must wait for the longest of their waits. A try
    /// that may go on although failures are no longer free at a counter holds up the next there, as long as if it had failed.
    fn admit(&self, counters: &[Counter]) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;

    /// Counts a failure under each of `counters`, and lets their next tries wait as [`Counter::wait`] says. Failures are forgotten once
    /// there was none for `window`. A store whose server lost an acknowledgement may count twice.
    fn count_failure(
        &self,
        counters: &[Counter],
        window: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Knows a device for `ttl` from now on, and forgets the failures that were counted under its key.
    fn welcome_device(&self, device: AttemptKey, ttl: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether it knows a device.
    fn knows_device(&self, device: AttemptKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The cached profiles of `users`, in their order and in one round trip.
    fn cached_profiles(
        &self,
        users: &[UserId],
    ) -> impl Future<Output = Result<Vec<Option<Profile>>, StoreError>> + Send;

    /// Offers profiles just read from the [`Store`], for `ttl`. Each is kept only if its user is not guarded and neither a newer version
    /// nor a tombstone of a newer version is held.
    fn cache_profiles(
        &self,
        profiles: &[Profile],
        ttl: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Drops the cached profile and refuses any for `guard`, which must be longer than a change may take.
    fn guard_profile(&self, user: UserId, guard: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Drops the cached profile if it is older than `version`, and refuses older ones for `ttl`. A guard stays until it runs out.
    fn forget_profile(
        &self,
        user: UserId,
        version: u64,
        ttl: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
