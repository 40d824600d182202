//! The payment gateway that the configuration names, or a simulated one in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;

use super::{Error, listen, stores};
use crate::config::{Config, Durable};
use crate::gateway::remote::Remote;
use crate::gateway::simulated::{Book, Faults, serve};

/// A simulated gateway that runs in this process. Dropped, it stops.
pub struct Simulated {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where a simulated gateway keeps its ledger in the folder `data`.
pub fn ledger(data: &Path) -> PathBuf {
    data.join("gateway.jsonl")
}

/// Starts a simulated gateway, with its ledger in the folder `data`.
pub async fn start(address: SocketAddr, data: &Path, faults: Faults) -> Result<Simulated, Error> {
    stores::make_folder(data)?;
    let path = ledger(data);
    let book = Book::open(&path).map_err(|e| {
        Error::new(format!("cannot use the simulated gateway's ledger {}", path.display()), e)
            .with_fix("choose another folder with --data DIR")
    })?;
    let listener = listen::listen(address, "--listen")?;
    let address = listener.local_addr().map_err(|e| Error::new("the simulated gateway has no address", e))?;
    Ok(Simulated { address, task: tokio::spawn(serve(listener, book, faults)) })
}

/// The gateway of `payment.gateway_url`; without one, a simulated one that lives as long as the second answer.
pub(super) async fn of(config: &Config) -> Result<(Remote, Option<Simulated>), Error> {
    let timeout = config.payment.gateway_timeout();
    if let Some(address) = config.payment.gateway_address() {
        return Ok((Remote::new(address, timeout), None));
    }
    if matches!(config.durable(), Durable::Mysql(_)) {
        // Its own data folder alone decides what it knows: what another backend's gateway has charged is unknown to this one, and would be closed.
        tracing::warn!(
            ledger = %ledger(&config.data_dir).display(),
            "payments go to a simulated gateway of this backend's own: others of this database must share its data_dir, or all of them one \
             `teller gateway-sim` (payment.gateway_url)"
        );
    }
    let own = start((Ipv4Addr::LOCALHOST, 0).into(), &config.data_dir, Faults::default()).await?;
    Ok((Remote::new(own.address.to_string(), timeout), Some(own)))
}
