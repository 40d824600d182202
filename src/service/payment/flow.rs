//! A payment from its beginning to its end: hold the money, have it charged, then move it or give it back.
//!
//! ```text
//!  1. record PROCESSING + hold      one transaction; the token is its key
//!  2. gateway.charge(order id)      idempotent there
//!  3. record SUCCESS + post         one transaction
//!     or FAILED + void
//! ```
//!
//! All ids follow from token and attempt, so whoever comes after a crash asks for the same again. Whatever is cut short leaves PROCESSING behind,
//! which [`super::recovery`] finishes.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Authority, Command, Move, Pending, Refusal, Settle, Settlement, Side};
use crate::domain::money::{Amount, Decimal};
use crate::domain::payment::{OrderId, Payment, PaymentEnd, PaymentStatus, PaymentToken, Record};
use crate::domain::transfer::{Description, Reference, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::error::Error;
use crate::gateway::{Fate, Gateway, Order, Verdict};
use crate::ledger::{Ledger, LedgerError};
use crate::service::Clock;
use crate::store::{Store, StoreError};

/// How long a step after the charge may wait for its turn in the ledger, each time it is tried.
pub(super) const TURN: Duration = Duration::from_secs(5);
/// How often such a step is tried, and the pause after the first try, twice as long after each. Then it is left to recovery.
pub(super) const TRIES: u32 = 5;
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// What a payment needs, over a ledger and a gateway.
#[derive(Clone)]
pub struct Flow<S, G> {
    pub(super) ledger: Ledger<S>,
    pub(super) gateway: G,
    pub(super) clock: Clock,
    pub(super) asset: Asset,
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What makes it the same.
    pub token: PaymentToken,
    /// Who pays.
    pub user: UserId,
    /// How much, in minor units of `asset`.
    pub amount: Amount,
    /// What the amount is counted in: the flow's asset, unless the payment has begun in another.
    pub asset: Asset,
    /// What it says to people.
    pub description: Description,
}

impl Wish {
    /// The field in which a payment of the same token is another one.
    pub fn differs_from(&self, payment: &Payment) -> Option<&'static str> {
        let differences = [
            ("user_id", self.user != payment.user),
            ("amount", self.amount != payment.amount || self.asset != payment.asset),
            ("description", self.description != payment.description),
        ];
        differences.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    }
}

/// How a payment's beginning went.
#[derive(Debug)]
pub enum Begun {
    /// Its money is held: by this call alone, which is to have it charged.
    Held(Payment),
    /// Its money cannot be held, and it is recorded as failed.
    Failed(Payment),
    /// It stands otherwise than it was thought to: look again.
    Moved,
    /// There is too much to do. Nothing was begun.
    Busy,
    /// It may have begun, or begin yet.
    Unknown(Payment, Arc<StoreError>),
}

impl<S, G> Flow<S, G> {
    /// New payments are of `asset`.
    pub fn new(ledger: Ledger<S>, gateway: G, clock: Clock, asset: Asset) -> Self {
        Self { ledger, gateway, clock, asset }
    }

    /// Where the money is.
    pub fn ledger(&self) -> &Ledger<S> {
        &self.ledger
    }
}

impl<S: Store, G: Gateway> Flow<S, G> {
    /// Begins `wish`, or tries it again after `failed`, and follows it to its end.
    ///
    /// # Errors
    ///
    /// A store failed before anything was begun.
    pub async fn run(&self, wish: Wish, failed: Option<Payment>, deadline: Instant) -> Result<Begun, Error> {
        match self.begin(wish, failed, deadline).await? {
            Begun::Held(payment) => Ok(Begun::Held(self.charge(payment).await)),
            begun => Ok(begun),
        }
    }

