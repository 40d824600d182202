//! A unit of work: done to its end in a task of its own, tried again where that is right, within a time-out.

use std::future::Future;
use std::time::Duration;

use mysql_async::{Conn, Pool, Result, Transaction, TxOpts};
use rand::RngExt;

use super::connection::Lease;
use super::error::{Again, again};

/// Tries of one unit of work.
const TRIES: u32 = 3;
/// The pause before the second try is random, at most this long; each further one may be twice as long.
const PAUSE: Duration = Duration::from_millis(20);

/// Which try this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// Nothing of the unit of work is in effect.
    Clean,
    /// An earlier try lost its connection: the unit may be in effect already, wholly.
    AfterUnknown,
}

/// Work on one connection.
///
/// It must be right to run it again: after a roll-back, and also ([`Attempt::AfterUnknown`]) when it may have been done. The database
/// itself settles that: the locks that the lost connection still holds make the new try wait for their end.
pub(super) trait Unit: Send + Sync + 'static {
    type Value: Send + 'static;

    fn run(&self, db: &mut Conn, attempt: Attempt) -> impl Future<Output = Result<Self::Value>> + Send;
}

/// Statements that are in effect together or not at all.
pub(super) trait Change: Send + Sync + 'static {
    type Value: Send + 'static;

    fn apply(&self, db: &mut Transaction<'_>) -> impl Future<Output = Result<Self::Value>> + Send;
}

/// A [`Change`] as a unit of work: one transaction.
pub(super) struct Atomic<C>(pub(super) C);

impl<C: Change> Unit for Atomic<C> {
    type Value = C::Value;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<C::Value> {
        let mut transaction = db.start_transaction(TxOpts::default()).await?;
        match self.0.apply(&mut transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // Some errors end the transaction, some only their statement. Said explicitly, it is over in any case.
                transaction.rollback().await?;
                Err(error)
            }
        }
    }
}

/// Runs the unit until it succeeded, failed for good, or was tried often enough.
pub(super) async fn run<U: Unit>(pool: &Pool, unit: &U) -> Result<U::Value> {
    let mut attempt = Attempt::Clean;
    let mut tries = 1;
    loop {
        let error = match once(pool, unit, attempt).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match again(&error) {
            _ if tries == TRIES => return Err(error),
            Again::Never => return Err(error),
            Again::RolledBack => {}
            Again::Unknown => attempt = Attempt::AfterUnknown,
        }
        let longest = PAUSE * 2_u32.pow(tries - 1);
        let pause = rand::rng().random_range(Duration::ZERO..longest);
        tokio::time::sleep(pause).await;
        tries += 1;
    }
}

async fn once<U: Unit>(pool: &Pool, unit: &U, attempt: Attempt) -> Result<U::Value> {
    let mut lease = Lease::take(pool).await?;
    let outcome = unit.run(lease.connection(), attempt).await;
    let usable = match &outcome {
        Ok(_) => true,
        Err(error) => !error.is_fatal() && again(error) != Again::Unknown,
    };
    if usable {
        lease.give_back();
    }
    outcome
}
