//! How values are written in answers: amounts as decimal strings, times in RFC 3339, ids as UUIDs. Nothing here allocates.

use std::fmt;

use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Serialize, Serializer};

use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;

/// An amount in major units with all of the asset's decimals: `"10.00"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money(pub(super) Amount, pub(super) Asset);

/// Room for a sign, 39 digits and a point, and for zeros in front of the shortest.
const MONEY_CHARS: usize = 64;

impl Money {
    /// Hands its text to `show`.
    fn with_text<T>(self, show: impl FnOnce(&str) -> T) -> T {
        let Self(amount, asset) = self;
        let (mut chars, mut at) = ([b'0'; MONEY_CHARS], MONEY_CHARS);
        let (scale, mut rest) = (usize::from(asset.scale()), amount.minor().unsigned_abs());
        let mut digits = 0;
        while rest > 0 || digits <= scale {
            if digits == scale && scale > 0 {
                at -= 1;
                chars[at] = b'.';
            }
            // Most amounts fit in 64 bits, which divide many times faster.
            let digit = match u64::try_from(rest) {
                Ok(small) => {
                    rest = u128::from(small / 10);
                    small % 10
                }
                Err(_) => {
                    let digit = rest % 10;
                    rest /= 10;
                    digit as u64
                }
            };
            at -= 1;
            chars[at] = b'0' + digit as u8;
            digits += 1;
        }
        if amount.minor() < 0 {
            at -= 1;
            chars[at] = b'-';
        }
        show(std::str::from_utf8(&chars[at..]).expect("digits, a point and a sign are ASCII"))
    }

    /// As a number with two decimals or, where the asset has more, with all of them: how a published contract writes a balance.
    pub(super) fn as_number(self) -> String {
        let scale = self.1.scale();
        self.with_text(|text| match scale {
            0 => format!("{text}.00"),
            1 => format!("{text}0"),
            _ => text.to_owned(),
        })
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

/// An instant in UTC with six decimals: `"2026-03-01T12:00:00.000001Z"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant(pub(super) Timestamp);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        let Self(Timestamp(micros)) = *self;
        // What lies outside of the calendar's years was never a time of ours; its nearest end is shown.
        let end = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let instant = jiff::Timestamp::from_microsecond(micros).unwrap_or(end);
        PRINTER.print_timestamp(&instant, StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A transfer's id as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) TransferId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        serializer.serialize_str(uuid::Uuid::from_bytes(self.0.0).hyphenated().encode_lower(&mut text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Id, Instant, Money};
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::TransferId;

    fn asset(code: &str) -> Asset {
        Asset::parse(code).expect(code)
    }

    fn json(value: impl serde::Serialize) -> String {
        serde_json::to_string(&value).expect("it can be written")
    }

    #[test]
    fn a_balance_as_a_number_has_two_decimals_or_more() {
        for (minor, code, text) in [
            (99_000, "CNY", "990.00"),
            (-5, "CNY", "-0.05"),
            (0, "CNY", "0.00"),
            (7, "JPY", "7.00"),
            (7, "KWD", "0.007"),
        ] {
            assert_eq!(Money(Amount::new(minor).expect("small"), asset(code)).as_number(), text);
        }
    }

    #[test]
    fn times_have_six_decimals_and_ids_are_uuids() {
        assert_eq!(json(Instant(Timestamp(1_772_366_400_000_001))), r#""2026-03-01T12:00:00.000001Z""#);
        assert_eq!(json(Instant(Timestamp(0))), r#""1970-01-01T00:00:00.000000Z""#);
        assert!(json(Instant(Timestamp(i64::MAX))).starts_with("\"9999-12-30"));
        let id = TransferId(std::array::from_fn(|index| index as u8 * 0x11));
        assert_eq!(json(Id(id)), format!("\"{id}\""));
    }

    proptest! {
        #[test]
        fn an_amount_is_written_as_the_domain_writes_it(minor in any::<i128>(), code in "CNY|JPY|KWD") {
            let (amount, asset) = (Amount::new(minor % Amount::MAX.minor()).expect("38 digits"), asset(&code));
            assert_eq!(json(Money(amount, asset)), format!("\"{}\"", amount.in_major(asset)));
        }
    }
}
