//! What transfers cost: the fee that goes along with a command, in its transaction.

use std::sync::Arc;

use super::caller::Halt;
use crate::domain::account::AccountKind;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Along, Command, Fee, Settle, Settlement};
use crate::domain::fee::Tariffs;
use crate::domain::money::{Amount, Decimal};
use crate::domain::transfer::{TransferId, TransferKind};
use crate::ledger::Ledger;
use crate::store::Store;

/// What each kind of transfer costs. Whatever is not named is free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceList {
    /// Between users.
    pub transfer: Tariffs,
    /// To the world outside.
    pub withdrawal: Tariffs,
    /// Of one asset into another.
    pub conversion: Tariffs,
}

impl PriceList {
    fn of(&self, kind: TransferKind) -> Option<&Tariffs> {
        let tariffs = match kind {
            TransferKind::Transfer => &self.transfer,
            TransferKind::Withdrawal => &self.withdrawal,
            TransferKind::Conversion => &self.conversion,
            TransferKind::Deposit
            | TransferKind::Deduction
            | TransferKind::Payment
            | TransferKind::Refund
            | TransferKind::Fee => return None,
        };
        Some(tariffs).filter(|tariffs| !tariffs.is_free())
    }
}

/// Puts prices on commands. Where nothing costs anything it asks nobody.
#[derive(Clone)]
pub struct Fees<S> {
    ledger: Ledger<S>,
    prices: Arc<PriceList>,
}

impl<S: Store> Fees<S> {
    /// Prices for what is done on `ledger`.
    pub fn new(ledger: Ledger<S>, prices: PriceList) -> Self {
        Self { ledger, prices: Arc::new(prices) }
    }

    /// The same command with what it costs now. One that was done before costs what it did then: its fee is not taken again.
    pub async fn on(&self, command: Command) -> Result<Command, Halt> {
        let moved = match &command.action {
            Action::Move(wish) => match wish.pending {
                None => minor(wish.amount, wish.asset).map(|amount| (wish.kind, wish.asset, amount)),
                Some(_) => None,
            },
            Action::Settle(wish) => self.posted(wish).await?,
        };
        let Some((kind, asset, amount)) = moved else { return Ok(command) };
        let Some(fee) = self.price(kind, asset, amount) else { return Ok(command) };
        let fee = Some(self.fee(asset, fee, command.id).await?);
        Ok(Command { along: Some(Box::new(Along { fee, conversion: None })), ..command })
    }

    /// What it costs now; `None`: nothing.
    pub fn price(&self, kind: TransferKind, asset: Asset, amount: Amount) -> Option<Amount> {
        self.prices.of(kind)?.fee(asset, amount)
    }

    /// A fee of `amount` for the transfer `id`.
    pub async fn fee(&self, asset: Asset, amount: Amount, id: TransferId) -> Result<Fee, Halt> {
        Ok(Fee { to: self.ledger.house_account(AccountKind::Fees, asset, id).await?, amount })
    }

    /// What would move if a pending transfer were posted.
    async fn posted(&self, wish: &Settle) -> Result<Option<(TransferKind, Asset, Amount)>, Halt> {
        let Settlement::Post(part) = wish.how else { return Ok(None) };
        if self.prices.of(TransferKind::Transfer).is_none() {
            return Ok(None);
        }
        let Some(found) = self.ledger.store().transfers(&[wish.pending]).await?.pop() else { return Ok(None) };
        let pending = found.receipt.transfer;
        let amount = match part {
            Some(part) => minor(part, pending.asset),
            None => Some(pending.amount),
        };
        Ok(amount.map(|amount| (pending.kind, pending.asset, amount)))
    }
}

/// In minor units; nothing, if that is to be refused.
fn minor(written: Decimal, asset: Asset) -> Option<Amount> {
    written.amount_of(asset).ok().filter(|amount| *amount > Amount::ZERO)
}
