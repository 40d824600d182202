//! The durable store on SQLite: one writer thread, readers beside it, every acknowledged change on disk.
//!
//! - `connection`: a connection, set up and checked.
//! - `unit`: a unit of work and its answer.
//! - `thread`: the threads that own the connections; writes that gather share a commit.
//! - `checkpoint`: what commits append to the log comes into the file, beside them.
//! - `migrate`: migrations.
//! - `money`: amounts and assets in columns.
//! - `user`, `password`, `grant`, `picture`, `audit`, `account`, `transfer`, `entry`, `payment`, `refund`, `webhook`: what the units do, one file per noun.
//! - `ledger`: the ledger's part of the store; `batch`: its batches; `snapshot`: all of it as it was at one moment.
//! - `error`: which errors pass by themselves.

mod account;
mod audit;
mod batch;
mod checkpoint;
mod connection;
mod conversion;
mod entry;
mod error;
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
mod snapshot;
#[cfg(test)]
mod tests;
mod thread;
mod transfer;
mod unit;
mod user;
mod webhook;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use self::connection::Database;
use self::unit::{Undone, Unit};
use super::ledger::NoAnswer;
use super::migrations::{self, Migration};
use super::payment::{PaymentCursor, PaymentStore};
use super::queries::sqlite as queries;
use super::refund::{RefundCursor, RefundStore, Reserved};
use super::{AuditRange, Credentials, Inserted, NewUser, PasswordChange, Store, StoreError};
use crate::domain::account::AccountId;
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::payment::{OrderId, Payment, PaymentToken};
use crate::domain::picture::{Picture, PictureName};
use crate::domain::reconcile::Reconciliation;
use crate::domain::refund::{Refund, RefundWish};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::{Nickname, Profile, Role, UserId};

/// How long a migration may take, and another process's migration be waited for.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);

/// How long whoever ends waits for what was begun: more than the largest batch may have. Usually it is there at once.
const LONGEST: Duration = Duration::from_secs(1800);

/// How long after its deadline a unit of work may be answered: its thread interrupts it then, or finds that it is too late to begin it, and knows
/// that nothing is in effect.
const VERDICT: Duration = Duration::from_millis(100);

/// A SQLite database: in a file for one or a few processes on one machine, or in memory for tests and trials.
///
/// A cheap handle. The threads behind it end with the last one.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SyncSender<Unit>,
    readers: SyncSender<Unit>,
    statement_timeout: Duration,
    /// Where the file is, if there is one.
    path: Option<Arc<Path>>,
}

impl Sqlite {
    /// Opens the file, or makes it for its owner alone, with `readers` threads (at least one) beside the writer, and one for checkpoints. Blocks for a moment.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if SQLite is too old or the file's place cannot hold a write-ahead log.
    pub fn open(path: &Path, readers: usize, statement_timeout: Duration) -> Result<Self, StoreError> {
        let mut writer = Database::open(path)?;
        checkpoint::beside(&mut writer, Database::open(path)?)?;
        let writer = thread::writer(writer)?;
        let connections = (0..readers.max(1)).map(|_| Database::open(path)).collect::<Result<_, _>>()?;
        Ok(Self { writer, readers: thread::readers(connections)?, statement_timeout, path: Some(path.into()) })
    }

    /// A database in memory, empty, gone with its last handle. One connection does all of its work: several on one memory database
    /// would only wait for each other.
    pub fn memory(statement_timeout: Duration) -> Result<Self, StoreError> {
        let writer = thread::writer(Database::memory()?)?;
        Ok(Self { readers: writer.clone(), writer, statement_timeout, path: None })
    }

    /// As [`Store::migrate`], with other migrations than the program's own.
    #[doc(hidden)]
    pub async fn migrate_to(&self, known: &'static [Migration]) -> Result<usize, StoreError> {
        let work = |db: &Connection| migrate::apply(db, known);
        let applied = call(&self.writer, MIGRATION_TIMEOUT, work).await?;
        applied.map_err(|refusal| StoreError::Refused(refusal.into()))
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(call(&self.readers, self.statement_timeout, work).await?)
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Ok(call(&self.writer, self.statement_timeout, work).await?)
    }
}

/// Has `work` done by a thread within `timeout`, and waits a little longer to hear what became of it. After that it may still be done.
async fn call<T, E, F>(queue: &SyncSender<Unit>, timeout: Duration, work: F) -> Result<T, NoAnswer>
where
    T: Send + 'static,
    E: Into<Undone> + 'static,
    F: Fn(&Connection) -> Result<T, E> + Send + 'static,
{
    let deadline = Instant::now() + timeout;
    let (unit, answer) = Unit::new(deadline, work);
    queue.try_send(unit).map_err(|error| {
        let why = match error {
            TrySendError::Full(_) => "too many units of work are waiting",
            TrySendError::Disconnected(_) => "the database thread has ended",
        };
        NoAnswer::Undone(StoreError::Unavailable(why.into()))
    })?;
    let unknown = |why: &str| NoAnswer::Unknown(StoreError::Unavailable(why.into()));
    match tokio::time::timeout_at((deadline + VERDICT).into(), answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(unknown("the database thread has ended")),
        Err(_) => Err(unknown("the database did not answer in time")),
    }
}

impl Store for Sqlite {
    async fn migrate(&self) -> Result<usize, StoreError> {
        self.migrate_to(migrations::SQLITE).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(queries::ping).await.map(drop)
    }

    async fn insert_user(&self, user: NewUser) -> Result<Inserted, StoreError> {
        self.write(move |db| user::insert(db, &user)).await
    }

