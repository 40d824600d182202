//! What has become of each line and each entry, in words, and what all of it sums up to.

mod reason;

use super::item::{Item, RawLine, Unusable};
use super::matching::{EntryFate, LineFate, Matches};
use super::ours::{self, Ours};
use super::theirs::{self, Admitted, Theirs, admit};
use crate::domain::account::AccountId;
use crate::domain::matching::{Format, Line, LineState, Proof, Summary, Tally};
use crate::domain::money::{Amount, Decimal, TooLarge};

/// What is said of the account in a [`Summary`], and not known to matching.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its balance just before the first day of the statement.
    pub opening: Amount,
}

/// Lines on their way out. The statement is read a second time for it, item by item.
pub struct Report<'a> {
    theirs: &'a Theirs,
    ours: &'a Ours,
    matches: &'a Matches,
    /// Lines that were read so far.
    next: theirs::Index,
    tallies: [Sums; 7],
    /// Entries that were told with lines and lie outside of the statement's days.
    timing: i128,
    outside: u64,
}

/// A [`Tally`] in the making.
#[derive(Clone, Copy, Default)]
struct Sums {
    lines: u64,
    statement: i128,
    ours: i128,
}

impl<'a> Report<'a> {
    /// What `matches` found for both sides.
    pub fn new(theirs: &'a Theirs, ours: &'a Ours, matches: &'a Matches) -> Self {
        Self { theirs, ours, matches, next: 0, tallies: Default::default(), timing: 0, outside: 0 }
    }

    /// What has become of the next item of the statement; nothing, if it lies outside of the days that were asked for.
    pub fn item(&mut self, item: Item) -> Option<Line> {
        let (raw, amount) = match item {
            Item::Unreadable { number, cause } => return Some(self.unreadable(number, cause)),
            Item::Line(raw) => match admit(&raw, self.theirs.asset(), self.theirs.rules()) {
                Admitted::Unreadable(cause) => return Some(self.unreadable(raw.number, cause)),
                Admitted::Outside => {
                    self.outside = self.outside.saturating_add(1);
                    return None;
                }
                Admitted::Line(amount) => (raw, amount),
            },
        };
        let index = self.next;
        let fate = self.matches.lines.get(index as usize).copied()?;
        self.next = index.saturating_add(1);
        Some(self.line(index, fate, raw, amount))
    }

    fn line(&mut self, index: theirs::Index, fate: LineFate, raw: RawLine, amount: Option<Amount>) -> Line {
        let state = self.state(index, fate);
        let entries = self.entries(fate);
        // Of several lines that share an entry the first one has it.
        let has_them = match fate {
            LineFate::Part(_, first) | LineFate::DayPart(_, first) => first == index,
            _ => true,
        };
        let moved = || entries.iter().filter(|entry| has_them && !self.ours.is_held(**entry));
        let has_moved = moved().next().is_some();
        let sum: i128 = moved().map(|entry| self.ours.amount(*entry)).fold(0, i128::saturating_add);
        let (from, to) = self.theirs.period();
        let elsewhere = moved().filter(|entry| !(from..=to).contains(&self.ours.day(**entry)));
        let timing: i128 = elsewhere.map(|entry| self.ours.amount(*entry)).fold(0, i128::saturating_add);
        let booked = amount.filter(|_| !raw.pending).map_or(0, Amount::minor);
        self.timing = self.timing.saturating_add(timing);
        self.add(state, booked, sum);
        Line {
            place: 0,
            state,
            reason: reason::of_line(self, index, fate, &raw),
            number: Some(raw.number),
            day: Some(raw.day),
            amount,
            ours: Amount::new(sum).ok().filter(|_| has_moved),
            reference: cut(raw.references.first().map_or("", String::as_str)),
            description: cut(&raw.description),
            entries: entries.iter().map(|entry| self.ours.seqs[*entry as usize]).collect(),
            transfer: entries.first().map(|entry| self.ours.ids[*entry as usize]),
            resolution: None,
        }
    }

    fn state(&self, index: theirs::Index, fate: LineFate) -> LineState {
        match fate {
            LineFate::Free if self.theirs.is_pending(index) => LineState::ExpectedLater,
            LineFate::Free => LineState::MissingInternal,
            LineFate::Mismatch(_) | LineFate::MismatchedBatch(_) => LineState::AmountMismatch,
            LineFate::Duplicate(_) => LineState::Duplicate,
            LineFate::Held(_) | LineFate::Announced(_) => LineState::ExpectedLater,
            _ => LineState::Matched,
        }
    }

    fn entries(&self, fate: LineFate) -> Vec<ours::Index> {
        match fate {
            LineFate::Free | LineFate::Nothing | LineFate::Duplicate(_) => Vec::new(),
            LineFate::Batch(group) | LineFate::DayBatch(group) | LineFate::MismatchedBatch(group) => {
                self.matches.groups[group as usize].clone()
            }
            LineFate::Reference(entry)
            | LineFate::Amount(entry, _)
            | LineFate::Part(entry, _)
            | LineFate::DayPart(entry, _)
            | LineFate::Mismatch(entry)
            | LineFate::Held(entry)
            | LineFate::Announced(entry) => vec![entry],
        }
    }

