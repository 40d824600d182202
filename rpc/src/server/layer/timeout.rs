//! [`Timeout`]: an end to handlers that take too long.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Call, Layer};
use crate::status::Status;

/// Drops a handler's future after this time, or at the caller's deadline if that is earlier, and answers
/// DEADLINE_EXCEEDED: perhaps executed.
///
/// Callers who leave at their deadline take their calls back themselves. This is for those who do not, and for a server
/// that has less patience than its callers.
#[derive(Clone, Copy, Debug)]
pub struct Timeout(pub Duration);

impl Layer for Timeout {
    async fn around<T, N>(&self, call: Call, next: N) -> Result<T, Status>
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        match timeout_at(call.deadline.min(Instant::now() + self.0), next).await {
            Ok(answer) => answer,
            Err(_) => Err(Status::new(Status::DEADLINE_EXCEEDED, "the handler took too long")),
        }
    }
}
