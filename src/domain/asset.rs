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

#[cfg(test)]
mod tests {
    use super::Asset;

    #[test]
    fn every_currency_of_iso_4217_has_its_own_decimals() {
        let letters = || 'A'..='Z';
        let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
        let assets: Vec<Asset> = codes.filter_map(|code| Asset::parse(&code).ok()).collect();
        let with = |scale| assets.iter().filter(|asset| asset.scale() == scale).map(Asset::code).collect::<Vec<_>>();
        assert_eq!(
            with(0),
            [
                "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                "XAF", "XOF", "XPF"
            ]
        );
        assert_eq!(with(3), ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);
        assert_eq!(with(4), ["CLF", "UYW"]);
        assert!(with(2).len() > 130 && ["CNY", "USD", "EUR", "GBP", "INR"].iter().all(|code| with(2).contains(code)));
        assert_eq!(with(0).len() + with(2).len() + with(3).len() + with(4).len(), assets.len());
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for text in ["", "C", "cny", "CNYX", "CN\u{a5}", "XAU", "XXX", "XTS", "ZZZ", " CNY"] {
            let error = Asset::parse(text).expect_err(text);
            assert_eq!(error.field, "currency");
        }
    }
}
