//! What a batch of commands does: a pure function from what a store found to what it writes and what the callers hear.
//!
//! The commands take effect one after another, each on what those before it left behind. Each climbs a ladder of refusals, in the order
//! of [`Refusal`]'s variants, and what gets to the top of it is in effect:
//!
//! 1. The id. If it was used, the same command is answered again, and another one is refused (`replay`). Then the time, if
//!    the command is to take effect before one.
//! 2. The pending transfer, if the command ends one, and the payment, if the command takes a step of one.
//! 3. The two accounts: the one that pays is there and the actor's own, the other is there, both are open and in the currency.
//! 4. What the pending transfer still holds.
//! 5. The amount, and every balance that it leads to.
//! 6. The reference.
//! 7. The money, and what the command costs besides.
//!
//! Linked commands stand or fall together: a refusal undoes what their chain did so far (`chain`), and nothing later has seen it.
//!
//! Nothing here waits, reads a clock or fails: a refusal is an outcome.

mod along;
mod chain;
mod change;
mod replay;
mod rungs;
mod work;

use std::collections::HashMap;

use crate::domain::command::{Action, Command, Move, Outcome, Refusal, Settle, Settlement, Side};
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, HoldStatus, Reference, Transfer, TransferId, TransferKind, TransferStatus};

use along::Due;
use change::{Change, HoldChange, Step};
pub(super) use rungs::expiry;
use work::Work;
pub(super) use work::sealed;

/// What one caller asks for at once. A chain ends with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// In their order.
    pub commands: Vec<Command>,
    /// What makes all of them one request: the first transfer that one of them makes bears it as its reference. If another request's transfer does,
    /// none of them has an effect. Ids of commands under a seal must follow from all that they do.
    pub seal: Option<Reference>,
}

impl From<Vec<Command>> for Asked {
    /// Commands of which each stands for itself.
    fn from(commands: Vec<Command>) -> Self {
        Self { commands, seal: None }
    }
}

/// Pending transfers that the commands end, as far as they were known before anything was locked. They never change.
pub type Pending = HashMap<TransferId, Transfer>;

/// What a batch comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What became of each command, in their order.
    pub outcomes: Vec<Outcome>,
    /// What is written.
    pub effects: Effects,
    /// What must be looked up before the outcomes hold, because a refused command may be in effect from an earlier time. Empty: they hold.
    pub unchecked: Wants,
}

/// Plans what is `asked` on what was `found`, at `now`. [`Refusal::ChainBroken`] counts in what one caller asked for.
///
/// A transfer or reference that `found` does not mention is taken for new, and the insert is the proof. Only a command that is refused inserts
/// nothing, so the store must be asked about it first: see [`Planned::unchecked`]. An account or hold that `found` does not mention is none.
pub fn plan(found: &Found, pending: &Pending, asked: &[Asked], now: Timestamp) -> Planned {
    let mut work = Work::new(found, pending, now, asked.iter().map(|one| one.commands.len()).sum());
    for one in asked {
        if !work.may_seal(one) {
            work.outcomes.extend(one.commands.iter().map(|_| Err(replay::other_request())));
            continue;
        }
        let start = work.outcomes.len();
        for chain in one.commands.chunk_by(|command, _| command.linked) {
            let at = work.outcomes.len().saturating_sub(start);
            follow(&mut work, chain, at);
        }
    }
    let unchecked = replay::unchecked(&work, asked);
    let (outcomes, effects) = work.finish();
    Planned { outcomes, effects, unchecked }
}

/// Does all of `chain`, which begins at the place `at` of its group, or nothing of it.
fn follow(work: &mut Work<'_>, chain: &[Command], at: usize) {
    let start = work.mark(chain.len() > 1);
    for ((done, command), at) in chain.iter().enumerate().zip(at..) {
        if let Err(refusal) = attempt(work, command) {
            let broken = Refusal::ChainBroken { at: u32::try_from(at).unwrap_or(u32::MAX) };
            return work.break_chain(&start, refusal, &broken, &chain[done..]);
        }
    }
}

/// Does `command` and answers it; or says why not, and changes nothing.
fn attempt(work: &mut Work<'_>, command: &Command) -> Result<(), Refusal> {
    if let Some(receipt) = work.receipt_of(command.id) {
        let done = replay::answer(work, command, receipt)?;
        work.answer(done);
        return Ok(());
    }
    along::is_new(work, command)?;
    along::is_in_time(work, command)?;
    let (step, due) = match &command.action {
        Action::Move(wish) => moved(work, command, wish)?,
        Action::Settle(wish) => settled(work, command, wish)?,
    };
    work.take(step);
    work.record(command.record.as_deref());
    work.bring_along(command, due);
    Ok(())
}

