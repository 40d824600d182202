//! Money of one asset for money of another, at a rate: exact arithmetic, one rounding, and the remainder known.
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

use num_bigint::BigUint;
use num_integer::Integer;
use serde::{Deserialize, Serialize};

use super::asset::Asset;
use super::fee::Percent;
use super::invalid::Invalid;
use super::money::{Amount, Decimal, TooLarge};
use super::text::text_conversions;
use super::time::Timestamp;
use super::transfer::TransferId;
use super::user::UserId;

/// How many units of one asset a unit of another buys, both in major units: a fraction in lowest terms, each part from 1 to 10^38 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(Amount, Amount)", into = "(Amount, Amount)")]
pub struct Rate {
    numerator: Amount,
    denominator: Amount,
}

/// A part of a minor unit, as a fraction in lowest terms that is less than one. Its parts may have more than 38 digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// Zero, if nothing remains.
    pub numerator: String,
    /// More than zero.
    pub denominator: String,
}

impl Rate {
    /// The rate `numerator / denominator`.
    ///
    /// # Errors
    ///
    /// Names the field `rate`: a part that is not more than zero.
    pub fn new(numerator: Amount, denominator: Amount) -> Result<Self, Invalid> {
        if numerator <= Amount::ZERO || denominator <= Amount::ZERO {
            return Err(Invalid::new("rate", "must be more than zero"));
        }
        Self::reduced(big(numerator), big(denominator))
    }

    /// The rate that was written as a decimal number.
    ///
    /// # Errors
    ///
    /// Names the field `rate`: not more than zero, or more than 38 digits.
    pub fn of_decimal(written: Decimal) -> Result<Self, Invalid> {
        let short = written.shortened();
        if !short.is_positive() {
            return Err(Invalid::new("rate", "must be more than zero"));
        }
        Self::reduced(short.digits.unsigned_abs().into(), ten_to(short.scale))
    }

    /// What is left of it once the house has kept its spread.
    ///
    /// # Errors
    ///
    /// Names the field `spread`: nothing would be left, or a fraction of more than 38 digits.
    pub fn less(self, spread: Percent) -> Result<Self, Invalid> {
        let whole = Percent::WHOLE.millionths();
        if spread == Percent::WHOLE {
            return Err(Invalid::new("spread", "must be less than 100"));
        }
        let left = whole.saturating_sub(spread.millionths());
        Self::reduced(big(self.numerator) * left, big(self.denominator) * whole)
            .map_err(|_| Invalid::new("spread", "must leave a rate of at most 38 digits"))
    }

    fn reduced(numerator: BigUint, denominator: BigUint) -> Result<Self, Invalid> {
        let common = numerator.gcd(&denominator);
        let part = |part: BigUint| {
            let minor = i128::try_from(part / &common).ok();
            minor.and_then(|minor| Amount::new(minor).ok()).ok_or(Invalid::new("rate", "must have at most 38 digits"))
        };
        Ok(Self { numerator: part(numerator)?, denominator: part(denominator)? })
    }

    /// The fraction's upper part.
    pub const fn numerator(self) -> Amount {
        self.numerator
    }

    /// The fraction's lower part.
    pub const fn denominator(self) -> Amount {
        self.denominator
    }

    /// What `sold` of the asset `from` buys of `to`, rounded down to the minor unit, and what remains of it with the house: less than one minor unit of
    /// `to`.
    ///
    /// # Errors
    ///
    /// More than 38 digits.
    pub fn buys(self, sold: Amount, from: Asset, to: Asset) -> Result<(Amount, Remainder), TooLarge> {
        let worth = big(sold) * big(self.numerator) * ten_to(to.scale());
        let unit = big(self.denominator) * ten_to(from.scale());
        let (bought, rest) = worth.div_rem(&unit);
        let common = rest.gcd(&unit);
        let remainder = Remainder { numerator: (rest / &common).to_string(), denominator: (unit / common).to_string() };
        Ok((small(bought)?, remainder))
    }

