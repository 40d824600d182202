//! The server: accepts, greets, runs handlers within limits, and stops without losing a call.
//!
//! Read in this order: `registry` (what is served), `session` (a connection as the server sees it), `dispatch` (one
//! request through its handler), `layer` (what may stand around it), `running` and `limits` (how many), `roster` (which connections), `drain` (a connection's
//! life and the stop), `config`.

mod config;
mod dispatch;
mod drain;
pub mod layer;
mod limits;
mod registry;
mod roster;
mod running;
mod session;

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

pub(crate) use self::dispatch::{Incoming, Outcome, Reply};
pub use self::{
    config::ServerConfig,
    drain::Drained,
    registry::{Entry, Registry},
    roster::Watch,
};
use self::{limits::Gate, roster::Roster};
use crate::{
    hello,
    net::{TcpListener, TcpStream},
    status::Status,
};

/// Pause after an accept that failed: out of file descriptors, it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a registry over TCP.
#[derive(Debug)]
pub struct Server {
    registry: Registry,
    config: ServerConfig,
    watch: Watch,
}

/// What all connections of a server have in common.
pub(crate) struct Shared {
    config: ServerConfig,
    registry: Registry,
    /// The method table as WELCOME carries it.
    table: Vec<u8>,
    in_flight: Gate,
    roster: Arc<Roster>,
    stopping: CancellationToken,
}

impl Server {
    /// A server of `registry` within the limits of `config`.
    pub fn new(registry: Registry, config: ServerConfig) -> Self {
        Self { registry, config, watch: Watch(Arc::default()) }
    }

    /// What shows the server's figures while it runs.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Serves connections of `listener` until `stop` completes, then drains: closes the listener, tells every client to
    /// go away, and returns when the last connection has ended, at most about a second after
    /// [`ServerConfig::grace`]. An accept that fails is tried again, never an end.
    pub async fn run(self, listener: TcpListener, stop: impl Future<Output = ()> + Send) -> Drained {
        let shared = Arc::new(Shared {
            table: self.registry.table().to_wire(),
            in_flight: Gate::new(self.config.max_in_flight),
            registry: self.registry,
            config: self.config,
            roster: self.watch.0,
            stopping: CancellationToken::new(),
        });
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                stream = accept(&listener) => admit(&shared, &mut connections, stream),
                Some(_) = connections.join_next() => {}
                () = &mut stop => break,
            }
        }
        // Closed first, so that whoever dials now is refused at once instead of waiting for nobody.
        drop(listener);
        shared.stopping.cancel();
        let mut drained = Drained { connections: connections.len(), cancelled: 0 };
        while let Some(ended) = connections.join_next().await {
            drained.cancelled += ended.unwrap_or(0);
        }
        drained
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, connections: &mut JoinSet<usize>, mut stream: TcpStream) {
    if connections.len() < shared.config.max_connections {
        connections.spawn(drain::serve(Arc::clone(shared), stream));
        return;
    }
    tracing::warn!(limit = shared.config.max_connections, "connection refused: too many");
    // Within TLS it could be told only after a handshake, which is what there is no room for.
    #[cfg(feature = "tls")]
    if shared.config.tls.is_some() {
        return;
    }
    // A few bytes into an empty socket buffer: done at its first poll, so that these tasks do not gather.
    tokio::spawn(async move {
        hello::refuse(&mut stream, Status::TOO_MANY_CONNECTIONS, "the server has too many connections").await;
    });
}
