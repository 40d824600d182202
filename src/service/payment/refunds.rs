//! Refunds, as they are asked for: who may give back, whether it is the same refund again, and what they hear of it.

use std::sync::Arc;

use teller_rpc::Context;
use tokio::time::Instant;

use super::flow::Flow;
use super::{MARGIN, Payments, amount_of, to_the_end};
use crate::api::Refusal;
use crate::api::account::{PAGE_MAX, Page};
use crate::api::payment::{Find, GiveBack, GivenBack, PaymentName, Refunds};
use crate::api::transfer::Handle;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::command::{self, Side};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::{NoRefund, Refund, RefundWish};
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;
use crate::error::{Code, Error};
use crate::gateway::Gateway;
use crate::service::caller::Halt;
use crate::store::refund::Reserved;
use crate::store::{Store, StoreError, Volatile};

impl<S: Store, V: Volatile, G: Gateway> Payments<S, V, G> {
    /// A payment, for those who may see it.
    pub(super) async fn found(&self, Find { caller, payment }: Find) -> Result<Payment, Halt> {
        let reader = self.reader(caller.as_ref()).await?;
        let own = |payment: &Payment| reader.is_none_or(|reader| reader == payment.user);
        Ok(self.named(payment).await?.filter(own).ok_or(Refusal::NoSuchPayment)?)
    }

    pub(super) async fn list_refunds(&self, request: Refunds) -> Result<Page<Refund>, Halt> {
        let Refunds { caller, payment, after, limit } = request;
        let payment = self.found(Find { caller, payment }).await?;
        let limit = usize::from(limit.clamp(1, PAGE_MAX));
        let mut items = self.flow.ledger.store().refunds(&payment.token, after, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Page { items, more })
    }

    pub(super) async fn give_back(&self, cx: &Context, request: GiveBack) -> Result<GivenBack, Halt> {
        let operator = self.giver(request.caller.as_ref()).await?;
        let payment = self.named(request.payment).await?.ok_or(Refusal::NoSuchPayment)?;
        let actor = operator.unwrap_or(payment.user);
        let id = refund_id_of(actor, &request.handle);
        let amount = request.amount.map(|amount| amount_of(amount, payment.asset)).transpose()?;
        let token = payment.token.clone();
        let wish = RefundWish { id, token, amount, description: request.description, actor };
        let store = self.flow.ledger.store();
        let deadline = cx.deadline().checked_sub(MARGIN).unwrap_or_else(Instant::now);
        // One that is on its way is told of; what is waited for here has not been written down yet.
        if let Some(known) = store.refund(id).await? {
            return again(&wish, known);
        }
        let _turn = self.running.enter(&request.handle, id, deadline).await?;
        if let Some(known) = store.refund(id).await? {
            return again(&wish, known);
        }
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room = room.map_err(|full| Error::new(Code::Busy, full))?;
        if let (Some(operator), Some(caller)) = (operator, &request.caller) {
            let event = AuditEvent::new(AuditKind::RefundByOperator).about(payment.user).by(operator);
            let detail = format!("refund {id}, of order {}", payment.order);
            self.audit.record(event.from_caller(caller).with_detail(detail)).await?;
        }
        let (flow, asked) = (self.flow.clone(), wish.clone());
        let work = to_the_end(async move {
            let begun = begin(flow, &asked, deadline).await;
            drop(room);
            Ok(begun)
        });
        match tokio::time::timeout_at(deadline, work).await {
            Ok(begun) => told(&wish, &payment, begun?),
            // It goes on, if it has begun, and is recorded then.
            Err(_) => self.under_way(&wish).await,
        }
    }

    /// Who gives back: an operator, or nobody in particular where the published contracts are open.
    async fn giver(&self, caller: Option<&Caller>) -> Result<Option<UserId>, Halt> {
        if self.rules.contracts_open {
            return Ok(None);
        }
        Ok(Some(self.callers.operator(caller.ok_or(Refusal::InvalidSession)?).await?))
    }

    async fn named(&self, name: PaymentName) -> Result<Option<Payment>, Halt> {
        let store = self.flow.ledger.store();
        Ok(match name {
            PaymentName::Order(order) => store.payment_of_order(&order).await?,
            // A UUID may be written in another form than it was paid with; what is no token at all is that of no payment.
            PaymentName::Token(token) => {
                let token = self.mint.read(&token, true).map_or(token, |(token, _)| token);
                store.payment(&token).await?
            }
        })
    }

    /// What is known of a refund whose caller can wait no longer.
    async fn under_way(&self, wish: &RefundWish) -> Result<GivenBack, Halt> {
        match self.flow.ledger.store().refund(wish.id).await {
            Ok(Some(refund)) => standing(refund, false),
            Ok(None) | Err(_) => Err(Refusal::OutcomeUnknown(Some(wish.id)).into()),
        }
    }
}

/// The id of the refund that this request makes, which no transfer has but the one that brings its money.
fn refund_id_of(actor: UserId, handle: &Handle) -> TransferId {
    handle.key.as_ref().map_or(handle.id, |key| TransferId::of_refund_key(&actor.to_string(), key))
}

/// Reserves what `wish` says, and follows the refund to its end.
async fn begin<S: Store, G: Gateway>(
    flow: Flow<S, G>,
    wish: &RefundWish,
    until: Instant,
) -> Result<Reserved, StoreError> {
    match flow.ledger.store().reserve_refund(wish, (flow.clock)(), until).await? {
        Reserved::Begun(refund) => Ok(Reserved::Begun(flow.refund(refund).await)),
        other => Ok(other),
    }
}

fn told(wish: &RefundWish, payment: &Payment, begun: Result<Reserved, StoreError>) -> Result<GivenBack, Halt> {
    match begun {
        Ok(Reserved::Begun(refund)) => standing(refund, false),
        Ok(Reserved::Known(refund)) => again(wish, refund),
        Ok(Reserved::Refused(why)) => Err(match why {
            NoRefund::NoPayment => Refusal::NoSuchPayment,
            NoRefund::NotPaid => Refusal::PaymentNotPaid,
            NoRefund::Frozen => command::Refusal::Frozen(Side::To).into(),
            NoRefund::Closed => command::Refusal::Closed(Side::To).into(),
            NoRefund::TooMuch { left } => Refusal::MoreThanPaid { left, asset: payment.asset },
        }
        .into()),
        Ok(Reserved::TooLate) => Err(Error::new(Code::Busy, "the refund was not begun in time").into()),
        Err(cause) => {
            tracing::warn!(refund = %wish.id, %cause, "whether a refund has begun is not known");
            Err(Refusal::OutcomeUnknown(Some(wish.id)).into())
        }
    }
}

/// The answer to what was asked for before, or to another request under the same key.
fn again(wish: &RefundWish, known: Refund) -> Result<GivenBack, Halt> {
    match wish.differs_from(&known) {
        Some(field) => Err(command::Refusal::IdReused { field: field.to_owned() }.into()),
        None => standing(known, true),
    }
}

fn standing(refund: Refund, replayed: bool) -> Result<GivenBack, Halt> {
    match refund.status {
        PaymentStatus::Failed => Err(Refusal::RefundDeclined { reason: refund.error.unwrap_or_default() }.into()),
        PaymentStatus::Processing | PaymentStatus::Success => Ok(GivenBack { refund, replayed }),
    }
}
