//! Transfers: who may move which money, and what they hear of it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::try_join_all;
use teller_rpc::{Context, Status};
use tokio::time::Instant;

use super::answer;
use super::audit::Audit;
use super::caller::{Callers, Halt, heard, storable};
use super::fees::Fees;
use super::request::Request;
use super::running::Running;
use crate::api::Refusal;
use crate::api::transfer::{
    BATCH_MAX, Batch, Brief, Deduct, Deducted, End, External, Handle, Item, OfTransfer, Order, Post, Seen, Service,
    Settle,
};
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::command::{self, Action, Authority, Charged, Command, Done, Move, Outcome, Settlement, Side};
use crate::domain::invalid::Invalid;
use crate::domain::transfer::{Description, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::ledger::{Ledger, LedgerError};
use crate::store::{Store, Volatile};

/// How long before its caller's deadline the ledger must answer: time to say what is known.
const MARGIN: Duration = Duration::from_millis(50);

/// Ids of 36 characters, with what is between and before them, in one [`AuditEvent::detail`].
const IDS_IN_DETAIL: usize = 27;

/// The service `transfer`.
pub struct Transfers<S, V> {
    pub(super) ledger: Ledger<S>,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) fees: Fees<S>,
    pub(super) contracts_open: bool,
    pub(super) deduct_asset: Asset,
    pub(super) running: Running,
}

impl<S: Store, V: Volatile> Service for Transfers<S, V> {
    async fn post(&self, cx: Context, request: Post) -> Result<Result<Done, Refusal>, Status> {
        answer("transfer.post", &cx, async { heard(self.transfer(&cx, request).await) }).await
    }

    async fn batch(
        &self,
        cx: Context,
        request: Batch,
    ) -> Result<Result<Vec<Result<Brief, command::Refusal>>, Refusal>, Status> {
        answer("transfer.batch", &cx, async { heard(self.many(&cx, request).await) }).await
    }

    async fn settle(&self, cx: Context, request: Settle) -> Result<Result<Done, Refusal>, Status> {
        answer("transfer.settle", &cx, async { heard(self.end(&cx, request).await) }).await
    }

    async fn get(&self, cx: Context, request: OfTransfer) -> Result<Result<Seen, Refusal>, Status> {
        answer("transfer.get", &cx, async { heard(self.look(request).await) }).await
    }

    async fn deposit(&self, cx: Context, request: External) -> Result<Result<Done, Refusal>, Status> {
        answer("transfer.deposit", &cx, async { heard(self.outside(&cx, TransferKind::Deposit, request).await) }).await
    }

    async fn withdraw(&self, cx: Context, request: External) -> Result<Result<Done, Refusal>, Status> {
        let kind = TransferKind::Withdrawal;
        answer("transfer.withdraw", &cx, async { heard(self.outside(&cx, kind, request).await) }).await
    }

    async fn deduct(&self, cx: Context, request: Deduct) -> Result<Result<Deducted, Refusal>, Status> {
        answer("transfer.deduct", &cx, async { heard(self.take(&cx, request).await) }).await
    }
}

impl<S: Store, V: Volatile> Transfers<S, V> {
    async fn transfer(&self, cx: &Context, Post { caller, handle, order }: Post) -> Result<Done, Halt> {
        let user = self.callers.user(&caller).await?;
        let id = id_of(user, &handle);
        let _turn = self.running.enter(&handle, id, deadline(cx)).await?;
        let action = Action::Move(transfer(order));
        let (authority, linked) = (Authority::Owner, false);
        let command = Command { id, actor: user, authority, linked, action, record: None, along: None };
        let command = self.fees.on(command).await?;
        self.own_or_any(cx, &caller, command).await?.map_err(|refusal| match refusal {
            command::Refusal::NotYours => command::Refusal::UnknownAccount(Side::From).into(),
            other => other.into(),
        })
    }

