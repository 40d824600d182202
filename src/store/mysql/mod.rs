//! The durable store on MySQL or MariaDB, and what else speaks as they do.
//!
//! - `connection`: the pool, and a connection that is closed unless all went well.
//! - `unit`: a unit of work, in a task of its own, tried again where that is right.
//! - `transact`, `attempt`: a batch of the ledger, and one try of it; `found`, `effects`: what that reads and writes.
//! - [`settings`]: what a server must be set to.
//! - `migrate`: migrations, statement by statement.
//! - `user`, `password`, `grant`, `picture`, `audit`, `account`, `entry`, `payment`, `refund`, `webhook`: what the units do, one file per noun; `ledger` puts those of the ledger together.
//! - `snapshot`: everything at one moment.
//! - `money`: amounts and assets in columns.
//! - `error`: errors by number.

mod account;
mod attempt;
mod audit;
mod connection;
mod conversion;
mod effects;
mod entry;
mod error;
mod found;
mod grant;
mod ledger;
mod matching;
mod migrate;
mod money;
mod password;
mod payment;
mod picture;
mod reconciliation;
mod refund;
pub mod settings;
mod snapshot;
mod transact;
mod unit;
mod user;
mod webhook;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::{Conn, Pool};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::found::Locking;
use self::settings::{UnsafeSetting, UnsafeSettings};
use self::unit::{Atomic, Attempt, Unit};
use super::migrations::{self, Migration};
use super::payment::{PaymentCursor, PaymentStore};
use super::queries::mysql as queries;
use super::refund::{RefundCursor, RefundStore, Reserved};
use super::{AuditRange, Credentials, Inserted, NewUser, PasswordChange, Store, StoreError};
use crate::domain::account::AccountId;
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::command::extra_time;
use crate::domain::payment::{OrderId, Payment, PaymentToken};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::reconcile::Reconciliation;
use crate::domain::refund::{Refund, RefundWish};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::{Nickname, Profile, Role, UserId};

/// Units of work that wait for a connection. The next one is refused: better a quick answer than a queue that outlives its callers.
const QUEUE_MAX: u32 = 1024;
/// How long all migrations together may take, the wait for another process's included.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);

/// A MySQL or MariaDB database. A cheap handle on a pool of connections; of one tokio runtime only.
#[derive(Clone)]
pub struct Mysql {
    pool: Pool,
    statement_timeout: Duration,
    room: Arc<Semaphore>,
    room_size: u32,
    locking: Locking,
}

impl Mysql {
    /// A store on `mysql://user:password@host:port/database`. Connects when it is first used.
    ///
    /// `statement_timeout` bounds a unit of work as a whole: the wait for a connection, its statements, and its tries.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if the URL cannot be read.
    pub fn open(url: &str, max_connections: usize, statement_timeout: Duration) -> Result<Self, StoreError> {
        let pool = connection::pool(url, max_connections)?;
        let room_size = u32::try_from(max_connections).unwrap_or(u32::MAX).saturating_add(QUEUE_MAX);
        let room = Arc::new(Semaphore::new(room_size as usize));
        Ok(Self { pool, statement_timeout, room, room_size, locking: Locking::Rows })
    }

    /// The same, with a ledger that locks no row: for the tests that show what guards balances besides.
    #[doc(hidden)]
    pub fn without_row_locks(self) -> Self {
        Self { locking: Locking::None, ..self }
    }

    /// Looks at the settings of the server and of a connection, and returns the unsafe ones.
    ///
    /// # Errors
    ///
    /// If `strict`, unsafe settings are [`StoreError::Refused`], with the fixes in the cause.
    pub async fn check_settings(&self, strict: bool) -> Result<Vec<UnsafeSetting>, StoreError> {
        let found = self.unit(settings::Check).await?;
        if strict && !found.is_empty() {
            return Err(StoreError::Refused(UnsafeSettings(found).into()));
        }
        Ok(found)
    }

    /// As [`Store::migrate`], with other migrations than the program's own.
    #[doc(hidden)]
    pub async fn migrate_to(&self, known: &'static [Migration]) -> Result<usize, StoreError> {
        // A server that does not answer is noticed after the time-out of a statement, not of a migration.
        self.ping().await?;
        let pool = self.pool.clone();
        self.in_task(MIGRATION_TIMEOUT, async move { migrate::apply(&pool, known).await }).await
    }

    async fn unit<U: Unit>(&self, unit: U) -> Result<U::Value, StoreError> {
        self.unit_within(self.statement_timeout, unit).await
    }

    /// The same of a unit that is known to take longer.
    async fn unit_within<U: Unit>(&self, timeout: Duration, unit: U) -> Result<U::Value, StoreError> {
        let pool = self.pool.clone();
        self.in_task(timeout, async move { Ok(unit::run(&pool, &unit).await?) }).await
    }

    /// Runs `work` in a task of its own: a caller who goes away leaves it running to its end or its time-out.
    async fn in_task<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|_| StoreError::Unavailable("too many units of work are waiting".into()))?;
        let task = tokio::spawn(async move {
            let outcome = tokio::time::timeout(timeout, work).await;
            drop(room);
            outcome
        });
        match task.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(StoreError::Unavailable("the database did not answer in time".into())),
            Err(panicked) => Err(StoreError::Refused(panicked.into())),
        }
    }
}

/// Without the pool, whose options hold the password.
impl fmt::Debug for Mysql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mysql").field("statement_timeout", &self.statement_timeout).finish_non_exhaustive()
    }
}

struct Ping;

impl Unit for Ping {
    type Value = ();

