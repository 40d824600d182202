//! Wallets: accounts, as the published contract has them.

use std::collections::HashMap;

use teller_rpc::{Context, Status};

use super::audit::Audit;
use super::caller::{Callers, Halt, heard, storable};
use super::transfer::{deadline, id_of, lost};
use super::{Clock, answer};
use crate::api::Refusal;
use crate::api::account::Page;
use crate::api::wallet::{
    Claimed, Event, EventKind, EventStatus, Events, History, MoveOutside, OfUser, OfWallet, OpenWallet, RECONCILE_MAX,
    Reconcile, ReconcileAll, Reconciled, Reconciliations, Service,
};
use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::caller::Caller;
use crate::domain::command::{self, Action, Authority, Command, Move, Side};
use crate::domain::invalid::Invalid;
use crate::domain::money::Amount;
use crate::domain::transfer::{Entry, HoldStatus, Stored, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::ledger::Ledger;
use crate::ledger::reconcile::{self, Asked, Failure};
use crate::store::ledger::EntryRange;
use crate::store::{Store, Volatile};

/// Most wallets of a user: more than there are currencies.
const WALLETS_MAX: usize = 1000;
/// Most events or comparisons in one answer.
const PAGE_MAX: u16 = 200;
/// Entries that are looked through for one page; where few of them are asked for, the page is short and says where to go on.
const LOOKED_THROUGH: usize = 5000;

/// Balances that are compared at any time of a call that brings many.
const COMPARED_AT_ONCE: usize = 8;

/// The service `wallet`.
pub struct Wallets<S, V> {
    pub(super) ledger: Ledger<S>,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) clock: Clock,
    pub(super) contracts_open: bool,
}

impl<S: Store, V: Volatile> Service for Wallets<S, V> {
    async fn open(&self, cx: Context, request: OpenWallet) -> Result<Result<Account, Refusal>, Status> {
        answer("wallet.open", &cx, async { heard(self.make(request).await) }).await
    }

    async fn get(&self, cx: Context, request: OfWallet) -> Result<Result<Account, Refusal>, Status> {
        let work = async { heard(self.wallet(&request).await.map(|(account, _)| account)) };
        answer("wallet.get", &cx, work).await
    }

    async fn list(&self, cx: Context, request: OfUser) -> Result<Result<Vec<Account>, Refusal>, Status> {
        answer("wallet.list", &cx, async { heard(self.all(request).await) }).await
    }

    async fn deposit(&self, cx: Context, request: MoveOutside) -> Result<Result<TransferId, Refusal>, Status> {
        let work = async { heard(self.outside(&cx, TransferKind::Deposit, request).await) };
        answer("wallet.deposit", &cx, work).await
    }

    async fn withdraw(&self, cx: Context, request: MoveOutside) -> Result<Result<TransferId, Refusal>, Status> {
        let work = async { heard(self.outside(&cx, TransferKind::Withdrawal, request).await) };
        answer("wallet.withdraw", &cx, work).await
    }

    async fn history(&self, cx: Context, request: History) -> Result<Result<Events, Refusal>, Status> {
        answer("wallet.history", &cx, async { heard(self.events(request).await) }).await
    }

    async fn reconcile(&self, cx: Context, request: Reconcile) -> Result<Result<Reconciled, Refusal>, Status> {
        answer("wallet.reconcile", &cx, async { heard(self.compare(request).await) }).await
    }

    async fn reconcile_all(
        &self,
        cx: Context,
        request: ReconcileAll,
    ) -> Result<Result<Vec<Result<Reconciled, Refusal>>, Refusal>, Status> {
        answer("wallet.reconcile_all", &cx, async { heard(self.compare_all(request).await) }).await
    }

