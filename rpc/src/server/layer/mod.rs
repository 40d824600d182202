//! [`Layer`]: what stands around the handlers of a service: middleware as one small trait, put together at compile time.
//!
//! - [`Timeout`]: an end to handlers that take too long.
//! - [`Limit`]: only so many at once.
//! - [`Spans`]: each in a span of its trace.
//! - [`Measure`]: how each ended and how long it took, told to a function.
//!
//! A pair of layers is a layer, the first around the second; `()` is none, and costs nothing: no box, no allocation, no
//! future of its own. On the client the same needs no layers: [`Context`](crate::Context) has the deadline and the trace,
//! [`ClientConfig`](crate::ClientConfig) the limits, [`Client::figures`](crate::Client::figures) the figures.

mod limit;
mod measure;
mod spans;
mod timeout;

use tokio::time::Instant;

pub use self::{
    limit::Limit,
    measure::{Ended, Measure},
    spans::Spans,
    timeout::Timeout,
};
use crate::{context::Trace, status::Status};

/// A call as layers see it. A request that could not be decoded, or whose deadline had passed, never comes to them.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The service's name.
    pub service: &'static str,
    /// The method's name.
    pub method: &'static str,
    /// Bytes of the request's payload.
    pub request_bytes: usize,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// The trace that the call belongs to.
    pub trace: Option<Trace>,
}

/// What stands around the handlers of a service, for all its methods alike. Clones are one layer: a limit given to two
/// services counts both.
pub trait Layer: Clone + Send + Sync + 'static {
    /// Makes the call by awaiting `next`, which runs the handler; or answers in its place.
    ///
    /// A status that is answered before the handler began says to the caller that nothing was executed. The future may
    /// be dropped at any point: the caller took the call back.
    fn around<T, N>(&self, call: Call, next: N) -> impl Future<Output = Result<T, Status>> + Send
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send;
}

impl Layer for () {
    fn around<T, N>(&self, _: Call, next: N) -> impl Future<Output = Result<T, Status>> + Send
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        next
    }
}

impl<A: Layer, B: Layer> Layer for (A, B) {
    fn around<T, N>(&self, call: Call, next: N) -> impl Future<Output = Result<T, Status>> + Send
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        self.0.around(call, self.1.around(call, next))
    }
}
