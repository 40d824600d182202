//! `[rpc]`: the protocol between front end and backend.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::hidden::Hidden;

/// Both ends of the protocol: where the backend listens, where front ends find it, and how far either may go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rpc {
    /// Where the backend listens; port 0 picks one.
    pub listen: SocketAddr,
    /// Worker threads of the backend; 0 is one for each core.
    pub threads: usize,
    /// The backends of a front end that runs alone, `host:port` each.
    pub backends: Vec<String>,
    /// What both sides prove to know, 16 to 1024 bytes; empty: [`super::Config::secret_path`] holds it.
    pub secret: Hidden,
    /// Where `secret` was read from; empty if from nowhere.
    pub secret_file: PathBuf,
    /// The certificate of this process, whichever side it is; empty: no TLS.
    pub tls_cert_file: PathBuf,
    /// Its private key; empty without it.
    pub tls_key_file: PathBuf,
    /// The authorities of both sides' certificates; empty without them.
    pub tls_ca_file: PathBuf,
    /// Milliseconds for an answer, all tries together; then a server error.
    pub request_timeout_ms: u64,
    /// Milliseconds for a connection to open; then another backend is tried.
    pub connect_timeout_ms: u64,
    /// Milliseconds for a new connection to prove the secret; then it is closed.
    pub hello_timeout_ms: u64,
    /// Bytes of one message; a longer one closes its connection.
    pub max_frame_bytes: usize,
    /// Open connections of a backend; a further one is told so and closed.
    pub max_connections: usize,
    /// Requests a backend works on; a further one is rejected.
    pub max_in_flight: usize,
    /// The same for each connection.
    pub max_in_flight_per_connection: usize,
    /// Connections from a front end to each backend; calls beyond wait.
    pub pool_connections: usize,
    /// Milliseconds for running calls when the backend stops; then they are cut.
    pub drain_ms: u64,
}

impl Rpc {
    /// Whether RPC is spoken within mutual TLS.
    pub fn has_certificate(&self) -> bool {
        !self.tls_cert_file.as_os_str().is_empty()
    }

    /// `request_timeout_ms` as a duration.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// `connect_timeout_ms` as a duration.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// `hello_timeout_ms` as a duration.
    pub fn hello_timeout(&self) -> Duration {
        Duration::from_millis(self.hello_timeout_ms)
    }

    /// `drain_ms` as a duration.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}
