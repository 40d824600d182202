//! Field 61, a line: `6!n[4!n]2a[1!a]15d1!a3!c16x[//16x]`, and 34 characters in the line that follows.

use super::super::csv::negative;
use super::super::item::cut;
use super::super::number;
use crate::domain::day::Day;
use crate::domain::money::Decimal;

/// What is in a reference's place where there is none.
const NO_REFERENCE: &str = "NONREF";
/// Days after which an entry's date belongs to another year than the value's.
const HALF_A_YEAR: u32 = 183;

/// A line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The day of the booking; the value's, if that is the only one.
    pub day: Day,
    pub amount: Decimal,
    /// Whether it is announced and not booked.
    pub pending: bool,
    pub references: Vec<String>,
    pub supplementary: String,
}

impl Entry {
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, supplementary) = text.split_once('\n').unwrap_or((text, ""));
        let (value_day, rest) = taken(first.trim(), 6).ok_or("is too short")?;
        let value_day = number::day(value_day, "%y%m%d")?;
        let (day, rest) = match taken(rest, 4) {
            Some((date, rest)) if date.bytes().all(|byte| byte.is_ascii_digit()) => (entry_day(date, value_day)?, rest),
            _ => (value_day, rest),
        };
        let pending = rest.starts_with(['E']);
        let (goes_out, rest) = mark(rest).ok_or("has none of the marks C, D, RC, RD")?;
        // The third letter of the currency, which few banks write.
        let rest = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest);
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.')).count();
        let (digits, rest) = rest.split_at(length);
        let amount = number::amount(digits, if digits.contains('.') && !digits.contains(',') { '.' } else { ',' })?;
        if !rest.is_empty() && !rest.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            return Err("has no type of transaction behind its amount".to_owned());
        }
        Ok(Self {
            day,
            amount: if goes_out { negative(amount) } else { amount },
            pending,
            references: references(rest),
            supplementary: cut(&supplementary.replace('\n', " ")),
        })
    }
}

fn taken(text: &str, length: usize) -> Option<(&str, &str)> {
    text.split_at_checked(length)
}

/// `MMDD` of a year in which it is near the value's day.
fn entry_day(date: &str, value_day: Day) -> Result<Day, String> {
    let (year, ..) = value_day.date();
    let near = [year, year.saturating_sub(1), year.saturating_add(1)].into_iter().filter_map(|year| {
        let day = number::day(&format!("{year:04}{date}"), "%Y%m%d").ok()?;
        (day.apart(value_day) <= HALF_A_YEAR).then_some(day)
    });
    near.min_by_key(|day| day.apart(value_day)).ok_or_else(|| format!("'{date}' is no day that is written like MMDD"))
}

/// Whether money goes out: of a reversed credit it does, of a reversed debit it comes back. `EC` and `ED` are expected, and not booked yet.
fn mark(text: &str) -> Option<(bool, &str)> {
    for (mark, goes_out) in [("RC", true), ("RD", false), ("EC", false), ("ED", true), ("C", false), ("D", true)] {
        if let Some(rest) = text.strip_prefix(mark) {
            return Some((goes_out, rest));
        }
    }
    None
}

/// Behind the type of the transaction: the owner's reference, and the bank's after two slashes.
fn references(text: &str) -> Vec<String> {
    let text = text.split_at_checked(4).map_or("", |(_, rest)| rest);
    let (own, banks) = text.split_once("//").unwrap_or((text, ""));
    [own, banks].into_iter().map(cut).filter(|reference| !reference.is_empty() && reference != NO_REFERENCE).collect()
}

#[cfg(test)]
mod tests {
    use super::Entry;

    fn read(text: &str) -> Result<(String, String, String), String> {
        let entry = Entry::parse(text)?;
        Ok((entry.day.to_string(), entry.amount.to_string(), entry.references.join("|")))
    }

    #[test]
    fn a_line_is_taken_apart() {
        for (text, day, amount, references) in [
            ("2603010301C100,00NTRFREF-1//BANK-1", "2026-03-01", "100", "REF-1|BANK-1"),
            ("260301D12,5NMSCNONREF", "2026-03-01", "-12.5", ""),
            ("2603010302DR1234,56FCHGNONREF//B2\nsupplementary", "2026-03-02", "-1234.56", "B2"),
            ("2512310102CR7,NTRFX Y", "2026-01-02", "7", "X Y"),
            ("2601021231C7,NTRFX", "2025-12-31", "7", "X"),
            ("260301RC50,00NTRFREV", "2026-03-01", "-50", "REV"),
            ("260301RDR50,00NTRFREV", "2026-03-01", "50", "REV"),
            ("240228 0229", "", "", ""),
            ("2402280229C1,00NTRFLEAP", "2024-02-29", "1", "LEAP"),
            ("260301C0,00N", "2026-03-01", "0", ""),
        ] {
            let expected = (!day.is_empty()).then(|| (day.to_owned(), amount.to_owned(), references.to_owned()));
            assert_eq!(read(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_says_why() {
        for (text, cause) in [
            ("", "is too short"),
            ("2603", "is too short"),
            ("261301C1,00NTRFX", "'261301' is no day that is written like %y%m%d"),
            ("2603010230C1,00NTRFX", "'0230' is no day that is written like MMDD"),
            ("260301X1,00NTRFX", "has none of the marks C, D, RC, RD"),
            ("260301CNTRFX", "'' is no amount"),
            ("260301C1,0,0NTRFX", "'1,0,0' is no amount"),
            ("260301C1,0x,NTRFX", "has no type of transaction behind its amount"),
        ] {
            assert_eq!(read(text), Err(cause.to_owned()), "{text}");
        }
    }
}
