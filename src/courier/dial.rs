//! From a URL to a connection. A name is looked up once: what was looked at is what is dialled, so that a name that means another address a moment
//! later leads nowhere else.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::address::is_public;
use super::send::Failure;
use crate::domain::webhook::WebhookUrl;

/// Finds the addresses of a host and port.
pub type Resolve = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;
type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Most names that are looked up at once: each takes a thread for as long as the name's servers like.
const LOOK_UPS: usize = 32;
/// How long one waits for its turn. Then it is said that everybody is busy: the threads wait for servers that somebody may have made slow.
const TURN: Duration = Duration::from_millis(500);

/// The way to names of this machine.
pub fn system() -> Resolve {
    bounded(LOOK_UPS, TURN, |host, port| Ok((host, port).to_socket_addrs()?.collect()))
}

/// At most so many of `look_up` at once, also of those that nobody waits for any more.
fn bounded(
    most: usize,
    turn: Duration,
    look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> Resolve {
    let (places, look_up) = (Arc::new(Semaphore::new(most)), Arc::new(look_up));
    Arc::new(move |host, port| {
        let (places, look_up) = (Arc::clone(&places), Arc::clone(&look_up));
        Box::pin(async move {
            let place = timeout(turn, places.acquire_owned()).await;
            let place = place.map_err(|_| io::Error::other("busy"))?.expect("it is never closed");
            let looking = spawn_blocking(move || {
                // It ends with the look-up, which cannot be broken off.
                let _place = place;
                look_up(&host, port)
            });
            looking.await.map_err(io::Error::other)?
        })
    })
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
            // Whoever named the host is not told: it may be a name that only this network knows.
            tracing::debug!(host = url.host(), address = %address.ip(), "a webhook leads to an address that is not public");
            Err(Failure::Forbidden("must lead to public addresses only".to_owned()))
        }
        None => Ok(found),
    }
}

/// A connection to one of `addresses` before `deadline`, within TLS if the URL says so.
pub(super) async fn connect(
    url: &WebhookUrl,
    addresses: &[SocketAddr],
    authorities: &Authorities,
    deadline: Instant,
) -> Result<Box<dyn Stream>, Failure> {
    let stream = reach(addresses, deadline).await?;
    // One small request: nothing follows that it could wait for.
    let _ = stream.set_nodelay(true);
    if !url.is_secure() {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(url.host().to_owned());
    let name = name.map_err(|_| Failure::Unreached("the host's name cannot be in a certificate".to_owned()))?;
    Ok(Box::new(authorities.0.connect(name, stream).await.map_err(unreached)?))
}

/// The first of `addresses` that answers. Of the time that is left each has its share, so that a silent one does not take that of the others.
async fn reach(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Failure> {
    let mut failure = Failure::Late;
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = deadline.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = unreached(error),
            Err(_) => failure = Failure::Late,
        }
    }
    Err(failure)
}

fn unreached(error: io::Error) -> Failure {
    Failure::Unreached(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex, mpsc};
    use std::time::Duration;

    use tokio::net::{TcpSocket, TcpStream};
    use tokio::time::{Instant, timeout};

    use super::{bounded, reach};

    #[tokio::test]
    async fn so_many_names_are_looked_up_at_once_also_of_those_that_nobody_waits_for() {
        let here: SocketAddr = ([127, 0, 0, 1], 9).into();
        let (go_on, held) = mpsc::channel();
        let (held, turn) = (Arc::new(Mutex::new(held)), Duration::from_millis(20));
        let resolve = bounded(1, turn, move |host, _| {
            if host == "slow" {
                held.lock().expect("nobody panics").recv().expect("it is told to go on");
            }
            Ok(vec![here])
        });
        // Given up after it has begun, it still has its place.
        timeout(Duration::from_millis(20), resolve("slow".to_owned(), 9)).await.expect_err("it hangs");
        let busy = resolve("quick".to_owned(), 9).await.expect_err("there is no place");
        assert_eq!(busy.to_string(), "busy");
        go_on.send(()).expect("it listens");
        // Its place is free as soon as it has ended, which nobody is told.
        while resolve("quick".to_owned(), 9).await.is_err() {}
    }

    #[tokio::test]
    async fn a_silent_address_leaves_time_for_the_next_one() {
        // What does not fit in its queue is not answered at all.
        let silent = TcpSocket::new_v4().expect("a socket");
        silent.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let silent = silent.listen(1).expect("it listens");
        let address = silent.local_addr().expect("bound");
        let mut queued = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            queued.push(stream.expect("it is queued"));
            assert!(queued.len() < 64, "the queue has an end");
        }
        let well = TcpSocket::new_v4().expect("a socket");
        well.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let well = well.listen(1).expect("it listens");
        let addresses = [address, well.local_addr().expect("bound")];
        let reached = reach(&addresses, Instant::now() + Duration::from_millis(400)).await.expect("one is well");
        assert_eq!(reached.peer_addr().expect("it is connected"), addresses[1]);
    }
}
