//! Pending transfers whose time is over.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::plan::Pending;
use super::{Ledger, LedgerError};
use crate::domain::command::{Action, Authority, Command, Done, Outcome, Refusal, Settle, Settlement};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Stored, Transfer, TransferId};
use crate::store::StoreError;
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
    for stored in readable(ledger.store(), &over).await? {
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

/// Those of `ids` that can be read: one that cannot would keep all others from their end, time and again.
async fn readable<S: LedgerStore>(store: &S, ids: &[TransferId]) -> Result<Vec<Stored>, StoreError> {
    match store.transfers(ids).await {
        Err(StoreError::Refused(_)) => {}
        answer => return answer,
    }
    let mut found = Vec::new();
    for id in ids {
        match store.transfers(&[*id]).await {
            Ok(stored) => found.extend(stored),
            Err(StoreError::Refused(error)) => {
                tracing::error!(pending = %id, %error, "a pending transfer whose time is over cannot be read");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Ends one, unless somebody else did, and says whether it was ended here.
async fn end<S: LedgerStore>(ledger: &Ledger<S>, stored: Stored) -> Result<bool, LedgerError> {
    let pending = stored.receipt.transfer;
    let begun = Instant::now();
    let deadline = begun.checked_add(TURN).unwrap_or(begun);
    // The same id for every backend, so that the second one is told it was done.
    let mut outcome = submit(ledger, pending.id.of_expiry(), &pending, deadline).await?;
    if let Err(Refusal::IdReused { .. }) = outcome {
        // Anybody can work that id out and use it first. That must not keep the money held.
        let fresh = TransferId(*uuid::Uuid::new_v4().as_bytes());
        outcome = submit(ledger, fresh, &pending, deadline).await?;
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

/// As [`Ledger::one`], without looking for a transfer that is at hand.
async fn submit<S: LedgerStore>(
    ledger: &Ledger<S>,
    id: TransferId,
    pending: &Transfer,
    deadline: Instant,
) -> Result<Outcome, LedgerError> {
    let action = Action::Settle(Settle { pending: pending.id, how: Settlement::Expire });
    let command = Command {
        id,
        actor: pending.actor,
        authority: Authority::Operator,
        linked: false,
        action,
        record: None,
        along: None,
    };
    let pending = Pending::from([(pending.id, pending.clone())]);
    let outcomes = ledger.submit_group(vec![command].into(), pending, deadline).await?;
    Ok(outcomes.into_iter().next().expect("there is one outcome for each command"))
}
