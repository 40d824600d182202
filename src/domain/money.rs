//! Amounts of money: whole numbers of minor units, up to 38 digits, checked at every step. No float anywhere.

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
        Self(-self.0)
    }

    /// In major units with all of the asset's decimals: `10.00` for 1000 of `CNY`.
    pub fn in_major(self, asset: Asset) -> String {
        let scale = usize::from(asset.scale());
        let digits = format!("{:0>width$}", self.0.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
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
        Ok(Self { digits: if negative { -digits } else { digits }, scale })
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
        let missing = asset.scale().checked_sub(self.scale).ok_or(NotAnAmount::TooManyDecimals)?;
        let factor = 10_i128.pow(u32::from(missing));
        let minor = self.digits.checked_mul(factor).ok_or(NotAnAmount::TooLarge)?;
        Amount::new(minor).map_err(|TooLarge| NotAnAmount::TooLarge)
    }
}
