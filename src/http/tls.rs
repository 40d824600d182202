//! HTTPS: a certificate that can be replaced while connections are served, their handshakes, and what is said to whoever speaks plainly.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::connection::{self, linger};
use super::front::Front;
use super::problem::Problem;
use super::reply;

/// What the first byte of TLS is: a record of a handshake (RFC 8446, 5.1). No request of HTTP begins with it.
const HANDSHAKE: u8 = 22;

/// The certificate that browsers are shown. Clones share what it is replaced with.
#[derive(Clone)]
pub struct Https(Arc<Mutex<Arc<ServerConfig>>>);

/// Why PEM texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A text is no PEM, or has nothing of what it should.
    #[error("there is no {0} in it")]
    Missing(&'static str),
    /// The certificate and the key do not belong together, or the key is of a kind that is not known.
    #[error("the certificate and the key cannot be used: {0}")]
    Pair(#[from] rustls::Error),
}

impl Https {
    /// Takes the texts of PEM files: the certificate with those between it and its authority, and its private key.
    ///
    /// Whether browsers trust the authority, and until when, only they know.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, Unusable> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(Unusable::Missing("certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unusable::Missing("private key"))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // What is needed to go on with a session is kept by the browser, so that it takes no memory here.
        config.ticketer = ring::Ticketer::new()?;
        Ok(Self(Arc::new(Mutex::new(Arc::new(config)))))
    }

    /// From now on, for connections that begin from now on, what `other` shows.
    pub fn replace(&self, other: &Self) {
        let theirs = other.config();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = theirs;
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The handshake; none if it fails, which is then all there is to say.
    async fn open(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut first = [0];
        if !matches!(stream.peek(&mut first).await, Ok(1)) {
            return None;
        }
        if first != [HANDSHAKE] {
            tell(stream).await;
            return None;
        }
        match TlsAcceptor::from(self.config()).accept(stream).into_fallible().await {
            Ok(stream) => Some(stream),
            Err((error, stream)) => {
                tracing::debug!(%error, "TLS handshake failed");
                linger(stream).await;
                None
            }
        }
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Https(..)")
    }
}

/// Serves a connection whose first word must be TLS's, within as much time as a head has.
pub(super) async fn run(
    https: &Https,
    stream: TcpStream,
    peer: Option<IpAddr>,
    front: &Front,
    stop: CancellationToken,
) {
    let opened = tokio::select! {
        opened = timeout(front.limits().header_timeout(), https.open(stream)) => opened,
        () = stop.cancelled() => return,
    };
    if let Ok(Some(stream)) = opened {
        connection::run(stream, peer, front, stop).await;
    }
}

/// Answers whoever speaks without TLS. In the clear, and without the header that browsers heed within TLS alone.
async fn tell(mut stream: TcpStream) {
    let problem = Problem::Malformed("scheme", "must be https: this port speaks TLS");
    let _ = stream.write_all(&reply::raw(&problem, false)).await;
    linger(stream).await;
}
