//! Linked commands: all of them or none.

use super::replay;
use super::work::Work;
use crate::domain::command::{Command, Done, Refusal};
use crate::domain::transfer::HoldStatus;

/// How far everything was when a chain began.
pub(super) struct Mark {
    outcomes: usize,
    transfers: usize,
    entries: usize,
    holds: usize,
    settled: usize,
    references: usize,
    records: usize,
    conversions: usize,
}

impl Work<'_> {
    /// Where a chain begins. A command that stands alone cannot fail half-way, so nothing is kept to undo it.
    pub(super) fn mark(&mut self, linked: bool) -> Mark {
        self.past = linked.then(Vec::new);
        Mark {
            outcomes: self.outcomes.len(),
            transfers: self.effects.transfers.len(),
            entries: self.effects.entries.len(),
            holds: self.effects.holds.len(),
            settled: self.effects.settled.len(),
            references: self.effects.references.len(),
            records: self.effects.records.len(),
            conversions: self.effects.conversions.len(),
        }
    }

    /// Undoes a chain because of the `refusal` of the first of the `rest`, and answers all others `broken`: but what was in effect before the
    /// chain still is.
    pub(super) fn break_chain(&mut self, start: &Mark, refusal: Refusal, broken: &Refusal, rest: &[Command]) {
        let made = &self.made;
        let is_undone = |done: &Done| made.get(&done.receipt.transfer.id).is_some_and(|by| *by >= start.outcomes);
        for outcome in &mut self.outcomes[start.outcomes..] {
            if outcome.as_ref().is_ok_and(is_undone) {
                *outcome = Err(broken.clone());
            }
        }
        self.undo(start);
        self.outcomes.push(Err(refusal));
        for command in rest.iter().skip(1) {
            let outcome = match self.receipt_of(command.id) {
                Some(receipt) => replay::answer(self, command, receipt),
                None => Err(broken.clone()),
            };
            self.outcomes.push(outcome);
        }
    }

    /// Takes back everything since `start`, the newest first.
    fn undo(&mut self, start: &Mark) {
        for (place, account) in self.past.take().into_iter().flatten().rev() {
            self.accounts[place] = account;
        }
        for transfer in self.effects.transfers.drain(start.transfers..) {
            self.made.remove(&transfer.id);
            let Some(pending) = transfer.settles else { continue };
            self.ended.remove(&pending);
            if let Some(begun) = self.begun.get(&pending) {
                let hold = &mut self.effects.holds[*begun];
                (hold.status, hold.settled_by) = (HoldStatus::Pending, None);
            }
        }
        for hold in self.effects.holds.drain(start.holds..) {
            self.begun.remove(&hold.transfer);
        }
        for (kind, reference, _) in self.effects.references.drain(start.references..) {
            self.seals |= self.seal == Some(&reference);
            self.used.remove(&(kind, reference));
        }
        self.forget_steps(start.records);
        self.effects.entries.truncate(start.entries);
        self.effects.settled.truncate(start.settled);
        self.effects.conversions.truncate(start.conversions);
    }
}