    /// The least of `from` that buys `wanted` of `to`, or more.
    ///
    /// # Errors
    ///
    /// More than 38 digits.
    pub fn costs(self, wanted: Amount, from: Asset, to: Asset) -> Result<Amount, TooLarge> {
        let worth = big(wanted) * big(self.denominator) * ten_to(from.scale());
        small(worth.div_ceil(&(big(self.numerator) * ten_to(to.scale()))))
    }
}

impl TryFrom<(Amount, Amount)> for Rate {
    type Error = Invalid;
    fn try_from((numerator, denominator): (Amount, Amount)) -> Result<Self, Invalid> {
        Self::new(numerator, denominator)
    }
}

impl From<Rate> for (Amount, Amount) {
    fn from(rate: Rate) -> Self {
        (rate.numerator, rate.denominator)
    }
}

/// Without its sign: amounts that are converted are never less than zero.
fn big(amount: Amount) -> BigUint {
    amount.minor().unsigned_abs().into()
}

fn ten_to(power: u8) -> BigUint {
    BigUint::from(10_u32).pow(power.into())
}

fn small(number: BigUint) -> Result<Amount, TooLarge> {
    Amount::new(i128::try_from(number).map_err(|_| TooLarge)?)
}

/// What makes a conversion, asked for again, the same: what was quoted, signed. 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuoteToken(String);

impl QuoteToken {
    /// Most characters.
    pub const CHARS: usize = 255;

    /// Takes a quote as it was sent.
    ///
    /// # Errors
    ///
    /// Names the field `quote`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (1..=Self::CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Invalid::new("quote", "must be 1 to 255 visible ASCII characters"))
    }

    /// The quote as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(QuoteToken);

