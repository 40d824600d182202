//! [`ClientConfig`]: every limit of a client.

use std::time::Duration;

use super::resolve::Resolver;
use crate::secret::Secret;
#[cfg(feature = "tls")]
use crate::tls::ClientTls;

/// The limits of a client. Start from [`ClientConfig::new`] and change what differs.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What every backend must share with this client.
    pub secret: Secret,
    /// TLS around every connection; a backend that speaks none, or whose certificate is not trusted or names another, counts as
    /// unavailable. Default none: for loopback.
    #[cfg(feature = "tls")]
    pub tls: Option<ClientTls>,
    /// Connections to each backend; further calls share them or wait. Default 4.
    pub max_connections: usize,
    /// Connections to each backend that are kept though nothing is in flight on them. Default 4.
    pub max_idle_connections: usize,
    /// Calls in flight on one connection; 1 gives each call a connection of its own. The server's credit also holds, and
    /// 65,536. Default 1024.
    pub max_in_flight: usize,
    /// Calls that wait for a connection of one backend; more fail as unavailable. Default 4096.
    pub max_waiting: usize,
    /// Largest frame body accepted, in bytes (at most [`MAX_BODY_BYTES`](crate::frame::MAX_BODY_BYTES)). What a request
    /// may have is said by the server. Default 4 MiB.
    pub max_frame_bytes: usize,
    /// Bytes that wait to be written on one connection; beyond it calls wait. Default 1 MiB.
    pub outbox_bytes: usize,
    /// How a backend's name becomes addresses, anew at each dial. Default [`Resolver::system`].
    pub resolver: Resolver,
    /// Name look-up, TCP connect, TLS and hello together. Default 1 s.
    pub connect_timeout: Duration,
    /// From the first byte of a frame to its last. Default 10 s.
    pub frame_timeout: Duration,
    /// Silence after which a PING is sent; after as much again the connection is given up. Default 3 s.
    pub keepalive: Duration,
    /// A connection with nothing in flight for this long (give or take 10 %) is closed. Default 60 s.
    pub idle_timeout: Duration,
    /// A connection older than this (give or take 10 %) is replaced by a fresh one. Default 1 h.
    pub max_age: Duration,
    /// For this long after a backend was lost its calls wait for it to come back (within their deadlines); later ones
    /// fail at once. Default 500 ms.
    pub patience: Duration,
    /// Rest after a failed dial: random between 0 and this, doubled by each further failure. Default 20 ms.
    pub min_rest: Duration,
    /// The longest rest. Default 2 s.
    pub max_rest: Duration,
    /// Tries of one call, the first included. Default 3.
    pub max_tries: u32,
    /// Retries as a part of all calls, in percent. Default 10.
    pub retry_percent: u32,
}

impl ClientConfig {
    /// The defaults.
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            #[cfg(feature = "tls")]
            tls: None,
            max_connections: 4,
            max_idle_connections: 4,
            max_in_flight: 1024,
            max_waiting: 4096,
            max_frame_bytes: 4 << 20,
            outbox_bytes: 1 << 20,
            resolver: Resolver::system(),
            connect_timeout: Duration::from_secs(1),
            frame_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(60),
            max_age: Duration::from_secs(3600),
            patience: Duration::from_millis(500),
            min_rest: Duration::from_millis(20),
            max_rest: Duration::from_secs(2),
            max_tries: 3,
            retry_percent: 10,
        }
    }
}
