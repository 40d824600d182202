//! What a command does once nothing can refuse it any more.

use super::work::Place;
use crate::domain::account::{Account, AccountKind};
use crate::domain::command::Refusal;
use crate::domain::money::{Amount, TooLarge};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{HoldStatus, Transfer, TransferId};

/// A command at the top of its ladder: nothing can refuse it any more.
pub(super) struct Step {
    /// The transfer, but for the numbers of its entries.
    pub(super) transfer: Transfer,
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) change: Change,
    pub(super) hold: Option<HoldChange>,
}

/// What becomes of two balances. Made before anything is changed, so that no sum can fail half-way.
pub(super) struct Change {
    /// What leaves the payer and reaches the payee.
    pub(super) moves: Amount,
    /// The payer's balance and what is held of it, afterwards.
    pub(super) payer: (Amount, Amount),
    /// The payee's balance afterwards, if money moves.
    pub(super) payee: Option<Amount>,
}

/// What becomes of a hold.
pub(super) enum HoldChange {
    /// It begins, and expires then.
    Begins(Option<Timestamp>),
    /// It ends like this.
    Ends(TransferId, HoldStatus),
}

impl Change {
    /// The money moves at once.
    pub(super) fn moving(payer: &Account, payee: &Account, amount: Amount) -> Result<Self, Refusal> {
        let to = payee.balance.plus(amount)?;
        let from = match payer.balance.minus(amount) {
            // Less than any floor: the last rung refuses it, with what is available.
            Err(TooLarge) if payer.kind != AccountKind::External => Amount::MIN,
            balance => balance?,
        };
        Ok(Self { moves: amount, payer: (from, payer.held), payee: Some(to) })
    }

    /// The money is held.
    pub(super) fn holding(payer: &Account, amount: Amount) -> Result<Self, Refusal> {
        Ok(Self { moves: Amount::ZERO, payer: (payer.balance, payer.held.plus(amount)?), payee: None })
    }

    /// The money moves, and what was `held` is held no more.
    pub(super) fn posting(payer: &Account, payee: &Account, amount: Amount, held: Amount) -> Result<Self, Refusal> {
        let to = payee.balance.plus(amount)?;
        Ok(Self { moves: amount, payer: (payer.balance.minus(amount)?, payer.held.minus(held)?), payee: Some(to) })
    }

    /// What was `held` is held no more.
    pub(super) fn releasing(payer: &Account, held: Amount) -> Result<Self, Refusal> {
        Ok(Self { moves: Amount::ZERO, payer: (payer.balance, payer.held.minus(held)?), payee: None })
    }
}