    async fn run(&self, db: &mut Conn, _: Attempt) -> mysql_async::Result<()> {
        queries::ping(db).await.map(drop)
    }
}

impl Store for Mysql {
    async fn migrate(&self) -> Result<usize, StoreError> {
        self.migrate_to(migrations::MYSQL).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.unit(Ping).await
    }

    async fn insert_user(&self, user: NewUser) -> Result<Inserted, StoreError> {
        self.unit(user::Insert(user)).await
    }

    async fn insert_users(&self, users: Vec<NewUser>) -> Result<usize, StoreError> {
        self.unit(Atomic(user::InsertAll(users))).await
    }

    async fn has_no_users(&self) -> Result<bool, StoreError> {
        self.unit(user::IsEmpty).await
    }

    async fn credentials_of(&self, user_names: &[String]) -> Result<Vec<Credentials>, StoreError> {
        self.unit(user::CredentialsOf(user_names.to_vec())).await
    }

    async fn password_versions(&self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
        self.unit(password::Versions(users.iter().map(|user| user.0).collect())).await
    }

    async fn change_password(&self, change: PasswordChange) -> Result<bool, StoreError> {
        self.unit(Atomic(change)).await
    }

    async fn rehash_password(&self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        self.unit(password::Rehash { user, old: old.to_owned(), new: new.to_owned() }).await
    }

    async fn role(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        self.unit(user::RoleOf(user)).await
    }

    async fn profiles(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        self.unit(user::Profiles(users.iter().map(|user| user.0).collect())).await
    }

    async fn set_nickname(
        &self,
        user: UserId,
        nickname: &Nickname,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        self.unit(Atomic(user::SetNickname { user, nickname: nickname.clone(), now })).await
    }

    async fn set_picture(
        &self,
        user: UserId,
        picture: &Picture,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        self.unit(Atomic(picture::Set { user, picture: picture.clone(), now })).await
    }

    async fn picture(&self, name: &PictureName) -> Result<Option<Picture>, StoreError> {
        self.unit(picture::Get(name.clone())).await
    }

    async fn add_reconciliation(&self, made: &Reconciliation) -> Result<u64, StoreError> {
        self.unit(reconciliation::Insert(made.clone())).await
    }

    async fn add_reconciliations(&self, made: Vec<Reconciliation>) -> Result<Vec<u64>, StoreError> {
        let timeout = self.statement_timeout.saturating_add(extra_time(reconciliation::INSERT_TIME, made.len()));
        self.unit_within(timeout, Atomic(reconciliation::InsertAll(made))).await
    }

    async fn last_matched(&self, account: AccountId) -> Result<Option<Reconciliation>, StoreError> {
        self.unit(reconciliation::LastMatched(account)).await
    }

    async fn reconciliations(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Reconciliation>, StoreError> {
        self.unit(reconciliation::Page { account, before, limit }).await
    }

    async fn record(&self, events: Vec<AuditEvent>, at: Timestamp) -> Result<(), StoreError> {
        self.unit(Atomic(audit::Record { events, at })).await
    }

    async fn audit(&self, range: AuditRange) -> Result<Vec<AuditRecord>, StoreError> {
        self.unit(audit::Page(range)).await
    }

    async fn forget_audit(&self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.unit(audit::Forget { before, most }).await
    }

    async fn finish(&self) {
        // Whoever waits for all of the room lets nobody else in, and waits no longer than those inside may take.
        if let Ok(room) = self.room.acquire_many(self.room_size).await {
            room.forget();
        }
    }
}

impl PaymentStore for Mysql {
    async fn payment(&self, token: &PaymentToken) -> Result<Option<Payment>, StoreError> {
        self.unit(payment::Get(token.clone())).await
    }

    async fn payment_of_order(&self, order: &OrderId) -> Result<Option<Payment>, StoreError> {
        self.unit(payment::OfOrder(order.clone())).await
    }

    async fn payments(
        &self,
        user: Option<UserId>,
        after: Option<PaymentCursor>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.unit(payment::Page { user, after, limit }).await
    }

    async fn fail_payment(&self, payment: &Payment) -> Result<(), StoreError> {
        self.unit(Atomic(payment::Fail(payment.clone()))).await
    }

    async fn stale_payments(&self, until: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.unit(payment::Stale { until, limit }).await
    }

    async fn claim_payment(&self, seen: &Payment, now: Timestamp) -> Result<bool, StoreError> {
        self.unit(payment::Claim { seen: seen.clone(), now }).await
    }
}

impl RefundStore for Mysql {
    async fn reserve_refund(&self, wish: &RefundWish, now: Timestamp, until: Instant) -> Result<Reserved, StoreError> {
        self.unit(Atomic(refund::Reserve { wish: wish.clone(), now, until })).await
    }

    async fn fail_refund(&self, refund: &Refund, error: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.unit(Atomic(refund::Fail { refund: refund.clone(), error: error.to_owned(), now })).await
    }

    async fn refund(&self, id: TransferId) -> Result<Option<Refund>, StoreError> {
        self.unit(refund::Get(id)).await
    }

    async fn refunds(
        &self,
        token: &PaymentToken,
        after: Option<RefundCursor>,
        limit: usize,
    ) -> Result<Vec<Refund>, StoreError> {
        self.unit(refund::Page { token: token.clone(), after, limit }).await
    }

    async fn stale_refunds(&self, until: Timestamp, limit: usize) -> Result<Vec<Refund>, StoreError> {
        self.unit(refund::Stale { until, limit }).await
    }

    async fn claim_refund(&self, seen: &Refund, now: Timestamp) -> Result<bool, StoreError> {
        self.unit(refund::Claim { seen: seen.clone(), now }).await
    }
}
