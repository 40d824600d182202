//! Takes connections, bounds their number, and drains them at the end.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection;
use super::front::Front;
use super::problem::Problem;
use super::{reply, tls};

/// Waits after a failed accept: the first, and the longest. Each further failure doubles it.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// How long quiet connections stay when the server stops. A request may be on its way on any of them: it is answered, and told that
/// the connection closes. Closed at once, whoever sent it could not know whether it was carried out.
const LAST_CALL: Duration = Duration::from_millis(500);

/// What stopping came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections whose request was still running when the time was up.
    pub cut: usize,
}

/// Where connections come from.
pub(super) trait Accept {
    /// The next connection.
    fn accept(&mut self) -> impl Future<Output = io::Result<TcpStream>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&mut self) -> io::Result<TcpStream> {
        TcpListener::accept(self).await.map(|(stream, _)| stream)
    }
}

impl Front {
    /// Serves connections from `listener` until `stop` is ready; then takes no more, closes each after its next answer, half a second
    /// later also those that are quiet, lets running requests finish for another `http.drain_ms`, and returns.
    ///
    /// An error of one connection, or of accepting one, never ends it. A connection beyond `http.max_connections` is answered 503
    /// and closed, or under TLS closed alone.
    pub async fn run(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Drained {
        take(listener, Arc::new(self), stop).await
    }
}

/// [`Front::run`] for any source of connections.
pub(super) async fn take(mut listener: impl Accept, front: Arc<Front>, stop: impl Future<Output = ()>) -> Drained {
    let room = Room::new(&front);
    let mut stop = pin!(stop);
    let mut back_off = BACK_OFF.0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                back_off = BACK_OFF.0;
                room.admit(stream, &front);
            }
            Err(error) if concerns_one(&error) => tracing::debug!(%error, "connection gone before it was accepted"),
            Err(error) => {
                tracing::error!(%error, "cannot accept connections, trying again");
                tokio::select! { () = &mut stop => break, () = sleep(back_off) => {} }
                back_off = (back_off * 2).min(BACK_OFF.1);
            }
        }
    }
    drop(listener);
    room.drain(&front).await
}

/// Whether only the connection that was to be accepted is lost: there is no reason to wait before the next.
fn concerns_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// The open connections.
struct Room {
    places: Arc<Semaphore>,
    size: usize,
    stop: CancellationToken,
    open: metrics::Gauge,
}

impl Room {
    fn new(front: &Front) -> Self {
        let size = front.limits().max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(size)),
            size,
            stop: CancellationToken::new(),
            open: metrics::gauge!("teller_http_connections"),
        }
    }

    fn admit(&self, stream: TcpStream, front: &Arc<Front>) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            refuse(stream, front);
            return;
        };
        // An answer is one write: waiting for more to send with it only delays it.
        let _ = stream.set_nodelay(true);
        let (front, stop, open) = (front.clone(), self.stop.child_token(), self.open.clone());
        tokio::spawn(async move {
            open.increment(1.0);
            let _leaving = Leaving { open, _place: place };
            let peer = stream.peer_addr().ok().map(|address| address.ip());
            match front.https() {
                None => connection::run(stream, peer, &front, stop).await,
                // Boxed, so that a bare connection's task is no larger for it.
                Some(https) => Box::pin(tls::run(https, stream, peer, &front, stop)).await,
            }
        });
    }

    async fn drain(self, front: &Front) -> Drained {
        /// For connections to notice that their time is up.
        const MARGIN: Duration = Duration::from_millis(500);
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        front.stop();
        let _ = timeout(LAST_CALL, self.places.acquire_many(all)).await;
        self.stop.cancel();
        let empty = self.places.acquire_many(all);
        let _ = timeout(front.limits().drain(), empty).await;
        let cut = self.size - self.places.available_permits();
        if cut > 0 {
            tracing::warn!(cut, "requests still running when the time to finish was up");
            let _ = timeout(MARGIN, self.places.acquire_many(all)).await;
        }
        Drained { cut }
    }
}

/// A connection's place, given back and counted when it ends, also by a panic.
struct Leaving {
    open: metrics::Gauge,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.open.decrement(1.0);
    }
}

/// Tells a client that there is no room, if its socket takes that at once. Within TLS there is none to say it in: the handshake is work,
/// too.
fn refuse(stream: TcpStream, front: &Front) {
    if front.https().is_some() {
        return;
    }
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(&reply::raw(&Problem::Unavailable, front.limits().is_tls()));
    }
}
