//! Payments: who may pay, whether it is the same payment again, and what they hear of it.
//!
//! - [`mint`]: the tokens that payments are known by.
//! - [`flow`]: a payment from its beginning to its end.
//! - [`refund`]: a refund from its beginning to its end.
//! - [`refunds`]: who may give back, and what they hear of it.
//! - [`recovery`]: what nobody finished.

pub mod flow;
pub mod mint;
pub mod recovery;
pub mod refund;
mod refunds;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use teller_rpc::{Context, Status};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::flow::{Begun, Flow, Wish};
use self::mint::{Bound, Kind, Mint};
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::running::Running;
use super::{answer, to_the_end};
use crate::api::Refusal;
use crate::api::account::{PAGE_MAX, Page};
use crate::api::payment::{
    Find, GiveBack, GivenBack, Issue, Issued, OfPayment, Paid, Pay, Payer, Records, Refunds, Service,
};
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::invalid::Invalid;
use crate::domain::money::{Amount, Decimal};
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::error::{Code, Error};
use crate::gateway::Gateway;
use crate::store::{Store, Volatile};

/// How long before its caller's deadline a payment that has not ended is said to be processing.
const MARGIN: Duration = Duration::from_millis(50);
/// How often a payment is looked at again because it moved meanwhile.
const LOOKS: usize = 8;

/// What payments need to know of the configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether the published contracts need no session.
    pub contracts_open: bool,
    /// Whether a client's UUID is a token.
    pub accept_client_tokens: bool,
    /// How long a token is good for.
    pub token_ttl: Duration,
    /// Most payments that are with the gateway at once.
    pub max_in_flight: usize,
}

/// All that payments are made with.
pub struct Paying<S, G> {
    /// The way of each.
    pub flow: Flow<S, G>,
    /// Their tokens.
    pub mint: Mint,
    /// What is allowed.
    pub rules: Rules,
}

/// The service `payment`.
pub struct Payments<S, V, G> {
    flow: Flow<S, G>,
    callers: Callers<S, V>,
    audit: Audit,
    mint: Mint,
    rules: Rules,
    room: Arc<Semaphore>,
    running: Running,
}

impl<S: Store, V: Volatile, G: Gateway> Payments<S, V, G> {
    /// Payments for callers that are known there.
    pub fn new(
        Paying { flow, mint, rules }: Paying<S, G>,
        callers: Callers<S, V>,
        audit: Audit,
        running: Running,
    ) -> Self {
        let room = Arc::new(Semaphore::new(rules.max_in_flight));
        Self { flow, callers, audit, mint, rules, room, running }
    }
}

impl<S: Store, V: Volatile, G: Gateway> Service for Payments<S, V, G> {
    async fn issue(&self, cx: Context, request: Issue) -> Result<Result<Issued, Refusal>, Status> {
        answer("payment.issue", &cx, async { heard(self.token(request).await) }).await
    }

    async fn pay(&self, cx: Context, request: Pay) -> Result<Result<Paid, Refusal>, Status> {
        answer("payment.pay", &cx, async { heard(self.payment(&cx, request).await) }).await
    }

    async fn status(&self, cx: Context, request: OfPayment) -> Result<Result<Payment, Refusal>, Status> {
        answer("payment.status", &cx, async { heard(self.look(request).await) }).await
    }

    async fn records(&self, cx: Context, request: Records) -> Result<Result<Page<Payment>, Refusal>, Status> {
        answer("payment.records", &cx, async { heard(self.list(request).await) }).await
    }

    async fn find(&self, cx: Context, request: Find) -> Result<Result<Payment, Refusal>, Status> {
        answer("payment.find", &cx, async { heard(self.found(request).await) }).await
    }

    async fn refund(&self, cx: Context, request: GiveBack) -> Result<Result<GivenBack, Refusal>, Status> {
        answer("payment.refund", &cx, async { heard(self.give_back(&cx, request).await) }).await
    }

    async fn refunds(&self, cx: Context, request: Refunds) -> Result<Result<Page<Refund>, Refusal>, Status> {
        answer("payment.refunds", &cx, async { heard(self.list_refunds(request).await) }).await
    }
}

