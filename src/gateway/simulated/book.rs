//! The simulated gateway's ledger: a file of one line for each thing that happened, read at the start and only ever added to.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::gateway::wire::{Charge, Refund, State};

/// One order, or one refund of one, as it is written and listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is known by.
    pub order_id: String,
    /// Of a refund: the order that was charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<String>,
    /// In major units; empty for one that was closed before it arrived.
    pub amount: String,
    /// An ISO 4217 code; empty likewise.
    pub currency: String,
    /// What became of it: never changed.
    #[serde(flatten)]
    pub state: State,
}

/// All orders. Several processes may have the same file: each locks it for as long as it decides, and first reads what the others have added.
#[derive(Debug)]
pub struct Book {
    orders: BTreeMap<String, Line>,
    /// Where they are kept, and how far it was read; nowhere, for tests.
    file: Option<(File, u64)>,
}

impl Book {
    /// The ledger in the file `path`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// The file cannot be used. A last line that was cut off by a crash was never answered, and is passed over.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut book = Self { orders: BTreeMap::new(), file: Some((file, 0)) };
        book.alone(|_| Ok(()))?;
        Ok(book)
    }

    /// An empty one that is kept nowhere.
    pub fn in_memory() -> Self {
        Self { orders: BTreeMap::new(), file: None }
    }

    /// Charges, or declines if it `fails`: what was decided of an order before stays.
    ///
    /// # Errors
    ///
    /// The file cannot be written: then nothing is decided.
    pub fn charge(&mut self, wanted: &Charge, fails: bool) -> io::Result<State> {
        self.alone(|book| book.charge_alone(wanted, fails))
    }

    fn charge_alone(&mut self, wanted: &Charge, fails: bool) -> io::Result<State> {
        if let Some(known) = self.orders.get(&wanted.order_id) {
            let same = known.amount == wanted.amount && known.currency == wanted.currency;
            return Ok(if same || known.state == State::Cancelled { known.state.clone() } else { State::Conflict });
        }
        let state = match fails {
            true => State::Declined { reason: "the bank declined".to_owned() },
            false => State::Charged { reference: format!("sim-{}", self.orders.len() + 1) },
        };
        let Charge { order_id, amount, currency } = wanted.clone();
        self.decide(Line { order_id, refund_of: None, amount, currency, state })
    }

    /// Gives back, or declines if it `fails`, or if it is more than is left of the charge: what was decided of a refund before stays.
    ///
    /// # Errors
    ///
    /// As [`Self::charge`].
    pub fn refund(&mut self, wanted: &Refund, fails: bool) -> io::Result<State> {
        self.alone(|book| book.refund_alone(wanted, fails))
    }

    fn refund_alone(&mut self, wanted: &Refund, fails: bool) -> io::Result<State> {
        let Refund { refund_id, order_id: charge, amount, currency } = wanted.clone();
        if let Some(known) = self.orders.get(&refund_id) {
            let same = known.amount == amount && known.refund_of.as_ref() == Some(&charge);
            return Ok(if same { known.state.clone() } else { State::Conflict });
        }
        let state = match self.left_of(&charge, &currency) {
            None => State::Declined { reason: "there is no such charge".to_owned() },
            Some(left) if units(&amount).is_none_or(|wanted| wanted <= 0 || wanted > left) => {
                State::Declined { reason: "it is more than is left of the charge".to_owned() }
            }
            Some(_) if fails => State::Declined { reason: "the bank declined".to_owned() },
            Some(_) => State::Refunded { reference: format!("sim-{}", self.orders.len() + 1) },
        };
        self.decide(Line { order_id: refund_id, refund_of: Some(charge), amount, currency, state })
    }

    /// What of a charge was not given back yet, in minor units.
    fn left_of(&self, charge: &str, currency: &str) -> Option<i128> {
        let charged = self.orders.get(charge).filter(|line| matches!(line.state, State::Charged { .. }))?;
        let given = self
            .orders
            .values()
            .filter(|line| line.refund_of.as_deref() == Some(charge) && matches!(line.state, State::Refunded { .. }));
        let given: i128 = given.filter_map(|line| units(&line.amount)).sum();
        units(&charged.amount).filter(|_| charged.currency == currency).map(|charged| charged - given)
    }

    /// What became of an order.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn find(&mut self, order_id: &str) -> io::Result<State> {
        let known = |book: &mut Self| book.orders.get(order_id).map_or(State::Unknown, |known| known.state.clone());
        self.alone(|book| Ok(known(book)))
    }

    /// Closes an order, unless something was decided before.
    ///
    /// # Errors
    ///
    /// As [`Self::charge`].
    pub fn cancel(&mut self, order_id: &str) -> io::Result<State> {
        let closed = || Line {
            order_id: order_id.to_owned(),
            refund_of: None,
            amount: String::new(),
            currency: String::new(),
            state: State::Cancelled,
        };
        self.alone(|book| match book.orders.get(order_id) {
            Some(known) => Ok(known.state.clone()),
            None => book.decide(closed()),
        })
    }

    /// All orders.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn lines(&mut self) -> io::Result<Vec<Line>> {
        self.alone(|book| Ok(book.orders.values().cloned().collect()))
    }

    /// Does `work` while no other process decides anything, knowing all that they have decided.
    fn alone<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        if let Some((file, _)) = &self.file {
            file.lock()?;
        }
        let done = self.catch_up().and_then(|()| work(self));
        if let Some((file, _)) = &self.file {
            file.unlock()?;
        }
        done
    }

    fn catch_up(&mut self) -> io::Result<()> {
        let Some((file, at)) = &mut self.file else { return Ok(()) };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(*at))?;
        file.read_to_end(&mut text)?;
        if text.last().is_some_and(|last| *last != b'\n') {
            // Cut off by a crash. What comes after it goes on a line of its own.
            file.write_all(b"\n")?;
            text.push(b'\n');
        }
        *at += text.len() as u64;
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        self.orders.extend(lines.map(|line| (line.order_id.clone(), line)));
        Ok(())
    }

    /// On disk before it is known.
    fn decide(&mut self, line: Line) -> io::Result<State> {
        if let Some((file, at)) = &mut self.file {
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            file.write_all(&text)?;
            file.sync_data()?;
            *at += text.len() as u64;
        }
        let state = line.state.clone();
        self.orders.insert(line.order_id.clone(), line);
        Ok(state)
    }
}

