//! Payments and refunds that nobody finished: the gateway is asked what became of them, and they end as it says.
//!
//! A payment is taken up when nothing has happened to it for a while: its backend has died, or the gateway never answered. An order that the gateway
//! has never seen is cancelled there first, because it may still be on its way. Several backends may do this at once: one claims a payment, and two
//! who do it all the same ask for the same transfers under the same ids.

use std::time::Duration;

use tokio::task::JoinSet;

use super::flow::Flow;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::gateway::{Fate, Gateway, Verdict};
use crate::store::{Store, StoreError};

/// How often such payments are looked for on average.
const PAUSE: Duration = Duration::from_secs(1);
/// Most of each that one look takes up, and most of both that are being finished at once: no gateway is to be flooded after a pause of its own.
const AT_ONCE: usize = 64;
const IN_ALL: usize = 2 * AT_ONCE;
/// A refund is named in the log once it is older than so many times what it is left alone for: its gateway forgot it, or never says no.
const OVERDUE: u32 = 10;

impl<S: Store, G: Gateway> Flow<S, G> {
    /// Finishes what is left unfinished for `after`, for ever: to be dropped at any time.
    pub async fn recover(self, after: Duration) {
        // It outlives the looks, so that one the gateway is slow about holds up no other.
        let mut work = JoinSet::new();
        loop {
            let is_more = match self.look(after, &mut work).await {
                Ok(is_more) => is_more,
                Err(error) => {
                    tracing::warn!(%error, "unfinished payments and refunds cannot be looked for; it is tried again");
                    false
                }
            };
            tokio::select! {
                // Backends that started together do not look together.
                () = tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.5..1.5))) => {}
                Some(_) = work.join_next(), if is_more => {}
            }
            while work.try_join_next().is_some() {}
        }
    }

    /// One look, and what it finds: how many were ended here.
    ///
    /// # Errors
    ///
    /// The store could not be asked.
    pub async fn recover_once(&self, after: Duration) -> Result<usize, StoreError> {
        let mut work = JoinSet::new();
        self.look(after, &mut work).await?;
        let mut ended = 0;
        while let Some(one) = work.join_next().await {
            ended += usize::from(one.unwrap_or(false));
        }
        Ok(ended)
    }

    /// Sets to work on what it finds, as far as there is room; whether there may be more.
    async fn look(&self, after: Duration, work: &mut JoinSet<bool>) -> Result<bool, StoreError> {
        let now = (self.clock)();
        let until = Timestamp(now.0.saturating_sub(i64::try_from(after.as_micros()).unwrap_or(i64::MAX)));
        // Neither kind takes all of the room.
        let most = IN_ALL.saturating_sub(work.len()).div_ceil(2);
        if most == 0 {
            return Ok(true);
        }
        let payments = self.ledger.store().stale_payments(until, most).await?;
        let refunds = self.ledger.store().stale_refunds(until, most).await?;
        let is_more = payments.len() == most || refunds.len() == most;
        if let Some((oldest, age)) = overdue(&refunds, now, after) {
            tracing::warn!(
                refund = %oldest.id,
                age_s = age.as_secs(),
                "the gateway has not said for long what became of a refund: one that it will never make must be declined"
            );
        }
        for payment in payments {
            let flow = self.clone();
            work.spawn(async move { flow.take_up(payment, now).await });
        }
        for refund in refunds {
            let flow = self.clone();
            work.spawn(async move { flow.take_up_refund(refund, now).await });
        }
        Ok(is_more)
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

/// The oldest of these refunds and its age, if somebody should see to it.
fn overdue(refunds: &[Refund], now: Timestamp, after: Duration) -> Option<(&Refund, Duration)> {
    let oldest = refunds.iter().min_by_key(|refund| refund.created_at)?;
    let age = Duration::from_micros(u64::try_from(now.0.saturating_sub(oldest.created_at.0)).unwrap_or(0));
    (age > after.saturating_mul(OVERDUE)).then_some((oldest, age))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::overdue;
    use crate::domain::account::AccountId;
    use crate::domain::asset::Asset;
    use crate::domain::money::Amount;
    use crate::domain::payment::{OrderId, PaymentStatus, PaymentToken};
    use crate::domain::refund::Refund;
    use crate::domain::time::Timestamp;
    use crate::domain::transfer::{Description, TransferId};
    use crate::domain::user::UserId;

    fn made_at(second: i64) -> Refund {
        let at = Timestamp(second * 1_000_000);
        Refund {
            id: TransferId([1; 16]),
            token: PaymentToken::parse("t").expect("a token"),
            charge: OrderId::new(1),
            account: AccountId(1),
            asset: Asset::parse("CNY").expect("a currency"),
            amount: Amount::new(1).expect("small"),
            is_rest: false,
            description: Description::default(),
            actor: UserId(1),
            status: PaymentStatus::Processing,
            transfer: None,
            reference: None,
            error: None,
            created_at: at,
            // However often it was taken up meanwhile.
            updated_at: Timestamp(999_000_000),
        }
    }

    #[test]
    fn the_oldest_refund_is_named_once_it_is_older_than_ten_times_its_patience() {
        let (now, minute) = (Timestamp(1_000_000_000), Duration::from_secs(60));
        let refunds = [made_at(900), made_at(390), made_at(395)];
        assert_eq!(overdue(&refunds, now, minute), Some((&refunds[1], Duration::from_secs(610))));
        assert_eq!(overdue(&[made_at(400), made_at(2000)], now, minute), None);
        assert_eq!(overdue(&[], now, minute), None);
    }
}
