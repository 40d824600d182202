//! [`Spans`]: each call in a span of its trace.

use tracing::{Instrument, field};

use super::{Call, Layer};
use crate::status::Status;

/// Runs each handler in a [`tracing`] span `call` at level debug, with the fields `service`, `method` and, if the caller
/// sent one, `trace` (its `traceparent`).
#[derive(Clone, Copy, Debug)]
pub struct Spans;

impl Layer for Spans {
    fn around<T, N>(&self, call: Call, next: N) -> impl Future<Output = Result<T, Status>> + Send
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        let trace = call.trace.map(field::display);
        next.instrument(tracing::debug_span!("call", service = call.service, method = call.method, trace))
    }
}
