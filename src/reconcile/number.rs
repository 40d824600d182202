//! Amounts and days as people and programs write them: exact, or refused, and never guessed.

use crate::domain::day::Day;
use crate::domain::money::Decimal;

/// Reads an amount whose decimals follow on `decimal`; the other one of `.` and `,`, spaces and apostrophes may stand between groups of
/// digits. The sign is in front, behind, or is a pair of parentheses.
pub fn amount(text: &str, decimal: char) -> Result<Decimal, String> {
    let text = text.trim();
    let refused = || format!("'{}' is no amount", shown(text));
    let (text, negative) = sign(text);
    let (whole, fraction) = text.split_once(decimal).map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let whole = ungrouped(whole, decimal).ok_or_else(refused)?;
    let fraction = fraction.unwrap_or_default();
    if (whole.is_empty() && fraction.is_empty()) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let whole = if whole.is_empty() { "0" } else { &whole };
    Decimal::parse("amount", &format!("{sign}{whole}{point}{fraction}")).map_err(|_| refused())
}

/// The amount without its sign, and whether it is less than zero.
fn sign(text: &str) -> (&str, bool) {
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return (inner.trim(), true);
    }
    if let Some(rest) = text.strip_prefix(['-', '\u{2212}']).or_else(|| text.strip_suffix('-')) {
        return (rest.trim(), true);
    }
    (text.strip_prefix('+').or_else(|| text.strip_suffix('+')).unwrap_or(text).trim(), false)
}

/// The digits before the decimals. Groups are of three digits, of two or three before the last one (as in India); what is grouped otherwise is
/// more likely to be decimals, and no amount.
fn ungrouped(whole: &str, decimal: char) -> Option<String> {
    let separates = |c: char| {
        matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}') || (matches!(c, '.' | ',') && c != decimal)
    };
    let mut groups = whole.split(separates);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !rest.iter().all(|group| is_number(group)) {
        return None;
    }
    if let Some((last, between)) = rest.split_last() {
        let is_grouped = (1..=3).contains(&first.len())
            && last.len() == 3
            && between.iter().all(|group| matches!(group.len(), 2 | 3));
        if !is_grouped {
            return None;
        }
    }
    Some([first].into_iter().chain(rest).collect())
}

/// Reads a day that is written as `format` says, in the letters of strftime: `%Y`, `%y`, `%m`, `%d`, `%b`, and anything else as it is. What
/// follows is passed over, if it is set off: a time.
pub fn day(text: &str, format: &str) -> Result<Day, String> {
    let text = text.trim();
    parsed(text, format).ok_or_else(|| format!("'{}' is no day that is written like {format}", shown(text)))
}

fn parsed(text: &str, format: &str) -> Option<Day> {
    let (mut rest, mut letters) = (text, format.chars());
    let (mut year, mut month, mut day) = (None, None, None);
    while let Some(letter) = letters.next() {
        if letter != '%' {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let taken;
        match letters.next()? {
            'Y' => (taken, rest) = digits(rest, 4, 4)?,
            'y' => (taken, rest) = digits(rest, 2, 2)?,
            'b' => {
                (month, rest) = (Some(month_named(rest.get(..3)?)?), &rest[3..]);
                continue;
            }
            'm' | 'd' => (taken, rest) = digits(rest, 1, 2)?,
            _ => return None,
        }
        // Which letter it was is one before the place that the iterator is at now.
        match format[..format.len() - letters.as_str().len()].chars().next_back()? {
            'Y' => year = Some(taken),
            // Statements are not older than this century's banks' computers.
            'y' => year = Some(if taken < 70 { taken + 2000 } else { taken + 1900 }),
            'm' => month = Some(taken),
            _ => day = Some(taken),
        }
    }
    if rest.starts_with(|next: char| next.is_alphanumeric() && next != 'T') {
        return None;
    }
    Day::from_date(year?, month?, day?)
}

/// From `least` to `most` digits at the start, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (number, rest) = text.split_at(length);
    Some((number.parse().ok()?, rest))
}

