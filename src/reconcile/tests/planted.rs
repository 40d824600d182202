//! Five hundred discrepancies of every kind among thousands of lines that are right: all of them are found, and no others.

use std::collections::HashMap;

use super::written::{Wanted, statement};
use super::{day, entry, matched};
use crate::domain::matching::{Booked, Format, LineState};
use crate::domain::money::Amount;
use crate::reconcile::Rules;

const DAYS: i32 = 28;

/// Both sides in the making, and what is to be found.
struct World {
    random: u64,
    lines: Vec<Wanted>,
    entries: Vec<Booked>,
    /// What is expected of lines and entries, by the first reference of either.
    expected: HashMap<String, LineState>,
    unreadable: usize,
    names: usize,
}

impl World {
    /// Numbers that look like chance, and are the same each time (Knuth's MMIX).
    fn next(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("REF-{:06}", self.names)
    }

    /// An amount, which with `without` belongs to something without a reference: no amount is of both kinds.
    fn amount(&mut self, without: bool) -> i64 {
        let cents = i64::try_from(self.next(200_000)).expect("small") * 7 + 7 + i64::from(without);
        if self.next(3) == 0 { -cents } else { cents }
    }

    fn day(&mut self) -> i32 {
        // What is young is planted by itself.
        2 + i32::try_from(self.next(DAYS as u64 - 4)).expect("small")
    }

    fn line(&mut self, of_march: i32, minor: i64, references: &[&str]) {
        let references = references.iter().map(|text| (*text).to_owned()).collect();
        self.lines.push(Wanted {
            day: day("2026-02-28").plus(of_march),
            minor: Some(minor),
            currency: "EUR",
            references,
        });
    }

    fn entry(&mut self, of_march: i32, minor: i64, reference: &str) {
        self.entries.push(entry(0, of_march, minor.into(), reference));
    }

    fn plant(&mut self, reference: &str, state: LineState) {
        self.expected.insert(reference.to_owned(), state);
    }

    fn right(&mut self) {
        for kind in 0..4000 {
            let (at, name) = (self.day(), self.name());
            match kind % 100 {
                // A batch of three, and one entry in two lines.
                0 => {
                    let (names, amounts) = (
                        [self.name(), self.name(), name],
                        [self.amount(false), self.amount(false), self.amount(false)],
                    );
                    self.line(at, amounts.iter().sum(), &[&names[0], &names[1], &names[2]]);
                    for (name, amount) in names.iter().zip(amounts) {
                        self.entry(at, amount, name);
                    }
                }
                1 => {
                    let amounts = [self.amount(false), self.amount(false)];
                    self.line(at, amounts[0], &[&name]);
                    self.line(at + 1, amounts[1], &[&name]);
                    self.entry(at, amounts[0] + amounts[1], &name);
                }
                2..12 => {
                    let amount = self.amount(true);
                    self.line(at, amount, &[]);
                    self.entry(at, amount, "");
                }
                _ => {
                    let (amount, late) = (self.amount(false), i32::try_from(self.next(3)).expect("small"));
                    self.line((at + late).min(DAYS), amount, &[&name]);
                    self.entry(at, amount, &name);
                }
            }
        }
    }

