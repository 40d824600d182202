//! The statement's lines, as far as matching needs them.

use std::collections::HashMap;
use std::io::BufRead;

use super::item::{Frame, Item, RawLine, Unusable};
use super::key::{self, Hashing, Key};
use super::{Rules, read};
use crate::domain::asset::Asset;
use crate::domain::day::Day;
use crate::domain::matching::{Format, Mapping};
use crate::domain::money::Amount;

/// What is known of a line: two bits.
const PENDING: u8 = 1;
const REFERENCED: u8 = 2;
const FOREIGN: u8 = 4;

/// A line by its place among those that were admitted.
pub type Index = u32;

/// All lines of a statement that can be read.
pub struct Theirs {
    asset: Asset,
    rules: Rules,
    pub(super) days: Vec<Day>,
    pub(super) amounts: Vec<i128>,
    flags: Vec<u8>,
    pub(super) numbers: Vec<u64>,
    /// Which lines have a reference, in its order; whether it is one by its field, or a word of the description.
    keys: Vec<(Key, Index, bool)>,
    first_of: HashMap<Key, u32, Hashing>,
    pub(super) frame: Frame,
    pub(super) from: Day,
    pub(super) to: Day,
}

/// What a line is to be taken for.
pub enum Admitted {
    /// A line of this amount in the account's currency; none, if it is in another.
    Line(Option<Amount>),
    /// It lies outside of the days that were asked for.
    Outside,
    /// Its amount is none of the account's currency.
    Unreadable(String),
}

/// Decides about a line, the same way each time.
pub fn admit(line: &RawLine, asset: Asset, rules: &Rules) -> Admitted {
    if rules.from.is_some_and(|from| line.day < from) || rules.to.is_some_and(|to| line.day > to) {
        return Admitted::Outside;
    }
    if line.currency.as_ref().is_some_and(|currency| !currency.eq_ignore_ascii_case(asset.code())) {
        return Admitted::Line(None);
    }
    if line.ambiguous && asset.scale() == 3 {
        return Admitted::Unreadable(
            "three digits behind a separator may be decimals or a group: give a mapping".to_owned(),
        );
    }
    match line.amount.amount_of(asset) {
        Ok(amount) => Admitted::Line(Some(amount)),
        Err(why) => Admitted::Unreadable(format!("the amount {} {why} for {asset}", line.amount)),
    }
}

impl Theirs {
    /// Reads a statement to its end. `more` is called with each item, whether it can be read or not; once it has said no, nothing more is kept.
    ///
    /// # Errors
    ///
    /// [`Unusable`], also if it is in another currency, of several accounts, or has no day by which to look for entries.
    pub fn read(
        (asset, rules): (Asset, Rules),
        format: Format,
        mapping: Option<&Mapping>,
        input: &mut dyn BufRead,
        more: &mut dyn FnMut() -> bool,
    ) -> Result<Self, Unusable> {
        let mut theirs = Self {
            asset,
            rules,
            days: Vec::new(),
            amounts: Vec::new(),
            flags: Vec::new(),
            numbers: Vec::new(),
            keys: Vec::new(),
            first_of: HashMap::default(),
            frame: Frame::default(),
            from: Day(0),
            to: Day(0),
        };
        let mut cause = None;
        let frame = read(format, mapping, input, &mut |item| match item {
            _ if !more() => {}
            Item::Line(line) => theirs.add(&line),
            Item::Unreadable { number, cause: why } => _ = cause.get_or_insert((number, why)),
        })?;
        theirs.seal(frame, cause)?;
        Ok(theirs)
    }

    fn add(&mut self, line: &RawLine) {
        let Admitted::Line(amount) = admit(line, self.asset, &self.rules) else { return };
        let Ok(index) = Index::try_from(self.days.len()) else { return };
        let strong = line.references.iter().filter_map(|reference| key::key(reference));
        let before = self.keys.len();
        self.keys.extend(strong.map(|key| (key, index, true)));
        let is_referenced = self.keys.len() > before;
        self.keys.extend(key::of_words(&line.description).map(|key| (key, index, false)));
        self.days.push(line.day);
        self.amounts.push(amount.map_or(0, Amount::minor));
        self.numbers.push(line.number);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        self.flags
            .push(flag(line.pending, PENDING) | flag(is_referenced, REFERENCED) | flag(amount.is_none(), FOREIGN));
    }

