//! Amounts of money: whole numbers of minor units, up to 38 digits, checked at every step. No float anywhere.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::float_arithmetic))]

use serde::{Deserialize, Serialize};

use super::asset::Asset;
use super::invalid::Invalid;

/// Minor units of some asset (cents of a `USD`): from -(10^38 - 1) to 10^38 - 1, as a `DECIMAL(38,0)` holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i128", into = "i128")]
pub struct Amount(i128);

/// More than 38 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at most 38 digits")]
pub struct TooLarge;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(10_i128.pow(38) - 1);
    /// The smallest.
    pub const MIN: Self = Self(-Self::MAX.0);

    /// An amount of `minor` units.
    ///
    /// # Errors
    ///
    /// More than 38 digits.
    pub const fn new(minor: i128) -> Result<Self, TooLarge> {
        if minor < Self::MIN.0 || minor > Self::MAX.0 { Err(TooLarge) } else { Ok(Self(minor)) }
    }

    /// The minor units.
    pub const fn minor(self) -> i128 {
        self.0
    }

    /// The sum, if it has at most 38 digits.
    pub fn plus(self, other: Self) -> Result<Self, TooLarge> {
        // Two numbers of 38 digits never overflow an i128's 127 bits together.
        Self::new(self.0.checked_add(other.0).ok_or(TooLarge)?)
    }

    /// The difference, if it has at most 38 digits.
    pub fn minus(self, other: Self) -> Result<Self, TooLarge> {
        self.plus(other.negated())
    }

    /// The same with the other sign.
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// In major units with all of the asset's decimals: `10.00` for 1000 of `CNY`.
    pub fn in_major(self, asset: Asset) -> String {
        let scale = usize::from(asset.scale());
        let digits = format!("{:0>width$}", self.0.unsigned_abs(), width = scale.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        let sign = if self.0 < 0 { "-" } else { "" };
        if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl TryFrom<i128> for Amount {
    type Error = TooLarge;
    fn try_from(minor: i128) -> Result<Self, TooLarge> {
        Self::new(minor)
    }
}

impl From<Amount> for i128 {
    fn from(amount: Amount) -> i128 {
        amount.0
    }
}

/// A decimal number as somebody wrote it, exact: `digits / 10^scale`. Whether it is an amount of some asset is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    /// Its digits as one number, with its sign.
    pub digits: i128,
    /// How many of them stand after the point.
    pub scale: u8,
}

/// Why a [`Decimal`] is no amount of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    /// More decimals, other than zeros at the end, than the asset has.
    #[error("has too many decimals")]
    TooManyDecimals,
    /// More than 38 digits in minor units.
    #[error("is too large")]
    TooLarge,
}

impl Decimal {
    /// Reads `-?digits[.digits]` without anything around it.
    ///
    /// # Errors
    ///
    /// Names `field` and the rule.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new(field, "must be a decimal number, such as \"10.00\"");
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(malformed()),
            None => (unsigned, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let fraction = fraction.trim_end_matches('0');
        let too_long = || Invalid::new(field, "must have at most 38 digits");
        let digits = format!("{whole}{fraction}").parse::<i128>().map_err(|_| too_long())?;
        let scale = u8::try_from(fraction.len()).map_err(|_| too_long())?;
        Ok(Self { digits: if negative { digits.saturating_neg() } else { digits }, scale })
    }

