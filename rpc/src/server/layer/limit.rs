//! [`Limit`]: only so many at once.

use std::sync::Arc;

use super::{Call, Layer};
use crate::{server::limits::Gate, status::Status};

/// At most so many calls at once of what it stands around; more are REJECTED, not executed. None waits.
#[derive(Clone, Debug)]
pub struct Limit(Arc<Gate>);

impl Limit {
    /// A limit of `calls`.
    pub fn new(calls: usize) -> Self {
        Self(Arc::new(Gate::new(calls)))
    }
}

struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Layer for Limit {
    async fn around<T, N>(&self, _: Call, next: N) -> Result<T, Status>
    where
        T: Send,
        N: Future<Output = Result<T, Status>> + Send,
    {
        if !self.0.enter() {
            return Err(Status::new(Status::REJECTED, "too many of these requests are in flight"));
        }
        let _inside = Inside(&self.0);
        next.await
    }
}
