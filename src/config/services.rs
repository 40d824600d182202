//! `[sign_in]`, `[session]`, `[token]`, `[profile]`, `[password]`, `[picture]`, `[reconcile]`, `[audit]` and `[coalesce]`: how the backend's services work.

use std::time::Duration;

use serde::Deserialize;

/// Sign-ins that fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Failures of one account before its next tries must wait.
    pub free_failures: u32,
    /// The same of one address.
    pub free_failures_per_address: u32,
    /// Seconds without a failure until all are forgotten.
    pub window_s: u64,
}

impl SignIn {
    /// `window_s` as a duration.
    pub fn window(&self) -> Duration {
        Duration::from_secs(self.window_s)
    }
}

/// Signed-in browsers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Seconds without a request until a session ends.
    pub ttl_s: u64,
}

impl Session {
    /// `ttl_s` as a duration.
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_s)
    }
}

/// Programs that signed in with tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// How new access tokens look.
    pub format: TokenFormat,
    /// Seconds that an access token holds.
    pub access_ttl_s: u64,
    /// Seconds that a session lasts.
    pub refresh_ttl_s: u64,
    /// Seconds that a refresh token that was exchanged is still answered.
    pub grace_s: u64,
    /// Sessions of one user at once.
    pub max_sessions: usize,
    /// The file with the keys; empty for the one under `data_dir`.
    pub keys_file: String,
}

impl Token {
    /// `access_ttl_s` as a duration.
    pub fn access_ttl(&self) -> Duration {
        Duration::from_secs(self.access_ttl_s)
    }

    /// `refresh_ttl_s` as a duration.
    pub fn refresh_ttl(&self) -> Duration {
        Duration::from_secs(self.refresh_ttl_s)
    }

    /// `grace_s` as a duration.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_s)
    }
}

/// How an access token looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenFormat {
    /// PASETO v4.local.
    Paseto,
    /// JWT with HS256.
    Jwt,
}

/// Names and pictures of users.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Seconds that a profile is cached.
    pub cache_ttl_s: u64,
}

impl Profile {
    /// `cache_ttl_s` as a duration.
    pub fn cache_ttl(&self) -> Duration {
        Duration::from_secs(self.cache_ttl_s)
    }
}

/// How passwords are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// How new hashes are made.
    pub scheme: Scheme,
    /// argon2id: KiB of memory for each hash in work.
    pub memory_kib: u32,
    /// argon2id: passes over the memory.
    pub passes: u32,
    /// argon2id: lanes of the memory.
    pub lanes: u32,
    /// Hashes in work at once; 0 is one for each core.
    pub threads: usize,
    /// Hashes that wait; a further one is refused.
    pub queue: usize,
}

/// How a password is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Argon2id in a PHC string (RFC 9106).
    Argon2id,
    /// The entry task's: lower-case hex of MD5(salt + hex(MD5(password)) + salt). Protects nobody.
    Md5Salted,
}

/// Profile pictures.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Bytes of an upload; beyond it 413.
    pub max_upload_bytes: usize,
    /// Pixels of an upload's longer side; beyond it it is refused.
    pub max_side_px: u32,
    /// Pixels of the longer side of what is kept.
    pub output_side_px: u32,
    /// Pictures in work at once.
    pub threads: usize,
    /// Pictures that wait; a further one is refused.
    pub queue: usize,
}

/// Statements of others, matched over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// Bytes of a statement; beyond it 413.
    pub max_statement_bytes: usize,
    /// Lines of a statement, also those that cannot be read; of more it is refused.
    pub max_lines: usize,
    /// Entries between the days of a statement; of more it is refused.
    pub max_entries: usize,
    /// Statements in work at once.
    pub threads: usize,
    /// Statements that wait; a further one is refused.
    pub queue: usize,
}

/// What is written down about who did what.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Days that a record is kept; older ones are deleted.
    pub keep_days: u64,
}

impl Audit {
    /// `keep_days` as a duration.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_days * 24 * 60 * 60)
    }
}

/// Many callers, one round trip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coalesce {
    /// Round trips on their way at once.
    pub lanes: usize,
    /// Look-ups in one round trip.
    pub batch_max: usize,
}