    async fn many(&self, cx: &Context, batch: Batch) -> Result<Vec<Result<Brief, command::Refusal>>, Halt> {
        let user = self.callers.user(&batch.caller).await?;
        if !(1..=BATCH_MAX).contains(&batch.items.len()) {
            return Err(Invalid::new("transfers", format!("must be a list of 1 to {BATCH_MAX}")).into());
        }
        let authority = match self.callers.is_operator(user).await? {
            true => Authority::Operator,
            false => Authority::Owner,
        };
        let request = Request::of(user, &batch);
        let handle = Handle::new(batch.key.clone());
        let turn = request.as_ref().map_or(handle.id, Request::turn);
        let _turn = self.running.enter(&handle, turn, deadline(cx)).await?;
        let command = |(place, item): (usize, &Item)| Command {
            id: request.as_ref().map_or(item.id, |request| request.id(place)),
            actor: user,
            authority,
            linked: batch.atomic || item.linked,
            action: Action::Move(transfer(item.order.clone())),
            record: None,
            along: None,
        };
        let mut commands: Vec<Command> = Vec::with_capacity(batch.items.len());
        for item in batch.items.iter().enumerate() {
            commands.push(self.fees.on(command(item)).await?);
        }
        if authority == Authority::Operator {
            self.recorded_batch(&batch.caller, user, &commands).await?;
        }
        let outcomes = match &request {
            Some(request) => self.ledger.submit_sealed(request.seal(), commands, deadline(cx)).await,
            None => self.ledger.submit(commands, deadline(cx)).await,
        };
        let outcomes = outcomes.map_err(|error| lost(None, error))?;
        // Under a key all of it is one request, and so is this refusal.
        if let (Some(_), Some(Err(refusal @ command::Refusal::IdReused { .. }))) = (&request, outcomes.first()) {
            return Err(refusal.clone().into());
        }
        let brief = |outcome: &Outcome| outcome.as_ref().map(Brief::from).map_err(|refusal| public(refusal.clone()));
        Ok(outcomes.iter().map(brief).collect())
    }

    async fn end(&self, cx: &Context, Settle { caller, handle, pending, end }: Settle) -> Result<Done, Halt> {
        let user = self.callers.user(&caller).await?;
        let how = match end {
            End::Post(part) => Settlement::Post(part),
            End::Void => Settlement::Void,
        };
        let id = id_of(user, &handle);
        let _turn = self.running.enter(&handle, id, deadline(cx)).await?;
        let action = Action::Settle(command::Settle { pending, how });
        let (authority, linked) = (Authority::Owner, false);
        let command = Command { id, actor: user, authority, linked, action, record: None, along: None };
        let command = self.fees.on(command).await?;
        match self.own_or_any(cx, &caller, command).await? {
            Ok(done) => Ok(done),
            Err(command::Refusal::NotYours) => Err(command::Refusal::UnknownTransfer.into()),
            // It comes before the question whose it is, and would tell anybody that there is such a transfer.
            Err(command::Refusal::NotPending) => match self.sees(user, pending).await? {
                true => Err(command::Refusal::NotPending.into()),
                false => Err(command::Refusal::UnknownTransfer.into()),
            },
            Err(other) => Err(other.into()),
        }
    }

    /// Whether there is such a transfer to `user`.
    async fn sees(&self, user: UserId, transfer: TransferId) -> Result<bool, Halt> {
        match self.seen(user, transfer).await {
            Ok(_) => Ok(true),
            Err(Halt::Refused(Refusal::NoSuchTransfer)) => Ok(false),
            Err(halt) => Err(halt),
        }
    }

    async fn look(&self, OfTransfer { caller, transfer }: OfTransfer) -> Result<Seen, Halt> {
        let user = self.callers.user(&caller).await?;
        self.seen(user, transfer).await
    }

