//! Statements: what an account had before a period, every change of it within, and what it had at the end.
//!
//! They are exact by construction: a balance runs along with the entries and is compared at each of them, so that the opening balance and the
//! lines that were written make the closing one, or nothing is said to be a statement.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::reconcile::Period;
use crate::domain::text::no_formula;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, Entry, Reference, TransferId, TransferKind};

/// A period of an account: both ends, and the entries between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Whose.
    pub account: AccountId,
    /// What it is counted in.
    pub asset: Asset,
    /// From when until when; entries at either very microsecond count.
    pub period: Period,
    /// What was there just before it.
    pub opening: Amount,
    /// What was there at its end.
    pub closing: Amount,
    /// The number of the newest entry before it; zero where there is none.
    pub before: u64,
    /// The number of its newest entry; [`Self::before`] where it has none.
    pub last: u64,
}

/// What came in and what went out: both zero or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turnover {
    /// The sum of what came in.
    pub incoming: Amount,
    /// The sum of what went out.
    pub outgoing: Amount,
}

/// One change of the balance, and what it was for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The entry's number in the account.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The transfer that it is of.
    pub transfer: TransferId,
    /// What that was for.
    pub kind: TransferKind,
    /// The account on the other side.
    pub counterparty: AccountId,
    /// The name it has outside, if it has one.
    pub reference: Option<Reference>,
    /// What it says to people.
    pub description: Description,
    /// Less than zero where the account paid; never zero.
    pub amount: Amount,
    /// What was there afterwards.
    pub balance: Amount,
}

/// An entry that does not follow on the one before: the books are wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} of account {account} does not follow on the one before: `teller verify` says more")]
pub struct Broken {
    /// Whose.
    pub account: AccountId,
    /// The number that was expected.
    pub seq: u64,
}

/// The balance, running along with the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The number of the entry that it has come to.
    pub seq: u64,
    /// What was there after it.
    pub balance: Amount,
}

impl Span {
    /// How many entries lie within; those that only hold or release money are among them.
    pub fn entries(&self) -> u64 {
        self.last.saturating_sub(self.before)
    }

    /// Before the first of its entries.
    pub fn opened(&self) -> Running {
        Running { seq: self.before, balance: self.opening }
    }

    /// That the balance has come to the end of it, and is the closing one.
    ///
    /// # Errors
    ///
    /// It is another one, or elsewhere.
    pub fn closed_by(&self, running: Running) -> Result<(), Broken> {
        let is_end = running == Running { seq: self.last, balance: self.closing };
        if is_end { Ok(()) } else { Err(Broken { account: self.account, seq: self.last }) }
    }

    /// The line of the opening balance in a CSV file. `at` is the beginning of the period as it is to be written.
    pub fn opening_record(&self, at: String) -> Record {
        self.end_record(at, "opening_balance", self.opening)
    }

    /// The same of the closing one, at its end.
    pub fn closing_record(&self, at: String) -> Record {
        self.end_record(at, "closing_balance", self.closing)
    }

    /// A line's. `at` is its time as it is to be written.
    pub fn record(&self, line: &Line, at: String) -> Record {
        [
            self.account.to_string(),
            self.asset.code().to_owned(),
            line.seq.to_string(),
            at,
            line.kind.name().to_owned(),
            line.transfer.to_string(),
            line.counterparty.to_string(),
            line.reference.as_ref().map_or_else(String::new, |text| no_formula(text.as_str()).into_owned()),
            no_formula(line.description.as_str()).into_owned(),
            line.amount.in_major(self.asset),
            line.balance.in_major(self.asset),
        ]
    }

    fn end_record(&self, at: String, kind: &str, balance: Amount) -> Record {
        let mut record = Record::default();
        let [account, currency, _, time, what, .., last] = &mut record;
        (*account, *currency) = (self.account.to_string(), self.asset.code().to_owned());
        (*time, *what, *last) = (at, kind.to_owned(), balance.in_major(self.asset));
        record
    }
}

impl Running {
    /// Goes on to `entry`.
    ///
    /// # Errors
    ///
    /// It is not the next one, begins with another balance, or does not add up.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Broken> {
        let seq = self.seq.saturating_add(1);
        let fits = entry.seq == seq
            && entry.balance_before == self.balance
            && self.balance.plus(entry.amount) == Ok(entry.balance_after);
        if !fits {
            return Err(Broken { account: entry.account, seq });
        }
        *self = Self { seq, balance: entry.balance_after };
        Ok(())
    }
}

