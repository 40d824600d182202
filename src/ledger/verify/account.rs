//! One account's entries, each beginning where the one before ended.

use super::fact::Fact;
use super::violation::{Place, Violation};
use crate::domain::account::AccountId;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::Entry;

/// Where an account's entries are now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    account: AccountId,
    seq: u64,
    balance: Amount,
    held: Amount,
    at: Timestamp,
}

impl Chain {
    /// Before its first entry.
    pub(super) fn new(account: AccountId) -> Self {
        Self { account, seq: 0, balance: Amount::ZERO, held: Amount::ZERO, at: Timestamp(i64::MIN) }
    }

    pub(super) fn account(&self) -> AccountId {
        self.account
    }

    /// Goes on to `entry`, says what does not fit, and returns by how much the held money grew.
    pub(super) fn follow(&mut self, entry: &Entry, mut wrong: impl FnMut(Violation)) -> i128 {
        let place = Place::Entry { account: entry.account, seq: entry.seq, transfer: entry.transfer };
        let mut expect = |what: &str, expected: i128, found: i128| {
            if expected != found {
                wrong(Violation::new(place, format!("{what} {expected}"), found));
            }
        };
        expect("sequence number", i128::from(self.seq.wrapping_add(1)), entry.seq.into());
        expect("balance before", self.balance.minor(), entry.balance_before.minor());
        // Two amounts of 38 digits have one of 39 between them, which wraps around to none that could be there.
        let after = entry.balance_before.minor().wrapping_add(entry.amount.minor());
        expect("balance after", after, entry.balance_after.minor());
        if entry.created_at < self.at {
            wrong(Violation::new(place, format!("a time of {} or later", self.at.0), entry.created_at.0));
        }
        let held = entry.held_after.minor().wrapping_sub(self.held.minor());
        if held < 0 && entry.amount.minor() < held {
            let released = held.unsigned_abs();
            wrong(Violation::new(place, format!("at most {released} of what was held"), entry.amount.minor()));
        }
        *self = Self::from(entry);
        held
    }

    /// What the account itself must say.
    pub(super) fn end(&self) -> Fact {
        Fact::end(self.account, self.seq, self.balance, self.held)
    }
}

/// After `entry`.
impl From<&Entry> for Chain {
    fn from(entry: &Entry) -> Self {
        Self {
            account: entry.account,
            seq: entry.seq,
            balance: entry.balance_after,
            held: entry.held_after,
            at: entry.created_at,
        }
    }
}
