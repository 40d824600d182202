//! JSON bodies, read strictly: a field that is not known, is there twice or is of another type is named in the refusal.
//!
//! Values stay the text they were sent as until they are asked for, so that no number ever becomes a float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::transfer::Description;

/// The largest number that an id can be: SQL counts to here.
pub(super) const ID_MAX: u64 = i64::MAX as u64;

/// What is said of a body that is something else.
const NO_OBJECT: &str = "must be a JSON object";

/// An object with some of these fields.
#[derive(Debug)]
pub(super) struct Object<'a, const N: usize> {
    names: &'static [&'static str; N],
    values: [Option<&'a RawValue>; N],
}

/// What is done about fields that nobody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The object is refused.
    Refused,
    /// They are passed over.
    Ignored,
}

impl<'a, const N: usize> Object<'a, N> {
    /// Reads an object that may have the fields `names` and no others.
    ///
    /// # Errors
    ///
    /// Names the first field that is unknown or there twice; `body` if `text` is no JSON object.
    pub(super) fn strict(names: &'static [&'static str; N], text: &'a [u8]) -> Result<Self, Invalid> {
        Self::read(names, text, Unknown::Refused)
    }

    /// The same, with what is done about unknown fields.
    pub(super) fn read(names: &'static [&'static str; N], text: &'a [u8], unknown: Unknown) -> Result<Self, Invalid> {
        let (mut values, mut broken) = ([None; N], None);
        let mut json = serde_json::Deserializer::from_slice(text);
        let fields = Fields { names, unknown, values: &mut values, broken: &mut broken };
        let read = fields.deserialize(&mut json).and_then(|()| json.end());
        match read {
            Ok(()) => Ok(Self { names, values }),
            Err(_) => Err(broken.unwrap_or(Invalid::new("body", NO_OBJECT))),
        }
    }

    /// The field's JSON, if it is there and not null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let place =
            self.names.iter().position(|known| *known == name).expect("only fields of the object are asked for");
        self.values[place].map(RawValue::get).filter(|text| *text != "null")
    }

    /// A text, if it is there.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Invalid> {
        self.raw(name).map(|raw| text(name, raw)).transpose()
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<Cow<'a, str>, Invalid> {
        self.text(name)?.ok_or_else(|| Invalid::new(name, "is required"))
    }

    /// A number or a text that must be there, as the text it was sent as.
    pub(super) fn plain(&self, name: &'static str) -> Result<&'a str, Invalid> {
        let raw = self.raw(name).ok_or_else(|| Invalid::new(name, "is required"))?;
        Ok(raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw))
    }

    /// True or false, and false if it is not there.
    pub(super) fn switch(&self, name: &'static str) -> Result<bool, Invalid> {
        match self.raw(name) {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => Err(Invalid::new(name, "must be true or false")),
        }
    }

    /// A whole number from 1 to `most`, if it is there.
    pub(super) fn number(&self, name: &'static str, most: u64) -> Result<Option<u64>, Invalid> {
        self.raw(name).map(|raw| number(name, raw, most)).transpose()
    }

    /// The number of something that must be there.
    pub(super) fn id(&self, name: &'static str) -> Result<u64, Invalid> {
        self.number(name, ID_MAX)?.ok_or_else(|| Invalid::new(name, "is required"))
    }

    /// A currency.
    pub(super) fn currency(&self) -> Result<Asset, Invalid> {
        Asset::parse(&self.required("currency")?)
    }

    /// An amount in a string, that must be there.
    pub(super) fn amount(&self) -> Result<Decimal, Invalid> {
        Decimal::parse("amount", &self.required("amount")?)
    }

    /// A description; empty if it is not there.
    pub(super) fn description(&self) -> Result<Description, Invalid> {
        self.text("description")?.map_or(Ok(Description::default()), Description::parse)
    }
}

/// The text of a JSON string.
fn text<'a>(name: &'static str, raw: &'a str) -> Result<Cow<'a, str>, Invalid> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        Some(_) => {
            serde_json::from_str(raw).map(Cow::Owned).map_err(|_| Invalid::new(name, "must be a string of characters"))
        }
        None => Err(Invalid::new(name, "must be a string")),
    }
}

/// A whole number as it is written in JSON, from 1 to `most`.
pub(super) fn number(name: &'static str, raw: &str, most: u64) -> Result<u64, Invalid> {
    let whole = raw.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = raw.parse().ok().filter(|number| whole && (1..=most).contains(number));
    parsed.ok_or_else(|| Invalid::new(name, format!("must be a whole number from 1 to {most}")))
}

/// The elements of a JSON array, at most `most` of them; what comes after one too many is not read.
pub(super) fn elements<'a>(name: &'static str, raw: &'a str, most: usize) -> Result<Vec<&'a RawValue>, Invalid> {
    let mut json = serde_json::Deserializer::from_str(raw);
    let read = json.deserialize_seq(Elements { most });
    read.map_err(|_| Invalid::new(name, format!("must be a list of 1 to {most}")))
}

struct Elements {
    most: usize,
}

