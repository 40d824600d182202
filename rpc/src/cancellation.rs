//! [`Cancellation`]: tells the task of one request that its caller has gone. One small allocation per request, where a
//! general cancellation token with its tree would cost several times that.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

#[derive(Clone, Debug, Default)]
pub(crate) struct Cancellation(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    fired: AtomicBool,
    notify: Notify,
}

impl Cancellation {
    pub(crate) fn fire(&self) {
        self.0.fired.store(true, Ordering::Release);
        self.0.notify.notify_waiters();
    }

    pub(crate) fn has_fired(&self) -> bool {
        self.0.fired.load(Ordering::Acquire)
    }

    /// Waits until it has fired.
    pub(crate) async fn fired(&self) {
        let mut notified = pin!(self.0.notify.notified());
        // In line before looking, so that a shot between the look and the wait is not missed.
        notified.as_mut().enable();
        if !self.has_fired() {
            notified.await;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Cancellation;

    #[tokio::test]
    async fn it_is_seen_by_those_who_wait_and_those_who_come_later() {
        let cancellation = Cancellation::default();
        let (first, second) = (cancellation.clone(), cancellation.clone());
        let shoot = async {
            tokio::task::yield_now().await;
            cancellation.fire();
        };
        tokio::join!(first.fired(), second.fired(), shoot);
        cancellation.fired().await;
        assert!(cancellation.has_fired());
    }
}
