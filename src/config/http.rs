//! `[http]` and `[limits]`: the front end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// What browsers and curl speak to, and how far they may go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// Worker threads; 0 is one for each core.
    pub threads: usize,
    /// The certificate for browsers; empty: no TLS.
    pub tls_cert_file: PathBuf,
    /// Its private key; empty without it.
    pub tls_key_file: PathBuf,
    /// Open connections; a further one is answered 503 and closed.
    pub max_connections: usize,
    /// Milliseconds for a head; then 408.
    pub header_timeout_ms: u64,
    /// Milliseconds for a body, and a second more for every 16 KiB of it; then 408.
    pub body_timeout_ms: u64,
    /// Milliseconds between two requests; then the connection is closed.
    pub idle_timeout_ms: u64,
    /// Milliseconds for an answer; then a server error.
    pub request_timeout_ms: u64,
    /// Bytes of path and query; beyond it 414.
    pub max_target_bytes: usize,
    /// Bytes of the whole head; beyond it 431.
    pub max_head_bytes: usize,
    /// Headers; beyond it 431.
    pub max_headers: usize,
    /// Bytes of a body other than a picture; beyond it 413.
    pub max_body_bytes: usize,
    /// Bytes of a batch of transfers; beyond it 413.
    pub max_batch_bytes: usize,
    /// Milliseconds for running requests when the server stops; then they are cut.
    pub drain_ms: u64,
    /// Whether a proxy in front speaks TLS and its X-Forwarded-* are trusted.
    pub behind_proxy: bool,
}

impl Http {
    /// Whether this front end speaks TLS itself.
    pub fn has_certificate(&self) -> bool {
        !self.tls_cert_file.as_os_str().is_empty()
    }

    /// Whether browsers reach it over TLS, its own or a proxy's.
    pub fn is_tls(&self) -> bool {
        self.behind_proxy || self.has_certificate()
    }

    /// `header_timeout_ms` as a duration.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    /// `body_timeout_ms` as a duration.
    pub fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// `idle_timeout_ms` as a duration.
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// `request_timeout_ms` as a duration.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// `drain_ms` as a duration.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

/// How many requests a client may make. Addresses of this machine may make any number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second of one address; 0 is no limit.
    pub per_address_per_s: u32,
    /// Requests that one address may make at once after a rest.
    pub per_address_burst: u32,
    /// Requests a second of one session or token; 0 is no limit.
    pub per_caller_per_s: u32,
    /// Requests that one session or token may make at once after a rest.
    pub per_caller_burst: u32,
}