fn month_named(text: &str) -> Option<i32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let place = MONTHS.iter().position(|month| text.eq_ignore_ascii_case(month))?;
    i32::try_from(place + 1).ok()
}

/// What was written, short enough for a reason.
pub fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::{prop_assert_eq, proptest};

    use super::{amount, day};

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        for (text, decimal, expected) in [
            ("1234.56", '.', "1234.56"),
            ("1,234.56", '.', "1234.56"),
            ("1.234,56", ',', "1234.56"),
            ("1.234.567,8", ',', "1234567.8"),
            ("12,34,567.00", '.', "1234567"),
            ("1 234,50", ',', "1234.5"),
            ("1\u{a0}234,50", ',', "1234.5"),
            ("1'234.50", '.', "1234.5"),
            ("-5", '.', "-5"),
            ("+5", '.', "5"),
            ("5-", '.', "-5"),
            ("(1,000)", '.', "-1000"),
            ("\u{2212}7.10", '.', "-7.1"),
            (".5", '.', "0.5"),
            ("5,", ',', "5"),
            (" 0.00 ", '.', "0"),
        ] {
            assert_eq!(amount(text, decimal).map(|read| read.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for (text, decimal) in [
            ("", '.'),
            ("-", '.'),
            (".", '.'),
            ("abc", '.'),
            ("12,34", '.'),
            ("1.5", ','),
            ("1.2.3", '.'),
            ("--5", '.'),
            ("1e3", '.'),
            ("$5", '.'),
            ("1,23,4", '.'),
            ("1,2345", '.'),
            ("1234,567.00", '.'),
            ("\u{661}", '.'),
            ("5.-", ','),
            ("0x10", '.'),
            ("NaN", '.'),
            (",500", '.'),
        ] {
            assert!(amount(text, decimal).is_err(), "{text}");
        }
        assert!(amount(&"9".repeat(60), '.').is_err());
    }

    #[test]
    fn a_day_is_read_as_it_is_said_to_be_written() {
        for (text, format) in [
            ("2026-03-01", "%Y-%m-%d"),
            ("2026-03-01T23:59:59Z", "%Y-%m-%d"),
            ("01.03.2026", "%d.%m.%Y"),
            ("1.3.26", "%d.%m.%y"),
            ("03/01/2026 10:00", "%m/%d/%Y"),
            ("01 Mar 2026", "%d %b %Y"),
            ("20260301", "%Y%m%d"),
        ] {
            assert_eq!(day(text, format).map(|day| day.to_string()), Ok("2026-03-01".to_owned()), "{text}");
        }
        for (text, format) in [
            ("", "%Y-%m-%d"),
            ("2026-02-30", "%Y-%m-%d"),
            ("26-03-01", "%Y-%m-%d"),
            ("2026-03-011", "%Y-%m-%d"),
            ("2026-03-01", "%Y-%m"),
            ("2026-03-01", "%Q"),
            ("31/12/2026", "%m/%d/%Y"),
            ("2026-03-01", "%"),
            ("mä 2026", "%b"),
            ("01 Mai 2026", "%d %b %Y"),
        ] {
            assert!(day(text, format).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_readers(text in any::<String>(), format in "[%Ymdby./ -]{0,12}") {
            let _ = (amount(&text, '.'), amount(&text, ','), day(&text, &format), day(&text, &text));
        }

        #[test]
        fn what_is_grouped_is_read_like_what_is_not(minor in 0..10_i64.pow(12)) {
            let plain = format!("{}.{:02}", minor / 100, minor % 100);
            let (whole, cents) = plain.split_once('.').expect("a point");
            let mut grouped = String::new();
            for (place, digit) in whole.chars().enumerate() {
                if place > 0 && (whole.len() - place) % 3 == 0 {
                    grouped.push('.');
                }
                grouped.push(digit);
            }
            prop_assert_eq!(amount(&format!("{grouped},{cents}"), ','), amount(&plain, '.'));
        }
    }
}
