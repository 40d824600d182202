//! Amounts and assets in columns. SQLite's integers end at 2^63 - 1, so a column of amounts is of type `ANY`: an integer where it fits,
//! else its decimal digits as text.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

use crate::domain::asset::Asset;
use crate::domain::money::Amount;

impl ToSql for Amount {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let minor = self.minor();
        Ok(ToSqlOutput::Owned(i64::try_from(minor).map_or_else(|_| Value::Text(minor.to_string()), Value::Integer)))
    }
}

impl FromSql for Amount {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let minor = match value {
            ValueRef::Integer(minor) => i128::from(minor),
            other => other.as_str()?.parse().map_err(FromSqlError::other)?,
        };
        Self::new(minor).map_err(FromSqlError::other)
    }
}

impl ToSql for Asset {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.code()))
    }
}

impl FromSql for Asset {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).map_err(FromSqlError::other)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::{FromSql, ToSql, ToSqlOutput, Value, ValueRef};

    use crate::domain::money::Amount;

    #[test]
    fn an_amount_is_an_integer_where_it_fits_and_text_beyond() {
        let integer = |minor| Value::Integer(minor);
        let text = |digits: &str| Value::Text(digits.to_owned());
        for (minor, wanted) in [
            (0, integer(0)),
            (i128::from(i64::MAX), integer(i64::MAX)),
            (i128::from(i64::MIN), integer(i64::MIN)),
            (i128::from(i64::MAX) + 1, text("9223372036854775808")),
            (i128::from(i64::MIN) - 1, text("-9223372036854775809")),
            (Amount::MIN.minor(), text(&format!("-{}", "9".repeat(38)))),
        ] {
            let amount = Amount::new(minor).expect("38 digits");
            assert_eq!(amount.to_sql().expect("to_sql"), ToSqlOutput::Owned(wanted.clone()));
            assert_eq!(Amount::column_result((&wanted).into()), Ok(amount));
        }
    }

    #[test]
    fn what_is_no_amount_is_an_error() {
        for value in [ValueRef::Null, ValueRef::Real(1.0), ValueRef::Text(b"1.5"), ValueRef::Text(&[b'9'; 39])] {
            assert!(Amount::column_result(value).is_err(), "{value:?}");
        }
    }
}
