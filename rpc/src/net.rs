//! The sockets: tokio's, or under `--cfg teller_turmoil` those of a simulated network that can be cut, held and repaired.

#[cfg(not(teller_turmoil))]
pub(crate) use tokio::net::{TcpListener, TcpStream};
#[cfg(teller_turmoil)]
pub(crate) use turmoil::net::{TcpListener, TcpStream};
