//! The rungs of the ladders: each looks at one thing and refuses for one reason.

use super::change::Change;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::command::{Authority, Command, Refusal, Settlement, Side};
use crate::domain::money::{Amount, Decimal, NotAnAmount};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Hold, HoldStatus, TransferKind};

const MICROS_PER_SECOND: i64 = 1_000_000;

pub(super) fn differ(from: AccountId, to: AccountId) -> Result<(), Refusal> {
    if from == to { Err(Refusal::SameAccount) } else { Ok(()) }
}

/// The world outside takes part in what comes in or goes out, on one side of it, and in nothing else, and the house's accounts in what they are
/// there for: to transfers between users none of them is there, whoever asks.
pub(super) fn may_pay(kind: TransferKind, payer: &Account) -> Result<(), Refusal> {
    use TransferKind::{Conversion, Deposit, Refund, Withdrawal};
    let pays = match payer.kind {
        AccountKind::User => true,
        AccountKind::External => matches!(kind, Deposit | Refund),
        AccountKind::Liquidity => matches!(kind, Conversion | Withdrawal),
        AccountKind::Fees => kind == Withdrawal,
    };
    if pays { Ok(()) } else { Err(Refusal::UnknownAccount(Side::From)) }
}

/// The same of the account that is paid.
pub(super) fn may_be_paid(kind: TransferKind, payee: &Account) -> Result<(), Refusal> {
    use TransferKind::{Conversion, Deduction, Deposit, Fee, Payment, Withdrawal};
    let is_paid = match payee.kind {
        AccountKind::User => true,
        AccountKind::External => matches!(kind, Withdrawal | Deduction | Payment),
        AccountKind::Liquidity => matches!(kind, Conversion | Deposit),
        AccountKind::Fees => kind == Fee,
    };
    if is_paid { Ok(()) } else { Err(Refusal::UnknownAccount(Side::To)) }
}

pub(super) fn owns(command: &Command, payer: &Account) -> Result<(), Refusal> {
    let may = command.authority == Authority::Operator || payer.owner == Some(command.actor);
    if may { Ok(()) } else { Err(Refusal::NotYours) }
}

/// What a payment holds is ended by a step of that payment: its owner could otherwise take back what is being charged.
pub(super) fn ends_its_own(command: &Command, kind: TransferKind) -> Result<(), Refusal> {
    if kind == TransferKind::Payment && command.record.is_none() { Err(Refusal::OfPayment) } else { Ok(()) }
}

pub(super) fn are_open(payer: &Account, payee: &Account) -> Result<(), Refusal> {
    use AccountStatus::{Closed, Frozen, Open};
    match (payer.status, payee.status) {
        (Open, Open) => Ok(()),
        (Frozen, _) => Err(Refusal::Frozen(Side::From)),
        (_, Frozen) => Err(Refusal::Frozen(Side::To)),
        (Closed, _) => Err(Refusal::Closed(Side::From)),
        (_, Closed) => Err(Refusal::Closed(Side::To)),
    }
}

pub(super) fn is_in(asset: Asset, side: Side, account: &Account) -> Result<(), Refusal> {
    if account.asset == asset {
        return Ok(());
    }
    Err(Refusal::CurrencyMismatch { side, account: account.asset, transfer: asset })
}

/// Whether a pending transfer can end like this at `now`: not twice, not too late, and not expired too soon.
pub(super) fn is_due(hold: &Hold, how: Settlement, now: Timestamp) -> Result<(), Refusal> {
    if hold.status != HoldStatus::Pending {
        return Err(Refusal::AlreadySettled(hold.status));
    }
    let over = hold.expires_at.is_some_and(|end| now >= end);
    match how {
        Settlement::Expire if !over => Err(Refusal::NotExpired),
        Settlement::Post(_) | Settlement::Void if over => Err(Refusal::HoldExpired),
        _ => Ok(()),
    }
}

/// `written` in minor units of `asset`, if it is more than zero.
pub(super) fn positive(written: Decimal, asset: Asset) -> Result<Amount, Refusal> {
    if !written.is_positive() {
        return Err(Refusal::NotPositive);
    }
    written.amount_of(asset).map_err(|error| match error {
        NotAnAmount::TooManyDecimals => Refusal::TooManyDecimals { most: asset.scale() },
        NotAnAmount::TooLarge => Refusal::TooLarge,
    })
}

/// Whether `amount` may leave `payer`. The world outside may always pay.
pub(super) fn has(payer: &Account, amount: Amount) -> Result<(), Refusal> {
    let available = available(payer);
    if payer.kind == AccountKind::External || amount <= available {
        return Ok(());
    }
    Err(Refusal::InsufficientFunds { available, asset: payer.asset })
}

/// Whether `fee` may leave `payer` once `change` has been made.
pub(super) fn has_left(payer: &Account, change: &Change, fee: Amount) -> Result<(), Refusal> {
    let (balance, held) = change.payer;
    let available = available(&Account { balance, held, ..payer.clone() });
    if fee <= available { Ok(()) } else { Err(Refusal::InsufficientFunds { available, asset: payer.asset }) }
}

/// Balance less held less floor, brought between zero and the largest amount: an overdraft limit of 38 digits gives more than that, and
/// no transfer is larger.
fn available(account: &Account) -> Amount {
    let free = account.balance.minor().saturating_sub(account.held.minor()).saturating_sub(account.floor.minor());
    Amount::new(free.clamp(Amount::ZERO.minor(), Amount::MAX.minor())).expect("clamped to what an amount can be")
}

/// When what is held from `begin` on expires: at the end of time at the latest.
pub(in crate::ledger) fn expiry(begin: Timestamp, timeout_s: Option<u32>) -> Option<Timestamp> {
    timeout_s.map(|seconds| Timestamp(begin.0.saturating_add(i64::from(seconds).saturating_mul(MICROS_PER_SECOND))))
}
