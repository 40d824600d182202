//! What an access token says, and which of it must hold.
//!
//! The names are those of RFC 7519, section 4.1, which PASETO shares; `sid` is the session and `kind` is always `access`. Both forms are read
//! strictly: every claim must be there once and of its type, and no other.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Unfit;
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;

/// How far the clocks of two backends may be apart, in seconds: a token holds as much longer, and begins as much earlier.
pub const LEEWAY_S: i64 = 5;

/// `iss` and `aud`: made by Teller, for Teller.
const TELLER: &str = "teller";
/// `kind`.
const ACCESS: &str = "access";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whom it stands for.
    pub user: UserId,
    /// The session that it belongs to, without which it is nothing.
    pub session: SessionNumber,
    /// Its own number.
    pub id: [u8; 16],
    /// Seconds since 1970 when it was made, and from when on it holds.
    pub issued_at_s: i64,
    /// Seconds since 1970 until it ends.
    pub expires_at_s: i64,
}

impl Claims {
    /// Of a token made at `now`, for `ttl_s` seconds but not longer than its session.
    pub fn new(user: UserId, session: SessionNumber, now: Timestamp, ttl_s: i64, session_ends: Timestamp) -> Self {
        let issued_at_s = seconds(now);
        let expires_at_s = issued_at_s.saturating_add(ttl_s).min(seconds(session_ends));
        Self { user, session, id: Uuid::new_v4().into_bytes(), issued_at_s, expires_at_s }
    }

    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp(self.expires_at_s.saturating_mul(1_000_000))
    }

    /// Whether it holds at `now`.
    pub(super) fn hold(&self, now: Timestamp) -> Result<(), Unfit> {
        let now = seconds(now);
        if self.issued_at_s > now.saturating_add(LEEWAY_S) {
            return Err(Unfit::Claim("nbf"));
        }
        if now >= self.expires_at_s.saturating_add(LEEWAY_S) {
            return Err(Unfit::Claim("exp"));
        }
        Ok(())
    }
}

/// Whole seconds, as tokens count them.
fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

/// The claims as they are written; `T` is how a form writes a time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written<T> {
    iss: String,
    aud: String,
    kind: String,
    sub: String,
    sid: String,
    jti: String,
    iat: T,
    nbf: T,
    exp: T,
}

impl<T> Written<T> {
    /// `time` writes seconds since 1970 as the form has it.
    pub(super) fn of(claims: &Claims, time: impl Fn(i64) -> T) -> Self {
        Self {
            iss: TELLER.to_owned(),
            aud: TELLER.to_owned(),
            kind: ACCESS.to_owned(),
            sub: claims.user.to_string(),
            sid: claims.session.to_string(),
            jti: Uuid::from_bytes(claims.id).to_string(),
            iat: time(claims.issued_at_s),
            nbf: time(claims.issued_at_s),
            exp: time(claims.expires_at_s),
        }
    }

    /// What was written, if it is an access token of ours; `time` reads what the form writes.
    pub(super) fn read(&self, time: impl Fn(&T) -> Option<i64>) -> Result<Claims, Unfit> {
        for (claim, value, wanted) in
            [("iss", &self.iss, TELLER), ("aud", &self.aud, TELLER), ("kind", &self.kind, ACCESS)]
        {
            if value != wanted {
                return Err(Unfit::Claim(claim));
            }
        }
        let user = self.sub.parse().map(UserId).ok().filter(|user| user.to_string() == self.sub);
        let id = Uuid::try_parse(&self.jti).map(Uuid::into_bytes).map_err(|_| Unfit::Claim("jti"))?;
        let claims = Claims {
            user: user.ok_or(Unfit::Claim("sub"))?,
            session: SessionNumber::parse(&self.sid).map_err(|_| Unfit::Claim("sid"))?,
            id,
            issued_at_s: time(&self.iat).ok_or(Unfit::Claim("iat"))?,
            expires_at_s: time(&self.exp).ok_or(Unfit::Claim("exp"))?,
        };
        match time(&self.nbf) {
            Some(begins) if begins == claims.issued_at_s => Ok(claims),
            _ => Err(Unfit::Claim("nbf")),
        }
    }
}
