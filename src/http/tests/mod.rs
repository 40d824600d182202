//! The front end over real sockets, before a backend that does as it is told.
//!
//! - [`fake`]: that backend.
//! - [`wire`]: a client that sends bytes, right or wrong.
//! - [`contract`]: the entry task, and what its codes stand for.
//! - [`surface`]: every route: methods, headers, files.
//! - [`crosssite`]: other sites' pages.
//! - [`limits`]: each limit, and one more.
//! - [`rates`]: too many requests.
//! - [`times`]: what is too slow.
//! - [`https`]: the same within TLS.
//! - [`lifetime`]: connections: too many, in pieces, aborted, drained.

#[path = "../../../rpc/tests/support/authority.rs"]
mod authority;
mod contract;
mod crosssite;
mod fake;
mod https;
mod lifetime;
mod limits;
mod rates;
mod surface;
mod times;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::fake::Fake;
use self::wire::{Answer, Wire};
use super::accept::{self, Drained};
use super::front::Front;
use crate::api::Backend;
use crate::config::Config;

/// A front end on a port of its own.
struct Rig {
    address: SocketAddr,
    backend: Arc<Fake>,
    front: Arc<Front>,
    stop: oneshot::Sender<()>,
    drained: JoinHandle<Drained>,
}

impl Rig {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than those of `config/default.toml`.
    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of(change, |front| front).await
    }

    /// The same, with a front end that is changed before it starts.
    async fn of(change: impl FnOnce(&mut Config), finish: impl FnOnce(Front) -> Front) -> Self {
        let mut config = Config::default();
        change(&mut config);
        let backend = Arc::new(Fake::default());
        let front = Arc::new(finish(Front::new(&config, Backend::new(backend.client()))));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let serving = accept::take(listener, front.clone(), async move {
            let _ = stopped.await;
        });
        Self { address, backend, front, stop, drained: tokio::spawn(serving) }
    }

    async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// Sends `request` on a connection of its own.
    async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.connect().await.ask(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(wire::get(path, "")).await
    }

    async fn stop(self) -> Drained {
        let _ = self.stop.send(());
        self.drained.await.expect("the accept loop does not panic")
    }
}
