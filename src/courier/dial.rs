//! From a URL to a connection. A name is looked up once: what was looked at is what is dialled, so that a name that means another address a moment
//! later leads nowhere else.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::is_public;
use super::send::Failure;
use crate::domain::webhook::WebhookUrl;

/// Finds the addresses of a host and port.
pub type Resolve = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;
type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The way to names of this machine.
pub fn system() -> Resolve {
    Arc::new(|host, port| Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) }))
}

/// Whose certificates receivers may have.
#[derive(Clone)]
pub struct Authorities(TlsConnector);

/// Why a PEM text is of no use.
#[derive(Debug, thiserror::Error)]
#[error("there is no certificate of an authority in it")]
pub struct Unusable;

impl Authorities {
    /// Those that browsers know, and those in the text of a PEM file besides.
    ///
    /// # Errors
    ///
    /// The text has no certificate in it, or one that cannot be read.
    pub fn new(more: Option<&[u8]>) -> Result<Self, Unusable> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = more {
            let own: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let own = own.ok().filter(|own| !own.is_empty()).ok_or(Unusable)?;
            own.into_iter().try_for_each(|certificate| roots.add(certificate)).map_err(|_| Unusable)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring speaks both")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// Something that is read and written.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The addresses of a receiver, all of which it may have.
///
/// # Errors
///
/// There is none, or one of them is not public and must be: then no other is tried, since whoever has one such name has chosen it.
pub(super) async fn addresses(url: &WebhookUrl, resolve: &Resolve, private: bool) -> Result<Vec<SocketAddr>, Failure> {
    if !url.is_secure() && !private {
        return Err(Failure::Forbidden("must be https://".to_owned()));
    }
    let found = match url.host().parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, url.port())],
        Err(_) => resolve(url.host().to_owned(), url.port())
            .await
            .map_err(|error| Failure::Unreached(format!("the host was not found: {error}")))?,
    };
    if found.is_empty() {
        return Err(Failure::Unreached("the host has no address".to_owned()));
    }
    match found.iter().find(|address| !private && !is_public(address.ip())) {
        Some(address) => {
            Err(Failure::Forbidden(format!("must not lead to {}, which is no public address", address.ip())))
        }
        None => Ok(found),
    }
}

/// A connection to one of `addresses`, within TLS if the URL says so.
pub(super) async fn connect(
    url: &WebhookUrl,
    addresses: &[SocketAddr],
    authorities: &Authorities,
) -> Result<Box<dyn Stream>, Failure> {
    let unreached = |error: io::Error| Failure::Unreached(error.to_string());
    let stream = TcpStream::connect(addresses).await.map_err(unreached)?;
    // One small request: nothing follows that it could wait for.
    let _ = stream.set_nodelay(true);
    if !url.is_secure() {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(url.host().to_owned());
    let name = name.map_err(|_| Failure::Unreached("the host's name cannot be in a certificate".to_owned()))?;
    Ok(Box::new(authorities.0.connect(name, stream).await.map_err(unreached)?))
}