/// An amount, which is written with all decimals of its currency, in minor units.
fn units(amount: &str) -> Option<i128> {
    amount.replace('.', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{Book, Charge, Refund, State};

    fn charge(order_id: &str, amount: &str) -> Charge {
        Charge { order_id: order_id.to_owned(), amount: amount.to_owned(), currency: "CNY".to_owned() }
    }

    #[test]
    fn an_order_is_decided_once() {
        let mut book = Book::in_memory();
        assert_eq!(book.find("a").expect("read"), State::Unknown);
        let charged = book.charge(&charge("a", "1.00"), false).expect("written");
        assert!(matches!(charged, State::Charged { .. }));
        for fails in [false, true] {
            assert_eq!(book.charge(&charge("a", "1.00"), fails).expect("read"), charged);
        }
        assert_eq!(book.charge(&charge("a", "2.00"), false).expect("read"), State::Conflict);
        assert_eq!(book.cancel("a").expect("read"), charged, "too late to cancel");
        assert_eq!(book.cancel("b").expect("written"), State::Cancelled);
        assert_eq!(book.charge(&charge("b", "1.00"), false).expect("read"), State::Cancelled, "too late to charge");
        let declined = book.charge(&charge("c", "1.00"), true).expect("written");
        assert_eq!(book.charge(&charge("c", "1.00"), false).expect("read"), declined);
        assert_eq!((book.lines().expect("read").len(), book.find("c").expect("read")), (3, declined));
    }

    fn refund(refund_id: &str, order_id: &str, amount: &str) -> Refund {
        let [refund_id, order_id, amount] = [refund_id, order_id, amount].map(str::to_owned);
        Refund { refund_id, order_id, amount, currency: "CNY".to_owned() }
    }

    #[test]
    fn of_a_charge_no_more_is_given_back_than_was_charged_and_each_refund_once() {
        let mut book = Book::in_memory();
        book.charge(&charge("a", "1.00"), false).expect("written");
        let mut give = |id: &str, of: &str, amount: &str| book.refund(&refund(id, of, amount), false).expect("written");
        let first = give("r1", "a", "0.60");
        assert!(matches!(first, State::Refunded { .. }));
        assert_eq!(give("r1", "a", "0.60"), first, "again");
        assert_eq!(give("r1", "a", "0.40"), State::Conflict);
        assert!(matches!(give("r2", "a", "0.41"), State::Declined { .. }));
        assert!(matches!(give("r3", "a", "0.40"), State::Refunded { .. }));
        assert!(matches!(give("r4", "a", "0.01"), State::Declined { .. }));
        assert!(matches!(give("r5", "b", "0.01"), State::Declined { .. }), "nothing was charged under it");
        assert_eq!(book.find("r1").expect("read"), first);
        assert_eq!(book.find("r9").expect("read"), State::Unknown);
    }

    #[test]
    fn what_was_decided_is_still_so_after_a_crash_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gateway.jsonl");
        let charged = Book::open(&path).expect("open").charge(&charge("a", "1.00"), false).expect("written");
        let mut file = fs::OpenOptions::new().append(true).open(&path).expect("open");
        file.write_all(br#"{"order_id":"b","amo"#).expect("written");
        let mut book = Book::open(&path).expect("open");
        let mut found = |id: &str| book.find(id).expect("read");
        assert_eq!((found("a"), found("b")), (charged.clone(), State::Unknown));
        let second = book.charge(&charge("b", "2.00"), false).expect("written");
        let mut book = Book::open(&path).expect("open");
        let mut found = |id: &str| book.find(id).expect("read");
        assert_eq!((found("a"), found("b")), (charged, second));
    }

    #[test]
    fn two_processes_with_one_file_know_what_the_other_decided() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gateway.jsonl");
        let (mut one, mut other) = (Book::open(&path).expect("open"), Book::open(&path).expect("open"));
        let charged = one.charge(&charge("a", "1.00"), false).expect("written");
        assert_eq!(other.charge(&charge("a", "1.00"), true).expect("read"), charged);
        assert_eq!(other.cancel("b").expect("written"), State::Cancelled);
        assert_eq!(one.charge(&charge("b", "1.00"), false).expect("read"), State::Cancelled);
        assert_eq!(one.lines().expect("read"), other.lines().expect("read"));
    }
}