    /// Holds the money and records that the payment is processing, in one transaction.
    pub async fn begin(&self, wish: Wish, failed: Option<Payment>, deadline: Instant) -> Result<Begun, Error> {
        let (token, asset, now) = (&wish.token, wish.asset, (self.clock)());
        let attempt = failed.as_ref().map_or(1, |payment| payment.attempt.saturating_add(1));
        let hold = TransferId::of_payment(token, attempt);
        let account = self.ledger.store().account_of(wish.user, asset).await?;
        let payment = Payment {
            user: wish.user,
            account: account.as_ref().map(|account| account.id),
            asset,
            amount: wish.amount,
            refunded: Amount::ZERO,
            description: wish.description,
            status: PaymentStatus::Processing,
            attempt,
            order: order_id(token, attempt),
            hold,
            reference: None,
            error: None,
            created_at: failed.as_ref().map_or(now, |payment| payment.created_at),
            updated_at: now,
            token: wish.token,
        };
        let Some(account) = account else {
            return self.refused(payment, failed, format!("there is no account in {asset}")).await;
        };
        let outside = self.ledger.external_account(asset, hold).await?;
        let command = hold_command(&payment, account.id, outside, failed.is_some());
        match self.ledger.one(command, deadline).await {
            Ok(Ok(done)) if !done.replayed => Ok(Begun::Held(payment)),
            // Somebody else holds it; or this call did, and heard of it only when it asked again. Asking the gateway is theirs, or recovery's.
            Ok(Ok(_) | Err(Refusal::PaymentMoved | Refusal::IdReused { .. })) => Ok(Begun::Moved),
            Ok(Err(refusal)) => self.refused(payment, failed, in_words(&refusal)).await,
            Err(LedgerError::Busy | LedgerError::TooLate) => Ok(Begun::Busy),
            Err(LedgerError::Unknown(cause)) => Ok(Begun::Unknown(payment, cause)),
            Err(error @ LedgerError::Undone(_)) => Err(error.into()),
        }
    }

    /// Keeps a payment whose money cannot be held, so that whoever asks for it is told why. What it says may be tried again stands at the attempt
    /// that failed before it.
    async fn refused(&self, payment: Payment, failed: Option<Payment>, why: String) -> Result<Begun, Error> {
        let status = PaymentStatus::Failed;
        let last = failed.map_or_else(|| payment.clone(), |last| Payment { updated_at: payment.updated_at, ..last });
        let failed = Payment { status, error: Some(why), ..last };
        self.ledger.store().fail_payment(&failed).await?;
        // Meanwhile another call may have found money, or have asked for something else under this token.
        let stands = self.ledger.store().payment(&failed.token).await?;
        let is_ours = stands.is_some_and(|stands| {
            (stands.status, stands.attempt, stands.user) == (failed.status, failed.attempt, failed.user)
                && (stands.amount, &stands.description) == (failed.amount, &failed.description)
        });
        Ok(if is_ours { Begun::Failed(failed) } else { Begun::Moved })
    }

    /// Has the gateway charge what is held, and ends the payment as it says. What it does not say is asked once more, and then left to recovery.
    pub async fn charge(&self, payment: Payment) -> Payment {
        let order = Order { id: payment.order.clone(), amount: payment.amount, asset: payment.asset };
        let mut verdict = self.gateway.charge(&order).await;
        if let Verdict::Unknown { why } = &verdict {
            tracing::warn!(order = %payment.order, why, "the gateway did not say whether it charged");
            if let Fate::Known(known) = self.gateway.find(&payment.order).await {
                verdict = known;
            }
        }
        self.end(payment, verdict).await
    }

