//! Our entries, as far as matching needs them.

use super::key;
use super::theirs::{self, Theirs};
use crate::domain::day::Day;
use crate::domain::matching::Booked;
use crate::domain::money::Amount;
use crate::domain::transfer::TransferId;

/// What is known of an entry, in bits.
const REFERENCED: u8 = 1;
const HELD: u8 = 2;

/// An entry by its place among those that were added.
pub type Index = u32;

/// A line and an entry that have a reference in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    pub line: theirs::Index,
    pub entry: Index,
    /// Whether the reference stands in a field of its own, and not among the words of a description.
    pub strong: bool,
}

/// The account's entries around the days of a statement.
#[derive(Default)]
pub struct Ours {
    pub(super) days: Vec<Day>,
    pub(super) amounts: Vec<i128>,
    pub(super) seqs: Vec<u64>,
    pub(super) ids: Vec<TransferId>,
    flags: Vec<u8>,
    pub(super) hits: Vec<Hit>,
}

impl Ours {
    /// Adds an entry; one that moved nothing and holds nothing is passed over.
    pub fn add(&mut self, theirs: &Theirs, booked: &Booked) {
        let held = booked.held.filter(|_| booked.amount == Amount::ZERO);
        let amount = held.map_or(booked.amount, Amount::negated);
        let Ok(index) = Index::try_from(self.days.len()) else { return };
        if amount == Amount::ZERO {
            return;
        }
        let own = booked.reference.as_deref().and_then(key::key);
        let id = Some(key::of_id(booked.transfer)).filter(|id| own != Some(*id));
        for key in own.into_iter().chain(id) {
            self.hits.extend(theirs.with_key(key).map(|(line, strong)| Hit { line, entry: index, strong }));
        }
        self.days.push(Day::of(booked.at));
        self.amounts.push(amount.minor());
        self.seqs.push(booked.seq);
        self.ids.push(booked.transfer);
        self.flags.push(if own.is_some() { REFERENCED } else { 0 } | if held.is_some() { HELD } else { 0 });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    pub(super) fn is_referenced(&self, entry: Index) -> bool {
        self.flags[entry as usize] & REFERENCED != 0
    }

    /// Whether it holds money and has moved none.
    pub(super) fn is_held(&self, entry: Index) -> bool {
        self.flags[entry as usize] & HELD != 0
    }

    pub(super) fn day(&self, entry: Index) -> Day {
        self.days[entry as usize]
    }

    pub(super) fn amount(&self, entry: Index) -> i128 {
        self.amounts[entry as usize]
    }
}
