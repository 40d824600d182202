//! Texts that are known again without having been kept: base64url of a key's name (8 bytes), a body, and HMAC-SHA-256 of both (32).
//!
//! The keys are those of access tokens, which all backends share and `teller keys` changes: from each follows another one for each purpose. A key
//! that signs no more is still known until its last access token has expired.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key::Key;
use super::keys::Keys;

const KID: usize = 8;
const TAG: usize = 32;

/// The text of `body`, which must be at most a few hundred bytes. None, if no key signs at the moment.
pub fn sign(keys: &Keys, purpose: &[u8], body: &[u8]) -> Option<String> {
    let key = keys.signing()?;
    let mut bytes = Vec::with_capacity(KID + body.len() + TAG);
    bytes.extend_from_slice(&key.kid().bytes());
    bytes.extend_from_slice(body);
    let tag = mac(&key, purpose, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&tag);
    Some(BASE64.encode(bytes))
}

/// The body of `N` bytes that was signed. None, if it is of another length, has been changed, or was signed for another purpose or by a key that
/// is not known.
pub fn open<const N: usize>(keys: &Keys, purpose: &[u8], text: &str) -> Option<[u8; N]> {
    let bytes = BASE64.decode(text).ok().filter(|bytes| bytes.len() == KID + N + TAG)?;
    let (signed, tag) = bytes.split_at(KID + N);
    let (kid, body) = signed.split_at(KID);
    let ring = keys.ring();
    let key = ring.keys().iter().find(|key| key.kid().bytes() == kid)?;
    mac(key, purpose, signed).verify_slice(tag).ok()?;
    body.try_into().ok()
}

fn mac(key: &Key, purpose: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let own = key.derive(purpose);
    let mut mac = Hmac::<Sha256>::new_from_slice(&*own).expect("HMAC takes keys of any length");
    mac.update(message);
    mac
}
