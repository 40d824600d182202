//! [`Measure`]: how each call ended and how long it took, told to a function.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Call, Layer};
use crate::status::Status;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The service's name.
    pub service: &'static str,
    /// The method's name.
    pub method: &'static str,
    /// A code of [`Status`]: OK, CANCELLED if the caller took the call back, INTERNAL if the handler panicked.
    pub code: u16,
    /// Bytes of the request's payload.
    pub request_bytes: usize,
    /// From the beginning of the handler's task.
    pub took: Duration,
}

/// Tells `F` how each call ended, whichever way it did: the place for counters and histograms of any kind.
pub struct Measure<F>(Arc<F>);

impl<F> Clone for Measure<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Fn(&Ended) + Send + Sync + 'static> Measure<F> {
    /// Tells `tell`, which must not block.
    pub fn new(tell: F) -> Self {
        Self(Arc::new(tell))
    }
}

impl<F> fmt::Debug for Measure<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measure")
    }
}

/// Tells when it is dropped, so that no way to end is missed.
struct Running<'a, F: Fn(&Ended)> {
    tell: &'a F,
    call: Call,
    since: Instant,
    code: Option<u16>,
}

impl<F: Fn(&Ended)> Drop for Running<'_, F> {
    fn drop(&mut self) {
        let unfinished = if std::thread::panicking() { Status::INTERNAL } else { Status::CANCELLED };
        (self.tell)(&Ended {
            service: self.call.service,
            method: self.call.method,
            code: self.code.unwrap_or(unfinished),
            request_bytes: self.call.request_bytes,
            took: self.since.elapsed(),
        });
    }
}

impl<F: Fn(&Ended) + Send + Sync + 'static> Layer for Measure<F> {
    async fn around<T, N>(&self, call: Call, next: N) -> Result<T, Status>
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        let mut running = Running { tell: &*self.0, call, since: Instant::now(), code: None };
        let answer = next.await;
        running.code = Some(answer.as_ref().map_or_else(|status| status.code, |_| Status::OK));
        answer
    }
}