    async fn insert_users(&self, users: Vec<NewUser>) -> Result<usize, StoreError> {
        self.write(move |db| user::insert_all(db, &users)).await
    }

    async fn has_no_users(&self) -> Result<bool, StoreError> {
        self.read(|db| Ok(queries::any_user(db)?.is_none())).await
    }

    async fn credentials_of(&self, user_names: &[String]) -> Result<Vec<Credentials>, StoreError> {
        let user_names = user_names.to_vec();
        self.read(move |db| user::credentials(db, &user_names)).await
    }

    async fn password_versions(&self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
        let users = users.to_vec();
        self.read(move |db| password::versions(db, &users)).await
    }

    async fn change_password(&self, change: PasswordChange) -> Result<bool, StoreError> {
        self.write(move |db| password::change(db, &change)).await
    }

    async fn rehash_password(&self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        let (old, new) = (old.to_owned(), new.to_owned());
        self.write(move |db| password::rehash(db, user, &old, &new)).await
    }

    async fn role(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        self.read(move |db| user::role(db, user)).await
    }

    async fn profiles(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        let users = users.to_vec();
        self.read(move |db| user::profiles(db, &users)).await
    }

    async fn set_nickname(
        &self,
        user: UserId,
        nickname: &Nickname,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        let nickname = nickname.clone();
        self.write(move |db| user::set_nickname(db, user, &nickname, now)).await
    }

    async fn set_picture(
        &self,
        user: UserId,
        picture: &Picture,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        let picture = picture.clone();
        self.write(move |db| picture::set(db, user, &picture, now)).await
    }

    async fn picture(&self, name: &PictureName) -> Result<Option<Picture>, StoreError> {
        let name = name.clone();
        self.read(move |db| picture::get(db, &name)).await
    }

    async fn add_reconciliation(&self, made: &Reconciliation) -> Result<u64, StoreError> {
        let made = made.clone();
        self.write(move |db| reconciliation::insert(db, &made)).await
    }

    async fn add_reconciliations(&self, made: Vec<Reconciliation>) -> Result<Vec<u64>, StoreError> {
        self.write(move |db| made.iter().map(|made| reconciliation::insert(db, made)).collect()).await
    }

    async fn last_matched(&self, account: AccountId) -> Result<Option<Reconciliation>, StoreError> {
        self.read(move |db| reconciliation::last_matched(db, account)).await
    }

    async fn reconciliations(
        &self,
        account: AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Reconciliation>, StoreError> {
        self.read(move |db| reconciliation::page(db, account, before, limit)).await
    }

    async fn record(&self, events: Vec<AuditEvent>, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |db| audit::insert(db, &events, at)).await
    }

    async fn audit(&self, range: AuditRange) -> Result<Vec<AuditRecord>, StoreError> {
        self.read(move |db| audit::page(db, range)).await
    }

    async fn forget_audit(&self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.write(move |db| audit::forget(db, before, most)).await
    }

    async fn finish(&self) {
        // The writer takes its queue in order: once this is done, so is all before it.
        if let Err(error) = call(&self.writer, LONGEST, |_: &Connection| Ok::<_, rusqlite::Error>(())).await {
            tracing::warn!(%error, "what was begun may not be finished");
        }
    }
}

impl PaymentStore for Sqlite {
    async fn payment(&self, token: &PaymentToken) -> Result<Option<Payment>, StoreError> {
        let token = token.clone();
        self.read(move |db| payment::get(db, &token)).await
    }

    async fn payment_of_order(&self, order: &OrderId) -> Result<Option<Payment>, StoreError> {
        let order = order.clone();
        self.read(move |db| payment::of_order(db, &order)).await
    }

    async fn payments(
        &self,
        user: Option<UserId>,
        after: Option<PaymentCursor>,
        limit: usize,
    ) -> Result<Vec<Payment>, StoreError> {
        self.read(move |db| payment::page(db, user, &after, limit)).await
    }

    async fn fail_payment(&self, payment: &Payment) -> Result<(), StoreError> {
        let payment = payment.clone();
        self.write(move |db| payment::fail(db, &payment)).await
    }

    async fn stale_payments(&self, until: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.read(move |db| payment::stale(db, until, limit)).await
    }

    async fn claim_payment(&self, seen: &Payment, now: Timestamp) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write(move |db| payment::claim(db, &seen, now)).await
    }
}

impl RefundStore for Sqlite {
    async fn reserve_refund(
        &self,
        wish: &RefundWish,
        now: Timestamp,
        until: tokio::time::Instant,
    ) -> Result<Reserved, StoreError> {
        let wish = wish.clone();
        self.write(move |db| refund::reserve(db, &wish, now, until)).await
    }

    async fn fail_refund(&self, refund: &Refund, error: &str, now: Timestamp) -> Result<bool, StoreError> {
        let (refund, error) = (refund.clone(), error.to_owned());
        self.write(move |db| refund::fail(db, &refund, &error, now)).await
    }

    async fn refund(&self, id: TransferId) -> Result<Option<Refund>, StoreError> {
        self.read(move |db| refund::get(db, id)).await
    }

    async fn refunds(
        &self,
        token: &PaymentToken,
        after: Option<RefundCursor>,
        limit: usize,
    ) -> Result<Vec<Refund>, StoreError> {
        let token = token.clone();
        self.read(move |db| refund::page(db, &token, after, limit)).await
    }

    async fn stale_refunds(&self, until: Timestamp, limit: usize) -> Result<Vec<Refund>, StoreError> {
        self.read(move |db| refund::stale(db, until, limit)).await
    }

    async fn claim_refund(&self, seen: &Refund, now: Timestamp) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.write(move |db| refund::claim(db, &seen, now)).await
    }
}