/// The ladder of money that moves, or is held.
fn moved(work: &mut Work<'_>, command: &Command, wish: &Move) -> Result<(Step, Option<Due>), Refusal> {
    work.may_step(command.record.as_deref())?;
    rungs::differ(wish.from, wish.to)?;
    let (from, moves) = (work.place(wish.from).ok_or(Refusal::UnknownAccount(Side::From))?, wish.pending.is_none());
    rungs::may_pay(wish.kind, work.account(from))?;
    along::may_be_charged(command, work.account(from), moves)?;
    // Before the other account is looked for: of another's account nobody learns whether it is there.
    rungs::owns(command, work.account(from))?;
    let to = work.place(wish.to).ok_or(Refusal::UnknownAccount(Side::To))?;
    rungs::may_be_paid(wish.kind, work.account(to))?;
    let due = along::due(work, command, from, wish.asset, moves)?;
    let (payer, payee) = (work.account(from), work.account(to));
    // What a gateway has given back is there, whatever became of the account meanwhile.
    if wish.kind != TransferKind::Refund || command.record.is_none() {
        rungs::are_open(payer, payee)?;
    }
    rungs::is_in(wish.asset, Side::From, payer)?;
    rungs::is_in(wish.asset, Side::To, payee)?;
    let amount = rungs::positive(wish.amount, wish.asset)?;
    let change = match wish.pending {
        None => Change::moving(payer, payee, amount)?,
        Some(_) => Change::holding(payer, amount)?,
    };
    let total = along::total(work, amount, due)?;
    work.is_unused(wish.kind, wish.reference.as_ref())?;
    rungs::has(payer, total)?;

    let created_at = work.time_of(from, to);
    let status = if wish.pending.is_some() { TransferStatus::Pending } else { TransferStatus::Posted };
    let transfer = Transfer {
        id: command.id,
        kind: wish.kind,
        status,
        from: wish.from,
        to: wish.to,
        asset: wish.asset,
        amount,
        settles: None,
        timeout_s: wish.pending.and_then(|pending| pending.timeout_s),
        reference: wish.reference.clone(),
        description: wish.description.clone(),
        actor: command.actor,
        created_at,
        from_seq: 0,
        to_seq: None,
    };
    let hold = wish.pending.map(|pending| HoldChange::Begins(rungs::expiry(created_at, pending.timeout_s)));
    Ok((Step { transfer, from, to, change, hold }, due))
}

/// The ladder of a pending transfer's end.
fn settled(work: &mut Work<'_>, command: &Command, wish: &Settle) -> Result<(Step, Option<Due>), Refusal> {
    let pending = work.pending(wish.pending).ok_or(Refusal::UnknownTransfer)?;
    if pending.status != TransferStatus::Pending {
        return Err(Refusal::NotPending);
    }
    rungs::ends_its_own(command, pending.kind)?;
    work.may_step(command.record.as_deref())?;
    let (kind, asset, payer, payee) = (pending.kind, pending.asset, pending.from, pending.to);
    // Not there, and not locked: it has come to be since the batch was made up, and is told as the batch found things then.
    let hold = work.hold(wish.pending).ok_or(Refusal::UnknownTransfer)?;
    let from = work.place(payer).ok_or(Refusal::UnknownTransfer)?;
    let to = work.place(payee).ok_or(Refusal::UnknownTransfer)?;
    let posts = matches!(wish.how, Settlement::Post(_));
    along::may_be_charged(command, work.account(from), posts)?;
    rungs::owns(command, work.account(from))?;
    let due = along::due(work, command, from, asset, posts)?;
    let (payer, payee) = (work.account(from), work.account(to));
    // What a gateway has charged is gone, whatever became of the account meanwhile.
    if posts && kind != TransferKind::Payment {
        rungs::are_open(payer, payee)?;
    }
    let created_at = work.time_of(from, to);
    rungs::is_due(&hold, wish.how, created_at)?;
    let amount = match wish.how {
        Settlement::Post(Some(part)) => rungs::positive(part, asset)?,
        Settlement::Post(None) | Settlement::Void | Settlement::Expire => hold.amount,
    };
    let change = match posts {
        true => Change::posting(payer, payee, amount, hold.amount)?,
        false => Change::releasing(payer, hold.amount)?,
    };
    along::total(work, amount, due)?;
    if amount > hold.amount {
        return Err(Refusal::MoreThanHeld { held: hold.amount, asset });
    }
    if let Some(due) = due {
        rungs::has_left(payer, &change, due.amount)?;
    }

    let (status, ended) = match wish.how {
        Settlement::Post(_) => (TransferStatus::Posted, HoldStatus::Posted),
        Settlement::Void => (TransferStatus::Voided, HoldStatus::Voided),
        Settlement::Expire => (TransferStatus::Expired, HoldStatus::Expired),
    };
    let transfer = Transfer {
        id: command.id,
        kind,
        status,
        from: payer.id,
        to: payee.id,
        asset,
        amount,
        settles: Some(wish.pending),
        timeout_s: None,
        reference: None,
        description: Description::default(),
        actor: command.actor,
        created_at,
        from_seq: 0,
        to_seq: None,
    };
    Ok((Step { transfer, from, to, change, hold: Some(HoldChange::Ends(wish.pending, ended)) }, due))
}