impl Turnover {
    /// The same with one more change; `None` where that takes more than 38 digits.
    pub fn with(self, amount: Amount) -> Option<Self> {
        let Self { incoming, outgoing } = self;
        match amount < Amount::ZERO {
            true => Some(Self { incoming, outgoing: outgoing.minus(amount).ok()? }),
            false => Some(Self { incoming: incoming.plus(amount).ok()?, outgoing }),
        }
    }
}

/// A line of a CSV file, field by field as [`COLUMNS`] names them. Text that people wrote runs in no spreadsheet.
pub type Record = [String; COLUMNS.len()];

/// The names of the fields of a [`Record`].
pub const COLUMNS: [&str; 11] = [
    "account_id",
    "currency",
    "seq",
    "created_at",
    "kind",
    "transfer_id",
    "counterparty_account_id",
    "reference",
    "description",
    "amount",
    "balance",
];

#[cfg(test)]
mod tests {
    use super::{Broken, COLUMNS, Line, Running, Span, Turnover};
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::reconcile::Period;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::{Description, Entry, Reference, TransferId, TransferKind};

    fn amount(minor: i128) -> Amount {
        Amount::new(minor).expect("38 digits")
    }

    fn entry(seq: u64, before: i128, change: i128) -> Entry {
        Entry {
            account: AccountId(7),
            seq,
            transfer: TransferId([1; 16]),
            amount: amount(change),
            balance_before: amount(before),
            balance_after: amount(before + change),
            held_after: Amount::ZERO,
            created_at: Timestamp(5),
        }
    }

    fn span() -> Span {
        Span {
            account: AccountId(7),
            asset: Asset::parse("CNY").expect("known"),
            period: Period { start: Timestamp(0), end: Timestamp(9) },
            opening: amount(100),
            closing: amount(70),
            before: 3,
            last: 5,
        }
    }

    #[test]
    fn what_follows_from_the_opening_balance_ends_at_the_closing_one() {
        let span = span();
        let mut running = span.opened();
        for entry in [entry(4, 100, 20), entry(5, 120, -50)] {
            assert_eq!(span.closed_by(running).expect_err("not there yet").seq, 5);
            running.follow(&entry).expect("it follows");
        }
        assert_eq!(span.closed_by(running), Ok(()));
        assert_eq!(span.entries(), 2);
        let other = Span { closing: amount(71), ..span };
        assert_eq!(other.closed_by(running), Err(Broken { account: AccountId(7), seq: 5 }));
    }

    #[test]
    fn an_entry_that_is_missing_begins_elsewhere_or_does_not_add_up_is_no_part_of_a_statement() {
        let begun = Running { seq: 3, balance: amount(100) };
        let unsound = Entry { balance_after: amount(121), ..entry(4, 100, 20) };
        for wrong in [entry(5, 100, 20), entry(3, 100, 20), entry(4, 99, 20), unsound] {
            let mut running = begun;
            assert_eq!(running.follow(&wrong), Err(Broken { account: AccountId(7), seq: 4 }), "{wrong:?}");
            assert_eq!(running, begun);
        }
    }

    #[test]
    fn what_came_in_and_what_went_out_are_added_up_apart() {
        let mut all = [5, -3, 0, 10, -4].into_iter().map(amount);
        let turnover = all.try_fold(Turnover::default(), Turnover::with);
        assert_eq!(turnover, Some(Turnover { incoming: amount(15), outgoing: amount(7) }));
        let full = Turnover { incoming: Amount::MAX, outgoing: Amount::MAX };
        assert_eq!((full.with(amount(1)), full.with(amount(-1))), (None, None));
    }

    #[test]
    fn a_record_has_every_column_and_runs_in_no_spreadsheet() {
        let line = Line {
            seq: 4,
            at: Timestamp(5),
            transfer: TransferId([1; 16]),
            kind: TransferKind::Withdrawal,
            counterparty: AccountId(2),
            reference: Some(Reference::parse("=1+1").expect("short")),
            description: Description::parse("@SUM(A1)").expect("short"),
            amount: amount(-5),
            balance: amount(95),
        };
        let record = span().record(&line, "then".to_owned()).join(",");
        let wanted = "7,CNY,4,then,withdrawal,01010101-0101-0101-0101-010101010101,2,'=1+1,'@SUM(A1),-0.05,0.95";
        assert_eq!(record, wanted);
        let opening = span().opening_record("then".to_owned()).join(",");
        assert_eq!(opening, "7,CNY,,then,opening_balance,,,,,,1.00");
        assert_eq!(span().closing_record("now".to_owned()).join(","), "7,CNY,,now,closing_balance,,,,,,0.70");
        assert_eq!(record.split(',').count(), COLUMNS.len());
    }
}
