//! What money is counted in.

use std::fmt;

use iso_currency::Currency;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;

/// A currency by its ISO 4217 code, such as `CNY`: the three letters, and how many decimals its minor unit has.
///
/// Two assets are the same if their codes are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Asset {
    code: [u8; Self::CODE_BYTES],
    scale: u8,
}

impl Asset {
    /// Longest code.
    pub const CODE_BYTES: usize = 3;

    /// Takes a code as it was written: three upper-case letters of ISO 4217 that have a minor unit.
    ///
    /// # Errors
    ///
    /// Names the field `currency`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let unknown = || Invalid::new("currency", "must be an ISO 4217 code in capitals, such as CNY");
        let code = text.as_bytes().try_into().map_err(|_| unknown())?;
        // Precious metals, funds and testing codes have no minor unit: nothing is counted in them here.
        let scale = Currency::from_code(text).and_then(Currency::exponent).ok_or_else(unknown)?;
        Ok(Self { code, scale: u8::try_from(scale).map_err(|_| unknown())? })
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("parse() takes ASCII only")
    }

    /// Decimals of the minor unit: 2 for `CNY`, 0 for `JPY`, 3 for `KWD`.
    pub const fn scale(&self) -> u8 {
        self.scale
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Asset {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Asset> for String {
    fn from(asset: Asset) -> String {
        asset.code().to_owned()
    }
}
