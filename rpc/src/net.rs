//! The sockets: tokio's, or under `--cfg teller_turmoil` those of a simulated network that can be cut, held and repaired.

use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(not(teller_turmoil))]
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
#[cfg(not(teller_turmoil))]
pub(crate) use tokio::net::{TcpListener, TcpStream};
#[cfg(teller_turmoil)]
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
#[cfg(teller_turmoil)]
pub(crate) use turmoil::net::{TcpListener, TcpStream};

/// What the protocol runs on: a socket as it is, or one within TLS. A type and not a value, so that a bare socket is read and
/// written without a choice each time.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    type Read: AsyncRead + Send + Unpin + 'static;
    type Write: AsyncWrite + Send + Unpin + 'static;

    /// The two directions, for a task each.
    fn halves(self) -> (Self::Read, Self::Write);
}

impl Duplex for TcpStream {
    type Read = OwnedReadHalf;
    type Write = OwnedWriteHalf;

    fn halves(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        self.into_split()
    }
}
