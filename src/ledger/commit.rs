//! Group commit: what callers ask for at about the same time is one transaction.
//!
//! A batch that the store refuses for good (a row that it will not take, say) is divided until the group that is to blame stands alone: its
//! caller hears of it, its neighbours only wait a little longer. What may be in effect is never begun again here; the store has done what could
//! be done to find out.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::LedgerError;
use super::plan::{Asked, Pending, plan, sealed};
use crate::domain::command::{Action, Command, Outcome, extra_time};
use crate::domain::effects::{Found, Wants};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::store::StoreError;
use crate::store::ledger::{Batch, Decision, LedgerStore, NoAnswer};

/// What one caller asks for: it is never divided.
pub(super) struct Group {
    pub(super) asked: Asked,
    /// The pending transfers that its commands end.
    pub(super) pending: Pending,
    /// Not begun after this.
    pub(super) deadline: Instant,
    /// Whose it is: a lane's, to be begun, or its caller's again, who was told that it was too late.
    pub(super) turn: Turn,
}

/// Something that only one of several may take.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<AtomicBool>);

impl Turn {
    /// `true` the first time.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// A caller who goes away before a lane takes their group takes it along: a try that still waited would come into effect after the next one was
/// answered.
pub(super) struct Presence(pub(super) Turn);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// What its caller hears.
pub(super) type Answer = Result<Vec<Outcome>, LedgerError>;

impl Group {
    pub(super) fn weight(&self) -> usize {
        self.asked.commands.len()
    }
}

/// A group of a batch, by the place of its answer.
struct Seat {
    place: usize,
    pending: Pending,
    deadline: Instant,
}

/// Groups that are committed together.
type Part = (Vec<Seat>, Vec<Asked>);

/// What commits: a store, and how long it may take.
pub(super) struct Committer<S> {
    pub(super) store: S,
    pub(super) clock: fn() -> Timestamp,
    /// What each further command of a group adds to the store's time-out.
    pub(super) transfer_timeout: Duration,
    /// Told of each commit.
    pub(super) committed: Arc<Notify>,
}

impl<S: LedgerStore> Committer<S> {
    /// Commits `groups`, together if it can be, and answers each.
    pub(super) async fn commit(&self, groups: Vec<Group>) -> Vec<Answer> {
        // Whatever is never begun was too late.
        let mut answers: Vec<Answer> = groups.iter().map(|_| Err(LedgerError::TooLate)).collect();
        let own = groups.into_iter().enumerate().filter(|(_, group)| group.turn.take());
        let seat = |(place, group): (usize, Group)| {
            let Group { asked, pending, deadline, .. } = group;
            (Seat { place, pending, deadline }, asked)
        };
        let mut parts: Vec<Part> = vec![own.map(seat).unzip()];
        while let Some(part) = parts.pop() {
            let (mut seats, groups) = in_time(part, Instant::now());
            if seats.is_empty() {
                continue;
            }
            let pending = seats.iter().flat_map(|seat| seat.pending.clone()).collect();
            let (answer, mut groups) = self.transact(groups, pending).await;
            match answer {
                Ok(outcomes) => {
                    self.committed.notify_one();
                    hand_out(outcomes, &seats, &groups, &mut answers);
                }
                Err(NoAnswer::Undone(StoreError::Refused(error))) if seats.len() > 1 => {
                    tracing::warn!(groups = seats.len(), %error, "a batch was refused, and is divided");
                    let half = seats.len() / 2;
                    let later = (seats.split_off(half), groups.split_off(half));
                    // The first half is the next one off the stack: the order stays.
                    parts.extend([later, (seats, groups)]);
                }
                Err(error) => {
                    let error = LedgerError::from(error);
                    seats.iter().for_each(|seat| answers[seat.place] = Err(error.clone()));
                }
            }
        }
        answers
    }

