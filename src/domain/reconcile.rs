//! Reconciliation: what our books say of an account, beside what somebody else's say.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::asset::Asset;
use super::invalid::Invalid;
use super::money::{Amount, Decimal};
use super::time::Timestamp;

/// What two balances may differ by and still be the same, unless the request says otherwise.
pub const DEFAULT_TOLERANCE: Decimal = Decimal { digits: 1, scale: 3 };

/// A stretch of time of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first instant.
    pub start: Timestamp,
    /// Its last; entries of this very microsecond count.
    pub end: Timestamp,
}

/// What our books say of an account in a [`Period`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// The balance just before the period.
    pub opening: Amount,
    /// The balance at its end.
    pub closing: Amount,
    /// How many entries lie between.
    pub entries: u64,
}

/// What somebody else says, and how far apart both may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The balance at the end of the period.
    pub external: Decimal,
    /// The largest difference, in either direction, that is none.
    pub tolerance: Decimal,
}

/// How two balances compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verdict {
    /// They differ by no more than the tolerance.
    Matched = 1,
    /// They differ by more, in either direction.
    Mismatch = 2,
}

/// A comparison that was made, and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Its number; 0 until a store has given it one.
    pub id: u64,
    /// Of which account.
    pub account: AccountId,
    /// When.
    pub period: Period,
    /// What our books say.
    pub books: Books,
    /// What somebody else says.
    pub claim: Claim,
    /// Theirs minus ours.
    pub difference: Decimal,
    /// What comes of it.
    pub verdict: Verdict,
    /// The same for people.
    pub notes: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Reconciliation {
    /// Compares, exactly.
    ///
    /// # Errors
    ///
    /// Names the field that has too many digits to be compared.
    pub fn of(
        account: AccountId,
        asset: Asset,
        period: Period,
        books: Books,
        claim: Claim,
        created_at: Timestamp,
    ) -> Result<Self, Invalid> {
        let too_long = |field| Invalid::new(field, "must have fewer digits to be compared with this balance");
        let closing = Decimal { digits: books.closing.minor(), scale: asset.scale() };
        let difference = claim.external.minus(closing).ok_or_else(|| too_long("external_balance"))?;
        let beyond = difference.abs().minus(claim.tolerance.abs()).ok_or_else(|| too_long("tolerance"))?;
        let verdict = if beyond.is_positive() { Verdict::Mismatch } else { Verdict::Matched };
        let changes = books.closing.minus(books.opening).map_err(|_| too_long("start_time"))?;
        let plain = |amount: Amount| Decimal { digits: amount.minor(), scale: asset.scale() }.shortened();
        let account_of = format!(
            "opening balance {} and changes of {} in {} entries make {}",
            plain(books.opening),
            plain(changes),
            books.entries,
            plain(books.closing)
        );
        let compared = match (difference.digits.signum(), verdict) {
            (0, _) => "the external balance is the same".to_owned(),
            (_, Verdict::Matched) => format!("the external balance differs by {difference}, which is tolerated"),
            (1, Verdict::Mismatch) => format!("the external balance is {difference} higher"),
            (_, Verdict::Mismatch) => format!("the external balance is {} lower", difference.abs()),
        };
        let notes = format!("{account_of}; {compared}");
        Ok(Self { id: 0, account, period, books, claim, difference, verdict, notes, created_at })
    }

    /// Up to when it has seen every entry: its end or, where that was still to come, the moment it was made.
    pub fn seen_until(&self) -> Timestamp {
        self.period.end.min(self.created_at)
    }

    /// The same, with a word on the one that it goes on from, and on what the books have come to say since of the time before.
    #[must_use]
    pub fn going_on_from(self, last: &Self, asset: Asset) -> Self {
        let then = Decimal { digits: last.books.closing.minor(), scale: asset.scale() };
        let changed = match self.books.opening == last.books.closing {
            true => String::new(),
            false => format!(", which ended at {then}: entries of before it ended have come since"),
        };
        Self { notes: format!("{}; goes on from reconciliation {}{changed}", self.notes, last.id), ..self }
    }
}

impl fmt::Display for Decimal {
    /// Without zeros at the end: `50.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.shortened();
        let scale = usize::from(short.scale);
        let digits = format!("{:0>width$}", short.digits.unsigned_abs(), width = scale.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        let sign = if short.digits < 0 { "-" } else { "" };
        if scale == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{Books, Claim, Period, Reconciliation, Verdict};
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::money::{Amount, Decimal};
    use crate::domain::time::Timestamp;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse("decimal", text).expect("a decimal")
    }