impl<'a> Visitor<'a> for Elements {
    type Value = Vec<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(element) = list.next_element()? {
            if found.len() == self.most {
                return Err(A::Error::custom("too many"));
            }
            found.push(element);
        }
        if found.is_empty() { Err(A::Error::custom("none")) } else { Ok(found) }
    }
}

/// Fills in the values of an object, and says what is wrong with its fields.
struct Fields<'s, 'a, const N: usize> {
    names: &'static [&'static str; N],
    unknown: Unknown,
    values: &'s mut [Option<&'a RawValue>; N],
    broken: &'s mut Option<Invalid>,
}

impl<'a, const N: usize> DeserializeSeed<'a> for Fields<'_, 'a, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a, const N: usize> Visitor<'a> for Fields<'_, 'a, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(Name(self.names))? {
            match field {
                Ok(place) if self.values[place].is_some() => {
                    *self.broken = Some(Invalid::new(self.names[place], "must be given once"));
                    return Err(A::Error::custom("twice"));
                }
                Ok(place) => self.values[place] = Some(map.next_value()?),
                Err(_) if self.unknown == Unknown::Ignored => drop(map.next_value::<IgnoredAny>()?),
                Err(name) => {
                    *self.broken = Some(Invalid::new(name, "is not a field of this request"));
                    return Err(A::Error::custom("unknown"));
                }
            }
        }
        Ok(())
    }
}

/// A field's name: its place among the known ones, or else the name, of bounded length.
struct Name(&'static [&'static str]);

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Result<usize, String>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Result<usize, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        /// Longer names are cut where they are repeated.
        const SHOWN_CHARS: usize = 64;
        let place = self.0.iter().position(|known| *known == name);
        Ok(place.ok_or_else(|| name.chars().take(SHOWN_CHARS).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Object, Unknown, elements};

    const NAMES: &[&str; 3] = &["amount", "id", "pending"];

    fn outcome(text: &str) -> String {
        let read = || {
            let object = Object::strict(NAMES, text.as_bytes())?;
            Ok(format!("{} {} {}", object.required("amount")?, object.id("id")?, object.switch("pending")?))
        };
        read().unwrap_or_else(|broken: crate::domain::invalid::Invalid| broken.to_string())
    }

    #[test]
    fn what_is_wrong_with_an_object_is_said_by_field() {
        let cases = [
            (r#"{"amount":"1.00","id":7}"#, "1.00 7 false"),
            (r#" {"id":9223372036854775807 , "pending":true,"amount":"\u0031"} "#, "1 9223372036854775807 true"),
            (r#"{"id":7}"#, "amount: is required"),
            (r#"{"id":7,"amount":null}"#, "amount: is required"),
            (r#"{"amount":1.00,"id":7}"#, "amount: must be a string"),
            (r#"{"amount":"1","id":"7"}"#, "id: must be a whole number from 1 to 9223372036854775807"),
            (r#"{"amount":"1","id":9223372036854775808}"#, "id: must be a whole number from 1 to 9223372036854775807"),
            (r#"{"amount":"1","id":1e3}"#, "id: must be a whole number from 1 to 9223372036854775807"),
            (r#"{"amount":"1","id":0}"#, "id: must be a whole number from 1 to 9223372036854775807"),
            (r#"{"amount":"1","id":7,"pending":1}"#, "pending: must be true or false"),
            (r#"{"amount":"1","amount":"2","id":7}"#, "amount: must be given once"),
            (r#"{"amount":"1","id":7,"ammount":"2"}"#, "ammount: is not a field of this request"),
            (r#"{"amount":"1","id":7} x"#, "body: must be a JSON object"),
            (r#"[1]"#, "body: must be a JSON object"),
            ("", "body: must be a JSON object"),
            ("{\"amount\":\"\u{1}\",\"id\":7}", "body: must be a JSON object"),
        ];
        for (text, expected) in cases {
            assert_eq!(outcome(text), expected, "{text}");
        }
        let deep = format!(r#"{{"amount":{}"#, "[".repeat(100_000));
        assert_eq!(outcome(&deep), "body: must be a JSON object");
    }

    #[test]
    fn a_contract_that_is_older_than_this_may_have_more_fields() {
        let text = br#"{"more":[{}],"id":7}"#;
        assert!(Object::strict(NAMES, text).is_err());
        let object = Object::read(NAMES, text, Unknown::Ignored).expect("passed over");
        assert_eq!(object.raw("id"), Some("7"));
    }

    #[test]
    fn a_list_holds_at_both_edges() {
        for (text, fits) in [("[]", false), ("[1]", true), ("[1,{}]", true), ("[1,2,3]", false), ("7", false)] {
            assert_eq!(elements("list", text, 2).is_ok(), fits, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_it_panic(junk in any::<Vec<u8>>(), text in "[\\[{}\\]:,\"a-z0-9\\\\]*") {
            let _ = Object::strict(NAMES, &junk);
            let _ = outcome(&text);
            let _ = elements("list", &text, 3);
        }
    }
}
