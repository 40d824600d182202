//! Forged tokens: everything that RFC 8725 warns of, and every claim made wrong, in both forms. None is accepted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use pasetors::keys::SymmetricKey;
use pasetors::version4::{LocalToken, V4};
use proptest::prelude::{any, prop_assert, proptest};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{Claims, Format, Key, Ring, Unfit, open, seal};
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;

const NOW_S: i64 = 1_760_000_000;
const NOW: Timestamp = Timestamp(NOW_S * 1_000_000);
const SESSION: SessionNumber = SessionNumber([1; 16]);

/// A key of each form.
fn ring() -> Ring {
    let mut ring = Ring::default();
    ring.add(Format::Paseto, NOW).expect("room");
    ring.add(Format::Jwt, NOW).expect("room");
    ring
}

fn key(ring: &Ring, format: Format) -> &Key {
    ring.keys().iter().find(|key| key.format() == format).expect("there is one of each")
}

fn claims() -> Claims {
    let ends = Timestamp((NOW_S + 100_000) * 1_000_000);
    Claims::new(UserId(7), SESSION, NOW, 900, ends)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp((NOW_S + seconds) * 1_000_000)
}

/// The claims of a good token in this form, to be made wrong.
fn written(format: Format) -> Map<String, Value> {
    let time = |seconds: i64| match format {
        Format::Jwt => json!(NOW_S + seconds),
        Format::Paseto => json!(jiff::Timestamp::from_second(NOW_S + seconds).expect("a time").to_string()),
    };
    let claims = json!({
        "iss": "teller", "aud": "teller", "kind": "access", "sub": "7", "sid": SESSION.to_string(),
        "jti": "0190a5c8-7b1e-7c3a-9d0e-5f6a7b8c9d0e", "iat": time(0), "nbf": time(0), "exp": time(900),
    });
    claims.as_object().expect("an object").clone()
}

fn header(key: &Key) -> Value {
    json!({"alg": "HS256", "typ": "at+jwt", "kid": key.kid().to_string()})
}

