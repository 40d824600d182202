//! Access tokens as JWT (RFC 7519) signed with HMAC-SHA-256 (RFC 7515, RFC 7518 section 3.2). Anybody can read one; nobody can change it.
//!
//! There is one header that is accepted, down to its fields (RFC 8725): other algorithms, `none`, keys in the header or behind its URLs, and
//! extensions are refused before any signature is looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::claims::Written;
use super::{Claims, Format, Key, Ring, Unfit};

const ALGORITHM: &str = "HS256";
/// RFC 9068, section 2.1: so that no other kind of JWT, made with the same key, passes for an access token.
const TYPE: &str = "at+jwt";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// A token that says `claims`.
pub(super) fn seal(key: &Key, claims: &Claims) -> String {
    let header = Header { alg: ALGORITHM.to_owned(), typ: TYPE.to_owned(), kid: key.kid().to_string() };
    let header = serde_json::to_vec(&header).expect("a header is text");
    let claims = serde_json::to_vec(&Written::of(claims, |seconds| seconds)).expect("claims are text and numbers");
    let mut token = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = mac(key.secret(), &token).finalize().into_bytes();
    token.push('.');
    BASE64.encode_string(signature, &mut token);
    token
}

/// What a token says that was made with one of the keys of `ring`.
pub(super) fn open(ring: &Ring, token: &str) -> Result<Claims, Unfit> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Unfit::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Unfit::Malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Unfit::Malformed)?;
    if header.alg != ALGORITHM || header.typ != TYPE {
        return Err(Unfit::Malformed);
    }
    let key = ring.find(&header.kid, Format::Jwt).ok_or(Unfit::UnknownKey)?;
    mac(key.secret(), signed).verify_slice(&decode(signature)?).map_err(|_| Unfit::Forged)?;
    let written: Written<i64> = serde_json::from_slice(&decode(payload)?).map_err(|_| Unfit::Malformed)?;
    written.read(|seconds| Some(*seconds))
}

fn mac(key: &[u8], signed: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    mac
}

/// Base64url as RFC 7515 has it: without padding, and one text for one value.
fn decode(text: &str) -> Result<Vec<u8>, Unfit> {
    BASE64.decode(text).map_err(|_| Unfit::Malformed)
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::{decode, mac};

    #[test]
    fn the_example_of_rfc_7515_appendix_a_1_has_its_signature() {
        let key = decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        let header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").expect("base64url");
        let key = key.expect("base64url");
        mac(&key, &format!("{header}.{payload}")).verify_slice(&signature).expect("its signature");
        mac(&key, &format!("{header}.{payload}x")).verify_slice(&signature).expect_err("not that of another");
    }

    #[test]
    fn base64url_has_no_padding_no_spaces_and_one_text_for_a_value() {
        assert_eq!(decode("AQ"), Ok(vec![1]));
        for other in ["AQ==", "AR", " AQ", "A+", "A"] {
            decode(other).expect_err(other);
        }
    }
}
