//! The pool, and a connection taken from it.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;

use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, Result};

use crate::store::StoreError;
use crate::store::migrations::statements;
use crate::store::queries::mysql::STATEMENTS;

const SESSION: &str = include_str!("../../../sql/mysql/session.sql");

/// A pool of at most `max_connections` that connects when it is first used.
///
/// Passwords: `caching_sha2_password` works without TLS, the driver then asks the server for its public key. That is safe on
/// loopback and on networks one trusts, and nowhere else.
pub(super) fn pool(url: &str, max_connections: usize) -> std::result::Result<Pool, StoreError> {
    let options = Opts::from_url(url).map_err(|error| StoreError::Refused(error.into()))?;
    // As many stay open as may be open: a pool that closes what is idle for a moment only connects again.
    let limits = PoolConstraints::new(max_connections, max_connections)
        .ok_or_else(|| StoreError::Refused("max_connections must be at least 1".into()))?;
    let texts = STATEMENTS.iter().map(|statement| statement.texts.len()).sum::<usize>();
    let options = OptsBuilder::from_opts(options)
        // A reset would forget the prepared statements and the session settings at every return.
        .pool_opts(PoolOpts::default().with_constraints(limits).with_reset_connection(false))
        .stmt_cache_size(texts)
        .setup(statements(SESSION))
        .tcp_nodelay(true)
        // An update that changes nothing still found its row.
        .client_found_rows(true)
        // The socket that a server names may belong to another server here, if that one runs in a container.
        .prefer_socket(false);
    Ok(Pool::new(options))
}

/// A connection that is closed unless it is given back: after an error, a time-out or a panic nobody knows what it would say next.
pub(super) struct Lease(Option<Conn>);

impl Lease {
    /// Takes an idle connection, or opens one, or waits.
    pub(super) async fn take(pool: &Pool) -> Result<Self> {
        Ok(Self(Some(pool.get_conn().await?)))
    }

    pub(super) fn connection(&mut self) -> &mut Conn {
        self.0.as_mut().expect("it is there until it is given back or dropped")
    }

    /// To the pool, for the next one.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else { return };
        if thread::panicking() {
            // The driver closes a connection that is dropped in a panic.
            return;
        }
        // Polled once and dropped: that marks the connection as closed, writes a goodbye if the socket takes it, and closes the
        // socket without waiting for a server that may be frozen.
        let _ = pin!(connection.disconnect()).poll(&mut Context::from_waker(Waker::noop()));
    }
}
