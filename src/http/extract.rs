//! Fields and cookies: what a client sent, as text under names. Nothing here panics, whatever was sent.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use serde_json::{Map, Value};

use super::problem::Problem;
use super::reply::Trouble;
use crate::api::Refusal;
use crate::domain::caller::Credential;
use crate::domain::invalid::Invalid;
use crate::domain::session::SessionId;
use crate::domain::token::AccessToken;
use crate::domain::transfer::IdempotencyKey;

/// The cookie that holds a [`SessionId`].
pub(super) const SESSION: &str = "sessionID";

/// The header that carries an [`IdempotencyKey`].
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What [`Fields`] can be read from.
const MEDIA_TYPES: &str = "application/json or application/x-www-form-urlencoded";

/// A body's fields. Those that nobody asks for are ignored.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As JSON.
    Json,
    /// As forms are.
    UrlEncoded,
}

impl Fields {
    /// Reads `body` as its content type says; without one, as it looks.
    pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, Trouble> {
        let fields = match form(headers, body)? {
            Form::Json => json(body)?,
            Form::UrlEncoded => url_encoded(body)?,
        };
        Ok(Self(fields))
    }

    /// Takes the field `name`, which must be there and be text.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Invalid> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Ok(text),
            None | Some(Value::Null) => Err(Invalid::new(name, "is required")),
            Some(_) => Err(Invalid::new(name, "must be a string")),
        }
    }
}

/// How `body` is written: as its content type says; without one, as it looks.
pub(super) fn form(headers: &HeaderMap, body: &Bytes) -> Result<Form, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        let looks_json = body.trim_ascii_start().starts_with(b"{");
        return Ok(if looks_json { Form::Json } else { Form::UrlEncoded });
    };
    let text = value.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(Form::UrlEncoded)
    } else {
        Err(Problem::UnsupportedMediaType(MEDIA_TYPES))
    }
}

/// Whether the body is JSON, as far as its content type says.
pub(super) fn is_json(headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
    if body.is_empty() || !headers.contains_key(CONTENT_TYPE) || form(headers, body) == Ok(Form::Json) {
        return Ok(());
    }
    Err(Problem::UnsupportedMediaType("application/json"))
}

fn json(body: &[u8]) -> Result<Map<String, Value>, Invalid> {
    serde_json::from_slice(body).map_err(|_| Invalid::new("body", "must be a JSON object"))
}

/// The fields of a form.
pub(super) fn url_encoded(body: &[u8]) -> Result<Map<String, Value>, Invalid> {
    let mut fields = Map::new();
    for (name, value) in url_encoded_pairs(body)? {
        // As with cookies, the first of several counts.
        fields.entry(name).or_insert(Value::String(value));
    }
    Ok(fields)
}

/// A form's fields in their order, those that are there several times too.
pub(super) fn url_encoded_pairs(body: &[u8]) -> Result<Vec<(String, String)>, Invalid> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body).map_err(|_| Invalid::new("body", "must be a URL-encoded form"))?;
    // The decoder puts this character where bytes are no text. Two passwords that differ there must not become one.
    match pairs.iter().find(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER)) {
        Some((name, _)) => Err(Invalid::new(name.clone(), "must be UTF-8")),
        None => Ok(pairs),
    }
}

/// What the request shows to be known by: the token of its `Authorization`, else its cookie. Nothing, and what cannot be either, are the same
/// refusal; a token that is none is not made good by a cookie beside it.
pub(super) fn credential(headers: &HeaderMap) -> Result<Credential, Refusal> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer).ok_or(Refusal::InvalidSession)?;
        return AccessToken::parse(token).map(Credential::Access).map_err(|_| Refusal::InvalidSession);
    }
    let value = cookie(headers, SESSION).ok_or(Refusal::InvalidSession)?;
    SessionId::parse(value).map(Credential::Session).map_err(|_| Refusal::InvalidSession)
}

/// The token of `Bearer TOKEN`; schemes are read in any case (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The last address that `X-Forwarded-For` names: the one that the proxy in front saw itself.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// The request's own name, if its sender gave it one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Invalid> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Invalid::new("Idempotency-Key", "must be given once"));
    }
    IdempotencyKey::parse(value.to_str().unwrap_or_default()).map(Some)
}

