//! What transfers cost: exact arithmetic, one rounding.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

use std::fmt;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::asset::Asset;
use super::invalid::Invalid;
use super::money::{Amount, Decimal};

/// A share from 0 to 100 percent, exact to six decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Percent(u32);

impl Percent {
    /// Decimals of a percentage.
    const SCALE: u8 = 6;
    /// The whole: a hundred percent.
    pub const WHOLE: Self = Self(100_000_000);

    /// Takes a percentage as it was written, such as `0.25`.
    ///
    /// # Errors
    ///
    /// Names `field`: less than 0, more than 100, or more than six decimals.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let rule = || Invalid::new(field, "must be a percentage from 0 to 100 with at most six decimals, such as 0.25");
        let Decimal { digits, scale } = Decimal::parse(field, text).map_err(|_| rule())?.shortened();
        let missing = Self::SCALE.checked_sub(scale).ok_or_else(rule)?;
        let millionths = digits.checked_mul(10_i128.pow(missing.into())).ok_or_else(rule)?;
        u32::try_from(millionths).ok().and_then(|millionths| Self::try_from(millionths).ok()).ok_or_else(rule)
    }

    /// In millionths of a percent.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Percent {
    /// Without zeros at the end: `0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decimal { digits, scale } = Decimal { digits: self.0.into(), scale: Self::SCALE }.shortened();
        let digits = format!("{digits:0>width$}", width = usize::from(scale) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
        if scale == 0 { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}

impl TryFrom<u32> for Percent {
    type Error = Invalid;
    fn try_from(millionths: u32) -> Result<Self, Invalid> {
        if millionths <= Self::WHOLE.0 {
            return Ok(Self(millionths));
        }
        Err(Invalid::new("percent", "must be at most 100"))
    }
}

impl From<Percent> for u32 {
    fn from(percent: Percent) -> u32 {
        percent.0
    }
}

/// What transfers of one asset cost: a share of the amount and a fixed amount, within bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tariff {
    share: Percent,
    fixed: Amount,
    least: Option<Amount>,
    most: Option<Amount>,
}

impl Tariff {
    /// The share is rounded half up to the minor unit; then the fixed amount is added, and the sum brought between the bounds.
    fn of(&self, amount: Amount) -> Amount {
        let share = self.share_of(amount);
        let fee = share.plus(self.fixed).unwrap_or(Amount::MAX);
        let fee = self.most.map_or(fee, |most| fee.min(most));
        self.least.map_or(fee, |least| fee.max(least))
    }

    fn share_of(&self, amount: Amount) -> Amount {
        let whole = BigUint::from(Percent::WHOLE.0);
        let exact = BigUint::from(amount.minor().unsigned_abs()) * self.share.0;
        let rounded = (exact * 2_u32 + &whole) / (whole * 2_u32);
        let minor = i128::try_from(rounded).expect("at most the amount itself");
        Amount::new(minor).expect("at most the amount itself")
    }
}

/// What one kind of transfer costs, by asset. Nothing, unless something is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Tariffs {
    named: Vec<(Asset, Tariff)>,
    others: Option<Tariff>,
}

impl Tariffs {
    /// What moving `amount` of `asset` costs; `None`: nothing.
    pub fn fee(&self, asset: Asset, amount: Amount) -> Option<Amount> {
        let named = self.named.iter().find(|(own, _)| *own == asset).map(|(_, tariff)| tariff);
        let fee = named.or(self.others.as_ref())?.of(amount);
        (fee > Amount::ZERO).then_some(fee)
    }

    /// Whether nothing costs anything.
    pub fn is_free(&self) -> bool {
        self.named.is_empty() && self.others.is_none()
    }

    /// Takes lines such as `CNY 0.25% + 0.10 min 0.20 max 5.00`, one for each asset, and `* 0.25%` for all others.
    ///
    /// # Errors
    ///
    /// Names the field `fees` and the rule that the first wrong line breaks.
    pub fn parse<T: AsRef<str>>(lines: &[T]) -> Result<Self, Invalid> {
        let mut tariffs = Self::default();
        for line in lines {
            let (name, rest) = line.as_ref().trim().split_once(' ').ok_or_else(malformed)?;
            let asset = if name == "*" { None } else { Some(Asset::parse(name).map_err(|_| malformed())?) };
            let tariff = tariff(asset, rest)?;
            let is_twice = match asset {
                Some(asset) => tariffs.named.iter().any(|(own, _)| *own == asset),
                None => tariffs.others.is_some(),
            };
            if is_twice {
                return Err(Invalid::new("fees", format!("must have one line for {name}")));
            }
            match asset {
                Some(asset) => tariffs.named.push((asset, tariff)),
                None => tariffs.others = Some(tariff),
            }
        }
        Ok(tariffs)
    }
}

impl TryFrom<Vec<String>> for Tariffs {
    type Error = Invalid;
    fn try_from(lines: Vec<String>) -> Result<Self, Invalid> {
        Self::parse(&lines)
    }
}

fn malformed() -> Invalid {
    Invalid::new("fees", "must be lines such as \"CNY 0.25% + 0.10 min 0.20 max 5.00\" or \"* 0.25%\"")
}

