//! One try of a batch: lock, read, decide, write, commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mysql_async::{Conn, Error, Pool, Transaction, TxOpts};

use super::connection::Lease;
use super::effects::{write, write_barrier};
use super::error::{Again, again, is_taken};
use super::found::{Locking, lock, look_up};
use crate::domain::effects::{Effects, Found};
use crate::store::StoreError;
use crate::store::ledger::{Batch, Decision, NoAnswer};

/// As often as a batch may ask for more.
const QUESTIONS: usize = 4;

/// Whether a commit was sent whose outcome nobody heard. Shared with whoever cuts the work short.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubt(Arc<AtomicBool>);

impl Doubt {
    /// What an error means for the batch.
    pub(super) fn no_answer(&self, error: StoreError) -> NoAnswer {
        if self.exists() { NoAnswer::Unknown(error) } else { NoAnswer::Undone(error) }
    }

    pub(super) fn exists(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(super) fn set(&self, exists: bool) {
        self.0.store(exists, Ordering::SeqCst);
    }
}

/// Why a try came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// A row is there already, or a pending transfer has ended. Nothing is in effect.
    Collision,
    /// The database undid it by itself.
    RolledBack,
    /// The connection is no more. What is in effect is the [`Doubt`]'s to say.
    Lost(Error),
    /// It would fail again.
    Final(StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match again(&error) {
            _ if is_taken(&error) => Self::Collision,
            Again::RolledBack => Self::RolledBack,
            Again::Unknown => Self::Lost(error),
            Again::Never => Self::Final(error.into()),
        }
    }
}

/// A server that lets nobody in says nothing against the batch, which must not be divided over it.
fn no_connection(error: Error) -> Failure {
    match Failure::from(error) {
        Failure::Final(StoreError::Refused(error)) => Failure::Final(StoreError::Unavailable(error)),
        failure => failure,
    }
}

/// Tries `batch` once on a connection of the pool. `look_first`: what it would insert may be there already.
pub(super) async fn attempt<B: Batch>(
    pool: &Pool,
    batch: &B,
    locking: Locking,
    look_first: bool,
    doubt: &Doubt,
) -> Result<B::Answer, Failure> {
    let mut lease = Lease::take(pool).await.map_err(no_connection)?;
    let outcome = transaction(lease.connection(), batch, locking, look_first, doubt).await;
    if matches!(outcome, Ok(_) | Err(Failure::Collision | Failure::RolledBack)) {
        lease.give_back();
    }
    outcome
}

async fn transaction<B: Batch>(
    db: &mut Conn,
    batch: &B,
    locking: Locking,
    look_first: bool,
    doubt: &Doubt,
) -> Result<B::Answer, Failure> {
    let mut transaction = db.start_transaction(TxOpts::default()).await?;
    match prepare(&mut transaction, batch, locking, look_first).await {
        Ok((answer, true)) => commit(transaction, doubt).await.map(|()| answer),
        Ok((answer, false)) => {
            transaction.rollback().await?;
            Ok(answer)
        }
        Err(failure) => {
            // Some errors end the transaction, some only their statement. Said explicitly, it is over in any case.
            transaction.rollback().await?;
            Err(failure)
        }
    }
}

/// All up to the commit: the answer, and whether anything was written.
async fn prepare<B: Batch>(
    db: &mut Transaction<'_>,
    batch: &B,
    locking: Locking,
    look_first: bool,
) -> Result<(B::Answer, bool), Failure> {
    let mut found = Found::default();
    let wants = batch.wants();
    lock(db, &wants.accounts, locking, &mut found).await?;
    look_up(db, &wants, &mut found).await?;
    if look_first {
        look_up(db, &batch.wants_after_collision(), &mut found).await?;
    }
    let (effects, answer) = decide(db, batch, &mut found).await?;
    if effects != Effects::default() {
        return if write(db, effects).await? { Ok((answer, true)) } else { Err(Failure::Collision) };
    }
    // An answer that repeats another one is given when that is on disk.
    let repeats = found.transfers.values().any(Option::is_some);
    if repeats {
        write_barrier(db).await?;
    }
    Ok((answer, repeats))
}

async fn decide<B: Batch>(
    db: &mut Transaction<'_>,
    batch: &B,
    found: &mut Found,
) -> Result<(Effects, B::Answer), Failure> {
    for _ in 0..=QUESTIONS {
        match batch.decide(found) {
            Decision::Write(effects, answer) => return Ok((effects, answer)),
            Decision::Read(more) => look_up(db, &more, found).await?,
        }
    }
    Err(Failure::Final(StoreError::Refused("the batch asks for more without end".into())))
}

/// From the moment that the commit may have been sent, whatever is no answer leaves a doubt.
async fn commit(transaction: Transaction<'_>, doubt: &Doubt) -> Result<(), Failure> {
    let doubted_before = doubt.exists();
    doubt.set(true);
    let Err(error) = transaction.commit().await else { return Ok(()) };
    match again(&error) {
        Again::RolledBack => {
            doubt.set(doubted_before);
            Err(Failure::RolledBack)
        }
        Again::Unknown | Again::Never => Err(Failure::Lost(error)),
    }
}

#[cfg(test)]
mod tests {
    use mysql_async::{Error, ServerError};

    use super::{Failure, no_connection};
    use crate::store::StoreError;

    #[test]
    fn who_is_not_let_in_is_told_that_the_store_is_away() {
        for code in [1044, 1045, 1049] {
            let error = || Error::Server(ServerError { code, message: String::new(), state: String::new() });
            assert!(matches!(no_connection(error()), Failure::Final(StoreError::Unavailable(_))), "{code}");
            assert!(matches!(Failure::from(error()), Failure::Final(StoreError::Refused(_))), "{code}: of a statement");
        }
    }
}
