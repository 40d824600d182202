//! How a process is asked to stop: SIGTERM or SIGINT once, and it finishes what runs; twice, and it ends at once.

use std::future::Future;
use std::{io, process, thread};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// What a process that a signal ended exits with, beyond the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

/// Listens from now on. The future is done at the first signal; the second ends the process with 130 (SIGINT) or 143 (SIGTERM).
///
/// The signals have a thread of their own: they are heard also when every worker thread is stuck.
pub fn stop() -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    drop(entered);
    let (first, stopped) = oneshot::channel();
    let watch = async move {
        signals.next().await;
        let _ = first.send(());
        let number = signals.next().await.as_raw_value();
        eprintln!("error: stopped at once by a second signal");
        process::exit(ENDED_BY_SIGNAL + number);
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(watch))?;
    Ok(async {
        let _ = stopped.await;
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }
}
