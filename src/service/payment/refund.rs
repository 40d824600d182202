//! A refund from its beginning to its end: reserve its amount, have it given back, then bring the money home or release the amount.
//!
//! ```text
//!  1. record PROCESSING + reserve   one transaction; the refund's id is its key
//!  2. gateway.refund(id)            idempotent there
//!  3. record SUCCESS + money        one transaction
//!     or FAILED + release           one transaction
//! ```
//!
//! What is reserved counts as given back, so that no two refunds give the same money. A refund that failed stays so: another try is another
//! refund. Whatever is cut short leaves PROCESSING behind, which [`super::recovery`] finishes.

use tokio::time::Instant;

use super::flow::{ERROR_CHARS, Flow, PAUSE, REFERENCE_CHARS, TRIES, TURN, cut};
use crate::domain::account::AccountId;
use crate::domain::command::{Action, Authority, Command, Move, Refusal};
use crate::domain::money::Decimal;
use crate::domain::payment::{PaymentStatus, Record};
use crate::domain::refund::{Refund, RefundEnd};
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferKind;
use crate::gateway::{Fate, Gateway, RefundOrder, Verdict};
use crate::ledger::LedgerError;
use crate::store::Store;

impl<S: Store, G: Gateway> Flow<S, G> {
    /// Has the gateway give back what is reserved, and ends the refund as it says. What it does not say is asked once more, and then left to
    /// recovery.
    pub async fn refund(&self, refund: Refund) -> Refund {
        let mut verdict = self.gateway.refund(&order(&refund)).await;
        if let Verdict::Unknown { why } = &verdict {
            tracing::warn!(refund = %refund.id, why, "the gateway did not say whether it gave back");
            if let Fate::Known(known) = self.gateway.find_refund(refund.id).await {
                verdict = known;
            }
        }
        self.end_refund(refund, verdict).await
    }

    /// Takes up a refund as it was `seen`, unless somebody else has; whether it has ended. One that the gateway has never seen is asked for
    /// again: under its id it is given back once.
    pub(super) async fn take_up_refund(&self, seen: Refund, now: Timestamp) -> bool {
        match self.ledger.store().claim_refund(&seen, now).await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::warn!(refund = %seen.id, %error, "an unfinished refund cannot be taken up");
                return false;
            }
        }
        let verdict = match self.gateway.find_refund(seen.id).await {
            Fate::Known(verdict) => verdict,
            Fate::NeverSeen => self.gateway.refund(&order(&seen)).await,
        };
        if let Verdict::Unknown { why } = &verdict {
            tracing::warn!(refund = %seen.id, why, "the gateway does not say what became of a refund; it is asked again");
        }
        let ended = self.end_refund(seen, verdict).await;
        tracing::info!(refund = %ended.id, status = ?ended.status, "an unfinished refund was taken up");
        ended.status != PaymentStatus::Processing
    }

    /// Ends a refund whose fate is known. Answers how it stands then.
    async fn end_refund(&self, refund: Refund, verdict: Verdict) -> Refund {
        match verdict {
            Verdict::Done { reference } => self.bring_home(refund, cut(reference, REFERENCE_CHARS)).await,
            Verdict::Declined { reason } => self.release(refund, cut(reason, ERROR_CHARS)).await,
            Verdict::Unknown { .. } => refund,
        }
    }

    /// Brings the money to the account and records that, in one transaction.
    async fn bring_home(&self, refund: Refund, reference: String) -> Refund {
        let status = PaymentStatus::Success;
        let (reference, updated_at) = (Some(reference), (self.clock)());
        let ended = Refund { status, transfer: Some(refund.id), reference, updated_at, ..refund.clone() };
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            match self.try_to_bring(&ended).await {
                Ok(Ok(())) => return ended,
                Ok(Err(Refusal::PaymentMoved)) => return self.other_refund_end(ended).await,
                Ok(Err(refusal)) => {
                    tracing::error!(refund = %ended.id, %refusal, "a refund cannot be ended");
                    return refund;
                }
                Err(error) => {
                    tracing::warn!(refund = %ended.id, %error, "a refund is not ended yet");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        refund
    }

    async fn try_to_bring(&self, ended: &Refund) -> Result<Result<(), Refusal>, LedgerError> {
        let outside = self.ledger.external_account(ended.asset, ended.id).await?;
        let outcome = self.ledger.one(command(ended, outside), Instant::now() + TURN).await?;
        Ok(outcome.map(drop))
    }

    /// Records that nothing is given back, and releases what was reserved, in one transaction.
    async fn release(&self, refund: Refund, error: String) -> Refund {
        let now = (self.clock)();
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            match self.ledger.store().fail_refund(&refund, &error, now).await {
                Ok(true) => {
                    return Refund { status: PaymentStatus::Failed, error: Some(error), updated_at: now, ..refund };
                }
                Ok(false) => {
                    let failed = Refund { status: PaymentStatus::Failed, ..refund };
                    return self.other_refund_end(failed).await;
                }
                Err(error) => {
                    tracing::warn!(refund = %refund.id, %error, "a refund is not ended yet");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        refund
    }

    /// The refund as somebody else has ended it, or this call did and never heard. That they heard another thing from the gateway must not be.
    async fn other_refund_end(&self, ended: Refund) -> Refund {
        let stands = self.ledger.store().refund(ended.id).await.ok().flatten();
        let Some(stands) = stands else { return Refund { status: PaymentStatus::Processing, ..ended } };
        if stands.status != ended.status && stands.status != PaymentStatus::Processing {
            tracing::error!(refund = %ended.id, ours = ?ended.status, theirs = ?stands.status, "the gateway has said two things of a refund");
        }
        stands
    }
}

fn order(refund: &Refund) -> RefundOrder {
    RefundOrder { id: refund.id, charge: refund.charge.clone(), amount: refund.amount, asset: refund.asset }
}

/// Its transfer bears the refund's own id, which nobody can give to another one.
fn command(ended: &Refund, outside: AccountId) -> Command {
    let id = ended.id;
    let end = RefundEnd { id, transfer: id, reference: ended.reference.clone(), at: ended.updated_at };
    Command {
        id,
        actor: ended.actor,
        authority: Authority::Operator,
        linked: false,
        action: Action::Move(Move {
            kind: TransferKind::Refund,
            from: outside,
            to: ended.account,
            asset: ended.asset,
            amount: Decimal { digits: ended.amount.minor(), scale: ended.asset.scale() },
            pending: None,
            reference: None,
            description: ended.description.clone(),
        }),
        record: Some(Box::new(Record::Refunds(end))),
        along: None,
    }
}
