//! How a connection is served and how it ends: by its client, by an error, or by the server's stop.
//!
//! Stop: GOAWAY; requests that come later are REJECTED as not executed, so that the client may send them elsewhere;
//! the running ones finish; the client closes when it has its answers. What still runs after the grace is cancelled
//! and answered so.

use std::{
    future::{Future, ready},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Shared, session::Session};
use crate::{
    connection::{self, Pace},
    frame::MAX_BODY_BYTES,
    greeting::Greeting,
    hello::{self, Agreed, HelloError},
    net::{Duplex, TcpStream},
};

/// How long cancelled handlers get to end before their connection is closed over them.
const CANCEL_TIME: Duration = Duration::from_secs(1);

/// What a stopped server left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were open at the stop signal.
    pub connections: usize,
    /// Requests that were still running after the grace, and were cancelled.
    pub cancelled: usize,
}

/// Serves one connection to its end; returns how many requests the end of the grace has cancelled.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream) -> usize {
    // A socket without a peer has been reset already.
    let Ok(peer) = stream.set_nodelay(true).and_then(|()| stream.peer_addr()) else {
        return 0;
    };
    #[cfg(feature = "tls")]
    if let Some(tls) = shared.config.tls.clone() {
        // Boxed, so that a bare connection's task is no larger for it.
        let secured = async move { tls.accept(stream).await.map_err(HelloError::Tls) };
        return Box::pin(serve_over(shared, peer, secured)).await;
    }
    serve_over(shared, peer, ready(Ok(stream))).await
}

/// Serves what `opened` comes to, which counts as part of the hello.
async fn serve_over<S: Duplex>(
    shared: Arc<Shared>,
    peer: SocketAddr,
    opened: impl Future<Output = Result<S, HelloError>>,
) -> usize {
    let greeted = tokio::select! {
        greeted = timeout(shared.config.hello_timeout, greet(&shared, opened)) => greeted,
        () = shared.stopping.cancelled() => return 0,
    };
    let (stream, agreed) = match greeted {
        Ok(Ok(greeted)) => greeted,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "hello failed");
            return 0;
        }
        Err(_) => {
            tracing::debug!(%peer, "hello not completed in time");
            return 0;
        }
    };
    run(shared, peer, stream, agreed).await
}

async fn greet<S: Duplex>(
    shared: &Shared,
    opened: impl Future<Output = Result<S, HelloError>>,
) -> Result<(S, Agreed), HelloError> {
    let mut stream = opened.await?;
    let config = &shared.config;
    let mine = Greeting::new(config.max_frame_bytes.min(MAX_BODY_BYTES), config.max_in_flight_per_connection);
    let agreed = hello::accept(&mut stream, &config.secret, mine, &shared.table).await?;
    Ok((stream, agreed))
}

async fn run<S: Duplex>(shared: Arc<Shared>, peer: SocketAddr, stream: S, agreed: Agreed) -> usize {
    let session = Arc::new(Session::new(Arc::clone(&shared), peer, &agreed));
    let _entered = shared.roster.enter(&session);
    // However this connection ends, nobody is left to be answered.
    let _cancelled = CancelOnDrop(&session);
    let pace = Pace {
        max_frame_bytes: shared.config.max_frame_bytes.min(MAX_BODY_BYTES),
        frame_timeout: shared.config.frame_timeout,
        keepalive: shared.config.keepalive,
        throttled: true,
    };
    let (read, write) = stream.halves();
    let mut running = pin!(connection::run(&session, read, write, agreed.rest, pace));
    let end = tokio::select! {
        end = &mut running => end,
        () = shared.stopping.cancelled() => {
            session.drain();
            let grace_over = Instant::now() + shared.config.grace;
            match timeout_at(grace_over, &mut running).await {
                Ok(end) => end,
                Err(_) => {
                    let (cancelled, _) = tokio::join!(cut(&session), running);
                    return cancelled;
                }
            }
        }
    };
    tracing::debug!(%end, "connection ended");
    0
}

struct CancelOnDrop<'a>(&'a Session);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel_all();
    }
}

/// Cancels what still runs, lets the answers that say so leave, and closes.
async fn cut(session: &Session) -> usize {
    let cancelled = session.cancel_all();
    let until = Instant::now() + CANCEL_TIME;
    while session.running() > 0 && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
    session.finish();
    cancelled
}