/// A JWT with this header and payload, signed with `secret`.
fn jwt(secret: &[u8], header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// A PASETO with this footer and payload, made with `secret`.
fn paseto(secret: &[u8; 32], footer: &str, payload: &str) -> String {
    let key = SymmetricKey::<V4>::from(secret).expect("32 bytes");
    LocalToken::encrypt(&key, payload.as_bytes(), Some(footer.as_bytes()), None).expect("sealed")
}

/// A token made with the right key, whatever it says.
fn signed(key: &Key, payload: &str) -> String {
    match key.format() {
        Format::Jwt => jwt(key.secret(), &header(key).to_string(), payload),
        Format::Paseto => paseto(key.secret(), &json!({"kid": key.kid().to_string()}).to_string(), payload),
    }
}

#[test]
fn what_is_sealed_is_opened_while_it_holds() {
    let ring = ring();
    for format in [Format::Paseto, Format::Jwt] {
        let token = seal(key(&ring, format), &claims());
        assert!(token.len() < 600, "{} bytes", token.len());
        for (seconds, holds) in [(-6, false), (-5, true), (0, true), (904, true), (905, false)] {
            let opened = open(&ring, &token, at(seconds));
            assert_eq!(opened.is_ok(), holds, "{format:?} after {seconds} s: {opened:?}");
        }
        assert_eq!(open(&ring, &token, NOW), Ok(claims().with_id_of(&ring, &token)));
        let other = self::ring();
        assert_eq!(open(&other, &token, NOW), Err(Unfit::UnknownKey));
    }
}

impl Claims {
    /// The same claims with the number that `token` was given.
    fn with_id_of(self, ring: &Ring, token: &str) -> Self {
        Self { id: open(ring, token, NOW).expect("it holds").id, ..self }
    }
}

#[test]
fn the_hand_made_token_that_the_others_are_made_of_is_accepted() {
    let ring = ring();
    for format in [Format::Paseto, Format::Jwt] {
        let payload = Value::Object(written(format)).to_string();
        let opened = open(&ring, &signed(key(&ring, format), &payload), NOW).expect("nothing is wrong with it");
        assert_eq!((opened.user, opened.session), (UserId(7), SESSION));
    }
}

#[test]
fn a_claim_that_is_missing_twice_wrong_or_unknown_makes_a_token_worthless() {
    let ring = ring();
    for format in [Format::Paseto, Format::Jwt] {
        let key = key(&ring, format);
        let refused = |payload: String, why: &str| {
            let opened = open(&ring, &signed(key, &payload), NOW);
            assert!(opened.is_err(), "{format:?} {why}: {payload}");
        };
        let good = written(format);
        for name in good.keys() {
            let mut claims = good.clone();
            claims.remove(name);
            refused(Value::Object(claims).to_string(), "without it");
            let whole = Value::Object(good.clone()).to_string();
            let again = format!(r#"{{"{name}":{},{}"#, good[name], &whole[1..]);
            refused(again, "twice");
            for wrong in [
                json!(null),
                json!(true),
                json!(0),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!(""),
                json!("x"),
                json!(" "),
                json!([]),
                json!([good[name]]),
                json!({}),
                json!("Teller"),
                json!("teller "),
                json!("refresh"),
                json!("-7"),
                json!("+7"),
                json!("07"),
                json!("18446744073709551616"),
                json!("9999-99-99T00:00:00Z"),
                json!(NOW_S.to_string()),
                json!(u64::MAX),
                json!(NOW_S + 7000),
            ] {
                // A later end is no forgery for whoever has the key.
                let later = name == "exp" && wrong == json!(NOW_S + 7000);
                // Nor is another number a wrong one, but for the session's own user.
                let other = name == "sub" && wrong == json!(NOW_S.to_string());
                if format == Format::Jwt && later || other {
                    continue;
                }
                let mut claims = good.clone();
                claims.insert(name.clone(), wrong);
                refused(Value::Object(claims).to_string(), name);
            }
        }
        let mut more = good.clone();
        more.insert("role".to_owned(), json!("operator"));
        refused(Value::Object(more).to_string(), "one more");
        for payload in ["", "{}", "[]", "null", "7", "\"x\"", "{", "\u{fffd}"] {
            if !payload.is_empty() {
                refused(payload.to_owned(), "no claims");
            }
        }
    }
}

#[test]
fn a_jwt_with_any_other_header_is_worthless_whatever_its_signature() {
    let ring = ring();
    let (key, other) = (key(&ring, Format::Jwt), key(&ring, Format::Paseto));
    let payload = Value::Object(written(Format::Jwt)).to_string();
    let kid = key.kid().to_string();
    let mut headers = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256", "A256GCM"] {
        headers.push(json!({"alg": alg, "typ": "at+jwt", "kid": kid}));
    }
    for typ in [json!("JWT"), json!("jwt"), json!("AT+JWT"), json!(null), json!(1)] {
        headers.push(json!({"alg": "HS256", "typ": typ, "kid": kid}));
    }
    for kid in [
        json!(""),
        json!(null),
        json!(0),
        json!(["x"]),
        json!("../../../../dev/null"),
        json!("' OR 1=1 --"),
        json!(other.kid().to_string()),
        json!(kid.to_uppercase() + " "),
    ] {
        headers.push(json!({"alg": "HS256", "typ": "at+jwt", "kid": kid}));
    }
    for (name, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AA"])),
        ("x5t", json!("AA")),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("epk", json!({})),
        ("p2c", json!(i64::MAX)),
        ("enc", json!("A256GCM")),
    ] {
        let mut header = header(key);
        header.as_object_mut().expect("an object").insert(name.to_owned(), value);
        headers.push(header);
    }
    for missing in ["alg", "typ", "kid"] {
        let mut header = header(key);
        header.as_object_mut().expect("an object").remove(missing);
        headers.push(header);
    }
    for header in headers {
        let header = header.to_string();
        // With the right signature, with none, and with that of secrets that an attacker may know.
        let right = jwt(key.secret(), &header, &payload);
        let (unsigned, _) = right.rsplit_once('.').expect("three parts");
        let known = [b"".to_vec(), b"secret".to_vec(), vec![0; 32], kid.clone().into_bytes()];
        let forged = known.iter().map(|secret| jwt(secret, &header, &payload));
        for token in forged.chain([right.clone(), format!("{unsigned}."), unsigned.to_owned()]) {
            open(&ring, &token, NOW).expect_err(&header);
        }
    }
    let twice = format!(r#"{{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
    open(&ring, &jwt(key.secret(), &twice, &payload), NOW).expect_err("an algorithm twice");
    // The key of the other form, under its own name: a key is for one form only.
    let confused = jwt(other.secret(), &header(other).to_string(), &payload);
    assert_eq!(open(&ring, &confused, NOW), Err(Unfit::UnknownKey));
}

#[test]
fn a_jwt_in_any_other_writing_is_worthless() {
    let ring = ring();
    let good = seal(key(&ring, Format::Jwt), &claims());
    open(&ring, &good, NOW).expect("it is good");
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().expect("three parts");
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{payload}.{header}.{signature}"),
        format!("{header}.{payload}.{}", &signature[1..]),
        format!("{header}.{payload}.{signature}{signature}"),
        good.to_uppercase(),
        good.replace('.', "%2e"),
        format!("v4.local.{payload}.{header}"),
        "x".repeat(5000),
        format!("{good}{}", "A".repeat(1024)),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
    ] {
        open(&ring, &token, NOW).expect_err(&token);
    }
}

#[test]
fn a_paseto_of_another_kind_footer_or_key_is_worthless() {
    let ring = ring();
    let (key, other) = (key(&ring, Format::Paseto), key(&ring, Format::Jwt));
    let good = seal(key, &claims());
    let payload = Value::Object(written(Format::Paseto)).to_string();
    let [_, _, body, footer]: [&str; 4] = good.split('.').collect::<Vec<_>>().try_into().expect("four parts");
    for token in [
        format!("v4.public.{body}.{footer}"),
        format!("v3.local.{body}.{footer}"),
        format!("v2.local.{body}.{footer}"),
        format!("v1.local.{body}.{footer}"),
        format!("V4.LOCAL.{body}.{footer}"),
        format!("v4.local.{body}"),
        format!("v4.local.{body}."),
        format!("v4.local..{footer}"),
        format!("v4.local.{footer}.{body}"),
        format!("{good}.{footer}"),
        format!("{good}="),
        format!("{good} "),
        "v4.local.".to_owned(),
        format!("v4.local.{}.{footer}", &body[2..]),
        format!("v4.local.{body}.{}", BASE64.encode(json!({"kid": other.kid().to_string()}).to_string())),
        format!("v4.local.{body}.{}", BASE64.encode(format!(r#"{{"kid":"{}" }}"#, key.kid()))),
    ] {
        open(&ring, &token, NOW).expect_err(&token);
    }
    let kid = |kid: &str| json!({"kid": kid}).to_string();
    for footer in [
        String::new(),
        "{}".to_owned(),
        kid(""),
        kid(&other.kid().to_string()),
        "x".to_owned(),
        "[1]".to_owned(),
        json!({"kid": key.kid().to_string(), "wpk": "k4.local-wrap.pie.x"}).to_string(),
    ] {
        open(&ring, &paseto(key.secret(), &footer, &payload), NOW).expect_err(&footer);
    }
    for secret in [[0; 32], *other.secret()] {
        let forged = paseto(&secret, &kid(&key.kid().to_string()), &payload);
        assert_eq!(open(&ring, &forged, NOW), Err(Unfit::Forged));
    }
}

proptest! {
    #[test]
    fn no_change_of_a_token_leaves_it_one(place in any::<usize>(), byte in 0x21_u8..0x7f, paseto in any::<bool>()) {
        let ring = ring();
        let format = if paseto { Format::Paseto } else { Format::Jwt };
        let good = seal(key(&ring, format), &claims());
        let mut bytes = good.clone().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        let changed = String::from_utf8(bytes).expect("ASCII");
        prop_assert!(changed == good || open(&ring, &changed, NOW).is_err(), "{changed}");
    }

    #[test]
    fn nothing_that_is_sent_makes_it_panic(junk in ".{0,200}", parts in "[A-Za-z0-9_.-]{0,200}") {
        let ring = ring();
        for token in [junk.clone(), parts.clone(), format!("v4.local.{parts}"), format!("v4.local.{junk}")] {
            prop_assert!(open(&ring, &token, NOW).is_err());
        }
    }
}