    /// Runs one transaction, and gives the groups back.
    async fn transact(&self, groups: Vec<Asked>, pending: Pending) -> (Result<Vec<Outcome>, NoAnswer>, Vec<Asked>) {
        let longest = groups.iter().map(|group| group.commands.len()).max().unwrap_or_default();
        let extra_time = extra_time(self.transfer_timeout, longest);
        let batch = Lent::new(groups, pending, (self.clock)(), extra_time);
        let answer = self.store.transact(batch.clone()).await;
        (answer, batch.back())
    }
}

/// Those that may still begin.
fn in_time((seats, groups): Part, now: Instant) -> Part {
    seats.into_iter().zip(groups).filter(|(seat, _)| seat.deadline > now).unzip()
}

/// Cuts the outcomes of all into those of each.
fn hand_out(outcomes: Vec<Outcome>, seats: &[Seat], groups: &[Asked], answers: &mut [Answer]) {
    let mut outcomes = outcomes.into_iter();
    for (seat, group) in seats.iter().zip(groups) {
        answers[seat.place] = Ok(outcomes.by_ref().take(group.commands.len()).collect());
    }
}

/// The pending transfers that `commands` end, as far as they are there already: their rows never change, so they need no lock. Read before they
/// wait for a lane, which so never waits for a read.
pub(super) async fn pending<S: LedgerStore>(store: &S, commands: &[Command]) -> Result<Pending, StoreError> {
    let ids: HashSet<TransferId> = commands.iter().filter_map(ended).collect();
    if ids.is_empty() {
        return Ok(Pending::new());
    }
    let ids: Vec<TransferId> = ids.into_iter().collect();
    let stored = store.transfers(&ids).await?;
    Ok(stored.into_iter().map(|stored| (stored.receipt.transfer.id, stored.receipt.transfer)).collect())
}

/// The pending transfer that a command ends.
pub(super) fn ended(command: &Command) -> Option<TransferId> {
    match &command.action {
        Action::Settle(wish) => Some(wish.pending),
        Action::Move(_) => None,
    }
}

/// The commands of a batch, and what they refer to.
struct Commands {
    groups: Vec<Asked>,
    pending: Pending,
    now: Timestamp,
    extra_time: Duration,
}

/// A batch in the hands of a store.
#[derive(Clone)]
pub(super) struct Lent(Arc<Commands>);

impl Lent {
    pub(super) fn new(groups: Vec<Asked>, pending: Pending, now: Timestamp, extra_time: Duration) -> Self {
        Self(Arc::new(Commands { groups, pending, now, extra_time }))
    }

    /// What was lent. The store may still hold it, if it gave up waiting for work of its own.
    fn back(self) -> Vec<Asked> {
        Arc::try_unwrap(self.0).map_or_else(|shared| shared.groups.clone(), |own| own.groups)
    }

    fn commands(&self) -> impl Iterator<Item = &Command> {
        self.0.groups.iter().flat_map(|group| &group.commands)
    }
}

impl Batch for Lent {
    type Answer = Vec<Outcome>;

    fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        for command in self.commands() {
            match &command.action {
                Action::Move(wish) => wants.accounts.extend([wish.from, wish.to]),
                Action::Settle(wish) => {
                    wants.holds.push(wish.pending);
                    // One that is made by this very batch is known by its command.
                    let known = self.0.pending.get(&wish.pending);
                    wants.accounts.extend(known.into_iter().flat_map(|pending| [pending.from, pending.to]));
                }
            }
        }
        wants.accounts.sort_unstable();
        wants.accounts.dedup();
        wants.holds.sort_unstable();
        wants.holds.dedup();
        wants
    }

    fn wants_after_collision(&self) -> Wants {
        let mut wants = Wants::default();
        wants.references.extend(self.0.groups.iter().filter_map(|group| group.seal.clone()).map(sealed));
        for command in self.commands() {
            wants.transfers.push(command.id);
            wants.transfers.extend(ended(command));
            wants.records.extend(command.record.as_ref().map(|record| record.subject()));
            if let Action::Move(wish) = &command.action {
                wants.references.extend(wish.reference.clone().map(|reference| (wish.kind, reference)));
            }
        }
        wants.transfers.sort_unstable();
        wants.transfers.dedup();
        wants.references.sort_unstable();
        wants.references.dedup();
        wants.records.sort_unstable();
        wants.records.dedup();
        wants
    }

    fn decide(&self, found: &Found) -> Decision<Vec<Outcome>> {
        let planned = plan(found, &self.0.pending, &self.0.groups, self.0.now);
        if planned.unchecked == Wants::default() {
            Decision::Write(planned.effects, planned.outcomes)
        } else {
            Decision::Read(planned.unchecked)
        }
    }

    fn extra_time(&self) -> Duration {
        self.0.extra_time
    }
}

impl From<NoAnswer> for LedgerError {
    fn from(error: NoAnswer) -> Self {
        match error {
            NoAnswer::Undone(error) => Self::Undone(Arc::new(error)),
            NoAnswer::Unknown(error) => Self::Unknown(Arc::new(error)),
        }
    }
}
