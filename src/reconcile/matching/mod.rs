//! Which line belongs to which entries. The order of the rules is part of what is promised: see `docs/reconciliation.md`.

mod amount;
mod batch;
mod later;
mod reference;

use super::ours::{self, Ours};
use super::theirs::{self, Theirs};

/// What has become of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineFate {
    /// Nothing belongs to it.
    #[default]
    Free,
    /// Its amount is zero.
    Nothing,
    /// An entry of its reference and amount.
    Reference(ours::Index),
    /// An entry of its amount, of so many equally near ones.
    Amount(ours::Index, u32),
    /// Entries of its references that sum up to it: a group.
    Batch(u32),
    /// All entries of a day that nothing else belongs to: a group.
    DayBatch(u32),
    /// One of several lines that sum up to an entry of their reference; the first of them.
    Part(ours::Index, theirs::Index),
    /// One of all lines of a day that nothing else belongs to, which sum up to an entry; the first of them.
    DayPart(ours::Index, theirs::Index),
    /// An entry of its reference, with another amount.
    Mismatch(ours::Index),
    /// Entries of its references, with another sum: a group.
    MismatchedBatch(u32),
    /// The same as another line.
    Duplicate(theirs::Index),
    /// An entry that only holds the money.
    Held(ours::Index),
    /// An entry that the statement has not booked yet.
    Announced(ours::Index),
}

/// What has become of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryFate {
    /// Nothing belongs to it.
    #[default]
    Free,
    /// That line has it, or is the first of those.
    Taken(theirs::Index),
    /// It is in our books once more than that line is on the statement.
    Duplicate(theirs::Index),
}

/// Which line belongs to which entries.
pub struct Matches {
    pub(super) lines: Vec<LineFate>,
    pub(super) entries: Vec<EntryFate>,
    pub(super) groups: Vec<Vec<ours::Index>>,
}

/// Both sides, and what has been decided so far.
struct Work<'a> {
    theirs: &'a Theirs,
    ours: &'a Ours,
    lines: Vec<LineFate>,
    entries: Vec<EntryFate>,
    groups: Vec<Vec<ours::Index>>,
}

impl Matches {
    /// Decides, rule by rule. The same lines and entries are always matched the same way.
    pub fn find(theirs: &Theirs, ours: &mut Ours) -> Self {
        ours.hits.sort_unstable();
        ours.hits.dedup_by_key(|hit| (hit.line, hit.entry));
        let mut work = Work {
            theirs,
            ours,
            lines: vec![LineFate::Free; theirs.len()],
            entries: vec![EntryFate::Free; ours.len()],
            groups: Vec::new(),
        };
        work.set_aside();
        reference::equal(&mut work);
        reference::sums(&mut work);
        reference::different(&mut work);
        reference::repeated(&mut work);
        amount::nearest(&mut work);
        batch::of_days(&mut work);
        later::not_booked_yet(&mut work);
        reference::repeated_on_the_statement(&mut work);
        Self { lines: work.lines, entries: work.entries, groups: work.groups }
    }
}

impl Work<'_> {
    /// Lines that move nothing need nothing.
    fn set_aside(&mut self) {
        for line in 0..self.theirs.len() as theirs::Index {
            if self.theirs.amount(line) == 0 && !self.theirs.is_foreign(line) {
                self.lines[line as usize] = LineFate::Nothing;
            }
        }
    }

    /// Whether a line is booked, and nothing belongs to it so far.
    fn is_open(&self, line: theirs::Index) -> bool {
        self.lines[line as usize] == LineFate::Free && !self.theirs.is_pending(line)
    }

    /// Whether an entry has moved money, and nothing belongs to it so far.
    fn is_free(&self, entry: ours::Index) -> bool {
        self.entries[entry as usize] == EntryFate::Free && !self.ours.is_held(entry)
    }

    fn days_apart(&self, line: theirs::Index, entry: ours::Index) -> u32 {
        self.theirs.day(line).apart(self.ours.day(entry))
    }

    fn pair(&mut self, line: theirs::Index, entry: ours::Index, fate: LineFate) {
        self.lines[line as usize] = fate;
        self.entries[entry as usize] = EntryFate::Taken(line);
    }

    /// Gives a line several entries.
    fn gather(&mut self, line: theirs::Index, entries: Vec<ours::Index>, fate: fn(u32) -> LineFate) {
        for entry in &entries {
            self.entries[*entry as usize] = EntryFate::Taken(line);
        }
        self.lines[line as usize] = fate(self.groups.len() as u32);
        self.groups.push(entries);
    }

    /// Gives an entry several lines.
    fn share(&mut self, lines: &[theirs::Index], entry: ours::Index, fate: fn(ours::Index, theirs::Index) -> LineFate) {
        for line in lines {
            self.lines[*line as usize] = fate(entry, lines[0]);
        }
        self.entries[entry as usize] = EntryFate::Taken(lines[0]);
    }

    fn sum_of_entries(&self, entries: &[ours::Index]) -> Option<i128> {
        entries.iter().try_fold(0_i128, |sum, entry| sum.checked_add(self.ours.amount(*entry)))
    }

    fn sum_of_lines(&self, lines: &[theirs::Index]) -> Option<i128> {
        lines.iter().try_fold(0_i128, |sum, line| sum.checked_add(self.theirs.amount(*line)))
    }
}
