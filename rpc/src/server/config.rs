//! [`ServerConfig`]: every limit of a server.

use std::time::Duration;

use crate::secret::Secret;
#[cfg(feature = "tls")]
use crate::tls::ServerTls;

/// The limits of a server. Start from [`ServerConfig::new`] and change what differs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What every client must share with this server.
    pub secret: Secret,
    /// TLS around every connection; a client that speaks none, or shows no certificate that is trusted, reaches no handler.
    /// Default none: for loopback.
    #[cfg(feature = "tls")]
    pub tls: Option<ServerTls>,
    /// Connections at once, those still in their hello included; more are told TOO_MANY_CONNECTIONS. Default 4096.
    pub max_connections: usize,
    /// Requests in flight over all connections; more are REJECTED, not executed. Default 16,384.
    pub max_in_flight: usize,
    /// Requests in flight on one connection (the credit that CHALLENGE announces); more are REJECTED. Default 1024.
    pub max_in_flight_per_connection: usize,
    /// Largest frame body accepted, in bytes (at most [`MAX_BODY_BYTES`](crate::frame::MAX_BODY_BYTES)). Default 4 MiB.
    pub max_frame_bytes: usize,
    /// Bytes of answers that wait to be written on one connection; beyond it its requests are not read. Default 1 MiB.
    pub outbox_bytes: usize,
    /// Bytes of responses that are done and wait until the outbox of their connection has room. One more is dropped, and
    /// its caller told RESPONSE_TOO_LARGE: so a client that does not read holds no more of this server's memory. The
    /// first one may have any size. Default 64 MiB.
    pub max_waiting_bytes: usize,
    /// From accept to the client's proof, TLS included. Default 2 s.
    pub hello_timeout: Duration,
    /// From the first byte of a frame to its last. Default 10 s.
    pub frame_timeout: Duration,
    /// Silence after which a PING is sent; after as much again the connection is given up. Default 3 s.
    pub keepalive: Duration,
    /// How long running requests may take after the stop signal; then they are cancelled. Default 8 s.
    pub grace: Duration,
    /// Requests cancelled in a row, with none finishing, after which a connection is told to go away. Default 16,384.
    pub max_cancels: usize,
}

impl ServerConfig {
    /// The defaults.
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            #[cfg(feature = "tls")]
            tls: None,
            max_connections: 4096,
            max_in_flight: 16_384,
            max_in_flight_per_connection: 1024,
            max_frame_bytes: 4 << 20,
            outbox_bytes: 1 << 20,
            max_waiting_bytes: 64 << 20,
            hello_timeout: Duration::from_secs(2),
            frame_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(3),
            grace: Duration::from_secs(8),
            max_cancels: 16_384,
        }
    }
}