    /// Reads a number as JSON writes it: `-?digits[.digits][e[+-]digits]`, without leading zeros, from its text and never through a float.
    ///
    /// # Errors
    ///
    /// Names `field` and the rule.
    pub fn parse_number(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new(field, "must be a number, such as 10.00");
        let too_long = || Invalid::new(field, "must have at most 38 digits");
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let whole = mantissa.trim_start_matches('-').split('.').next().unwrap_or_default();
        let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if (whole.len() > 1 && whole.starts_with('0')) || power.is_empty() || !power.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(malformed());
        }
        let plain = Self::parse(field, mantissa)
            .map_err(|error| if error.rule == too_long().rule { error } else { malformed() })?;
        if plain.digits == 0 {
            return Ok(plain);
        }
        let scale = exponent.parse::<i64>().ok().and_then(|shift| i64::from(plain.scale).checked_sub(shift));
        let scale = scale.ok_or_else(too_long)?;
        if let Ok(scale) = u8::try_from(scale) {
            return Ok(Self { scale, ..plain }.shortened());
        }
        let zeros = u32::try_from(scale.saturating_neg()).map_err(|_| too_long())?;
        let digits = 10_i128.checked_pow(zeros).and_then(|factor| plain.digits.checked_mul(factor));
        Ok(Self { digits: digits.ok_or_else(too_long)?, scale: 0 })
    }

    /// The same number without zeros at the end of its decimals.
    pub fn shortened(self) -> Self {
        let Self { mut digits, mut scale } = self;
        while let Some(fewer) = scale.checked_sub(1)
            && digits % 10 == 0
        {
            (digits, scale) = (digits / 10, fewer);
        }
        Self { digits, scale }
    }

    /// What is left without `other`; `None` if that takes more digits than 128 bits hold.
    pub fn minus(self, other: Self) -> Option<Self> {
        let (ours, theirs) = (self.shortened(), other.shortened());
        let scale = ours.scale.max(theirs.scale);
        let digits = ours.at_scale(scale)?.checked_sub(theirs.at_scale(scale)?)?;
        Some(Self { digits, scale }.shortened())
    }

    /// Without its sign.
    pub const fn abs(self) -> Self {
        Self { digits: self.digits.saturating_abs(), ..self }
    }

    /// Its digits with as many decimals, which are at least its own.
    fn at_scale(self, scale: u8) -> Option<i128> {
        let missing = u32::from(scale.checked_sub(self.scale)?);
        10_i128.checked_pow(missing)?.checked_mul(self.digits)
    }

    /// Whether it is more than zero.
    pub const fn is_positive(&self) -> bool {
        self.digits > 0
    }

    /// In minor units of `asset`.
    ///
    /// # Errors
    ///
    /// See [`NotAnAmount`].
    pub fn amount_of(&self, asset: Asset) -> Result<Amount, NotAnAmount> {
        let short = self.shortened();
        let missing = asset.scale().checked_sub(short.scale).ok_or(NotAnAmount::TooManyDecimals)?;
        let factor = 10_i128.pow(u32::from(missing));
        let minor = short.digits.checked_mul(factor).ok_or(NotAnAmount::TooLarge)?;
        Amount::new(minor).map_err(|TooLarge| NotAnAmount::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{Amount, Asset, Decimal, NotAnAmount, TooLarge};

    const NINES: &str = "99999999999999999999999999999999999999";

    fn asset(code: &str) -> Asset {
        Asset::parse(code).expect("a currency")
    }

    fn parsed(text: &str) -> Option<(i128, u8)> {
        Decimal::parse("amount", text).ok().map(|decimal| (decimal.digits, decimal.scale))
    }

    fn number(text: &str) -> Option<(i128, u8)> {
        Decimal::parse_number("amount", text).ok().map(|decimal| (decimal.digits, decimal.scale))
    }

    #[test]
    fn an_amount_has_38_digits_and_no_more() {
        assert_eq!(Amount::MAX.minor().to_string(), NINES);
        assert_eq!(Amount::new(Amount::MAX.minor() + 1), Err(TooLarge));
        assert_eq!(Amount::new(Amount::MIN.minor() - 1), Err(TooLarge));
        assert_eq!(Amount::new(i128::MIN), Err(TooLarge));
        let one = Amount::new(1).expect("small");
        assert_eq!(Amount::MAX.plus(one), Err(TooLarge));
        assert_eq!(Amount::MIN.minus(one), Err(TooLarge));
        assert_eq!(Amount::MAX.minus(Amount::MIN), Err(TooLarge), "more than an i128 holds");
        assert_eq!(Amount::MAX.plus(Amount::MIN), Ok(Amount::ZERO));
        assert_eq!(Amount::MIN.negated(), Amount::MAX);
    }

    #[test]
    fn a_decimal_is_digits_with_at_most_one_point_between_them() {
        for (text, decimal) in [
            ("10.00", (10, 0)),
            ("0.05", (5, 2)),
            ("-3.10", (-31, 1)),
            ("007", (7, 0)),
            ("-0", (0, 0)),
            ("100", (100, 0)),
            (NINES, (Amount::MAX.minor(), 0)),
        ] {
            assert_eq!(parsed(text), Some(decimal), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1 ", "1,0", "--1", "1.2.3", "0x1", "\u{661}", "NaN", "1_0"]
        {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parsed(&format!("{NINES}999")), None);
        assert_eq!(parsed(&format!("0.{}1", "0".repeat(300))), None);
    }

    #[test]
    fn a_json_number_is_read_from_its_text_with_its_exponent() {
        for (text, decimal) in [
            ("10.00", (10, 0)),
            ("1e3", (1000, 0)),
            ("1.5E+2", (150, 0)),
            ("12.5e-1", (125, 2)),
            ("-1E-2", (-1, 2)),
            ("100e-2", (1, 0)),
            ("0e999999999999999999999", (0, 0)),
            ("1e37", (10_i128.pow(37), 0)),
            ("0.1", (1, 1)),
        ] {
            assert_eq!(number(text), Some(decimal), "{text}");
        }
        let bad = [
            "",
            "01",
            "-01.5",
            "1e",
            "e5",
            "1e+",
            "1e1.5",
            "+1",
            ".5",
            "1.",
            "1e--2",
            "1e40",
            "1e-300",
            "1e99999999999999999999",
            "--1",
            "Infinity",
        ];
        for text in bad {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn an_amount_is_written_with_all_decimals_of_its_currency() {
        for (minor, code, text) in [
            (1000, "CNY", "10.00"),
            (5, "CNY", "0.05"),
            (-5, "CNY", "-0.05"),
            (0, "CNY", "0.00"),
            (7, "JPY", "7"),
            (-7, "JPY", "-7"),
            (1, "KWD", "0.001"),
            (12_345, "CLF", "1.2345"),
            (Amount::MIN.minor(), "JPY", &format!("-{NINES}")),
        ] {
            assert_eq!(Amount::new(minor).expect("38 digits").in_major(asset(code)), text);
        }
    }

    #[test]
    fn an_amount_has_no_more_decimals_than_its_currency_and_no_more_than_38_digits() {
        let amount = |text: &str, code: &str| {
            Decimal::parse("amount", text).expect("a decimal").amount_of(asset(code)).map(Amount::minor)
        };
        assert_eq!(amount("0.010", "CNY"), Ok(1));
        assert_eq!(amount("0.011", "CNY"), Err(NotAnAmount::TooManyDecimals));
        assert_eq!(amount("1.0", "JPY"), Ok(1));
        assert_eq!(amount("1.5", "JPY"), Err(NotAnAmount::TooManyDecimals));
        assert_eq!(amount(NINES, "JPY"), Ok(Amount::MAX.minor()));
        assert_eq!(amount(NINES, "CNY"), Err(NotAnAmount::TooLarge));
        assert_eq!(amount(&format!("1{}", "0".repeat(38)), "JPY"), Err(NotAnAmount::TooLarge));
        assert_eq!(amount(&format!("{}.99", &NINES[2..]), "CNY"), Ok(Amount::MAX.minor()));
        // As a stranger could send it over RPC.
        assert_eq!(Decimal { digits: 100, scale: 4 }.amount_of(asset("CNY")).map(Amount::minor), Ok(1));
        assert!(Decimal { digits: i128::MIN, scale: u8::MAX }.amount_of(asset("CNY")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(minor in Amount::MIN.minor()..=Amount::MAX.minor(), small in any::<i64>(), place in 0..4_usize) {
            let asset = asset(["JPY", "CNY", "KWD", "CLF"][place]);
            for minor in [minor, i128::from(small)] {
                let amount = Amount::new(minor).expect("38 digits");
                let text = amount.in_major(asset);
                for read in [Decimal::parse("amount", &text), Decimal::parse_number("amount", &text)] {
                    prop_assert_eq!(read.expect("a decimal").amount_of(asset), Ok(amount));
                }
            }
        }

        #[test]
        fn sums_are_exact_or_refused(a in any::<i64>(), b in any::<i64>()) {
            let [left, right] = [a, b].map(|minor| Amount::new(minor.into()).expect("19 digits"));
            prop_assert_eq!(left.plus(right).map(Amount::minor), Ok(i128::from(a) + i128::from(b)));
            prop_assert_eq!(left.minus(right).map(Amount::minor), Ok(i128::from(a) - i128::from(b)));
        }

        #[test]
        fn no_text_breaks_the_readers(text in "[-+0-9.eE]{0,60}") {
            if let (Ok(plain), Ok(number)) = (Decimal::parse("amount", &text), Decimal::parse_number("amount", &text)) {
                prop_assert_eq!(plain, number);
            }
            prop_assert!(Decimal::parse("amount", &text).is_err() || !text.contains(['e', 'E', '+']));
        }
    }
}
