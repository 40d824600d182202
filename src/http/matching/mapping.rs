//! Which column of a CSV statement says what, as JSON has it.

use std::borrow::Cow;

use crate::domain::invalid::Invalid;
use crate::domain::matching::Mapping;
use crate::http::json::Object;

const FIELDS: [&str; 15] = [
    "date",
    "date_format",
    "amount",
    "debit",
    "credit",
    "negated",
    "currency",
    "references",
    "description",
    "balance",
    "delimiter",
    "decimal",
    "skip_lines",
    "headless",
    "latin1",
];

/// Reads a mapping, and checks it.
///
/// # Errors
///
/// Names the first field that is unknown or wrong.
pub fn from_json(body: &[u8]) -> Result<Mapping, Invalid> {
    let fields = Object::strict(&FIELDS, body)?;
    let text = |name| Ok::<_, Invalid>(fields.text(name)?.map(Cow::into_owned));
    let character = |name| -> Result<Option<char>, Invalid> {
        let Some(text) = fields.text(name)? else { return Ok(None) };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) => Ok(Some(one)),
            _ => Err(Invalid::new(name, "must be one character")),
        }
    };
    let references = match fields.raw("references") {
        Some(raw) => serde_json::from_str(raw).map_err(|_| Invalid::new("references", "must be a list of columns"))?,
        None => Vec::new(),
    };
    let skip_lines = match fields.raw("skip_lines") {
        Some(raw) => raw.parse().map_err(|_| Invalid::new("skip_lines", "must be a whole number"))?,
        None => 0,
    };
    let mapping = Mapping {
        date: fields.required("date")?.into_owned(),
        date_format: text("date_format")?,
        amount: text("amount")?,
        debit: text("debit")?,
        credit: text("credit")?,
        negated: fields.switch("negated")?,
        currency: text("currency")?,
        references,
        description: text("description")?,
        balance: text("balance")?,
        delimiter: character("delimiter")?,
        decimal: character("decimal")?,
        skip_lines,
        headless: fields.switch("headless")?,
        latin1: fields.switch("latin1")?,
    };
    mapping.check()
}

#[cfg(test)]
mod tests {
    use super::from_json;

    #[test]
    fn a_mapping_is_read_strictly() {
        let whole = r##"{"date":"Tag","date_format":"%d.%m.%Y","amount":"#2","negated":true,"currency":"W","references":["R","#5"],
            "description":"D","balance":"B","delimiter":";","decimal":",","skip_lines":3,"headless":false,"latin1":true}"##;
        let mapping = from_json(whole.as_bytes()).expect("a mapping");
        assert_eq!((mapping.date.as_str(), mapping.delimiter, mapping.skip_lines), ("Tag", Some(';'), 3));
        assert_eq!(mapping.references, ["R", "#5"]);
        assert!(from_json(br#"{"date":"d","debit":"a","credit":"b"}"#).is_ok());
        for (text, field) in [
            ("[]", "body"),
            ("{}", "date"),
            (r#"{"date":"d"}"#, "amount"),
            (r#"{"date":"d","amount":"a","more":1}"#, "more"),
            (r#"{"date":"d","amount":"a","delimiter":";;"}"#, "delimiter"),
            (r#"{"date":"d","amount":"a","references":"r"}"#, "references"),
            (r#"{"date":"d","amount":"a","skip_lines":-1}"#, "skip_lines"),
            (r#"{"date":"d","amount":"a","skip_lines":1001}"#, "skip_lines"),
        ] {
            assert_eq!(from_json(text.as_bytes()).expect_err(text).field, field, "{text}");
        }
    }
}