/// What stands after the asset: each part at most once, and something that costs.
fn tariff(asset: Option<Asset>, text: &str) -> Result<Tariff, Invalid> {
    let amount = |text: &str| {
        let decimal = Decimal::parse("fees", text).ok().filter(Decimal::is_positive).ok_or_else(malformed)?;
        // Without an asset there is nothing to count a fixed amount in.
        decimal.amount_of(asset.ok_or_else(malformed)?).map_err(|_| malformed())
    };
    let (mut share, mut fixed, mut least, mut most) = (None, None, None, None);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let is_twice = match word {
            "+" if share.is_some() => fixed.replace(amount(words.next().ok_or_else(malformed)?)?).is_some(),
            "min" => least.replace(amount(words.next().ok_or_else(malformed)?)?).is_some(),
            "max" => most.replace(amount(words.next().ok_or_else(malformed)?)?).is_some(),
            word => match word.strip_suffix('%') {
                Some(percent) => share.replace(Percent::parse("fees", percent).map_err(|_| malformed())?).is_some(),
                None => fixed.replace(amount(word)?).is_some(),
            },
        };
        if is_twice {
            return Err(malformed());
        }
    }
    let bounds_cross = least.zip(most).is_some_and(|(least, most)| least > most);
    if bounds_cross || (share.is_none() && fixed.is_none()) {
        return Err(malformed());
    }
    Ok(Tariff { share: share.unwrap_or_default(), fixed: fixed.unwrap_or_default(), least, most })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::{prop_assert_eq, proptest};

    use super::{Percent, Tariffs};
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;

    fn asset(code: &str) -> Asset {
        Asset::parse(code).expect("a currency")
    }

    fn fee(line: &str, code: &str, minor: i128) -> i128 {
        let tariffs = Tariffs::parse(&[line]).expect(line);
        tariffs.fee(asset(code), Amount::new(minor).expect("38 digits")).map_or(0, Amount::minor)
    }

    #[test]
    fn a_fee_is_the_share_rounded_half_up_then_the_fixed_amount_then_the_bounds() {
        for (line, code, amount, expected) in [
            ("CNY 0.25%", "CNY", 10_000, 25),
            ("CNY 0.25%", "CNY", 199, 0),
            ("CNY 0.25%", "CNY", 200, 1),
            ("CNY 0.25%", "CNY", 599, 1),
            ("CNY 0.25%", "CNY", 600, 2),
            ("CNY 0.25% + 0.10", "CNY", 10_000, 35),
            ("CNY 0.10", "CNY", 1, 10),
            ("CNY 0.25% min 0.20", "CNY", 100, 20),
            ("CNY 0.25% max 5.00", "CNY", 10_000_000, 500),
            ("CNY 1% + 0.10 min 0.20 max 0.30", "CNY", 1000, 20),
            ("CNY 0.000001%", "CNY", 49_999_999, 0),
            ("CNY 0.000001%", "CNY", 50_000_000, 1),
            ("JPY 0.5%", "JPY", 99, 0),
            ("JPY 0.5%", "JPY", 100, 1),
            ("KWD 0.5% + 0.005", "KWD", 1000, 10),
            ("* 1%", "JPY", 150, 2),
            ("CNY 1%", "USD", 1000, 0),
            ("CNY 100%", "CNY", Amount::MAX.minor(), Amount::MAX.minor()),
            ("CNY 100% + 0.01", "CNY", Amount::MAX.minor(), Amount::MAX.minor()),
        ] {
            assert_eq!(fee(line, code, amount), expected, "{line} of {amount}");
        }
    }

    #[test]
    fn a_percentage_is_written_as_short_as_it_can_be() {
        for text in ["0", "100", "0.25", "12.5", "0.000001", "99.999999"] {
            assert_eq!(Percent::parse("spread", text).expect(text).to_string(), text);
        }
        assert_eq!(Percent::parse("spread", "1.50").expect("six decimals").to_string(), "1.5");
    }

    #[test]
    fn a_line_of_its_own_goes_before_the_one_for_all_others() {
        let tariffs = Tariffs::parse(&["* 1%", "CNY 2%"]).expect("two lines");
        let of = |code| tariffs.fee(asset(code), Amount::new(100).expect("small")).map(Amount::minor);
        assert_eq!((of("CNY"), of("USD")), (Some(2), Some(1)));
        assert!(Tariffs::default().is_free() && !tariffs.is_free());
    }

    #[test]
    fn what_is_no_tariff_is_refused() {
        for line in [
            "",
            "CNY",
            "CNY ",
            "cny 1%",
            "1%",
            "* 1",
            "* 1% + 0.10",
            "* 1% min 1",
            "CNY 1% 2%",
            "CNY 1 1",
            "CNY min 1",
            "CNY 1% min",
            "CNY 1% min 2 max 1",
            "CNY 0.001",
            "CNY -1%",
            "CNY 101%",
            "CNY 0.0000001%",
            "CNY + 1",
            "CNY 1% +",
            "CNY 1% + min 1",
            "CNY 1% + + 1",
            "CNY 1% + 1 +",
            "CNY 1% + 1 + 1",
            "CNY 1 + 1%",
            "CNY 1% + -1",
            "CNY 0",
        ] {
            assert_eq!(Tariffs::parse(&[line]).expect_err(line).field, "fees");
        }
        assert!(Tariffs::parse(&["CNY 1%", "CNY 2%"]).is_err() && Tariffs::parse(&["* 1%", "* 2%"]).is_err());
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_half_a_minor_unit_off(minor in 0..=u64::MAX, millionths in 0..=100_000_000_u32) {
            let share = Percent::try_from(millionths).expect("at most 100");
            let tariff = super::Tariff { share, ..super::Tariff::default() };
            let fee = tariff.of(Amount::new(minor.into()).expect("20 digits")).minor();
            let off = 2 * (fee * 100_000_000 - i128::from(minor) * i128::from(millionths));
            assert!((-100_000_000..=100_000_000).contains(&off) && off != -100_000_000, "{off}");
        }

        #[test]
        fn no_text_breaks_the_reader_of_tariffs(text in any::<String>()) {
            let read = Tariffs::parse(&[&text]);
            prop_assert_eq!(Tariffs::parse(&[&text]), read);
        }
    }
}
