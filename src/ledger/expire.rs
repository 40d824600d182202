//! Pending transfers whose time is over.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Ledger, LedgerError};
use crate::domain::command::{Action, Authority, Command, Done, Refusal, Settle, Settlement};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Stored, TransferId};
use crate::domain::user::UserId;
use crate::store::ledger::LedgerStore;

/// How long releasing one may wait for its turn. It is found again the next time.
const TURN: Duration = Duration::from_secs(10);

pub(super) async fn expire<S: LedgerStore>(
    ledger: &Ledger<S>,
    now: Timestamp,
    limit: usize,
) -> Result<usize, LedgerError> {
    let over = ledger.store().expired_holds(now, limit).await?;
    // Each on its own, so that one that cannot be released keeps no other from it. They share transactions all the same.
    let mut ends = JoinSet::new();
    for stored in ledger.store().transfers(&over).await? {
        let ledger = ledger.clone();
        ends.spawn(async move { end(&ledger, stored).await });
    }
    let (mut released, mut failed) = (0_usize, None);
    while let Some(end) = ends.join_next().await {
        match end.expect("ends are neither aborted, nor do they panic") {
            Ok(by_us) => released = released.saturating_add(usize::from(by_us)),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(released), Err)
}

/// Ends one, unless somebody else did, and says whether it was ended here.
async fn end<S: LedgerStore>(ledger: &Ledger<S>, stored: Stored) -> Result<bool, LedgerError> {
    let pending = stored.receipt.transfer;
    let begun = Instant::now();
    let deadline = begun.checked_add(TURN).unwrap_or(begun);
    // The same id for every backend, so that the second one is told it was done.
    let mut outcome = ledger.one(command(pending.id.of_expiry(), pending.id, pending.actor), deadline).await?;
    if let Err(Refusal::IdReused { .. }) = outcome {
        // Anybody can work that id out and use it first. That must not keep the money held.
        let fresh = TransferId(*uuid::Uuid::new_v4().as_bytes());
        outcome = ledger.one(command(fresh, pending.id, pending.actor), deadline).await?;
    }
    match outcome {
        Ok(Done { replayed, .. }) => Ok(!replayed),
        Err(Refusal::AlreadySettled(_)) => Ok(false),
        Err(refusal) => {
            tracing::error!(pending = %pending.id, %refusal, "a pending transfer whose time is over was not released");
            Ok(false)
        }
    }
}

fn command(id: TransferId, pending: TransferId, actor: UserId) -> Command {
    let action = Action::Settle(Settle { pending, how: Settlement::Expire });
    Command { id, actor, authority: Authority::Operator, linked: false, action }
}
