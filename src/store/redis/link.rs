//! Connections to Redis that come back.
//!
//! deadpool-redis makes, counts and checks them. Taking one from the pool costs a round trip (UNWATCH and PING), far too much for
//! every look-up, and lending it out for one call at a time would waste it: a connection carries any number of calls at once. So each
//! link borrows its connection once and clones the handle for every call; when a call finds it broken or silent the connection
//! goes back to the pool, and the check is made just then: a late one is taken again, a dead one is replaced.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::io::tcp::TcpSettings;
use deadpool_redis::redis::{
    AsyncConnectionConfig, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, ServerErrorKind,
};
use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::scripts::Scripts;
use super::{RedisConfig, StoreError};

pub(super) struct Links {
    pool: Pool,
    timeout: Duration,
    links: Box<[Link]>,
    /// Which link is next: they take turns.
    turn: AtomicUsize,
}

#[derive(Default)]
struct Link {
    held: Mutex<Held>,
    /// Who holds it connects; the others wait and find the connection made.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    connection: Option<Connection>,
    /// How many there have been, so that a late failure of one does not cost its successor.
    number: u64,
}

/// Why one attempt failed, and what to do about it.
enum Failure {
    /// The connection was lost: another one may do.
    Lost(RedisError),
    /// Redis does not know the script: it was restarted or flushed.
    UnknownScript(RedisError),
    /// Trying again does not help.
    Final(StoreError),
}

impl Links {
    pub(super) fn new(config: &RedisConfig) -> Result<Self, StoreError> {
        let refused = |error: RedisError| StoreError::Refused(error.into());
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = config.url.as_str().into_connection_info().map_err(refused)?.set_tcp_settings(tcp);
        // One deadline covers the whole call, see `run`: the driver's own (500 ms) would only cut a longer one short.
        let driver = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let connections = config.connections.max(1);
        let pool = Pool::builder(Manager::new_with_config(info, driver).map_err(refused)?)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            // Leaves time to connect anew after a check that nobody answered.
            .recycle_timeout(Some(config.timeout / 2))
            .build()
            .map_err(|error| StoreError::Refused(error.into()))?;
        let links = (0..connections).map(|_| Link::default()).collect();
        Ok(Self { pool, timeout: config.timeout, links, turn: AtomicUsize::new(0) })
    }

    /// Runs `pipeline` in one round trip, once more if its connection was lost: everything this store does can be done twice. A Redis that
    /// was restarted costs both: the old connection is lost, and behind the new one no script is known.
    pub(super) async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline, scripts: &Scripts) -> Result<T, StoreError> {
        let link = &self.links[self.turn.fetch_add(1, Ordering::Relaxed) % self.links.len()];
        let deadline = Instant::now() + self.timeout;
        let mut outcome = self.attempt(link, pipeline, deadline).await;
        if let Err(Failure::Lost(_)) = outcome {
            outcome = self.attempt(link, pipeline, deadline).await;
        }
        if let Err(Failure::UnknownScript(_)) = outcome {
            self.attempt::<()>(link, &scripts.load(), deadline).await.map_err(Failure::into_error)?;
            outcome = self.attempt(link, pipeline, deadline).await;
        }
        outcome.map_err(Failure::into_error)
    }

    async fn attempt<T>(&self, link: &Link, pipeline: &Pipeline, deadline: Instant) -> Result<T, Failure>
    where
        T: FromRedisValue,
    {
        let connecting = timeout_at(deadline, link.connection(&self.pool)).await;
        let (mut connection, number) = connecting.map_err(silent)?.map_err(Failure::Final)?;
        let error = match timeout_at(deadline, pipeline.query_async(&mut connection)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(elapsed) => {
                link.give_back(number);
                return Err(silent(elapsed));
            }
        };
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return Err(Failure::UnknownScript(error));
        }
        if error.is_io_error() || error.is_unrecoverable_error() {
            link.give_back(number);
            return Err(Failure::Lost(error));
        }
        Err(Failure::Final(sorted(error)))
    }
}

impl Link {
    /// A handle to the connection, which is made if there is none, and its number.
    async fn connection(&self, pool: &Pool) -> Result<(MultiplexedConnection, u64), StoreError> {
        if let Some(handle) = self.handle() {
            return Ok(handle);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(handle) = self.handle() {
            return Ok(handle);
        }
        let connection = pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => sorted(error),
            other => StoreError::Unavailable(other.into()),
        })?;
        let handle = MultiplexedConnection::clone(&connection);
        let mut held = self.held();
        held.connection = Some(connection);
        held.number += 1;
        Ok((handle, held.number))
    }

    fn handle(&self) -> Option<(MultiplexedConnection, u64)> {
        let held = self.held();
        let connection = held.connection.as_ref()?;
        Some((MultiplexedConnection::clone(connection), held.number))
    }

    /// Lets go of a connection, unless it has been replaced already.
    fn give_back(&self, number: u64) {
        let mut held = self.held();
        if held.number == number {
            held.connection = None;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nothing panics under this lock")
    }
}

impl Failure {
    fn into_error(self) -> StoreError {
        match self {
            Self::Final(error) => error,
            Self::Lost(error) => StoreError::Unavailable(error.into()),
            Self::UnknownScript(error) => StoreError::Refused(error.into()),
        }
    }
}

fn silent(elapsed: Elapsed) -> Failure {
    Failure::Final(StoreError::Unavailable(elapsed.into()))
}

/// Whether Redis is away for now or will never do it.
fn sorted(error: RedisError) -> StoreError {
    let away = matches!(
        error.kind(),
        ErrorKind::Io
            | ErrorKind::Server(
                ServerErrorKind::BusyLoading
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ReadOnly
                    | ServerErrorKind::TryAgain
                    | ServerErrorKind::ClusterDown
            )
    );
    // The memory limit is reached, it cannot save, a script runs for too long.
    let hindered = matches!(error.code(), Some("OOM" | "MISCONF" | "BUSY"));
    if away || hindered { StoreError::Unavailable(error.into()) } else { StoreError::Refused(error.into()) }
}