    /// Ends a payment whose charge is known: moves the money or gives it back, and records that, in one transaction. Answers how it stands then.
    pub async fn end(&self, payment: Payment, verdict: Verdict) -> Payment {
        let ended = match verdict {
            Verdict::Done { reference } => Payment {
                status: PaymentStatus::Success,
                reference: Some(cut(reference, REFERENCE_CHARS)),
                ..payment.clone()
            },
            Verdict::Declined { reason } => {
                Payment { status: PaymentStatus::Failed, error: Some(cut(reason, ERROR_CHARS)), ..payment.clone() }
            }
            Verdict::Unknown { .. } => return payment,
        };
        let ended = Payment { updated_at: (self.clock)(), ..ended };
        let mut id = ended.hold.of_payment_end(ended.status == PaymentStatus::Success);
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            match self.ledger.one(end_command(&ended, id), Instant::now() + TURN).await {
                Ok(Ok(_)) => return ended,
                Ok(Err(Refusal::AlreadySettled(_) | Refusal::PaymentMoved)) => return self.other_end(ended).await,
                // Whoever knows the token can work the id out and use it first. That must not keep the payment open.
                Ok(Err(Refusal::IdReused { .. })) => id = TransferId(*uuid::Uuid::new_v4().as_bytes()),
                Ok(Err(refusal)) => {
                    tracing::error!(order = %ended.order, %refusal, "a payment cannot be ended");
                    return payment;
                }
                Err(error) => {
                    tracing::warn!(order = %ended.order, %error, "a payment is not ended yet");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        payment
    }

    /// The payment as somebody else has ended it. That they heard another thing from the gateway must not be.
    async fn other_end(&self, ended: Payment) -> Payment {
        let stands = self.ledger.store().payment(&ended.token).await.ok().flatten();
        let Some(stands) = stands else { return Payment { status: PaymentStatus::Processing, ..ended } };
        if stands.attempt == ended.attempt
            && stands.status != ended.status
            && stands.status != PaymentStatus::Processing
        {
            tracing::error!(order = %ended.order, ours = ?ended.status, theirs = ?stands.status, "the gateway has said two things of a payment");
        }
        stands
    }
}

/// Most characters of what a gateway says that are kept.
pub(super) const REFERENCE_CHARS: usize = 128;
pub(super) const ERROR_CHARS: usize = 200;

pub(super) fn cut(text: String, most: usize) -> String {
    let ascii = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().take(most).map(ascii).collect()
}

/// What the gateway knows an attempt by: the first 8 bytes of SHA-256(attempt, token).
pub fn order_id(token: &PaymentToken, attempt: u32) -> OrderId {
    let digest = Sha256::new().chain_update(attempt.to_be_bytes()).chain_update(token.as_str()).finalize();
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    OrderId::new(u64::from_be_bytes(number))
}

/// Until the gateway has spoken, without an end of its own: what is being charged must not be spent.
fn hold_command(payment: &Payment, from: AccountId, to: AccountId, retries: bool) -> Command {
    let reference = Reference::parse(payment.order.as_str()).expect("an order id is short visible ASCII");
    let step = if retries { Record::Retries } else { Record::Begins };
    Command {
        id: payment.hold,
        actor: payment.user,
        authority: Authority::Owner,
        linked: false,
        action: Action::Move(Move {
            kind: TransferKind::Payment,
            from,
            to,
            asset: payment.asset,
            amount: Decimal { digits: payment.amount.minor(), scale: payment.asset.scale() },
            pending: Some(Pending { timeout_s: None }),
            reference: Some(reference),
            description: payment.description.clone(),
        }),
        record: Some(Box::new(step(payment.clone()))),
        along: None,
    }
}

fn end_command(ended: &Payment, id: TransferId) -> Command {
    let how = if ended.status == PaymentStatus::Success { Settlement::Post(None) } else { Settlement::Void };
    let end = PaymentEnd {
        token: ended.token.clone(),
        attempt: ended.attempt,
        status: ended.status,
        reference: ended.reference.clone(),
        error: ended.error.clone(),
        at: ended.updated_at,
    };
    Command {
        id,
        actor: ended.user,
        authority: Authority::Operator,
        linked: false,
        action: Action::Settle(Settle { pending: ended.hold, how }),
        record: Some(Box::new(Record::Ends(end))),
        along: None,
    }
}

/// Why the money cannot be held, for whoever wanted to pay.
fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::InsufficientFunds { .. } => "insufficient balance".to_owned(),
        Refusal::Frozen(Side::From) => "the account is frozen".to_owned(),
        Refusal::Closed(Side::From) => "the account is closed".to_owned(),
        other => cut(other.to_string(), ERROR_CHARS),
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, order_id};
    use crate::domain::payment::PaymentToken;

    #[test]
    fn an_order_id_follows_from_token_and_attempt() {
        let token = |text: &str| PaymentToken::parse(text).expect("a token");
        // printf '\0\0\0\1t' | sha256sum
        assert_eq!(order_id(&token("t"), 1).as_str(), "PAY_C508C99E30231E27");
        assert_ne!(order_id(&token("t"), 1), order_id(&token("t"), 2));
        assert_ne!(order_id(&token("t"), 1), order_id(&token("u"), 1));
    }

    #[test]
    fn what_a_gateway_says_is_kept_short_and_plain() {
        assert_eq!(cut("caf\u{e9}\n\0 x".repeat(100), 7), "caf??? ");
    }
}