impl<S: Store, V: Volatile, G: Gateway> Payments<S, V, G> {
    async fn token(&self, Issue { caller, user, amount }: Issue) -> Result<Issued, Halt> {
        let user = self.payer(caller.as_ref(), &user).await?;
        let amount = amount.map(|amount| amount_of(amount, self.flow.asset)).transpose()?;
        let now = (self.flow.clock)();
        let ttl = i64::try_from(self.rules.token_ttl.as_micros()).unwrap_or(i64::MAX);
        let expires_at = Timestamp(now.0.saturating_add(ttl));
        let token = self.mint.issue(&Bound { user, expires_at, amount }, rand::random());
        let token = token.ok_or_else(|| Error::new(Code::Internal, "no key signs"))?;
        Ok(Issued { token, expires_at })
    }

    async fn payment(&self, cx: &Context, request: Pay) -> Result<Paid, Halt> {
        let read = self.mint.read(&request.token, self.rules.accept_client_tokens);
        let token = match &read {
            Ok((token, _)) => token.clone(),
            // What was paid is answered for ever, also if its token is not accepted, or not known for one of ours, any more.
            Err(_) => self.mint.read(&request.token, true).map_or(request.token.clone(), |(token, _)| token),
        };
        let store = self.flow.ledger.store();
        let first = store.payment(&token).await?;
        // What has begun is of the currency that it began in, whatever payments are of today.
        let asset = first.as_ref().map_or(self.flow.asset, |stands| stands.asset);
        let amount = amount_of(request.amount, asset)?;
        let user = self.payer(request.caller.as_ref(), &request.user).await?;
        self.recorded(request.caller.as_ref(), user, &token).await?;
        let wish = Wish { token, user, amount, asset, description: request.description };
        let deadline = cx.deadline().checked_sub(MARGIN).unwrap_or_else(Instant::now);
        let mut order = flow::order_id(&wish.token, 1);
        let mut seen = Some(first);
        for _ in 0..LOOKS {
            let stands = match seen.take() {
                Some(stands) => stands,
                None => store.payment(&wish.token).await?,
            };
            if let Some(stands) = &stands {
                if let Some(field) = wish.differs_from(stands) {
                    return Err(Refusal::PaymentDiffers { field: field.to_owned() }.into());
                }
                if stands.status != PaymentStatus::Failed {
                    return Ok(told(stands));
                }
                // It was good for this when it was first used.
                order = flow::order_id(&wish.token, stands.attempt.saturating_add(1));
            }
            if stands.is_none() {
                let (_, kind) = read.as_ref().map_err(Clone::clone)?;
                self.is_good_for(kind, &wish)?;
            }
            let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return Ok(Paid::Retry) };
            let (flow, asked) = (self.flow.clone(), wish.clone());
            let work = to_the_end(async move {
                let begun = flow.run(asked, stands, deadline).await;
                drop(room);
                begun
            });
            match tokio::time::timeout_at(deadline, work).await {
                Ok(Ok(Begun::Moved)) => {}
                Ok(Ok(Begun::Held(payment) | Begun::Failed(payment))) => return Ok(told(&payment)),
                Ok(Ok(Begun::Busy)) => return Ok(Paid::Retry),
                Ok(Ok(Begun::Unknown(payment, cause))) => {
                    tracing::warn!(order = %payment.order, %cause, "whether a payment has begun is not known");
                    return self.begun(&wish.token, &order).await;
                }
                Ok(Err(error)) => return Err(error.into()),
                // It goes on, if it has begun.
                Err(_) => return self.begun(&wish.token, &order).await,
            }
        }
        // Somebody has made another transfer of the id that the payment's would have.
        Err(Refusal::PaymentDiffers { field: "idempotent_token".to_owned() }.into())
    }

    /// How far a payment is that nobody can wait for any longer: its record says whether the attempt of this order has begun. If it has not,
    /// it may begin yet, or never: with the same token it is safe to ask again.
    async fn begun(&self, token: &PaymentToken, order: &OrderId) -> Result<Paid, Halt> {
        let stands = self.flow.ledger.store().payment(token).await?;
        Ok(stands.filter(|stands| stands.order == *order).map_or(Paid::Retry, |stands| told(&stands)))
    }

    async fn look(&self, OfPayment { caller, token }: OfPayment) -> Result<Payment, Halt> {
        let reader = self.reader(caller.as_ref()).await?;
        // A UUID may have been sent in another form; what is no token at all is that of no payment.
        let token = self.mint.read(&token, true).map_or(token, |(token, _)| token);
        let stands = self.flow.ledger.store().payment(&token).await?;
        let own = |payment: &Payment| reader.is_none_or(|reader| reader == payment.user);
        Ok(stands.filter(own).ok_or(Refusal::NoSuchPayment)?)
    }

    async fn list(&self, Records { caller, after, limit }: Records) -> Result<Page<Payment>, Halt> {
        let reader = self.reader(caller.as_ref()).await?;
        let limit = usize::from(limit.clamp(1, PAGE_MAX));
        let mut items = self.flow.ledger.store().payments(reader, after, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Page { items, more })
    }

    /// Whose payments the caller may see: none is everybody's.
    async fn reader(&self, caller: Option<&Caller>) -> Result<Option<UserId>, Halt> {
        if self.rules.contracts_open {
            return Ok(None);
        }
        let user = self.callers.user(caller.ok_or(Refusal::InvalidSession)?).await?;
        Ok(if self.callers.is_operator(user).await? { None } else { Some(user) })
    }

    /// Writes down that an operator pays with another's money, or refuses it.
    async fn recorded(&self, caller: Option<&Caller>, user: UserId, token: &PaymentToken) -> Result<(), Halt> {
        let Some(caller) = caller.filter(|_| !self.rules.contracts_open) else { return Ok(()) };
        let actor = self.callers.user(caller).await?;
        if actor == user {
            return Ok(());
        }
        let event = AuditEvent::new(AuditKind::PaymentByOperator).about(Some(user)).by(actor).from_caller(caller);
        let order = flow::order_id(token, 1);
        Ok(self.audit.record(event.with_detail(format!("payment, first order {order}"))).await?)
    }

    /// Who pays, if the caller may act for them. To others that user is not there.
    async fn payer(&self, caller: Option<&Caller>, payer: &Payer) -> Result<UserId, Halt> {
        let reader = self.reader(caller).await?;
        let user = self.user(payer).await?.ok_or(Refusal::NoSuchUser)?;
        match reader {
            Some(reader) if reader != user => Err(Refusal::NoSuchUser.into()),
            _ => Ok(user),
        }
    }

    async fn user(&self, payer: &Payer) -> Result<Option<UserId>, Halt> {
        let store = self.flow.ledger.store();
        let (number, name) = match payer {
            Payer::Number(number) => (Some(*number), None),
            Payer::Name(name) => (name.parse().ok(), Some(name)),
        };
        // Nobody chooses their number, and anybody may choose another's for a name.
        if let Some(user) = number.map(UserId)
            && store.role(user).await?.is_some()
        {
            return Ok(Some(user));
        }
        match name {
            Some(name) => Ok(store.credentials(name).await?.map(|known| known.user)),
            None => Ok(None),
        }
    }

    /// Whether a payment may begin with this token.
    fn is_good_for(&self, kind: &Kind, wish: &Wish) -> Result<(), Invalid> {
        let Kind::Issued(bound) = kind else { return Ok(()) };
        let invalid = |rule: &'static str| Err(Invalid::new("idempotent_token", rule));
        if bound.user != wish.user {
            return invalid("must be one that was issued to this user");
        }
        if bound.amount.is_some_and(|amount| amount != wish.amount) {
            return invalid("must be one that was issued for this amount");
        }
        if (self.flow.clock)() >= bound.expires_at {
            return invalid("must not have expired");
        }
        Ok(())
    }
}

/// An amount that is paid or given back.
fn amount_of(written: Decimal, asset: Asset) -> Result<Amount, Invalid> {
    if !written.is_positive() {
        return Err(Invalid::new("amount", "must be more than zero"));
    }
    let invalid = |why| Invalid::new("amount", format!("must be an amount of {asset}: it {why}"));
    written.amount_of(asset).map_err(invalid)
}

/// A payment as whoever asks for it again hears of it: of one that succeeded, the same for ever.
fn told(payment: &Payment) -> Paid {
    let order = payment.order.clone();
    match payment.status {
        PaymentStatus::Success => Paid::Success(order),
        PaymentStatus::Processing => Paid::Processing(order),
        PaymentStatus::Failed => Paid::Failed(order, payment.error.clone().unwrap_or_default()),
    }
}
