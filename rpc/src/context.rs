//! [`Context`]: what travels with every call beside its message: the deadline, the trace, and whether anyone still waits.

use std::time::Duration;

use tokio::time::Instant;

use crate::cancellation::Cancellation;

pub use crate::trace::{Trace, TraceError};

/// The deadline of a call that names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);
/// No deadline lies further away than this; a longer one is brought here.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// What travels with a call. Handlers get one and pass it on to the calls they make, so that the time left only shrinks.
#[derive(Clone, Debug)]
pub struct Context {
    deadline: Instant,
    trace: Option<Trace>,
    retry: bool,
    cancellation: Option<Cancellation>,
}

impl Context {
    /// A context whose deadline is `timeout` from now (at most [`MAX_TIMEOUT`]).
    pub fn with_timeout(timeout: Duration) -> Self {
        let deadline = Instant::now() + timeout.min(MAX_TIMEOUT);
        Self { deadline, trace: None, retry: false, cancellation: None }
    }

    /// The same context as part of `trace`.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// The same context with a deadline no later than `timeout` from now.
    #[must_use]
    pub fn shortened(mut self, timeout: Duration) -> Self {
        self.deadline = self.deadline.min(Instant::now() + timeout.min(MAX_TIMEOUT));
        self
    }

    /// When the caller stops waiting.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How long the caller still waits; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The trace that the call belongs to.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Whether the request is itself a retry: calls made on its behalf are not retried again.
    pub fn is_retry(&self) -> bool {
        self.retry
    }

    /// Waits until nobody waits for this call any more: it was cancelled, its connection ended, or the deadline passed.
    ///
    /// The handler's own future is dropped in the first two cases; this is for work that the handler has spawned.
    pub async fn cancelled(&self) {
        let expiry = tokio::time::sleep_until(self.deadline);
        match &self.cancellation {
            Some(cancellation) => tokio::select! { () = cancellation.fired() => {} () = expiry => {} },
            None => expiry.await,
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.as_ref().is_some_and(Cancellation::has_fired)
    }

    /// What fires when the call is taken back; never for a context that was not received.
    pub(crate) fn cancellation(&self) -> Cancellation {
        self.cancellation.clone().unwrap_or_default()
    }

    /// The context of a request that arrived at `now`.
    pub(crate) fn received(
        now: Instant,
        timeout_ms: u32,
        trace: Option<Trace>,
        retry: bool,
        cancellation: Cancellation,
    ) -> Self {
        let deadline = now + Duration::from_millis(timeout_ms.into()).min(MAX_TIMEOUT);
        Self { deadline, trace, retry, cancellation: Some(cancellation) }
    }

    /// What a request says of the time left: whole milliseconds, rounded up so that a rest of time is not none.
    pub(crate) fn timeout_ms(&self) -> u32 {
        u32::try_from(self.remaining().as_micros().div_ceil(1000)).unwrap_or(u32::MAX)
    }
}

impl Default for Context {
    /// A deadline of [`DEFAULT_TIMEOUT`], no trace.
    fn default() -> Self {
        Self::with_timeout(DEFAULT_TIMEOUT)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Cancellation, Context, DEFAULT_TIMEOUT, Duration, Instant, MAX_TIMEOUT};

    #[tokio::test(start_paused = true)]
    async fn a_deadline_can_only_come_nearer() {
        let context = Context::default();
        assert_eq!(context.remaining(), DEFAULT_TIMEOUT);
        assert_eq!(context.clone().shortened(Duration::MAX).remaining(), DEFAULT_TIMEOUT);
        assert_eq!(context.shortened(Duration::from_millis(5)).timeout_ms(), 5);
        assert_eq!(Context::with_timeout(Duration::MAX).remaining(), MAX_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_of_a_millisecond_is_one_and_none_is_none() {
        assert_eq!(Context::with_timeout(Duration::from_micros(1)).timeout_ms(), 1);
        assert_eq!(Context::with_timeout(Duration::ZERO).timeout_ms(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_context_is_cancelled_by_its_token_or_its_deadline() {
        let cancellation = Cancellation::default();
        let context = Context::received(Instant::now(), 2000, None, true, cancellation.clone());
        cancellation.fire();
        let start = Instant::now();
        context.cancelled().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        Context::with_timeout(Duration::from_millis(7)).cancelled().await;
        assert_eq!(start.elapsed(), Duration::from_millis(7));
    }
}