    async fn reconciliations(
        &self,
        cx: Context,
        request: Reconciliations,
    ) -> Result<Result<Page<Reconciled>, Refusal>, Status> {
        answer("wallet.reconciliations", &cx, async { heard(self.compared(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Wallets<S, V> {
    async fn make(&self, OpenWallet { caller, user, asset }: OpenWallet) -> Result<Account, Halt> {
        let user = self.owner(caller.as_ref(), user).await?;
        let store = self.ledger.store();
        match store.open_account(user, asset, (self.clock)()).await? {
            Some(account) => Ok(account),
            None => {
                let there = store.account_of(user, asset).await?.ok_or(Refusal::NoSuchUser)?;
                Err(Refusal::AccountExists(there.id).into())
            }
        }
    }

    async fn all(&self, OfUser { caller, user }: OfUser) -> Result<Vec<Account>, Halt> {
        let user = self.owner(caller.as_ref(), user).await?;
        Ok(self.ledger.store().accounts_of(user, None, WALLETS_MAX).await?)
    }

    /// A user whose wallets the caller may see. Another's are answered as nobody's.
    async fn owner(&self, caller: Option<&Caller>, user: UserId) -> Result<UserId, Halt> {
        if !self.contracts_open {
            let actor = self.actor(caller).await?;
            if actor != user && !self.callers.is_operator(actor).await? {
                return Err(Refusal::NoSuchUser.into());
            }
        }
        let user = UserId(user.0.min(i64::MAX.unsigned_abs()));
        self.ledger.store().role(user).await?.ok_or(Refusal::NoSuchUser)?;
        Ok(user)
    }

    async fn actor(&self, caller: Option<&Caller>) -> Result<UserId, Halt> {
        self.callers.user(caller.ok_or(Refusal::InvalidSession)?).await
    }

    /// A wallet that the caller may see, and who acts on it with which authority. Another's is answered as none.
    async fn wallet(&self, of: &OfWallet) -> Result<(Account, (UserId, Authority)), Halt> {
        let actor = match self.contracts_open {
            true => None,
            false => Some(self.actor(of.caller.as_ref()).await?),
        };
        let account = self.ledger.store().account(storable(of.wallet)).await?.ok_or(Refusal::NoSuchAccount)?;
        let owner = account.owner.ok_or(Refusal::NoSuchAccount)?;
        let acting = match actor {
            None => (owner, Authority::Operator),
            Some(actor) if self.callers.is_operator(actor).await? => (actor, Authority::Operator),
            Some(actor) if actor == owner => (actor, Authority::Owner),
            Some(_) => return Err(Refusal::NoSuchAccount.into()),
        };
        Ok((account, acting))
    }

    async fn outside(&self, cx: &Context, kind: TransferKind, request: MoveOutside) -> Result<TransferId, Halt> {
        let (wallet, (actor, authority)) = self.wallet(&request.of).await?;
        if kind == TransferKind::Deposit && authority != Authority::Operator {
            return Err(Refusal::NotOperator.into());
        }
        let id = id_of(actor, &request.handle);
        let by_operator = !self.contracts_open && authority == Authority::Operator;
        if let Some(caller) = request.of.caller.as_ref().filter(|_| by_operator) {
            let what = if kind == TransferKind::Deposit { AuditKind::Deposit } else { AuditKind::Withdrawal };
            let event = AuditEvent::new(what).about(wallet.owner).by(actor).from_caller(caller);
            self.audit.record(event.with_detail(format!("transfer {id}, account {}", wallet.id))).await?;
        }
        let external = self.ledger.external_account(wallet.asset, id).await?;
        let (from, to) = if kind == TransferKind::Deposit { (external, wallet.id) } else { (wallet.id, external) };
        let action = Action::Move(Move {
            kind,
            from,
            to,
            asset: wallet.asset,
            amount: request.amount,
            pending: None,
            reference: Some(request.tx_hash),
            description: request.description,
        });
        let command = Command { id, actor, authority, linked: false, action, record: None };
        let outcome = self.ledger.one(command, deadline(cx)).await.map_err(|error| lost(Some(id), error))?;
        match outcome {
            // Also if it was in effect before: this very request was heard twice.
            Ok(done) => Ok(done.receipt.transfer.id),
            Err(command::Refusal::NotYours | command::Refusal::UnknownAccount(Side::From | Side::To)) => {
                Err(Refusal::NoSuchAccount.into())
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn events(&self, request: History) -> Result<Events, Halt> {
        let (wallet, _) = self.wallet(&request.of).await?;
        let limit = page_size(request.limit);
        let (mut items, mut before, mut looked_through) = (Vec::new(), request.before, 0_usize);
        // Where most of it may be passed over, no less is read at a time than a page may hold.
        let step = if request.kind.is_some() || request.status.is_some() { page_size(PAGE_MAX) } else { limit };
        loop {
            let range = EntryRange { from: request.from, until: request.until, before: seq_of(before), limit: step };
            let entries = self.ledger.store().entries(wallet.id, range).await?;
            let is_last = entries.len() < step;
            looked_through = looked_through.saturating_add(entries.len());
            for told in self.told(entries).await? {
                before = Some(told.seq());
                let Told::Event(event) = told else { continue };
                let is_wanted = request.kind.is_none_or(|kind| kind == event.kind)
                    && request.status.is_none_or(|status| status == event.status);
                if is_wanted {
                    items.push(event);
                }
                if items.len() == limit {
                    return Ok(Events { asset: wallet.asset, items, next: before.filter(|seq| *seq > 1) });
                }
            }
            if is_last {
                return Ok(Events { asset: wallet.asset, items, next: None });
            }
            if looked_through >= LOOKED_THROUGH {
                return Ok(Events { asset: wallet.asset, items, next: before });
            }
        }
    }

    /// What entries say, in their order.
    async fn told(&self, entries: Vec<Entry>) -> Result<Vec<Told>, Halt> {
        let ids: Vec<TransferId> = entries.iter().map(|entry| entry.transfer).collect();
        let stored = self.ledger.store().transfers(&ids).await?;
        let stored: HashMap<TransferId, Stored> =
            stored.into_iter().map(|stored| (stored.receipt.transfer.id, stored)).collect();
        Ok(entries.into_iter().map(|entry| tell(&entry, stored.get(&entry.transfer))).collect())
    }

    async fn compare(&self, Reconcile { of, start, end, claim }: Reconcile) -> Result<Reconciled, Halt> {
        let (wallet, _) = self.wallet(&of).await?;
        let store = self.ledger.store();
        let mut made = reconcile::compare(store, &wallet, Asked { start, end, claim }, (self.clock)()).await?;
        made.id = store.add_reconciliation(&made).await?;
        Ok(Reconciled { asset: wallet.asset, made })
    }

    async fn compare_all(&self, request: ReconcileAll) -> Result<Vec<Result<Reconciled, Refusal>>, Halt> {
        self.callers.operator(&request.caller).await?;
        if request.items.len() > RECONCILE_MAX {
            return Err(Invalid::new("items", format!("must be at most {RECONCILE_MAX}")).into());
        }
        let now = (self.clock)();
        let asked = request.items.into_iter().map(|item| {
            let Claimed { wallet, start, end, claim } = item;
            (storable(wallet), Asked { start, end: end.unwrap_or(now), claim })
        });
        let compared = reconcile::compare_all(self.ledger.store(), asked.collect(), COMPARED_AT_ONCE, now).await?;
        let told = compared.into_iter().map(|one| match one {
            Ok((asset, made)) => Ok(Ok(Reconciled { asset, made })),
            Err(failure) => match Halt::from(failure) {
                Halt::Refused(refusal) => Ok(Err(refusal)),
                failed @ Halt::Failed(_) => Err(failed),
            },
        });
        told.collect()
    }

    async fn compared(&self, request: Reconciliations) -> Result<Page<Reconciled>, Halt> {
        let (wallet, _) = self.wallet(&request.of).await?;
        let limit = page_size(request.limit);
        let mut found = self.ledger.store().reconciliations(wallet.id, request.before, limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let items = found.into_iter().map(|made| Reconciled { asset: wallet.asset, made }).collect();
        Ok(Page { items, more })
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Refused(broken) => broken.into(),
            Failure::Unknown => Refusal::NoSuchAccount.into(),
        }
    }
}

fn page_size(limit: u16) -> usize {
    limit.clamp(1, PAGE_MAX).into()
}

/// The number as SQL counts.
fn seq_of(before: Option<u64>) -> Option<u64> {
    before.map(|seq| seq.min(i64::MAX.unsigned_abs()))
}

/// An entry, as the contract tells of it.
enum Told {
    Event(Event),
    /// The contract has no word for it: money that was held, and is not held any more. What became of it is another entry.
    Nothing(u64),
}

impl Told {
    fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Nothing(seq) => *seq,
        }
    }
}

fn tell(entry: &Entry, stored: Option<&Stored>) -> Told {
    let Some(Stored { receipt, hold }) = stored else { return Told::Nothing(entry.seq) };
    let transfer = &receipt.transfer;
    let moves = entry.amount != Amount::ZERO;
    let is_held = hold.as_ref().is_some_and(|hold| hold.status == HoldStatus::Pending);
    if !moves && !is_held {
        return Told::Nothing(entry.seq);
    }
    let pays = transfer.from == entry.account;
    Told::Event(Event {
        seq: entry.seq,
        kind: match transfer.kind {
            TransferKind::Deposit => EventKind::Deposit,
            TransferKind::Withdrawal => EventKind::Withdraw,
            TransferKind::Deduction => EventKind::Deduction,
            TransferKind::Payment => EventKind::Payment,
            TransferKind::Refund => EventKind::Refund,
            TransferKind::Transfer if pays => EventKind::TransferOut,
            TransferKind::Transfer => EventKind::TransferIn,
        },
        status: if moves { EventStatus::Completed } else { EventStatus::Pending },
        amount: if moves { positive(entry.amount) } else { transfer.amount },
        balance_before: entry.balance_before,
        balance_after: entry.balance_after,
        tx_hash: transfer.reference.clone(),
        description: transfer.description.clone(),
        at: entry.created_at,
    })
}

fn positive(amount: Amount) -> Amount {
    if amount < Amount::ZERO { amount.negated() } else { amount }
}
