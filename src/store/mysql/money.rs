//! Amounts and assets in columns: a `DECIMAL(38, 0)` travels as its decimal digits.

use mysql_async::prelude::FromValue;
use mysql_async::{FromValueError, Value};

use crate::domain::asset::Asset;
use crate::domain::money::Amount;

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        // An integer where it fits spares the server the digits; it converts both exactly.
        i64::try_from(amount.minor()).map_or_else(|_| Self::Bytes(amount.minor().to_string().into()), Self::Int)
    }
}

impl TryFrom<Value> for Amount {
    type Error = FromValueError;

    fn try_from(value: Value) -> Result<Self, FromValueError> {
        let minor = match &value {
            Value::Int(minor) => Some(i128::from(*minor)),
            other => text(other).and_then(|digits| digits.parse().ok()),
        };
        minor.and_then(|minor| Self::new(minor).ok()).ok_or(FromValueError(value))
    }
}

impl FromValue for Amount {
    type Intermediate = Self;
}

impl From<Asset> for Value {
    fn from(asset: Asset) -> Self {
        Self::from(asset.code())
    }
}

impl TryFrom<Value> for Asset {
    type Error = FromValueError;

    fn try_from(value: Value) -> Result<Self, FromValueError> {
        text(&value).and_then(|code| Self::parse(code).ok()).ok_or(FromValueError(value))
    }
}

impl FromValue for Asset {
    type Intermediate = Self;
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use mysql_async::Value;

    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;

    #[test]
    fn an_amount_goes_out_and_comes_back() {
        for minor in [0, -1, i128::from(i64::MAX) + 1, Amount::MAX.minor(), Amount::MIN.minor()] {
            let amount = Amount::new(minor).expect("38 digits");
            assert_eq!(Amount::try_from(Value::from(amount)).expect("from"), amount);
            assert_eq!(Amount::try_from(Value::from(minor.to_string())).expect("as a DECIMAL comes"), amount);
        }
    }

    #[test]
    fn what_is_no_amount_and_no_asset_is_an_error() {
        for value in [Value::NULL, Value::Double(1.0), Value::from("1.5"), Value::from("9".repeat(39))] {
            assert!(Amount::try_from(value.clone()).is_err(), "{value:?}");
            assert!(Asset::try_from(value.clone()).is_err(), "{value:?}");
        }
    }
}
