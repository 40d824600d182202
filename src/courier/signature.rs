//! Signatures after Standard Webhooks (<https://www.standardwebhooks.com>): `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a secret is written with in front.
const PREFIX: &str = "whsec_";

/// What sender and receiver both know. Never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret itself, as receivers take it: for the one answer that issues it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(&self.0[..]))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The header `webhook-signature` of a message sent at `timestamp` (seconds since 1970): one signature for each secret that is good.
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let all: Vec<String> = secrets.iter().map(|secret| one(&secret.0[..], id, timestamp, body)).collect();
    all.join(" ")
}

fn one(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::{BASE64, Secret, one, sign};

    #[test]
    fn a_signature_is_the_published_one() {
        // https://docs.svix.com/receiving/verifying-payloads/how-manual, the reference of Standard Webhooks.
        let key = BASE64.decode("plJ3nmyCDGBKInavdOK15jsl").expect("base64");
        let body = br#"{"event_type":"ping","data":{"success":true}}"#;
        let signed = one(&key, "msg_loFOjxBNrRLzqYUf", 1_731_705_121, body);
        assert_eq!(signed, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }

    #[test]
    fn there_is_one_signature_for_each_secret_and_all_of_the_message_counts() {
        let secrets = [Secret::new([1; 32]), Secret::new([2; 32])];
        let both = sign(&secrets, "msg_1_2", 7, b"{}");
        let alone = |secret: usize| sign(&secrets[secret..=secret], "msg_1_2", 7, b"{}");
        assert_eq!(both, format!("{} {}", alone(0), alone(1)));
        for other in [
            sign(&secrets, "msg_1_3", 7, b"{}"),
            sign(&secrets, "msg_1_2", 8, b"{}"),
            sign(&secrets, "msg_1_2", 7, b"[]"),
        ] {
            assert_ne!(both, other);
        }
        assert_eq!(secrets[0].expose(), "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        assert_eq!(format!("{:?}", secrets[0]), "Secret(..)");
    }
}