    fn unreadable(&mut self, number: u64, cause: String) -> Line {
        self.add(LineState::Unreadable, 0, 0);
        Line {
            place: 0,
            state: LineState::Unreadable,
            reason: reason::shortened(&format!("cannot be read: {cause}")),
            number: Some(number),
            day: None,
            amount: None,
            ours: None,
            reference: String::new(),
            description: String::new(),
            entries: Vec::new(),
            transfer: None,
            resolution: None,
        }
    }

    /// The entries of the statement's days that no line has, oldest first. Their references are not known here.
    pub fn rest(&mut self) -> impl Iterator<Item = Line> + use<'_, 'a> {
        (0..self.ours.len() as ours::Index).filter_map(|entry| self.entry(entry))
    }

    fn entry(&mut self, entry: ours::Index) -> Option<Line> {
        let (from, to) = self.theirs.period();
        let day = self.ours.day(entry);
        let fate = self.matches.entries[entry as usize];
        if matches!(fate, EntryFate::Taken(_)) || self.ours.is_held(entry) || !(from..=to).contains(&day) {
            return None;
        }
        let settles = i32::try_from(self.theirs.rules().settlement_days).unwrap_or(i32::MAX);
        let state = match fate {
            EntryFate::Duplicate(_) => LineState::Duplicate,
            _ if day > to.plus(settles.saturating_neg()) => LineState::ExpectedLater,
            _ => LineState::MissingExternal,
        };
        let amount = self.ours.amount(entry);
        self.add(state, 0, amount);
        Some(Line {
            place: 0,
            state,
            reason: reason::of_entry(self, fate, state),
            number: None,
            day: Some(day),
            amount: None,
            ours: Amount::new(amount).ok(),
            reference: String::new(),
            description: String::new(),
            entries: vec![self.ours.seqs[entry as usize]],
            transfer: Some(self.ours.ids[entry as usize]),
            resolution: None,
        })
    }

    fn add(&mut self, state: LineState, statement: i128, ours: i128) {
        let sums = &mut self.tallies[state.place()];
        sums.lines = sums.lines.saturating_add(1);
        sums.statement = sums.statement.saturating_add(statement);
        sums.ours = sums.ours.saturating_add(ours);
    }

    /// What all of it sums up to, once every item and the rest were told.
    ///
    /// # Errors
    ///
    /// A sum has more than 38 digits, or a balance of the statement is no amount of the account's currency.
    pub fn summary(self, format: Format, account: Account) -> Result<Summary, Unusable> {
        let too_large = |TooLarge| Unusable::format("has sums of more than 38 digits");
        let asset = self.theirs.asset();
        let balance = |said: Option<Decimal>| {
            let amount = said.map(|said| said.amount_of(asset)).transpose();
            amount.map_err(|why| Unusable::format(format!("has a balance that {why} for {asset}")))
        };
        let (opening, closing) = (balance(self.theirs.frame.opening)?, balance(self.theirs.frame.closing)?);
        let (from, to) = self.theirs.period();
        let mut our_closing = account.opening;
        for entry in 0..self.ours.len() as ours::Index {
            if !self.ours.is_held(entry) && (from..=to).contains(&self.ours.day(entry)) {
                our_closing = Amount::new(self.ours.amount(entry))
                    .and_then(|amount| our_closing.plus(amount))
                    .map_err(too_large)?;
            }
        }
        let mut tallies = [Tally::default(); 7];
        for (tally, sums) in tallies.iter_mut().zip(&self.tallies) {
            let amount = |minor| Amount::new(minor).map_err(too_large);
            *tally = Tally { lines: sums.lines, statement: amount(sums.statement)?, ours: amount(sums.ours)? };
        }
        let booked =
            tallies.iter().try_fold(Amount::ZERO, |sum, tally| sum.plus(tally.statement)).map_err(too_large)?;
        // Of a statement that is looked at in part the balances say nothing.
        let proof = match opening.zip(closing).filter(|_| self.outside == 0) {
            Some((opening, closing)) => {
                let gap = closing.minus(opening).and_then(|change| change.minus(booked));
                Some(Proof {
                    difference: closing.minus(our_closing).map_err(too_large)?,
                    opening: opening.minus(account.opening).map_err(too_large)?,
                    timing: Amount::new(self.timing).map_err(too_large)?,
                    gap: gap.map_err(too_large)?,
                })
            }
            None => None,
        };
        Ok(Summary {
            account: account.id,
            asset,
            format,
            from,
            to,
            opening,
            closing,
            our_opening: account.opening,
            our_closing,
            tallies,
            outside: self.outside,
            proof,
        })
    }
}

/// A text as a line keeps it.
fn cut(text: &str) -> String {
    text.chars().take(Line::TEXT_CHARS).collect()
}