    async fn seen(&self, user: UserId, transfer: TransferId) -> Result<Seen, Halt> {
        let store = self.ledger.store();
        let mut found = store.transfers(&[transfer, transfer.of_fee()]).await?;
        let place = found.iter().position(|stored| stored.receipt.transfer.id == transfer);
        let stored = found.swap_remove(place.ok_or(Refusal::NoSuchTransfer)?);
        let owns = async |id: AccountId| {
            Ok::<_, Halt>(store.account(id).await?.is_some_and(|account| account.owner == Some(user)))
        };
        let (from, to) = (stored.receipt.transfer.from, stored.receipt.transfer.to);
        let by_payer = owns(from).await? || self.callers.is_operator(user).await?;
        if by_payer || owns(to).await? {
            let fee = found.pop().map(|fee| fee.receipt.transfer).filter(|fee| fee.kind == TransferKind::Fee);
            let fee = fee.filter(|_| by_payer).map(|fee| Charged { id: fee.id, amount: fee.amount });
            return Ok(Seen { stored, by_payer, fee });
        }
        Err(Refusal::NoSuchTransfer.into())
    }

    async fn outside(&self, cx: &Context, kind: TransferKind, request: External) -> Result<Done, Halt> {
        let operator = self.callers.operator(&request.caller).await?;
        let id = id_of(operator, &request.handle);
        let _turn = self.running.enter(&request.handle, id, deadline(cx)).await?;
        let account = storable(request.account);
        let external = self.ledger.external_account(request.asset, id).await?;
        let (from, to, what) = match kind {
            TransferKind::Deposit => (external, account, AuditKind::Deposit),
            _ => (account, external, AuditKind::Withdrawal),
        };
        let owner = self.owner_of(account).await?;
        let event = AuditEvent::new(what).about(owner).by(operator).from_caller(&request.caller);
        self.audit.record(event.with_detail(format!("transfer {id}, account {account}"))).await?;
        let action = Action::Move(Move {
            kind,
            from,
            to,
            asset: request.asset,
            amount: request.amount,
            pending: None,
            reference: Some(request.reference),
            description: request.description,
        });
        let authority = Authority::Operator;
        let command = Command { id, actor: operator, authority, linked: false, action, record: None, along: None };
        let command = match owner {
            Some(_) => self.fees.on(command).await?,
            // The house does not charge itself.
            None => command,
        };
        self.one(cx, command).await?.map_err(|refusal| match refusal {
            command::Refusal::UnknownAccount(_) => Refusal::NoSuchAccount.into(),
            other => other.into(),
        })
    }

    async fn take(&self, cx: &Context, Deduct { caller, handle, user, amount }: Deduct) -> Result<Deducted, Halt> {
        let (actor, authority) = match &caller {
            _ if self.contracts_open => (user, Authority::Owner),
            None => return Err(Refusal::InvalidSession.into()),
            Some(caller) => self.owner_or_operator(caller, user).await?,
        };
        let (asset, id) = (self.deduct_asset, id_of(actor, &handle));
        let _turn = self.running.enter(&handle, id, deadline(cx)).await?;
        let known = UserId(user.0.min(i64::MAX.unsigned_abs()));
        let account = self.ledger.store().account_of(known, asset).await?.ok_or(Refusal::NoSuchUser)?;
        if let (Authority::Operator, Some(caller)) = (authority, &caller) {
            let event = AuditEvent::new(AuditKind::DeductionByOperator).about(user).by(actor).from_caller(caller);
            self.audit.record(event.with_detail(format!("transfer {id}, account {}", account.id))).await?;
        }
        let action = Action::Move(Move {
            kind: TransferKind::Deduction,
            from: account.id,
            to: self.ledger.external_account(asset, id).await?,
            asset,
            amount,
            pending: None,
            reference: None,
            description: Description::default(),
        });
        let Done { receipt, replayed, .. } = self
            .one(cx, Command { id, actor, authority, linked: false, action, record: None, along: None })
            .await?
            .map_err(public)?;
        Ok(Deducted { id, replayed, asset, balance: receipt.from_entry.balance_after })
    }

    /// Who acts on `user`'s money: they themselves, or an operator. To others that user is not there.
    async fn owner_or_operator(&self, caller: &Caller, user: UserId) -> Result<(UserId, Authority), Halt> {
        let actor = self.callers.user(caller).await?;
        if actor == user {
            return Ok((actor, Authority::Owner));
        }
        match self.callers.is_operator(actor).await? {
            true => Ok((actor, Authority::Operator)),
            false => Err(Refusal::NoSuchUser.into()),
        }
    }

