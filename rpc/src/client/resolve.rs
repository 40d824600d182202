//! [`Resolver`]: how the name of a backend becomes addresses. It is asked at each dial, so that a backend that has moved is
//! found again: after a lost connection, and at the latest when its connections are replaced for their age.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use crate::net::TcpStream;

type Lookup = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// How a backend's name becomes addresses, which are tried in their order.
#[derive(Clone)]
pub struct Resolver(Option<Arc<Lookup>>);

impl Resolver {
    /// `host:port` as the operating system resolves it.
    pub fn system() -> Self {
        Self(None)
    }

    /// What `lookup` answers, which must not block: from service discovery, say. Names need not be `host:port` then.
    pub fn from_fn(lookup: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    pub(super) async fn connect(&self, name: &str) -> io::Result<TcpStream> {
        match &self.0 {
            None => TcpStream::connect(name).await,
            Some(lookup) => connect_any(lookup(name)?).await,
        }
    }
}

async fn connect_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Resolver(custom)" } else { "Resolver(system)" })
    }
}
