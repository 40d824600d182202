//! Where clients come in.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::Error;

/// Connections that the system completes before they are accepted; it may be set to fewer (on Linux `net.core.somaxconn`). The usual
/// 128 are full when a crowd comes at once, and whoever finds them full tries again only after a second.
const BACKLOG: u32 = 4096;

/// Listens on `address`, which `flag` sets.
pub(super) fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Error> {
    bind(address).map_err(|e| {
        let busy = e.kind() == io::ErrorKind::AddrInUse;
        let error = Error::new(format!("cannot listen on {address}"), e);
        if busy {
            error.with_fix(format!("stop what listens there, or choose another port with {flag} {}:PORT", address.ip()))
        } else {
            error
        }
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of the last run, which the system remembers for a minute, do not keep its port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::bind;

    #[tokio::test]
    async fn a_crowd_that_comes_at_once_is_connected_at_once() {
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux says so");
        let crowd = 500.min(allowed.trim().parse().expect("a number"));
        let listener = bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        // Nobody accepts meanwhile.
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900)).expect("there is room");
        let connected: Vec<TcpStream> = (0..crowd).map(connect).collect();
        assert_eq!(connected.len(), crowd);
    }
}
