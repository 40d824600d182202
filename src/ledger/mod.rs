//! Money: commands in, each wholly in effect or not at all, and what became of it out.
//!
//! ```text
//! callers --group of commands--> queue --up to batch_max--> lane --one transaction--> store
//!                                                            |  locks the accounts, reads them
//!                                                            |  plan(what was found, the commands)
//!                                                            |  writes the effects, commits
//!    <----------------- outcomes, once they are on disk -----'
//! ```
//!
//! The modules in reading order:
//! - [`plan`]: what a batch of commands does. Pure; everything about money is decided there.
//! - `commit`: batches out of what callers ask for, and their answers out of batches.
//! - `expire`: the end of pending transfers whose time is over.
//! - `id`: ids that follow from what they are for.
//! - [`verify`]: whether the books are right, recomputed from the entries.
//! - [`export`]: entries and transfers for other programs.
//! - [`statement`]: what became of one account in a period.
//! - [`reconcile`]: its balance beside somebody else's.
//! - `trial` (tests only): any commands whatsoever, against a model.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

mod commit;
mod expire;
pub mod export;
mod id;
pub mod plan;
pub mod reconcile;
pub mod statement;
#[cfg(test)]
mod tests;
#[cfg(any(test, fuzzing))]
pub mod trial;
pub mod verify;

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use self::commit::{Answer, Committer, Group, Presence, Turn};
use self::plan::{Asked, Pending};
use crate::coalesce::{self, CoalesceError, Coalescer};
use crate::domain::account::{AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::command::{Command, Outcome};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Reference, TransferId};
use crate::store::StoreError;
use crate::store::ledger::LedgerStore;

/// How much the ledger does at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Transactions at once. Where a database has one writer, one.
    pub lanes: usize,
    /// Most commands in a transaction. What one caller asks for is never divided: a larger group is a transaction of its own.
    pub batch_max: usize,
    /// Most commands that wait for a lane; what exceeds it is refused with [`LedgerError::Busy`]. Groups larger than `batch_max` may take a
    /// quarter of it, or one of them more.
    pub queue_max: usize,
    /// External accounts of each asset, so that none of them is in every transaction. At least 1.
    pub external_stripes: u16,
    /// How much longer a transaction may take for each further command of its largest group.
    pub transfer_timeout: Duration,
}

