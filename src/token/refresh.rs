//! Refresh tokens: `tr_` and base64url of the session's number (16 bytes), a secret (32) and a tag (16).
//!
//! Of a session the store holds a random salt and SHA-256 of the secret. The first secret is random; each further one is
//! HMAC-SHA-256(salt, "next" | secret). So the successor follows from the token that is shown and what is stored, and from neither alone:
//! whoever sends the same token many times at once gets one successor, and whoever reads the store has no token. The tag is the beginning of
//! HMAC-SHA-256(salt, "tag" | number | secret): a secret without it was never handed out, and says nothing about a stolen one.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::domain::grant::Grant;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;

/// What every refresh token begins with, so that people and scanners of leaked secrets know one.
const PREFIX: &str = "tr_";
const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const BYTES: usize = ID_BYTES + SECRET_BYTES + TAG_BYTES;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 32;

/// A refresh token, taken apart. Its secret is wiped when it is dropped.
#[derive(Clone)]
pub struct Refresh {
    session: SessionNumber,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
    tag: [u8; TAG_BYTES],
}

/// What a refresh token that is shown is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is the valid one: it is exchanged for its successor.
    Current,
    /// It is the one before, exchanged a moment ago by whoever did not hear the answer: they get the same successor.
    Repeated,
    /// It was exchanged longer ago: somebody has a copy.
    Reused,
    /// It was never handed out, or its session is over.
    Nothing,
}

impl Refresh {
    /// The first token of the session `session`, of a secret that is random.
    pub fn first(session: SessionNumber, secret: [u8; SECRET_BYTES], salt: &[u8]) -> Self {
        let tag = tag(session, &secret, salt);
        Self { session, secret: Zeroizing::new(secret), tag }
    }

    /// Takes apart what a client sent; `None` if it cannot be a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let encoded = text.strip_prefix(PREFIX)?;
        // A longer text would not fit, and a shorter one would leave zeros.
        if BASE64.decode_slice(encoded, &mut *bytes).ok()? != BYTES {
            return None;
        }
        let (id, rest) = bytes.split_at(ID_BYTES);
        let (secret, tag) = rest.split_at(SECRET_BYTES);
        let mut own = Zeroizing::new([0; SECRET_BYTES]);
        own.copy_from_slice(secret);
        Some(Self { session: SessionNumber(id.try_into().ok()?), secret: own, tag: tag.try_into().ok()? })
    }

    /// The text that a client holds.
    pub fn text(&self) -> String {
        let mut bytes = [&self.session.0[..], &self.secret[..], &self.tag[..]].concat();
        let mut text = PREFIX.to_owned();
        BASE64.encode_string(&bytes, &mut text);
        bytes.zeroize();
        text
    }

    /// The session that it belongs to, as it says.
    pub fn session(&self) -> SessionNumber {
        self.session
    }

    /// What stores know it by.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(*self.secret).into()
    }

    /// The token after it.
    pub fn successor(&self, salt: &[u8]) -> Self {
        let secret = mac(salt, &[b"next", &*self.secret]);
        Self::first(self.session, secret, salt)
    }

    /// What it is worth at `now` beside what is stored of its session; `grace` is how long the one before still counts.
    pub fn worth(&self, grant: &Grant, now: Timestamp, grace: Duration) -> Worth {
        let genuine = tag(grant.id, &self.secret, &grant.salt).ct_eq(&self.tag);
        if !bool::from(genuine) || !grant.is_active(now) {
            return Worth::Nothing;
        }
        let hash = self.hash();
        if grant.refresh_hash == hash {
            return Worth::Current;
        }
        let grace = i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
        let is_fresh = now.0.saturating_sub(grant.rotated_at.0) <= grace;
        match grant.previous_hash.as_deref() == Some(&hash) && is_fresh {
            true => Worth::Repeated,
            false => Worth::Reused,
        }
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refresh({}, ..)", self.session)
    }
}

fn tag(session: SessionNumber, secret: &[u8; SECRET_BYTES], salt: &[u8]) -> [u8; TAG_BYTES] {
    let whole = mac(salt, &[b"tag", &session.0, secret]);
    whole[..TAG_BYTES].try_into().expect("SHA-256 has 32 bytes")
}

