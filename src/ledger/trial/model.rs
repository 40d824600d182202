//! What commands should come to, told again without batches, locks or lanes: one command after the other, everything known, all copied.
//!
//! Where the planner climbs a ladder, this collects every reason there is and gives the one that comes first in [`Refusal`].

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::command::{Action, Authority, Charged, Command, Done, Outcome, Refusal, Settlement, Side};
use crate::domain::money::{Amount, Decimal, NotAnAmount};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Entry, HoldStatus, Receipt, Reference, Transfer, TransferId, TransferKind, TransferStatus,
};

#[derive(Clone)]
pub(in crate::ledger) struct Model {
    pub(in crate::ledger) accounts: BTreeMap<AccountId, Account>,
    done: BTreeMap<TransferId, (Command, Receipt, Option<Charged>)>,
    ended: BTreeMap<TransferId, HoldStatus>,
    references: BTreeMap<(TransferKind, Reference), TransferId>,
}

impl Model {
    pub(in crate::ledger) fn new(accounts: Vec<Account>) -> Self {
        let accounts = accounts.into_iter().map(|account| (account.id, account)).collect();
        Self { accounts, done: BTreeMap::new(), ended: BTreeMap::new(), references: BTreeMap::new() }
    }

    /// What becomes of the commands of one caller.
    pub(in crate::ledger) fn run(&mut self, group: &[Command], now: Timestamp) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for chain in group.chunk_by(|command, _| command.linked) {
            let (before, start) = (self.clone(), outcomes.len());
            outcomes.extend(chain.iter().map(|command| self.one(command, now)));
            let Some(at) = outcomes[start..].iter().position(Result::is_err).map(|place| start + place) else {
                continue;
            };
            *self = before;
            for (place, command) in (start..).zip(chain).filter(|(place, _)| *place != at) {
                outcomes[place] = match self.done.contains_key(&command.id) {
                    true => self.clone().one(command, now),
                    false => Err(Refusal::ChainBroken { at: at as u32 }),
                };
            }
        }
        outcomes
    }

    fn one(&mut self, command: &Command, now: Timestamp) -> Outcome {
        let of_fee = |(_, _, fee): &&(Command, Receipt, Option<Charged>)| fee.is_some_and(|fee| fee.id == command.id);
        if self.done.values().any(|done| of_fee(&done)) {
            return Err(Refusal::IdReused { field: String::new() });
        }
        if let Some((was, receipt, fee)) = self.done.get(&command.id) {
            let same = self.content(was) == self.content(command);
            let replay = Done { receipt: receipt.clone(), replayed: true, fee: *fee };
            return if same { Ok(replay) } else { Err(Refusal::IdReused { field: String::new() }) };
        }
        let mut reasons = Vec::new();
        let outcome = self.try_one(command, now, &mut reasons);
        match (reasons.into_iter().min_by_key(rank), outcome) {
            (Some(reason), _) => Err(reason),
            (None, receipt) => {
                let fee = self.done.get(&command.id).and_then(|(_, _, fee)| *fee);
                Ok(Done { receipt: receipt.expect("no reason against it"), replayed: false, fee })
            }
        }
    }

    /// A command without what may differ in the same one: whole amounts are spelled out, and nobody says which account outside takes part.
    fn content(&self, command: &Command) -> Command {
        let mut content = Command { authority: Authority::Owner, linked: false, along: None, ..command.clone() };
        let shorten = |amount: Decimal| {
            (0..amount.scale).fold(amount, |a, _| match a.digits % 10 {
                0 => Decimal { digits: a.digits / 10, scale: a.scale - 1 },
                _ => a,
            })
        };
        match &mut content.action {
            Action::Move(wish) => {
                wish.amount = shorten(wish.amount);
                match wish.kind {
                    TransferKind::Transfer | TransferKind::Fee | TransferKind::Conversion => {}
                    TransferKind::Deposit | TransferKind::Refund => wish.from = AccountId(0),
                    TransferKind::Withdrawal | TransferKind::Deduction | TransferKind::Payment => {
                        wish.to = AccountId(0)
                    }
                }
            }
            Action::Settle(wish) => {
                let pending = self.done.get(&wish.pending).map(|(_, receipt, _)| &receipt.transfer);
                if let (Settlement::Post(part), Some(pending)) = (&mut wish.how, pending) {
                    let whole = Decimal { digits: pending.amount.minor(), scale: pending.asset.scale() };
                    *part = Some(shorten(part.unwrap_or(whole)));
                }
            }
        }
        content
    }

    fn try_one(&mut self, command: &Command, now: Timestamp, reasons: &mut Vec<Refusal>) -> Option<Receipt> {
        let id = command.id;
        let mut no = |is: bool, reason: Refusal| {
            if is {
                reasons.push(reason)
            }
        };
        let until = command.along.as_deref().and_then(|along| along.until);
        no(until.is_some_and(|until| until <= now), Refusal::TooLate);
        let (kind, from, to, asset, pending, status) = match &command.action {
            Action::Move(wish) => {
                let status = if wish.pending.is_some() { TransferStatus::Pending } else { TransferStatus::Posted };
                (wish.kind, wish.from, wish.to, wish.asset, None, status)
            }
            Action::Settle(wish) => {
                let Some((_, Receipt { transfer: was, .. }, _)) = self.done.get(&wish.pending) else {
                    no(true, Refusal::UnknownTransfer);
                    return None;
                };
                no(was.status != TransferStatus::Pending, Refusal::NotPending);
                let status = match wish.how {
                    Settlement::Post(_) => TransferStatus::Posted,
                    Settlement::Void => TransferStatus::Voided,
                    Settlement::Expire => TransferStatus::Expired,
                };
                (was.kind, was.from, was.to, was.asset, Some(was.clone()), status)
            }
        };
        no(from == to, Refusal::SameAccount);
        let (payer, payee) = (self.accounts.get(&from).cloned(), self.accounts.get(&to).cloned());
        no(payer.is_none(), Refusal::UnknownAccount(Side::From));
        no(payee.is_none(), Refusal::UnknownAccount(Side::To));
        let mut payer = payer?;
        let owner = command.authority == Authority::Owner;
        no(owner && payer.owner != Some(command.actor), Refusal::NotYours);
        let fee = command.fee().copied().filter(|_| status == TransferStatus::Posted);
        no(fee.is_some() && payer.kind != AccountKind::User, Refusal::UnknownAccount(Side::From));
        if pending.is_none() {
            let strangers_may_pay: &[AccountKind] = match kind {
                TransferKind::Deposit => &[AccountKind::External],
                TransferKind::Withdrawal => &[AccountKind::Liquidity, AccountKind::Fees],
                TransferKind::Conversion => &[AccountKind::Liquidity],
                _ => &[],
            };
            let strangers_may_be_paid: &[AccountKind] = match kind {
                TransferKind::Withdrawal | TransferKind::Deduction => &[AccountKind::External],
                TransferKind::Deposit | TransferKind::Conversion => &[AccountKind::Liquidity],
                _ => &[],
            };
            let is_known = |known: &[AccountKind], account: &Account| {
                account.kind == AccountKind::User || known.contains(&account.kind)
            };
            no(!is_known(strangers_may_pay, &payer), Refusal::UnknownAccount(Side::From));
            let is_strange = payee.as_ref().is_some_and(|payee| !is_known(strangers_may_be_paid, payee));
            no(is_strange, Refusal::UnknownAccount(Side::To));
        }
        let mut payee = payee?;
        let mut house = fee.and_then(|fee| self.accounts.get(&fee.to).cloned());
        let takes_fees = |house: &Account| house.kind == AccountKind::Fees && house.asset == asset;
        no(fee.is_some() && !house.as_ref().is_some_and(takes_fees), Refusal::UnknownAccount(Side::To));
        let costs = fee.map_or(0, |fee| fee.amount.minor());
        for (side, account) in [(Side::From, &payer), (Side::To, &payee)] {
            let enters = pending.is_none() || status == TransferStatus::Posted;
            no(enters && account.status == AccountStatus::Frozen, Refusal::Frozen(side));
            no(enters && account.status == AccountStatus::Closed, Refusal::Closed(side));
            no(account.asset != asset, Refusal::CurrencyMismatch { side, account: account.asset, transfer: asset });
        }
        let at = now.max(payer.updated_at).max(payee.updated_at);
        if let Some(pending) = &pending {
            let ended = self.ended.get(&pending.id);
            ended.iter().for_each(|how| no(true, Refusal::AlreadySettled(**how)));
            let end = pending.timeout_s.map(|seconds| pending.created_at.0 + i64::from(seconds) * 1_000_000);
            let over = end.is_some_and(|end| end <= at.0);
            no(over && status != TransferStatus::Expired, Refusal::HoldExpired);
            no(!over && status == TransferStatus::Expired, Refusal::NotExpired);
        }
        let written = match &command.action {
            Action::Move(wish) => Some(wish.amount),
            Action::Settle(wish) => {
                if let Settlement::Post(part) = wish.how {
                    part
                } else {
                    None
                }
            }
        };
        let (mut amount, whole) = (Amount::ZERO, pending.as_ref().map(|pending| pending.amount));
        match written.map(|written| (written.digits, written.amount_of(asset))) {
            None => amount = whole.expect("what is moved is always written"),
            Some((..=0, _)) => no(true, Refusal::NotPositive),
            Some((_, Err(NotAnAmount::TooManyDecimals))) => no(true, Refusal::TooManyDecimals { most: asset.scale() }),
            Some((_, Err(NotAnAmount::TooLarge))) => no(true, Refusal::TooLarge),
            Some((_, Ok(right))) => amount = right,
        }
        let moved = if status == TransferStatus::Posted { amount.minor() } else { 0 };
        // Numbers of 38 digits may add up to more than 39; what does is as large.
        let holds = if status == TransferStatus::Pending { amount.minor() } else { -whole.map_or(0, Amount::minor) };
        let held = payer.held.minor().saturating_add(holds);
        let (has, may_owe) = (payer.balance.minor(), -payer.floor.minor());
        let bound = pending.is_none() && payer.kind != AccountKind::External;
        let total = amount.minor().saturating_add(costs);
        no(costs > 0 && Amount::new(total).is_err(), Refusal::TooLarge);
        let grown = house.as_ref().map_or(0, |house| house.balance.minor()).saturating_add(costs);
        no(costs > 0 && Amount::new(grown).is_err(), Refusal::TooLarge);
        let poor = bound && has.saturating_sub(payer.held.minor()).saturating_sub(total) < -may_owe;
        let left = if poor { 0 } else { has.saturating_sub(moved) };
        let after = [payee.balance.minor().saturating_add(moved), held, left];
        no(after.iter().any(|balance| Amount::new(*balance).is_err()), Refusal::TooLarge);
        no(whole.is_some_and(|whole| amount > whole), Refusal::MoreThanHeld { held: whole.unwrap_or_default(), asset });
        let reference = if let Action::Move(wish) = &command.action { wish.reference.clone() } else { None };
        let used = reference.clone().and_then(|reference| self.references.get(&(kind, reference)));
        used.iter().for_each(|by| no(true, Refusal::ReferenceUsed { by: **by }));
        let short = match (&pending, fee) {
            (Some(pending), Some(fee)) => {
                let left = has.saturating_sub(payer.held.minor());
                let free = left.saturating_add(pending.amount.minor() - amount.minor()).saturating_add(may_owe);
                (free < fee.amount.minor()).then_some(free)
            }
            _ => None,
        };
        if let Some(free) = short {
            let available = Amount::new(free.clamp(0, Amount::MAX.minor())).expect("clamped");
            no(true, Refusal::InsufficientFunds { available, asset: payer.asset });
        }
        if poor {
            let available = (has - payer.held.minor()).saturating_add(may_owe);
            let available = Amount::new(available.clamp(0, Amount::MAX.minor())).expect("clamped");
            no(true, Refusal::InsufficientFunds { available, asset: payer.asset });
        }
        if !reasons.is_empty() {
            return None;
        }

        let enter = |account: &mut Account, amount: i128, held: i128| {
            let entry = Entry {
                account: account.id,
                seq: account.version + 1,
                transfer: id,
                amount: Amount::new(amount).expect("38 digits"),
                balance_before: account.balance,
                balance_after: Amount::new(account.balance.minor() + amount).expect("38 digits"),
                held_after: Amount::new(held).expect("38 digits"),
                created_at: at,
            };
            (account.balance, account.held, account.version, account.updated_at) =
                (entry.balance_after, entry.held_after, entry.seq, at);
            entry
        };
        let from_entry = enter(&mut payer, -moved, held);
        let held = payee.held.minor();
        let to_entry = (moved > 0).then(|| enter(&mut payee, moved, held));
        let (timeout_s, description) = match &command.action {
            Action::Move(wish) => (wish.pending.and_then(|pending| pending.timeout_s), wish.description.clone()),
            Action::Settle(_) => Default::default(),
        };
        let (from_seq, to_seq) = (payer.version, to_entry.as_ref().map(|_| payee.version));
        let settles = pending.map(|pending| pending.id);
        let actor = command.actor;
        let created_at = at;
        let transfer = Transfer {
            id,
            kind,
            status,
            from,
            to,
            asset,
            amount,
            settles,
            timeout_s,
            reference,
            description,
            actor,
            created_at,
            from_seq,
            to_seq,
        };
        let charged = fee.zip(house.as_mut()).map(|(fee, house)| {
            let at = at.max(house.updated_at);
            for (account, change) in [(&mut payer, -costs), (house, costs)] {
                let balance = Amount::new(account.balance.minor() + change).expect("38 digits");
                (account.balance, account.version, account.updated_at) = (balance, account.version + 1, at);
            }
            Charged { id: id.of_fee(), amount: fee.amount }
        });
        self.accounts.extend([(from, payer), (to, payee)]);
        self.accounts.extend(house.filter(|_| charged.is_some()).map(|house| (house.id, house)));
        self.ended.extend(settles.map(|pending| {
            (
                pending,
                match status {
                    TransferStatus::Voided => HoldStatus::Voided,
                    TransferStatus::Expired => HoldStatus::Expired,
                    _ => HoldStatus::Posted,
                },
            )
        }));
        self.references.extend(transfer.reference.clone().map(|reference| ((kind, reference), id)));
        let receipt = Receipt { transfer, from_entry, to_entry };
        self.done.insert(id, (command.clone(), receipt.clone(), charged));
        Some(receipt)
    }
}

/// The place of a reason among all reasons.
fn rank(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::IdReused { .. } => 0,
        Refusal::TooLate => 1,
        Refusal::UnknownTransfer => 2,
        Refusal::NotPending => 3,
        Refusal::OfPayment => 4,
        Refusal::PaymentMoved => 5,
        Refusal::SameAccount => 6,
        Refusal::UnknownAccount(Side::From) => 7,
        Refusal::NotYours => 8,
        Refusal::UnknownAccount(Side::To) => 9,
        Refusal::Frozen(_) => 10,
        Refusal::Closed(_) => 11,
        Refusal::CurrencyMismatch { .. } => 12,
        Refusal::AlreadySettled(_) => 13,
        Refusal::HoldExpired => 14,
        Refusal::NotExpired => 15,
        Refusal::NotPositive => 16,
        Refusal::TooManyDecimals { .. } => 17,
        Refusal::TooLarge => 18,
        Refusal::MoreThanHeld { .. } => 19,
        Refusal::ReferenceUsed { .. } => 20,
        Refusal::InsufficientFunds { .. } => 21,
        Refusal::ChainBroken { .. } => 22,
    }
}