/// Why commands have no outcomes.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// Too many commands are waiting. Nothing of it is in effect.
    #[error("too many commands are waiting")]
    Busy,
    /// The deadline passed before it was their turn. Nothing of it is in effect.
    #[error("it was too late to begin")]
    TooLate,
    /// All of it may be in effect, or come into effect yet: the same commands with the same ids will tell.
    #[error("whether it is in effect is not known")]
    Unknown(#[source] Arc<StoreError>),
    /// The store failed. Nothing of it is in effect.
    #[error("it was undone")]
    Undone(#[source] Arc<StoreError>),
}

/// The ledger, over a store. Clones share its lanes.
pub struct Ledger<S> {
    shared: Arc<Shared<S>>,
}

/// The accounts of each kind and asset that were asked for and are nobody's.
type House = HashMap<(AccountKind, Asset), Arc<[AccountId]>>;

struct Shared<S> {
    store: S,
    clock: fn() -> Timestamp,
    lanes: Coalescer<Group, Answer, Infallible>,
    committed: Arc<Notify>,
    external_stripes: u16,
    /// They never change.
    house: Mutex<House>,
}

impl<S: LedgerStore> Ledger<S> {
    /// A ledger on `store`. Its lanes begin with the first command.
    pub fn new(store: S, limits: Limits, clock: fn() -> Timestamp) -> Self {
        let queue = coalesce::Limits { lanes: limits.lanes, batch_max: limits.batch_max, queue_max: limits.queue_max };
        let committed = Arc::new(Notify::new());
        let committer = Arc::new(Committer {
            store: store.clone(),
            clock,
            transfer_timeout: limits.transfer_timeout,
            committed: Arc::clone(&committed),
        });
        let lanes = Coalescer::weighing(queue, Group::weight, move |groups| {
            let committer = Arc::clone(&committer);
            async move { Ok(committer.commit(groups).await) }
        });
        let external_stripes = limits.external_stripes.max(1);
        Self { shared: Arc::new(Shared { store, clock, lanes, committed, external_stripes, house: Mutex::default() }) }
    }

    /// Does all of `commands` in one transaction, in their order, and answers one outcome for each, once they are on disk. Callers who go
    /// away stop nothing that was begun, and what was not begun never is. A chain ends with the last command at the latest.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`]: of all commands alike.
    pub async fn submit(&self, commands: Vec<Command>, deadline: Instant) -> Result<Vec<Outcome>, LedgerError> {
        self.submit_all(commands.into(), deadline).await
    }

    /// The same of commands that are one request under `seal`, of which the first transfer bears it: if another request under it is in effect,
    /// even in part, nothing of this one is, and every outcome is [`Refusal::IdReused`](crate::domain::command::Refusal::IdReused). The ids must follow
    /// from the whole request, so that another one has others.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`].
    pub async fn submit_sealed(
        &self,
        seal: Reference,
        commands: Vec<Command>,
        deadline: Instant,
    ) -> Result<Vec<Outcome>, LedgerError> {
        self.submit_all(Asked { commands, seal: Some(seal) }, deadline).await
    }

    async fn submit_all(&self, asked: Asked, deadline: Instant) -> Answer {
        if asked.commands.is_empty() {
            return Ok(Vec::new());
        }
        let pending = commit::pending(&self.shared.store, &asked.commands).await?;
        self.submit_group(asked, pending, deadline).await
    }

    /// Waits no longer than the deadline for a lane, and for a lane that has begun until it has an answer.
    async fn submit_group(&self, asked: Asked, pending: Pending, deadline: Instant) -> Answer {
        let turn = Turn::default();
        let _presence = Presence(turn.clone());
        let mut call = pin!(self.shared.lanes.call(Group { asked, pending, deadline, turn: turn.clone() }));
        let answer = match tokio::time::timeout_at(deadline, &mut call).await {
            Ok(answer) => answer,
            Err(_) if turn.take() => return Err(LedgerError::TooLate),
            Err(_) => call.await,
        };
        match answer {
            Ok(answer) => answer,
            Err(CoalesceError::Busy) => Err(LedgerError::Busy),
            // The lane panicked or went away with its runtime, perhaps after the commit.
            Err(lost @ CoalesceError::Lost) => {
                Err(LedgerError::Unknown(Arc::new(StoreError::Unavailable(Box::new(lost)))))
            }
            Err(CoalesceError::Failed(never)) => match never {},
        }
    }

    /// Does one command.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`].
    pub async fn one(&self, command: Command, deadline: Instant) -> Result<Outcome, LedgerError> {
        let outcomes = self.submit(vec![command], deadline).await?;
        Ok(outcomes.into_iter().next().expect("there is one outcome for each command"))
    }

    /// The external account of `asset` that the transfer `id` uses: chosen by the id, so that the same transfer asked for again is the same.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Undone`].
    pub async fn external_account(&self, asset: Asset, id: TransferId) -> Result<AccountId, LedgerError> {
        self.house_account(AccountKind::External, asset, id).await
    }

    /// The account of a kind that is nobody's, chosen likewise. Of liquidity there is one for each asset.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Undone`].
    pub async fn house_account(
        &self,
        kind: AccountKind,
        asset: Asset,
        id: TransferId,
    ) -> Result<AccountId, LedgerError> {
        let accounts = self.house_accounts(kind, asset).await?;
        let stripe = id.stripe(accounts.len()).ok_or_else(|| StoreError::Refused("no account of the house".into()))?;
        Ok(accounts[stripe])
    }

    /// All accounts of a kind and asset that are nobody's, made if they are missing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Undone`].
    pub async fn house_accounts(&self, kind: AccountKind, asset: Asset) -> Result<Arc<[AccountId]>, LedgerError> {
        let known = self.house().get(&(kind, asset)).cloned();
        if let Some(accounts) = known {
            return Ok(accounts);
        }
        let stripes = if kind == AccountKind::Liquidity { 1 } else { self.shared.external_stripes };
        let made = self.shared.store.house_accounts(kind, asset, stripes, (self.shared.clock)()).await?;
        Ok(Arc::clone(self.house().entry((kind, asset)).or_insert(made.into())))
    }

    /// Releases what pending transfers hold whose time is over, at most `limit` of them, and returns how many it was. What several backends
    /// do at once is done once.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`]. Some may have been released even so.
    pub async fn expire(&self, limit: usize) -> Result<usize, LedgerError> {
        let now = (self.shared.clock)();
        expire::expire(self, now, limit).await
    }

    /// Told of each commit of this process: for the one who brings events.
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.committed)
    }

    /// What it keeps everything in.
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    fn house(&self) -> MutexGuard<'_, House> {
        // A map of what is in the store is whole, whoever panicked.
        self.shared.house.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for Ledger<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl From<StoreError> for LedgerError {
    /// Of what was only read, or came before anything was begun.
    fn from(error: StoreError) -> Self {
        Self::Undone(Arc::new(error))
    }
}
