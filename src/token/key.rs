//! The keys of access tokens: which of them signs, and when one is dropped.
//!
//! A key first only verifies, so that every backend has read it before the first token that was made with it arrives; then it signs, until
//! another one does; and it verifies until the last token that it signed has expired.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::claims::LEEWAY_S;
use crate::domain::time::Timestamp;

/// Bytes of a key's secret.
pub(super) const SECRET_BYTES: usize = 32;

/// How long a new key only verifies: several times as long as a backend takes to notice it.
pub const SETTLE: Duration = Duration::from_secs(10);

/// Most keys of one file: far more than live at once.
const KEYS_MAX: usize = 100;

/// What access tokens look like, and how they are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PASETO v4.local.
    Paseto,
    /// JWT with HS256.
    Jwt,
}

impl Format {
    /// Its name in settings and in the keys' file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paseto => "paseto",
            Self::Jwt => "jwt",
        }
    }
}

/// A key's public name: 16 lower-case hex digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kid(String);

impl Kid {
    /// The bytes that its digits stand for.
    pub fn bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        hex::decode_to_slice(&self.0, &mut bytes).expect("a name is 16 hex digits");
        bytes
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key. Its secret is wiped when it is dropped, and never printed.
#[derive(Clone)]
pub struct Key {
    kid: Kid,
    format: Format,
    created_at: Timestamp,
    signs_from: Timestamp,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

/// What a key is for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will sign in a moment.
    Waiting,
    /// It signs.
    Signing,
    /// It signs no more; what it has signed still holds.
    Verifying,
}

impl Key {
    /// A new one, which signs from `signs_from` on.
    pub fn random(format: Format, now: Timestamp, signs_from: Timestamp) -> Self {
        let (mut kid, mut secret) = ([0; 8], Zeroizing::new([0; SECRET_BYTES]));
        rand::rng().fill_bytes(&mut kid);
        rand::rng().fill_bytes(&mut *secret);
        Self { kid: Kid(hex::encode(kid)), format, created_at: now, signs_from, secret }
    }

    /// Its public name.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// What it makes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// A secret for one other `purpose`, which follows from this one: HMAC-SHA-256(secret, purpose), RFC 2104. It tells nothing of this one, or of that
    /// for another purpose.
    pub fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.secret).expect("HMAC takes keys of any length");
        mac.update(purpose);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    pub(super) fn secret(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }

    /// What a line of the file says, if it is a key.
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [kid, format, created_at, signs_from, secret] = words.try_into().ok()?;
        let format = [Format::Paseto, Format::Jwt].into_iter().find(|known| known.name() == format)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if kid.len() != 16 || !kid.bytes().all(is_digit) {
            return None;
        }
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        hex::decode_to_slice(secret, &mut *bytes).ok()?;
        let (created_at, signs_from) = (read_time(created_at)?, read_time(signs_from)?);
        Some(Self { kid: Kid(kid.to_owned()), format, created_at, signs_from, secret: bytes })
    }

    fn line(&self) -> Zeroizing<String> {
        let (created, signs) = (written(self.created_at), written(self.signs_from));
        let secret = Zeroizing::new(hex::encode(*self.secret));
        Zeroizing::new(format!("{} {} {created} {signs} {}", self.kid, self.format.name(), *secret))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {}, ..)", self.kid, self.format.name())
    }
}

/// A line of the keys' file that is no key: which, counted from 1. What it says is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no key, has the name of another one, or is one too many")]
pub struct Unreadable(pub usize);

/// There are as many keys as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {KEYS_MAX} keys already")]
pub struct Full;

/// All keys.
#[derive(Clone, Debug, Default)]
pub struct Ring(Vec<Key>);