    fn wrong(&mut self, format: Format) {
        for kind in 0..500 {
            let (at, name, amount) = (self.day(), self.name(), self.amount(false));
            match kind % 25 {
                0..3 => {
                    self.line(at, amount + 1, &[&name]);
                    self.entry(at, amount, &name);
                    self.plant(&name, LineState::AmountMismatch);
                }
                3 => {
                    self.line(at, -amount, &[&name]);
                    self.entry(at, amount, &name);
                    self.plant(&name, LineState::AmountMismatch);
                }
                4 => {
                    // A batch with one cent too many.
                    let (other, more) = (self.name(), amount.signum() * 700);
                    self.line(at, amount + more + 1, &[&name, &other]);
                    self.entry(at, amount, &name);
                    self.entry(at, more, &other);
                    self.plant(&name, LineState::AmountMismatch);
                }
                5..9 => {
                    self.line(at, amount, &[&name]);
                    self.plant(&name, LineState::MissingInternal);
                }
                9..13 => {
                    self.entry(at, amount, &name);
                    self.plant(&name, LineState::MissingExternal);
                }
                13..16 => {
                    self.line(at, amount, &[&name]);
                    self.line(at + 1, amount, &[&name]);
                    self.entry(at, amount, &name);
                    self.plant(&name, LineState::Duplicate);
                }
                16..18 => {
                    self.line(at, amount, &[&name]);
                    self.entry(at, amount, &name);
                    self.entry(at + 1, amount, &name);
                    self.plant(&name, LineState::Duplicate);
                }
                18..21 => {
                    self.line(at, amount, &[&name]);
                    self.lines.last_mut().expect("that line").minor = None;
                    self.unreadable += 1;
                }
                21..23 => {
                    self.entry(DAYS, amount, &name);
                    self.plant(&name, LineState::ExpectedLater);
                }
                _ => {
                    self.line(at, amount, &[&name]);
                    self.entry(at, amount + if format == Format::Mt940 { 1 } else { 0 }, &name);
                    if format != Format::Mt940 {
                        self.lines.last_mut().expect("that line").currency = "USD";
                    }
                    self.plant(&name, LineState::AmountMismatch);
                }
            }
        }
    }
}

fn world(format: Format) -> World {
    let mut world = World {
        random: 2026,
        lines: Vec::new(),
        entries: Vec::new(),
        expected: HashMap::new(),
        unreadable: 0,
        names: 0,
    };
    world.right();
    world.wrong(format);
    for edge in [1, DAYS] {
        world.line(edge, 0, &[]);
    }
    world.lines.sort_by_key(|line| line.day);
    world.entries.sort_by_key(|entry| entry.at);
    for (entry, seq) in world.entries.iter_mut().zip(1..) {
        (entry.seq, entry.transfer) = (seq, super::id(seq));
    }
    world
}

#[test]
fn five_hundred_planted_discrepancies_of_every_kind_are_found_and_no_others_in_every_format() {
    for format in Format::ALL {
        let World { lines, entries, mut expected, unreadable, .. } = world(format);
        let text = statement(format, 5_000, &lines);
        let outcome = matched(text.as_bytes(), None, Rules::default(), &entries, 4_000).expect("a statement");
        assert_eq!(outcome.summary.format, format);
        let mut cannot_be_read = 0;
        for line in outcome.lines.iter().filter(|line| line.state != LineState::Matched) {
            if line.state == LineState::Unreadable {
                cannot_be_read += 1;
                continue;
            }
            // Of an entry the caller knows the reference; of a batch in words the line's entries have it.
            let own = match line.reference.as_str() {
                "" => {
                    entries[line.entries[0] as usize - 1].reference.clone().expect("what was planted has a reference")
                }
                reference => reference.to_owned(),
            };
            let first = if expected.contains_key(&own) { own } else { line.reference.clone() };
            assert_eq!(expected.remove(&first), Some(line.state), "{format:?} {line:?}");
        }
        assert_eq!(expected, HashMap::new(), "{format:?}: all were found");
        assert_eq!((cannot_be_read, unreadable), (60, 60), "{format:?}");
        let discrepancies =
            outcome.summary.discrepancies() + outcome.summary.tallies[LineState::ExpectedLater.place()].lines;
        assert_eq!(discrepancies, 500, "{format:?}");
        if format != Format::Csv {
            let proof = outcome.summary.proof.expect("balances");
            assert!(proof.holds(&outcome.summary.tallies), "{format:?}");
            assert_eq!((proof.gap, proof.opening), (Amount::ZERO, Amount::new(1_000).expect("small")), "{format:?}");
            let total: i128 = entries.iter().map(|entry| entry.amount.minor()).sum();
            assert_eq!(outcome.summary.our_closing.minor(), 4_000 + total, "{format:?}");
        }
    }
}