/// A rate that an operator has set. The newest of a pair of assets is the one that holds; older ones are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// What a unit of `from` is worth in units of `to`.
    pub rate: Rate,
    /// What of that the house keeps.
    pub spread: Percent,
    /// Who set it.
    pub actor: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// A conversion, written once, together with both its transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// The transfer to the house, of what is sold: the conversion's id, too.
    pub id: TransferId,
    /// The transfer from the house, of what is bought.
    pub bought_by: TransferId,
    /// Whose money.
    pub user: UserId,
    /// What is sold.
    pub from: Asset,
    /// What is bought.
    pub to: Asset,
    /// How much of it is sold.
    pub sold: Amount,
    /// How much is bought: what [`Rate::buys`] says.
    pub bought: Amount,
    /// The rate that was quoted, less the spread.
    pub rate: Rate,
    /// When it was asked for.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{Percent, Rate};
    use crate::domain::asset::Asset;
    use crate::domain::money::{Amount, Decimal};

    fn asset(code: &str) -> Asset {
        Asset::parse(code).expect("a currency")
    }

    fn rate(text: &str) -> Rate {
        Rate::of_decimal(Decimal::parse("rate", text).expect(text)).expect(text)
    }

    fn amount(minor: i128) -> Amount {
        Amount::new(minor).expect("38 digits")
    }

    #[test]
    fn what_is_bought_is_rounded_down_and_the_rest_is_known_exactly() {
        for (from, to, text, sold, bought, rest) in [
            // 100.00 CNY at 0.14 are 14.00 USD.
            ("CNY", "USD", "0.14", 10_000, 1400, "0/1"),
            // 0.10 CNY are 1.4 cents.
            ("CNY", "USD", "0.14", 10, 1, "2/5"),
            ("CNY", "USD", "0.14", 7, 0, "49/50"),
            ("USD", "JPY", "149.37", 1, 1, "4937/10000"),
            ("USD", "JPY", "149.37", 10_000, 14_937, "0/1"),
            ("JPY", "KWD", "0.0020641", 1000, 2064, "1/10"),
            ("KWD", "JPY", "484.5", 1, 0, "969/2000"),
            ("KWD", "CNY", "23.3", 999, 2327, "67/100"),
        ] {
            let (got, remainder) = rate(text).buys(amount(sold), asset(from), asset(to)).expect("38 digits");
            let remainder = format!("{}/{}", remainder.numerator, remainder.denominator);
            assert_eq!((got.minor(), &*remainder), (bought, rest), "{sold} {from} at {text}");
        }
    }

    #[test]
    fn what_is_wanted_costs_the_least_that_buys_it() {
        for (from, to, text, wanted, cost) in [
            ("CNY", "USD", "0.14", 1400, 10_000),
            ("CNY", "USD", "0.14", 1, 8),
            ("USD", "JPY", "149.37", 1, 1),
            ("USD", "JPY", "149.37", 150, 101),
            ("JPY", "VND", "170", 1, 1),
        ] {
            let needed = rate(text).costs(amount(wanted), asset(from), asset(to)).expect("38 digits");
            assert_eq!(needed.minor(), cost, "{wanted} {to} at {text}");
        }
    }

    #[test]
    fn the_house_keeps_its_spread_exactly() {
        let spread = |text| Percent::parse("spread", text).expect("a percentage");
        assert_eq!(rate("7").less(spread("0")), Ok(rate("7")));
        assert_eq!(rate("7").less(spread("0.5")), Ok(rate("6.965")));
        assert_eq!(rate("7").less(spread("99.999999")), Ok(rate("0.00000007")));
        assert_eq!(rate("7").less(spread("100")).expect_err("all of it").field, "spread");
        let long = rate("1.1234567890123456789012345678901234567");
        assert_eq!(long.less(spread("0.000001")).expect_err("45 digits").field, "spread");
    }

    #[test]
    fn a_rate_is_more_than_zero_and_has_38_digits() {
        let decimal = |text| Rate::of_decimal(Decimal::parse("rate", text).expect("a decimal"));
        assert_eq!(decimal("0.14"), Rate::new(amount(7), amount(50)));
        assert!(decimal("0.0000000000000000000000000000000000001").is_ok());
        for text in ["0", "-1", "0.00000000000000000000000000000000000001"] {
            assert_eq!(decimal(text).expect_err(text).field, "rate");
        }
        assert!(Rate::new(amount(1), Amount::ZERO).is_err() && Rate::new(amount(-1), amount(-1)).is_err());
        let most = Rate::new(Amount::MAX, amount(1)).expect("38 digits");
        assert!(most.buys(amount(1), asset("CNY"), asset("USD")).is_ok());
        assert!(most.buys(amount(2), asset("CNY"), asset("USD")).is_err());
        let least = Rate::new(amount(1), Amount::MAX).expect("38 digits");
        assert!(least.costs(amount(1), asset("CNY"), asset("CNY")).is_ok());
        assert!(least.costs(amount(2), asset("CNY"), asset("CNY")).is_err());
    }

    proptest! {
        #[test]
        fn nobody_ever_buys_more_than_they_pay_for_nor_a_minor_unit_less(
            numerator in 1..=u64::MAX, denominator in 1..=u64::MAX, wanted in 1..=u32::MAX,
        ) {
            let (from, to) = (asset("KWD"), asset("JPY"));
            let rate = Rate::new(amount(numerator.into()), amount(denominator.into())).expect("20 digits");
            let Ok(cost) = rate.costs(amount(wanted.into()), from, to) else { return Ok(()) };
            let Ok((bought, _)) = rate.buys(cost, from, to) else { return Ok(()) };
            prop_assert!(bought.minor() >= i128::from(wanted));
            let (less, _) = rate.buys(amount(cost.minor() - 1), from, to).expect("less");
            prop_assert!(less.minor() < i128::from(wanted), "the least that buys it");
            // bought <= cost * n / (d * 1000) < bought + 1, in whole numbers.
            let (n, d) = (super::BigUint::from(numerator), super::BigUint::from(denominator));
            let (worth, unit) = (super::big(cost) * n, d * 1000_u32);
            prop_assert!(super::big(bought) * &unit <= worth && worth < (super::big(bought) + 1_u32) * unit);
            prop_assert_eq!(rate, Rate::try_from(<(Amount, Amount)>::from(rate)).expect("the same"));
        }
    }
}
