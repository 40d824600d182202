//! Mutual TLS 1.3 around the protocol, for connections that leave the machine.
//!
//! Both sides show a certificate, and each must trust the authority of the other's; the client also checks that the certificate
//! names the backend it dialled. Inside, the protocol is the same to the byte, proof of the secret included: whoever has stolen a
//! key still lacks the secret, and the other way round. There is no older version, no early data and no resumed session: every
//! connection shows its certificate anew.
//!
//! What a side shows and trusts can be [replaced](ServerTls::replace) while it runs: connections that are open keep what they
//! began with, the next ones begin with the new.

use std::{fmt, io, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{Resumption, WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier},
    version::TLS13,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::{
    net::{Duplex, TcpStream},
    sync::{Mutex, lock},
};

/// What both sides say they speak within TLS, so that no peer is taken for one of another protocol (ALPN, RFC 7301).
const PROTOCOL: &[u8] = b"teller-rpc/1";
/// After a failed handshake: how long the peer may stay silent, and how many bytes are read, before the connection is closed.
const LINGER: (Duration, usize) = (Duration::from_millis(500), 64 << 10);

/// Who a side is and whom it trusts, as the texts of PEM files.
#[derive(Clone, Copy)]
pub struct Pem<'a> {
    /// The authorities that the other side's certificate may come from.
    pub authorities: &'a [u8],
    /// This side's certificate, and those between it and its authority.
    pub certificates: &'a [u8],
    /// Its private key: PKCS #8, SEC 1 or PKCS #1.
    pub key: &'a [u8],
}

/// Why PEM texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text is no PEM, or has nothing of what it should.
    #[error("there is no {0} in it")]
    Missing(&'static str),
    /// The certificate and the key do not belong together, or the key is of a kind that is not known.
    #[error("the certificate and the key cannot be used: {0}")]
    Unusable(rustls::Error),
    /// The other side would not trust this side's certificate: expired, of another authority, or for another use.
    #[error("the certificate is none that the authorities make good: {0}")]
    Untrusted(rustls::Error),
    /// The authorities cannot be used.
    #[error("the authorities cannot be used: {0}")]
    Authorities(String),
}

/// What a server shows and trusts. Clones share what it is replaced with.
#[derive(Clone)]
pub struct ServerTls(Arc<Mutex<Served>>);

#[derive(Clone)]
struct Served {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

/// What a client shows and trusts. Clones share what it is replaced with.
#[derive(Clone)]
pub struct ClientTls(Arc<Mutex<Arc<ClientConfig>>>);

impl ServerTls {
    /// # Errors
    /// The texts cannot be used, or no client that trusts the same authorities would take the certificate for a server's today.
    pub fn new(pem: Pem<'_>) -> Result<Self, TlsError> {
        let Parts { provider, roots, chain, key } = Parts::read(pem)?;
        let certificate = chain[0].clone();
        let parsed = ParsedCertificate::try_from(&certificate).map_err(TlsError::Unusable)?;
        let algorithms = provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &chain[1..], UnixTime::now(), algorithms)
            .map_err(TlsError::Untrusted)?;
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsError::Unusable)?
            .with_client_cert_verifier(client_verifier(&roots, &provider)?)
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self(Arc::new(Mutex::new(Served { config: Arc::new(config), certificate }))))
    }

    /// From now on, for connections that begin from now on, what `other` shows and trusts.
    pub fn replace(&self, other: &Self) {
        let theirs = lock(&other.0).clone();
        *lock(&self.0) = theirs;
    }

    /// Whether the certificate names `address`, a `host:port` as a client dials it.
    pub fn names(&self, address: &str) -> bool {
        let Served { certificate, .. } = lock(&self.0).clone();
        let parsed = ParsedCertificate::try_from(&certificate);
        parsed.is_ok_and(|parsed| server_name(address).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()))
    }

    /// The server's part of the handshake. Callers limit its time.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&lock(&self.0).config);
        match TlsAcceptor::from(config).accept(stream).into_fallible().await {
            Ok(stream) => Ok(stream.into()),
            Err((error, stream)) => {
                linger(stream).await;
                Err(error)
            }
        }
    }
}

impl ClientTls {
    /// # Errors
    /// The texts cannot be used, or no server that trusts the same authorities would take the certificate for a client's today.
    pub fn new(pem: Pem<'_>) -> Result<Self, TlsError> {
        let Parts { provider, roots, chain, key } = Parts::read(pem)?;
        client_verifier(&roots, &provider)?
            .verify_client_cert(&chain[0], &chain[1..], UnixTime::now())
            .map_err(TlsError::Untrusted)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| TlsError::Authorities(error.to_string()))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsError::Unusable)?
            .with_webpki_verifier(verifier)
            .with_client_auth_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(Mutex::new(Arc::new(config)))))
    }

    /// From now on, for connections that begin from now on, what `other` shows and trusts.
    pub fn replace(&self, other: &Self) {
        let theirs = Arc::clone(&lock(&other.0));
        *lock(&self.0) = theirs;
    }

    /// The client's part of the handshake with the backend at `address`. Callers limit its time.
    pub(crate) async fn connect(&self, address: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = server_name(address)?;
        let config = Arc::clone(&lock(&self.0));
        Ok(TlsConnector::from(config).connect(name, stream).await?.into())
    }
}

/// What both sides are made of.
struct Parts {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    /// At least one.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Parts {
    fn read(pem: Pem<'_>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(pem.authorities, "authority's certificate")? {
            roots.add(authority).map_err(|error| TlsError::Authorities(error.to_string()))?;
        }
        let chain = certificates(pem.certificates, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(pem.key).map_err(|_| TlsError::Missing("private key"))?;
        // By name, and not the process's default: another crate's choice must not be this one's.
        Ok(Self { provider: Arc::new(ring::default_provider()), roots: Arc::new(roots), chain, key })
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|found| !found.is_empty()).ok_or(TlsError::Missing(what))
}

fn client_verifier(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Authorities(error.to_string()))
}

/// The host of `host:port`, an address of version 6 without its brackets.
fn server_name(address: &str) -> io::Result<ServerName<'static>> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{host} is no name that a certificate can have"))
    })
}

/// Closing with bytes unread resets the connection, and the alert that says why is lost with it. So they are read first.
async fn linger(mut stream: TcpStream) {
    let (quiet, mut bytes) = LINGER;
    let mut sink = [0; 1024];
    let _ = stream.shutdown().await;
    while let Ok(Ok(count @ 1..)) = timeout(quiet, stream.read(&mut sink)).await {
        bytes = bytes.saturating_sub(count);
        if bytes == 0 {
            return;
        }
    }
}

impl Duplex for TlsStream<TcpStream> {
    type Read = ReadHalf<Self>;
    type Write = WriteHalf<Self>;

    fn halves(self) -> (ReadHalf<Self>, WriteHalf<Self>) {
        split(self)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls(..)")
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls(..)")
    }
}

impl fmt::Debug for Pem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pem(..)")
    }
}