    fn reconciled(minor: i128, external: &str, tolerance: &str) -> (Verdict, String, String) {
        let period = Period { start: Timestamp(0), end: Timestamp(9) };
        let closing = Amount::new(minor).expect("38 digits");
        let books = Books { opening: Amount::ZERO, closing, entries: 2 };
        let claim = Claim { external: decimal(external), tolerance: decimal(tolerance) };
        let asset = Asset::parse("USD").expect("a currency");
        let made = Reconciliation::of(AccountId(1), asset, period, books, claim, Timestamp(10)).expect("comparable");
        (made.verdict, made.difference.to_string(), made.notes)
    }

    #[test]
    fn a_difference_beyond_the_tolerance_is_a_mismatch_in_either_direction_and_to_the_last_digit() {
        use Verdict::{Matched, Mismatch};
        for (external, tolerance, verdict, difference) in [
            ("50", "0.001", Matched, "0"),
            ("50.001", "0.001", Matched, "0.001"),
            ("49.999", "0.001", Matched, "-0.001"),
            ("50.0010000000000000001", "0.001", Mismatch, "0.0010000000000000001"),
            ("49.9989999999999999999", "0.001", Mismatch, "-0.0010000000000000001"),
            ("50.01", "0", Mismatch, "0.01"),
            ("0", "50", Matched, "-50"),
            ("-50", "99.99", Mismatch, "-100"),
        ] {
            let (found, by, _) = reconciled(5000, external, tolerance);
            assert_eq!((found, by.as_str()), (verdict, difference), "{external}");
        }
    }

    #[test]
    fn the_notes_say_how_the_balance_came_about_and_which_side_has_more() {
        let notes = |external| reconciled(5050, external, "0.001").2;
        let books = "opening balance 0 and changes of 50.5 in 2 entries make 50.5";
        assert_eq!(notes("50.50"), format!("{books}; the external balance is the same"));
        assert_eq!(notes("50.501"), format!("{books}; the external balance differs by 0.001, which is tolerated"));
        assert_eq!(notes("60"), format!("{books}; the external balance is 9.5 higher"));
        assert_eq!(notes("40"), format!("{books}; the external balance is 10.5 lower"));
    }

    #[test]
    fn one_that_goes_on_says_from_where_and_whether_the_books_have_changed() {
        let period = Period { start: Timestamp(0), end: Timestamp(9) };
        let asset = Asset::parse("USD").expect("a currency");
        let made = |opening, closing, created_at| {
            let amount = |minor| Amount::new(minor).expect("38 digits");
            let books = Books { opening: amount(opening), closing: amount(closing), entries: 1 };
            let claim = Claim { external: decimal("1"), tolerance: decimal("0") };
            Reconciliation::of(AccountId(1), asset, period, books, claim, Timestamp(created_at)).expect("comparable")
        };
        let last = Reconciliation { id: 3, ..made(0, 100, 10) };
        let next = made(100, 100, 20).going_on_from(&last, asset).notes;
        assert!(next.ends_with("; the external balance is the same; goes on from reconciliation 3"), "{next}");
        let changed = made(150, 100, 20).going_on_from(&last, asset).notes;
        assert!(changed.ends_with("3, which ended at 1: entries of before it ended have come since"), "{changed}");
        assert_eq!((last.seen_until(), made(0, 0, 7).seen_until()), (Timestamp(9), Timestamp(7)));
    }

    #[test]
    fn what_cannot_be_compared_exactly_is_refused_by_field() {
        let period = Period { start: Timestamp(0), end: Timestamp(9) };
        let books = Books { opening: Amount::ZERO, closing: Amount::MAX, entries: 1 };
        let asset = Asset::parse("USD").expect("a currency");
        let of = |external: &str, tolerance: &str| {
            let claim = Claim { external: decimal(external), tolerance: decimal(tolerance) };
            Reconciliation::of(AccountId(1), asset, period, books, claim, Timestamp(10)).map_err(|broken| broken.field)
        };
        assert_eq!(of("0.0000000000000001", "0").expect_err("54 digits"), "external_balance");
        assert_eq!(of("0", "0.0000000000000001").expect_err("54 digits"), "tolerance");
    }

    proptest! {
        #[test]
        fn a_decimal_is_written_as_it_is_read(digits in -(10_i128.pow(20))..10_i128.pow(20), scale in 0..20_u8) {
            let decimal = Decimal { digits, scale };
            let read = Decimal::parse("decimal", &decimal.to_string()).expect("a decimal");
            prop_assert_eq!(read.minus(decimal).map(|rest| rest.digits), Some(0));
            prop_assert_eq!(read.to_string(), decimal.to_string());
        }
    }
}
