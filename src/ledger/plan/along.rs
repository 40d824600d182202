//! What goes along with a command: its fee, until when it may be done, and the conversion that it completes.

use super::work::{Place, Work};
use crate::domain::account::{Account, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::command::{Charged, Command, Refusal, Side};
use crate::domain::money::Amount;
use crate::domain::transfer::{Description, Receipt, Transfer, TransferId, TransferKind, TransferStatus};

/// A fee that is to be taken.
#[derive(Clone, Copy)]
pub(super) struct Due {
    from: Place,
    to: Place,
    pub(super) amount: Amount,
}

/// Whether nothing stands where the command's fee is to be: whoever knows the command's id can work the fee's out, and use it first.
pub(super) fn is_new(work: &Work<'_>, command: &Command) -> Result<(), Refusal> {
    if command.fee().is_some() && work.receipt_of(command.id.of_fee()).is_some() {
        return Err(Refusal::IdReused { field: "fee".to_owned() });
    }
    Ok(())
}

/// Whether the command may still take effect. What did is answered before anybody asks.
pub(super) fn is_in_time(work: &Work<'_>, command: &Command) -> Result<(), Refusal> {
    let until = command.along.as_deref().and_then(|along| along.until);
    if until.is_some_and(|until| work.now >= until) { Err(Refusal::TooLate) } else { Ok(()) }
}

/// Users alone are charged.
pub(super) fn may_be_charged(command: &Command, payer: &Account, moves: bool) -> Result<(), Refusal> {
    let is_charged = moves && command.fee().is_some();
    if is_charged && payer.kind != AccountKind::User { Err(Refusal::UnknownAccount(Side::From)) } else { Ok(()) }
}

/// What the command, which is about `asset`, costs if it `moves` money. Whether the payer is in that asset is seen later.
pub(super) fn due(
    work: &mut Work<'_>,
    command: &Command,
    from: Place,
    asset: Asset,
    moves: bool,
) -> Result<Option<Due>, Refusal> {
    let Some(fee) = command.fee().filter(|_| moves) else { return Ok(None) };
    let to = work.place(fee.to).ok_or(Refusal::UnknownAccount(Side::To))?;
    let house = work.account(to);
    if house.kind != AccountKind::Fees || house.asset != asset {
        return Err(Refusal::UnknownAccount(Side::To));
    }
    Ok(Some(Due { from, to, amount: fee.amount }))
}

/// What leaves the payer in all, if that and what the house has then can be counted.
pub(super) fn total(work: &Work<'_>, amount: Amount, due: Option<Due>) -> Result<Amount, Refusal> {
    let Some(due) = due else { return Ok(amount) };
    work.account(due.to).balance.plus(due.amount)?;
    Ok(amount.plus(due.amount)?)
}

impl Work<'_> {
    /// Does what goes along with the command that was just done.
    pub(super) fn bring_along(&mut self, command: &Command, due: Option<Due>) {
        if let Some(due) = due {
            self.charge(command, due);
        }
        let conversion = command.along.as_deref().and_then(|along| along.conversion.clone());
        self.effects.conversions.extend(conversion);
    }

    fn charge(&mut self, command: &Command, Due { from, to, amount }: Due) {
        let (payer, house) = (self.account(from), self.account(to));
        let left = payer.balance.minus(amount).expect("it was available, and no floor is too low to be counted");
        let (left, grown) = ((left, payer.held), house.balance.plus(amount).expect("looked at by total()"));
        let (grown, id) = ((grown, house.held), command.id.of_fee());
        let mut transfer = Transfer {
            id,
            kind: TransferKind::Fee,
            status: TransferStatus::Posted,
            from: payer.id,
            to: house.id,
            asset: payer.asset,
            amount,
            settles: None,
            timeout_s: None,
            reference: None,
            description: description(command.id),
            actor: command.actor,
            created_at: self.time_of(from, to),
            from_seq: 0,
            to_seq: None,
        };
        transfer.from_seq = self.enter(from, &transfer, amount.negated(), left).seq;
        transfer.to_seq = Some(self.enter(to, &transfer, amount, grown).seq);
        // Where the outcome of the command is, which is not this transfer's receipt: see `replay::answer`.
        let outcome = self.made[&command.id];
        self.made.insert(id, outcome);
        self.effects.transfers.push(transfer);
        if let Ok(done) = &mut self.outcomes[outcome] {
            done.fee = Some(Charged { id, amount });
        }
    }

    /// What the transfer cost when it was made, here or at an earlier time.
    pub(super) fn charged(&self, transfer: TransferId) -> Option<Charged> {
        if let Some(outcome) = self.made.get(&transfer) {
            return self.outcomes[*outcome].as_ref().ok()?.fee;
        }
        let stored = self.found.transfers.get(&transfer.of_fee())?.as_ref()?;
        let Receipt { transfer: fee, .. } = &stored.receipt;
        (fee.kind == TransferKind::Fee).then_some(Charged { id: fee.id, amount: fee.amount })
    }
}

/// What a fee says to people.
fn description(of: TransferId) -> Description {
    Description::parse(format!("fee of transfer {of}")).expect("it is short")
}
