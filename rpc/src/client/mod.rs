//! The client: a cheap handle; behind it a pool of connections per backend, or a registry in the same process.
//!
//! Read in this order: `call` (one try on one connection), `link` (a connection as its calls see it), `pool` (who may
//! use which), `resolve` (where a backend is), `balance` (which backend), `retry` (when again), `local` (no connection at
//! all), `config`.

mod balance;
mod call;
mod config;
mod link;
mod local;
mod pool;
mod resolve;
mod retry;

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use self::{balance::Choice, local::Local, pool::Pool, retry::Budget, retry::Verdict};
pub use self::{config::ClientConfig, resolve::Resolver};
use crate::{
    context::Context,
    figures::{ConnectionFigures, Figures},
    server::Registry,
    service::Method,
    status::{CallError, Executed},
    table::Table,
};

/// A handle to make calls with. Clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Route>);

enum Route {
    Network(Network),
    Local(Local),
}

struct Network {
    pools: Vec<Arc<Pool>>,
    budget: Budget,
}

impl Client {
    /// A client of `backends`, each a `host:port` that is looked up anew at every dial. Does no I/O: the first call
    /// dials. Must be used within a tokio runtime with time and I/O enabled.
    pub fn new(backends: Vec<String>, config: ClientConfig) -> Self {
        let config = Arc::new(config);
        let budget = Budget::new(&config);
        let pools = backends.into_iter().map(|address| Pool::new(address, Arc::clone(&config))).collect();
        Self(Arc::new(Route::Network(Network { pools, budget })))
    }

    /// A client that calls the handlers of `registry` in this process: same codec, deadline and panic rules, no socket.
    pub fn in_process(registry: Registry) -> Self {
        Self(Arc::new(Route::Local(Local::new(registry))))
    }

    /// Makes one call; ends by the context's deadline. Dropping the future takes the call back: the server drops the
    /// handler's future, and the connection serves on.
    ///
    /// # Errors
    /// Every [`CallError`]; its [`executed`](CallError::executed) says whether the work may have been done. What is
    /// proven not executed has already been tried again, within [`ClientConfig::max_tries`], the retry budget and the
    /// deadline.
    pub async fn call<M: Method>(&self, context: &Context, request: &M::Request) -> Result<M::Response, CallError> {
        match &*self.0 {
            Route::Network(network) => network.call::<M>(context, request).await,
            Route::Local(local) => local.call::<M>(context, request).await,
        }
    }

    /// The services and methods of a backend, as its WELCOME told them. Dials if no connection is open.
    ///
    /// # Errors
    /// As [`call`](Client::call): no backend could be reached by the context's deadline.
    pub async fn describe(&self, context: &Context) -> Result<Table, CallError> {
        match &*self.0 {
            Route::Network(network) => Ok(network.acquire(context).await?.link.directory.table().clone()),
            Route::Local(local) => Ok(local.table().clone()),
        }
    }

    /// What the client has done and holds, all backends together.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        if let Route::Network(network) = &*self.0 {
            network.pools.iter().for_each(|pool| figures += pool.figures());
            // Also those tries that found no connection.
            figures.retried = network.budget.retried.load(Ordering::Relaxed);
        }
        figures
    }

    /// Each open connection, those included that only finish their calls.
    pub fn connections(&self) -> Vec<ConnectionFigures> {
        match &*self.0 {
            Route::Network(network) => network.pools.iter().flat_map(|pool| pool.connections()).collect(),
            Route::Local(_) => vec![],
        }
    }

    /// Takes no more calls, waits for the running ones (each ends by its deadline) and closes all connections.
    pub async fn close(&self) {
        if let Route::Network(network) = &*self.0 {
            for pool in &network.pools {
                pool.close().await;
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Route::Network(network) => f.debug_list().entries(network.pools.iter().map(|pool| &pool.address)).finish(),
            Route::Local(_) => f.write_str("Client(in process)"),
        }
    }
}

impl Network {
    async fn call<M: Method>(&self, context: &Context, request: &M::Request) -> Result<M::Response, CallError> {
        self.budget.earn();
        let (mut tries, mut unknown) = (1, None);
        loop {
            let error = match self.attempt::<M>(context, request, tries > 1).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            match self.budget.judge(&error, M::IDEMPOTENT, tries, context) {
                Verdict::Again(pause) if pause < context.remaining() => {
                    if error.executed() == Executed::Unknown {
                        unknown = Some(error);
                    }
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(retry::of_all_tries(unknown, error)),
            }
            tries += 1;
        }
    }

    async fn attempt<M: Method>(
        &self,
        context: &Context,
        request: &M::Request,
        retry: bool,
    ) -> Result<M::Response, CallError> {
        let lease = self.acquire(context).await?;
        let payload = call::attempt::<M>(lease, context, request, retry || context.is_retry()).await?;
        call::decode(&payload)
    }

    /// Whether it makes sense to choose again after `choice` was down: another is up, or its caller has not yet waited.
    fn elsewhere(&self, choice: &Choice<'_>) -> bool {
        !choice.patient || self.pools.iter().any(|pool| !pool.resting())
    }

    /// Takes a lease from the backend that balancing chooses; one that turns out to be down is left for another.
    async fn acquire(&self, context: &Context) -> Result<pool::Lease, CallError> {
        loop {
            let Some(choice) = balance::choose(&self.pools) else {
                return Err(CallError::Unavailable("no backends are configured".into()));
            };
            match choice.pool.acquire(context.deadline(), choice.patient).await {
                Err(CallError::Unavailable(_)) if choice.pool.resting() && self.elsewhere(&choice) => {
                    if context.remaining().is_zero() {
                        return Err(CallError::DeadlineExceeded { executed: Executed::No });
                    }
                }
                taken => return taken,
            }
        }
    }
}
