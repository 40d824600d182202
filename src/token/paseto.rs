//! Access tokens as PASETO v4.local: encrypted with XChaCha20 and authenticated with BLAKE2b
//! (<https://github.com/paseto-standard/paseto-spec/blob/master/docs/01-Protocol-Versions/Version4.md>). Nobody but a backend can read one.

use std::str;

use jiff::Timestamp;
use pasetors::keys::SymmetricKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, V4};
use pasetors::{Local, errors};
use serde::{Deserialize, Serialize};

use super::claims::Written;
use super::key::SECRET_BYTES;
use super::{Claims, Format, Key, Ring, Unfit};

/// What such a token begins with.
pub(super) const HEADER: &str = "v4.local.";

/// The footer, which everybody can read and nobody can change.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    kid: String,
}

/// A token that says `claims`.
pub(super) fn seal(key: &Key, claims: &Claims) -> String {
    let written = Written::of(claims, written_time);
    let message = serde_json::to_vec(&written).expect("claims are text");
    let footer = serde_json::to_vec(&Footer { kid: key.kid().to_string() }).expect("a footer is text");
    LocalToken::encrypt(&secret(key.secret()), &message, Some(&footer), None)
        .expect("the message is not empty, and the system has random bytes")
}

/// What a token says that was made with one of the keys of `ring`.
pub(super) fn open(ring: &Ring, token: &str) -> Result<Claims, Unfit> {
    let untrusted = parse(token)?;
    let footer: Footer = serde_json::from_slice(untrusted.untrusted_footer()).map_err(|_| Unfit::Malformed)?;
    let key = ring.find(&footer.kid, Format::Paseto).ok_or(Unfit::UnknownKey)?;
    let message = decrypt(key.secret(), &untrusted, None).map_err(|_| Unfit::Forged)?;
    let written: Written<String> = serde_json::from_str(&message).map_err(|_| Unfit::Malformed)?;
    written.read(|text| read_time(text))
}

fn parse(token: &str) -> Result<UntrustedToken<Local, V4>, Unfit> {
    UntrustedToken::try_from(token).map_err(|_| Unfit::Malformed)
}

fn decrypt(
    key: &[u8; SECRET_BYTES],
    token: &UntrustedToken<Local, V4>,
    implicit: Option<&[u8]>,
) -> Result<String, errors::Error> {
    Ok(LocalToken::decrypt(&secret(key), token, None, implicit)?.payload().to_owned())
}

fn secret(bytes: &[u8; SECRET_BYTES]) -> SymmetricKey<V4> {
    SymmetricKey::from(bytes).expect("a key has 32 bytes")
}

/// A time in RFC 3339, as the specification has it.
fn written_time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_string()
}

fn read_time(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{decrypt, parse};

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Vector {
        name: String,
        expect_fail: bool,
        key: String,
        token: String,
        payload: Option<String>,
        footer: String,
        implicit_assertion: String,
    }

    /// The cases of <https://github.com/paseto-standard/test-vectors/blob/master/v4.json> with a symmetric key.
    #[test]
    fn the_official_vectors_of_v4_local_are_opened_or_refused_as_they_say() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("vectors/paseto_v4_local.json")).expect("a list of vectors");
        let (mut opened, mut refused) = (0, 0);
        for vector in vectors {
            let key = hex::decode(&vector.key).expect("hex").try_into().expect("32 bytes");
            let implicit = Some(vector.implicit_assertion.as_bytes());
            let message = parse(&vector.token).ok().and_then(|token| {
                let message = decrypt(&key, &token, implicit).ok()?;
                assert_eq!(token.untrusted_footer(), vector.footer.as_bytes(), "{}", vector.name);
                Some(message)
            });
            assert_eq!(message, vector.payload, "{}", vector.name);
            assert_eq!(message.is_none(), vector.expect_fail, "{}", vector.name);
            *if vector.expect_fail { &mut refused } else { &mut opened } += 1;
        }
        assert_eq!((opened, refused), (9, 4));
    }
}