    fn seal(&mut self, frame: Frame, cause: Option<(u64, String)>) -> Result<(), Unusable> {
        if let [one, other, ..] = frame.accounts.as_slice() {
            return Err(Unusable::format(format!("speaks of more than one account: {one} and {other}")));
        }
        if let (Some(one), Some(other)) = (&frame.currency, &frame.other_currency) {
            return Err(Unusable::format(format!("speaks of more than one currency: {one} and {other}")));
        }
        if let Some(currency) = frame.currency.as_ref().filter(|currency| *currency != self.asset.code()) {
            return Err(Unusable::format(format!("is in {currency}, and the account in {}", self.asset)));
        }
        // Of one reference in both places, that of the field is kept.
        self.keys.sort_unstable_by_key(|(key, index, strong)| (*key, *index, !*strong));
        self.keys.dedup_by_key(|(key, index, _)| (*key, *index));
        for (place, (key, ..)) in self.keys.iter().enumerate() {
            self.first_of.entry(*key).or_insert(u32::try_from(place).unwrap_or(u32::MAX));
        }
        let (first, last) = self.ends();
        let from = self.rules.from.or(frame.from).or(first);
        let to = self.rules.to.or(frame.to).or(last);
        let (Some(from), Some(to)) = (from.or(to), to.or(from)) else {
            let why = cause.map_or_else(
                || "has no lines".to_owned(),
                |(number, why)| format!("has no line that can be read: {number}: {why}"),
            );
            return Err(Unusable::format(why));
        };
        (self.from, self.to, self.frame) = (from, to.max(from), frame);
        Ok(())
    }

    /// The first and the last day of what is booked; of what is announced, if nothing is.
    fn ends(&self) -> (Option<Day>, Option<Day>) {
        let is_pending = |line: &usize| self.flags[*line] & PENDING != 0;
        let nothing_is_booked = (0..self.days.len()).all(|line| is_pending(&line));
        let days =
            || (0..self.days.len()).filter(|line| nothing_is_booked || !is_pending(line)).map(|line| self.days[line]);
        (days().min(), days().max())
    }

    /// The first and the last day of the entries that may belong to it.
    pub fn window(&self) -> (Day, Day) {
        let days = i32::try_from(self.rules.window_days).unwrap_or(i32::MAX);
        (self.from.plus(days.saturating_neg()), self.to.plus(days))
    }

    /// The first and the last day of the statement.
    pub fn period(&self) -> (Day, Day) {
        (self.from, self.to)
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// What the account is counted in.
    pub(super) fn asset(&self) -> Asset {
        self.asset
    }

    /// What is decided by.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The lines that have a reference of that key, and whether it is one by its field.
    pub(super) fn with_key(&self, key: Key) -> impl Iterator<Item = (Index, bool)> {
        let place = self.first_of.get(&key).map_or(self.keys.len(), |place| *place as usize);
        self.keys[place..].iter().take_while(move |(own, ..)| *own == key).map(|(_, index, strong)| (*index, *strong))
    }

    /// Lines that have a reference in common by its field, as runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &[(Key, Index, bool)]> {
        self.keys.chunk_by(|(one, ..), (other, ..)| one == other).filter(|run| run.len() > 1)
    }

    pub(super) fn is_pending(&self, line: Index) -> bool {
        self.flags[line as usize] & PENDING != 0
    }

    pub(super) fn is_referenced(&self, line: Index) -> bool {
        self.flags[line as usize] & REFERENCED != 0
    }

    /// Whether it is in another currency than the account.
    pub(super) fn is_foreign(&self, line: Index) -> bool {
        self.flags[line as usize] & FOREIGN != 0
    }

    pub(super) fn day(&self, line: Index) -> Day {
        self.days[line as usize]
    }

    pub(super) fn amount(&self, line: Index) -> i128 {
        self.amounts[line as usize]
    }
}