/// The first cookie of that name. Cookies that cannot be read do not hide those that can.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderValue};
    use proptest::prelude::{any, proptest};

    use super::{Fields, cookie, credential, forwarded_for};
    use crate::domain::caller::Credential;
    use crate::http::problem::Problem;
    use crate::http::reply::Trouble;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn read(content_type: &str, body: &str) -> Result<Fields, Trouble> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().expect("a value"));
        }
        Fields::read(&headers, &Bytes::copy_from_slice(body.as_bytes()))
    }

    /// What `username` is, or what is said of it.
    fn user_name(content_type: &str, body: &str) -> String {
        match read(content_type, body).map(|mut fields| fields.text("username")) {
            Ok(Ok(text)) => text,
            Ok(Err(broken)) => broken.to_string(),
            Err(Trouble::Refused(refusal)) => refusal.to_string(),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn a_field_is_read_from_json_and_from_forms_or_the_rule_is_said() {
        let (form, json) = ("application/x-www-form-urlencoded", "application/json; charset=utf-8");
        let cases = [
            (json, r#"{"username":"alice","more":[1]}"#, "alice"),
            ("APPLICATION/JSON", r#"{"username":"al\u00e9"}"#, "alé"),
            (form, "username=al%C3%A9+x&more=1", "alé x"),
            (form, "username=first&username=second", "first"),
            ("", r#" {"username":"alice"}"#, "alice"),
            ("", "username=alice", "alice"),
            ("", "", "username: is required"),
            (json, "{}", "username: is required"),
            (json, r#"{"username":null}"#, "username: is required"),
            (json, r#"{"username":5}"#, "username: must be a string"),
            (json, r#"{"username":{"$ne":1}}"#, "username: must be a string"),
            (json, "", "body: must be a JSON object"),
            (json, r#"["username"]"#, "body: must be a JSON object"),
            (json, "username=alice", "body: must be a JSON object"),
            (form, "username=%FF%FE", "username: must be UTF-8"),
            (form, r#"{"username":"alice"}"#, "username: is required"),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(user_name(content_type, body), expected, "{content_type} {body}");
        }
    }

    #[test]
    fn a_body_of_another_media_type_is_not_read() {
        for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonx", ";"] {
            let refused = read(content_type, r#"{"username":"alice"}"#).expect_err(content_type);
            assert!(matches!(refused, Trouble::Early(Problem::UnsupportedMediaType(_))), "{content_type}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let deep = format!(r#"{{"username":{}"#, "[".repeat(100_000));
        assert_eq!(user_name("application/json", &deep), "body: must be a JSON object");
    }

    #[test]
    fn the_first_session_cookie_counts_and_junk_beside_it_does_not() {
        let id = format!("sessionID={ID}");
        let cases: [(Vec<Vec<u8>>, Option<&str>); 8] = [
            (vec![id.clone().into()], Some(ID)),
            (vec![format!("a=b; ;;=; x; {id}; sessionID=other").into()], Some(ID)),
            (vec![b"\xff\xfe=1".to_vec(), id.clone().into()], Some(ID)),
            (vec!["ünï=cödé; ".to_owned().into_bytes(), id.clone().into()], Some(ID)),
            (vec![format!("sessionid={ID}").into()], None),
            (vec![format!("xsessionID={ID}").into()], None),
            (vec![b"sessionID=".to_vec()], None),
            (vec![format!("sessionID=short; {id}").into()], None),
        ];
        for (lines, expected) in cases {
            let value = |line: &Vec<u8>| HeaderValue::from_bytes(line).expect("bytes that a header may have");
            let headers: HeaderMap = lines.iter().map(|line| (COOKIE, value(line))).collect();
            let found = credential(&headers).ok();
            assert_eq!(found.as_ref().map(exposed), expected, "{lines:?}");
        }
    }

    fn exposed(credential: &Credential) -> &str {
        match credential {
            Credential::Session(id) => id.expose(),
            Credential::Access(token) => token.expose(),
        }
    }

    #[test]
    fn a_token_comes_before_the_cookie_and_one_that_is_none_is_not_made_good_by_it() {
        let cases = [
            ("Bearer v4.local.abc", Some("v4.local.abc")),
            ("bearer  v4.local.abc ", Some("v4.local.abc")),
            ("Basic YTpi", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer a b", None),
            ("v4.local.abc", None),
            ("", None),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("sessionID={ID}").parse().expect("a value"));
            headers.insert(AUTHORIZATION, value.parse().expect("a value"));
            assert_eq!(credential(&headers).ok().as_ref().map(exposed), expected, "{value}");
        }
    }

    #[test]
    fn of_forwarded_addresses_the_last_one_counts() {
        let cases: [(&[&str], Option<&str>); 5] = [
            (&["192.0.2.1"], Some("192.0.2.1")),
            (&["6.6.6.6, 192.0.2.1"], Some("192.0.2.1")),
            (&["6.6.6.6", "2001:db8::1"], Some("2001:db8::1")),
            (&["192.0.2.1, unknown"], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            let lines =
                lines.iter().map(|line| ("x-forwarded-for".parse().expect("a name"), line.parse().expect("a value")));
            let headers: HeaderMap = lines.collect();
            assert_eq!(forwarded_for(&headers), expected.map(|text| text.parse().expect("an address")));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_it_panic(junk in any::<Vec<u8>>(), json in any::<bool>()) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&junk) {
                headers.append(COOKIE, value.clone());
                headers.append(CONTENT_TYPE, value);
            }
            let _ = cookie(&headers, "sessionID");
            let _ = Fields::read(&headers, &junk.clone().into());
            let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            let _ = Fields::read(&headers, &junk.into());
        }
    }
}