    /// Does `command` with its actor's own money; with anybody's, if that is refused and the actor is an operator. So most transfers cost
    /// no look at anybody's role.
    async fn own_or_any(&self, cx: &Context, caller: &Caller, command: Command) -> Result<Outcome, Halt> {
        let (actor, again) = (command.actor, Command { authority: Authority::Operator, ..command.clone() });
        match self.one(cx, command).await? {
            Err(command::Refusal::NotYours) if self.callers.is_operator(actor).await? => {
                self.recorded(caller, &again).await?;
                self.one(cx, again).await
            }
            outcome => Ok(outcome),
        }
    }

    /// Writes down what an operator is about to do with others' money.
    async fn recorded(&self, caller: &Caller, command: &Command) -> Result<(), Halt> {
        let id = command.id;
        let (kind, from, detail) = match &command.action {
            Action::Move(order) => {
                (AuditKind::TransferByOperator, Some(order.from), format!("transfer {id}, account {}", order.from))
            }
            Action::Settle(settle) => (
                AuditKind::SettlementByOperator,
                self.ledger.store().transfers(&[settle.pending]).await?.pop().map(|found| found.receipt.transfer.from),
                format!("transfer {id}, of pending transfer {}", settle.pending),
            ),
        };
        let owner = match from {
            Some(account) => self.owner_of(account).await?,
            None => None,
        };
        let event = AuditEvent::new(kind).about(owner).by(command.actor).from_caller(caller);
        Ok(self.audit.record(event.with_detail(detail)).await?)
    }

    /// The same for a batch: its transfers' ids, as many to an event as it has room for.
    async fn recorded_batch(&self, caller: &Caller, operator: UserId, commands: &[Command]) -> Result<(), Halt> {
        let events = commands.chunks(IDS_IN_DETAIL).map(|chunk| {
            let ids: Vec<String> = chunk.iter().map(|command| command.id.to_string()).collect();
            let event = AuditEvent::new(AuditKind::TransferByOperator).by(operator).from_caller(caller);
            self.audit.record(event.with_detail(format!("transfers {}", ids.join(" "))))
        });
        try_join_all(events).await?;
        Ok(())
    }

    async fn owner_of(&self, account: AccountId) -> Result<Option<UserId>, Halt> {
        Ok(self.ledger.store().account(account).await?.and_then(|account| account.owner))
    }

    async fn one(&self, cx: &Context, command: Command) -> Result<Outcome, Halt> {
        let id = command.id;
        self.ledger.one(command, deadline(cx)).await.map_err(|error| lost(Some(id), error))
    }
}

pub(super) fn deadline(cx: &Context) -> Instant {
    cx.deadline().checked_sub(MARGIN).unwrap_or_else(Instant::now)
}

/// Without an outcome: perhaps in effect, or surely not. `id`: of the one transfer that it is about.
pub(super) fn lost(id: Option<TransferId>, error: LedgerError) -> Halt {
    match error {
        LedgerError::Unknown(cause) => {
            let transfer = id.map(tracing::field::display);
            tracing::warn!(transfer, %cause, "whether a transfer is in effect is not known");
            Refusal::OutcomeUnknown(id).into()
        }
        error => error.into(),
    }
}

/// What its caller may know of a refusal: another's account is as good as none.
pub(super) fn public(refusal: command::Refusal) -> command::Refusal {
    match refusal {
        command::Refusal::NotYours => command::Refusal::UnknownAccount(Side::From),
        other => other,
    }
}

/// The id of the transfer that this request makes.
pub(super) fn id_of(user: UserId, handle: &Handle) -> TransferId {
    handle.key.as_ref().map_or(handle.id, |key| TransferId::of_key(&user.to_string(), key))
}

fn transfer(order: Order) -> Move {
    Move {
        kind: TransferKind::Transfer,
        from: storable(order.from),
        to: storable(order.to),
        asset: order.asset,
        amount: order.amount,
        pending: order.pending,
        reference: None,
        description: order.description,
    }
}