fn mac(salt: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::{Refresh, Worth};
    use crate::domain::grant::{Grant, GrantStatus};
    use crate::domain::session::SessionNumber;
    use crate::domain::time::Timestamp;
    use crate::domain::user::UserId;

    const SALT: [u8; 32] = [7; 32];
    const SESSION: SessionNumber = SessionNumber([1; 16]);
    const GRACE: Duration = Duration::from_secs(10);

    fn first() -> Refresh {
        Refresh::first(SESSION, [9; 32], &SALT)
    }

    /// A session whose token is `current`, exchanged for `previous` at 100 s; it ends at 1000 s.
    fn grant(current: &Refresh, previous: Option<&Refresh>) -> Grant {
        Grant {
            id: SESSION,
            user: UserId(1),
            salt: SALT.to_vec(),
            refresh_hash: current.hash().to_vec(),
            previous_hash: previous.map(|previous| previous.hash().to_vec()),
            user_agent: String::new(),
            address: String::new(),
            status: GrantStatus::Active,
            created_at: at(0),
            rotated_at: at(100),
            expires_at: at(1000),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn a_token_is_text_and_the_text_is_the_token() {
        let text = first().text();
        assert_eq!((text.len(), &text[..3]), (89, "tr_"));
        let parsed = Refresh::parse(&text).expect("its own text");
        assert_eq!((parsed.session(), parsed.hash(), parsed.text()), (SESSION, first().hash(), text.clone()));
        assert!(!format!("{parsed:?}").contains(&text[40..50]));
        let (longer, shorter) = (format!("{text}A"), &text[..88]);
        for wrong in ["", "tr_", &text[3..], &longer, shorter, &text.replace("tr_", "TR_"), &format!("{text}=")] {
            assert!(Refresh::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_thousand_successors_are_all_others_and_each_follows_from_the_one_before() {
        let mut seen = HashSet::new();
        let (mut one, mut other) = (first(), first());
        for _ in 0..1000 {
            assert!(seen.insert(one.text()));
            (one, other) = (one.successor(&SALT), other.successor(&SALT));
            assert_eq!(one.text(), other.text());
        }
        assert_ne!(first().successor(&SALT).text(), first().successor(&[8; 32]).text(), "the salt counts");
    }

    #[test]
    fn a_token_is_worth_what_its_session_says() {
        let (old, previous) = (first(), first().successor(&SALT));
        let current = previous.successor(&SALT);
        let next = current.successor(&SALT);
        let stored = grant(&current, Some(&previous));
        for (shown, now, worth) in [
            (&current, 100, Worth::Current),
            (&current, 999, Worth::Current),
            (&current, 1000, Worth::Nothing),
            (&previous, 100, Worth::Repeated),
            (&previous, 110, Worth::Repeated),
            (&previous, 111, Worth::Reused),
            (&previous, 90, Worth::Repeated),
            (&old, 100, Worth::Reused),
            (&old, 1000, Worth::Nothing),
            // Nobody has it yet but who holds the current one: it is as good as stolen.
            (&next, 100, Worth::Reused),
        ] {
            assert_eq!(shown.worth(&stored, at(now), GRACE), worth, "at {now} s");
        }
        let never = Refresh::first(SESSION, [3; 32], &[4; 32]);
        assert_eq!(never.worth(&stored, at(100), GRACE), Worth::Nothing, "a guess blocks nobody");
        for status in [GrantStatus::Blocked, GrantStatus::Reused] {
            let over = Grant { status, ..stored.clone() };
            assert_eq!(current.worth(&over, at(100), GRACE), Worth::Nothing);
        }
    }

    #[test]
    fn a_token_with_any_bit_changed_is_worth_nothing() {
        let stored = grant(&first(), None);
        let text = first().text();
        for place in 3..text.len() {
            let mut other = text.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ASCII");
            // The session's own number finds the row; the tag is checked with the row's.
            let Some(parsed) = Refresh::parse(&other).filter(|parsed| parsed.session() == SESSION) else { continue };
            assert_eq!(parsed.worth(&stored, at(100), GRACE), Worth::Nothing, "at {place}");
        }
    }
}
