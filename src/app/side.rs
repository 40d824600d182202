//! One side of Teller, front end or backend, on a thread and a runtime of its own.
//!
//! `teller serve` runs both in one process; neither can starve the other, and each has the worker threads it was given.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use std::{io, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Error;

/// What runs on blocking threads when a side stops, a password being hashed above all, has this long to end. Tasks have had
/// their time to drain: one that is left is cut short, as by a crash, which the stores and the guard of a profile allow for.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// A side that runs. Dropped, it is told to stop; [`Side::stop`] also waits.
pub(super) struct Side {
    name: &'static str,
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    ended: oneshot::Receiver<()>,
}

/// A side that is ready: where it listens, what there is to say of its start, and what serves until it is told to stop.
pub(super) struct Ready<T, F> {
    pub(super) address: SocketAddr,
    pub(super) facts: T,
    pub(super) serve: F,
}

/// Starts a side with `threads` workers (0: one for each core) and waits until it is ready or has failed.
pub(super) async fn start<T, M, P, F>(name: &'static str, threads: usize, make: M) -> Result<(Side, T), Error>
where
    T: Send + 'static,
    M: FnOnce(CancellationToken) -> P + Send + 'static,
    P: Future<Output = Result<Ready<T, F>, Error>>,
    F: Future<Output = ()>,
{
    let failed = |e: io::Error| Error::new(format!("cannot start the {name}'s threads"), e);
    let runtime = runtime(name, threads).map_err(failed)?;
    let stop = CancellationToken::new();
    let (ready, is_ready) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let stopping = stop.clone();
    let body = move || {
        runtime.block_on(async {
            match make(stopping).await {
                Ok(Ready { address, facts, serve }) => {
                    let _ = ready.send(Ok((address, facts)));
                    serve.await;
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        });
        runtime.shutdown_timeout(LEFTOVERS);
        let _ = end.send(());
    };
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(failed)?;
    let died = |gone| Error::new(format!("the {name} died while it started"), gone);
    let (address, facts) = is_ready.await.map_err(died)??;
    Ok((Side { name, address, stop, ended }, facts))
}

/// Waits for the first side that ends by itself, which none should; returns its name.
pub(super) async fn first_to_end(sides: &mut [Side]) -> &'static str {
    poll_fn(|cx| {
        let ended =
            sides.iter_mut().find_map(|side| Pin::new(&mut side.ended).poll(cx).is_ready().then_some(side.name));
        ended.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

impl Side {
    /// Tells the side to stop and waits until it has.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        if !self.ended.is_terminated() {
            // An error means that its thread died: it has ended all the same.
            let _ = (&mut self.ended).await;
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One worker needs no scheduler that could move its work to another.
fn runtime(name: &'static str, threads: usize) -> io::Result<Runtime> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        given => given,
    };
    match threads {
        1 => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build(),
    }
}
