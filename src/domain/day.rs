//! Days of the calendar: what statements of banks speak of, who know no instants.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

use std::fmt;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::time::Timestamp;

/// A day in UTC, as days since 1970-01-01; from year 0 to year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

const MICROS: i64 = 86_400_000_000;
/// Days of 400 years, after which the calendar begins again.
const ERA: i32 = 146_097;
/// Days from 0000-03-01, where the years of this arithmetic begin, to 1970-01-01.
const EPOCH: i32 = 719_468;

impl Day {
    /// The day of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(i32::try_from(at.0.div_euclid(MICROS)).unwrap_or(if at.0 < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The day of that year, month and day of the month; `None` if the calendar has none.
    pub fn from_date(year: i32, month: i32, day: i32) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years that begin in March have their leap day at the end (days_from_civil of H. Hinnant).
        let years = year.checked_sub(i32::from(month <= 2))?;
        let era = years.div_euclid(400);
        let year_of_era = years.rem_euclid(400);
        let month_from_march = month.checked_add(9)?.rem_euclid(12);
        let day_of_year =
            month_from_march.checked_mul(153)?.checked_add(2)?.div_euclid(5).checked_add(day)?.checked_sub(1)?;
        let leap_days = year_of_era.div_euclid(4).checked_sub(year_of_era.div_euclid(100))?;
        let day_of_era = year_of_era.checked_mul(365)?.checked_add(leap_days)?.checked_add(day_of_year)?;
        let found = Self(era.checked_mul(ERA)?.checked_add(day_of_era)?.checked_sub(EPOCH)?);
        // The 31st of a month with 30 days is a day of the next one.
        (found.date() == (year, month, day)).then_some(found)
    }

    /// Reads `2026-03-01`.
    ///
    /// # Errors
    ///
    /// Names `field` and the rule.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let number = |text: &str, length| {
            let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<i32>().ok()).flatten()
        };
        let mut parts = text.split('-');
        let mut part = |length| parts.next().and_then(|text| number(text, length));
        let date = (part(4), part(2), part(2));
        let found = match (date, parts.next()) {
            ((Some(year), Some(month), Some(day)), None) => Self::from_date(year, month, day),
            _ => None,
        };
        found.ok_or_else(|| Invalid::new(field, "must be a day, such as 2026-03-01"))
    }

    /// Year, month and day of the month.
    pub fn date(self) -> (i32, i32, i32) {
        let days = i64::from(self.0).saturating_add(i64::from(EPOCH));
        let (era, day) = (days.div_euclid(i64::from(ERA)), days.rem_euclid(i64::from(ERA)));
        let corrected = day
            .saturating_sub(day.div_euclid(1460))
            .saturating_add(day.div_euclid(36_524))
            .saturating_sub(day.div_euclid(146_096));
        let year_of_era = corrected.div_euclid(365);
        let before = year_of_era
            .saturating_mul(365)
            .saturating_add(year_of_era.div_euclid(4))
            .saturating_sub(year_of_era.div_euclid(100));
        let day_of_year = day.saturating_sub(before);
        let month_from_march = day_of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
        let day = day_of_year
            .saturating_sub(month_from_march.saturating_mul(153).saturating_add(2).div_euclid(5))
            .saturating_add(1);
        let month =
            if month_from_march < 10 { month_from_march.saturating_add(3) } else { month_from_march.saturating_sub(9) };
        let year = era.saturating_mul(400).saturating_add(year_of_era).saturating_add(i64::from(month <= 2));
        let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        (small(year), small(month), small(day))
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0).saturating_mul(MICROS))
    }

    /// Its last instant.
    pub fn end(self) -> Timestamp {
        Timestamp(self.plus(1).start().0.saturating_sub(1))
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days lie between both, in either direction.
    pub fn apart(self, other: Self) -> u32 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for Day {
    /// As ISO 8601 has it: `2026-03-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, MICROS};
    use crate::domain::time::Timestamp;

    #[test]
    fn every_day_of_eight_centuries_is_found_by_its_date_and_follows_the_one_before() {
        let mut expected = Day::from_date(1599, 12, 31).expect("a day");
        for year in 1600..2400 {
            for month in 1..=12 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let length = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
                for day in 1..=31 {
                    let found = Day::from_date(year, month as i32, day);
                    if day > length {
                        assert_eq!(found, None, "{year}-{month}-{day}");
                        continue;
                    }
                    expected = expected.plus(1);
                    assert_eq!(found, Some(expected), "{year}-{month}-{day}");
                    assert_eq!(expected.date(), (year, month as i32, day));
                }
            }
        }
        assert_eq!(Day::parse("day", "2026-03-01"), Day::from_date(2026, 3, 1).ok_or_else(|| unreachable!()));
        for text in ["", "2026-3-1", "2026-02-29", "2026-03-01-", "+026-03-01", "2026-03"] {
            assert_eq!(Day::parse("day", text).expect_err(text).field, "day");
        }
        assert_eq!(Day::from_date(1970, 1, 1), Some(Day(0)));
        assert_eq!(Day::from_date(2026, 3, 1).expect("a day").to_string(), "2026-03-01");
        for (year, month, day) in
            [(2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (-1, 1, 1), (10_000, 1, 1), (2026, 2, i32::MAX)]
        {
            assert_eq!(Day::from_date(year, month, day), None);
        }
    }

    #[test]
    fn a_day_holds_its_first_and_its_last_instant_and_no_other_day_does() {
        for day in [Day(-1), Day(0), Day(20_000)] {
            assert_eq!((Day::of(day.start()), Day::of(day.end())), (day, day));
            assert_eq!(Day::of(Timestamp(day.start().0 - 1)), day.plus(-1));
            assert_eq!(day.end().0 - day.start().0, MICROS - 1);
        }
        let _ = (Day::of(Timestamp(i64::MIN)).to_string(), Day(i32::MAX).to_string(), Day(i32::MIN).start());
    }
}
