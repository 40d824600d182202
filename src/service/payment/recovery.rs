//! Payments and refunds that nobody finished: the gateway is asked what became of them, and they end as it says.
//!
//! A payment is taken up when nothing has happened to it for a while: its backend has died, or the gateway never answered. An order that the gateway
//! has never seen is cancelled there first, because it may still be on its way. Several backends may do this at once: one claims a payment, and two
//! who do it all the same ask for the same transfers under the same ids.

use std::time::Duration;

use tokio::task::JoinSet;

use super::flow::Flow;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::time::Timestamp;
use crate::gateway::{Fate, Gateway, Verdict};
use crate::store::{Store, StoreError};

/// How often such payments are looked for on average.
const PAUSE: Duration = Duration::from_secs(1);
/// Most of each at once: no gateway is to be flooded after a pause of its own.
const AT_ONCE: usize = 64;

impl<S: Store, G: Gateway> Flow<S, G> {
    /// Finishes what is left unfinished for `after`, for ever: to be dropped at any time.
    pub async fn recover(self, after: Duration) {
        loop {
            match self.recover_once(after).await {
                Ok(AT_ONCE..) => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "unfinished payments and refunds cannot be looked for; it is tried again")
                }
            }
            // Backends that started together do not look together.
            tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))).await;
        }
    }

    /// One look, and what it finds: how many were ended here.
    ///
    /// # Errors
    ///
    /// The store could not be asked.
    pub async fn recover_once(&self, after: Duration) -> Result<usize, StoreError> {
        let now = (self.clock)();
        let after = i64::try_from(after.as_micros()).unwrap_or(i64::MAX);
        let until = Timestamp(now.0.saturating_sub(after));
        let mut work = JoinSet::new();
        for payment in self.ledger.store().stale_payments(until, AT_ONCE).await? {
            let flow = self.clone();
            work.spawn(async move { flow.take_up(payment, now).await });
        }
        for refund in self.ledger.store().stale_refunds(until, AT_ONCE).await? {
            let flow = self.clone();
            work.spawn(async move { flow.take_up_refund(refund, now).await });
        }
        let mut ended = 0;
        while let Some(one) = work.join_next().await {
            ended += usize::from(one.unwrap_or(false));
        }
        Ok(ended)
    }

    /// Takes up a payment as it was `seen`, unless somebody else has; whether it has ended.
    async fn take_up(&self, seen: Payment, now: Timestamp) -> bool {
        match self.ledger.store().claim_payment(&seen, now).await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::warn!(order = %seen.order, %error, "an unfinished payment cannot be taken up");
                return false;
            }
        }
        let charge = self.fate(&seen).await;
        if let Verdict::Unknown { why } = &charge {
            tracing::warn!(order = %seen.order, why, "the gateway does not say what became of a payment; it is asked again");
        }
        let ended = self.end(seen, charge).await;
        tracing::info!(order = %ended.order, status = ?ended.status, "an unfinished payment was taken up");
        ended.status != PaymentStatus::Processing
    }

    /// What became of it at the gateway, for good.
    async fn fate(&self, payment: &Payment) -> Verdict {
        match self.gateway.find(&payment.order).await {
            Fate::Known(charge) => charge,
            Fate::NeverSeen => self.gateway.cancel(&payment.order).await,
        }
    }
}