impl Ring {
    /// The keys of a file: one a line, beside empty lines and those that begin with `#`.
    ///
    /// # Errors
    ///
    /// The first line that is no key.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let key = Key::read(line).ok_or(Unreadable(number))?;
            if keys.len() == KEYS_MAX || keys.iter().any(|known| known.kid == key.kid) {
                return Err(Unreadable(number));
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// The text of the file.
    pub fn text(&self) -> Zeroizing<String> {
        const HEAD: &str = "# Teller's token keys: whoever has them can sign in as anybody. Change them with `teller keys rotate`.\n\
                            # name, format, made at, signs from, secret\n";
        let lines = self.0.iter().map(Key::line);
        Zeroizing::new(lines.fold(HEAD.to_owned(), |text, line| text + &line + "\n"))
    }

    /// All of them, the oldest first.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// The key of that name, if it is for `format`.
    pub(super) fn find(&self, kid: &str, format: Format) -> Option<&Key> {
        self.0.iter().find(|key| key.kid.0 == kid && key.format == format)
    }

    /// The key that signs at `now`: of those for `format` the one whose turn came last; without one for it, of all.
    pub fn signing(&self, format: Format, now: Timestamp) -> Option<&Key> {
        let turn = |of: Option<Format>| {
            let ready = |key: &&Key| key.signs_from <= now && of.is_none_or(|format| key.format == format);
            self.0.iter().filter(ready).max_by_key(|key| key.signs_from)
        };
        turn(Some(format)).or_else(|| turn(None))
    }

    /// What `key` is for at `now`, where `format` is configured.
    pub fn state(&self, key: &Key, format: Format, now: Timestamp) -> State {
        match self.signing(format, now) {
            Some(signing) if signing.kid == key.kid => State::Signing,
            _ if key.signs_from > now => State::Waiting,
            _ => State::Verifying,
        }
    }

    /// Adds a key for `format`, which signs after [`SETTLE`]; at once, if there is no other.
    ///
    /// # Errors
    ///
    /// There are as many as there may be.
    pub fn add(&mut self, format: Format, now: Timestamp) -> Result<(), Full> {
        if self.0.len() >= KEYS_MAX {
            return Err(Full);
        }
        let settle = if self.0.is_empty() { Duration::ZERO } else { SETTLE };
        self.0.push(Key::random(format, now, later(now, settle)));
        Ok(())
    }

    /// Drops the keys whose last token has expired, if tokens live for `ttl`: those that another one for `format` has relieved for as long.
    /// Returns how many.
    pub fn drop_expired(&mut self, format: Format, ttl: Duration, now: Timestamp) -> usize {
        let before = self.0.len();
        let lifetime = ttl + Duration::from_secs(LEEWAY_S.unsigned_abs());
        let relieved = |relief: &&Key| relief.format == format && later(relief.signs_from, lifetime) <= now;
        if let Some(relief) = self.0.iter().filter(relieved).map(|key| key.signs_from).max() {
            self.0.retain(|key| key.signs_from >= relief);
        }
        before - self.0.len()
    }

    /// Whether a key for `format` is among them.
    pub fn has(&self, format: Format) -> bool {
        self.0.iter().any(|key| key.format == format)
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

fn written(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX)
}

fn read_time(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Format, Key, Ring, SETTLE, State};
    use crate::domain::time::Timestamp;

    const TTL: Duration = Duration::from_secs(900);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_760_000_000_000_000 + seconds * 1_000_000)
    }

    fn states(ring: &Ring, format: Format, now: i64) -> Vec<State> {
        ring.keys().iter().map(|key| ring.state(key, format, at(now))).collect()
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let mut ring = Ring::default();
        ring.add(Format::Paseto, at(0)).expect("room");
        ring.add(Format::Jwt, at(1)).expect("room");
        let text = ring.text();
        assert_eq!(*Ring::parse(&text).expect("its own text").text(), *text);
        let line = text.lines().last().expect("a key").to_owned();
        let words: Vec<&str> = line.split(' ').collect();
        for (place, wrong) in
            [(0, "0123456789abcdeF"), (0, "0"), (1, "none"), (1, "HS256"), (2, "today"), (3, "0"), (4, "00"), (4, "x")]
        {
            let mut broken = words.clone();
            broken[place] = wrong;
            let said = Ring::parse(&format!("\n# a comment\n{}", broken.join(" "))).expect_err(wrong);
            assert_eq!(said.0, 3, "{wrong}");
        }
        for wrong in [format!("{line} more"), words[..4].join(" "), format!("{line}\n{line}")] {
            Ring::parse(&wrong).expect_err("not a key");
        }
    }

    #[test]
    fn a_new_key_verifies_before_it_signs_and_the_old_one_after() {
        let mut ring = Ring::default();
        ring.add(Format::Paseto, at(0)).expect("room");
        assert_eq!(states(&ring, Format::Paseto, 0), [State::Signing], "the first need not wait");
        ring.add(Format::Paseto, at(1000)).expect("room");
        let settled = 1000 + SETTLE.as_secs() as i64;
        assert_eq!(states(&ring, Format::Paseto, settled - 1), [State::Signing, State::Waiting]);
        assert_eq!(states(&ring, Format::Paseto, settled), [State::Verifying, State::Signing]);

        for (now, dropped) in [(settled + 904, 0), (settled + 905, 1), (settled + 9000, 0)] {
            assert_eq!(ring.drop_expired(Format::Paseto, TTL, at(now)), dropped, "{now}");
        }
        assert_eq!(states(&ring, Format::Paseto, settled + 9000), [State::Signing], "the last one stays");
    }

    #[test]
    fn a_ring_that_is_full_takes_no_more_and_can_still_be_read() {
        let mut ring = Ring::default();
        while ring.add(Format::Jwt, at(0)).is_ok() {}
        assert_eq!(Ring::parse(&ring.text()).expect("its own text").keys().len(), 100);
        assert_eq!(ring.drop_expired(Format::Jwt, TTL, at(2000)), 1, "the one that signed before the others");
        ring.add(Format::Jwt, at(2000)).expect("room again");
    }

    #[test]
    fn another_format_takes_over_without_a_gap() {
        let mut ring = Ring::default();
        ring.add(Format::Paseto, at(0)).expect("room");
        ring.add(Format::Jwt, at(100)).expect("room");
        assert_eq!(states(&ring, Format::Jwt, 100), [State::Signing, State::Waiting]);
        assert_eq!(states(&ring, Format::Jwt, 110), [State::Verifying, State::Signing]);
        assert_eq!(states(&ring, Format::Paseto, 110), [State::Signing, State::Verifying]);
        let jwt = ring.keys()[1].kid().to_string();
        assert!(ring.find(&jwt, Format::Jwt).is_some() && ring.find(&jwt, Format::Paseto).is_none());
        assert_eq!(ring.drop_expired(Format::Jwt, TTL, at(5000)), 1);
    }

    #[test]
    fn a_secret_for_another_purpose_follows_from_the_key_and_its_purpose() {
        let line = "0123456789abcdef paseto 2025-01-01T00:00:00Z 2025-01-01T00:00:00Z \
            000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let ring = Ring::parse(line).expect("a key");
        // printf 'teller payment token 1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102..1f
        let derived = "8b581ba7c2180126f479d4074b8a37f79e5ee9d65a48a46dd0b795142f2de484";
        assert_eq!(hex::encode(*ring.keys()[0].derive(b"teller payment token 1")), derived);
        assert_ne!(hex::encode(*ring.keys()[0].derive(b"teller payment token 2")), derived);
    }

    #[test]
    fn a_key_never_prints_its_secret() {
        let key = Key::random(Format::Jwt, at(0), at(0));
        let secret = hex::encode(*key.secret);
        assert!(key.line().ends_with(&secret) && !format!("{key:?}").contains(&secret[..8]));
    }
}
