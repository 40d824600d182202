//! What transfers cost: the fee that goes along with a command, in its transaction.

use std::sync::Arc;

use super::caller::Halt;
use crate::domain::account::AccountKind;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Along, Command, Fee, Refusal, Settle, Settlement};
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
            Action::Settle(wish) => self.posted(command.id, wish).await?,
        };
        let Some((kind, asset, amount)) = moved else { return Ok(command) };
        let Some(fee) = self.price(kind, asset, amount) else { return Ok(command) };
        let fee = Some(self.fee(asset, fee, command.id).await?);
        Ok(Command { along: Some(Box::new(Along { fee, ..Along::default() })), ..command })
    }

    /// What it costs now; `None`: nothing.
    pub fn price(&self, kind: TransferKind, asset: Asset, amount: Amount) -> Option<Amount> {
        self.prices.of(kind)?.fee(asset, amount)
    }

    /// A fee of `amount` for the transfer `id`.
    pub async fn fee(&self, asset: Asset, amount: Amount, id: TransferId) -> Result<Fee, Halt> {
        Ok(Fee { to: self.ledger.house_account(AccountKind::Fees, asset, id).await?, amount })
    }

    /// What would move if `id` posted a pending transfer.
    async fn posted(&self, id: TransferId, wish: &Settle) -> Result<Option<(TransferKind, Asset, Amount)>, Halt> {
        let Settlement::Post(part) = wish.how else { return Ok(None) };
        if self.prices.of(TransferKind::Transfer).is_none() {
            return Ok(None);
        }
        let store = self.ledger.store();
        let Some(found) = store.transfers(&[wish.pending]).await?.pop() else {
            // The ledger may come to know it a moment later, and would post it for nothing. What was done is only answered again.
            let is_done = !store.transfers(&[id]).await?.is_empty();
            return if is_done { Ok(None) } else { Err(Refusal::UnknownTransfer.into()) };
        };
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fees, PriceList};
    use crate::api;
    use crate::domain::account::AccountKind;
    use crate::domain::asset::Asset;
    use crate::domain::command::{Action, Authority, Command, Move, Refusal, Settle, Settlement};
    use crate::domain::fee::Tariffs;
    use crate::domain::money::Decimal;
    use crate::domain::transfer::{Description, TransferId, TransferKind};
    use crate::domain::user::UserId;
    use crate::ledger::{Ledger, Limits};
    use crate::service::caller::Halt;
    use crate::service::system_clock;
    use crate::store::Store;
    use crate::store::sqlite::Sqlite;

    const DONE: TransferId = TransferId([1; 16]);
    const NEW: TransferId = TransferId([2; 16]);
    const ABSENT: TransferId = TransferId([3; 16]);
    const SECOND: Duration = Duration::from_secs(1);

    fn command(id: TransferId, action: Action) -> Command {
        let (actor, authority) = (UserId(1), Authority::Operator);
        Command { id, actor, authority, linked: false, action, record: None, along: None }
    }

    fn post(id: TransferId) -> Command {
        command(id, Action::Settle(Settle { pending: ABSENT, how: Settlement::Post(None) }))
    }

    /// A ledger in which one transfer was made.
    async fn ledger() -> Ledger<Sqlite> {
        let store = Sqlite::memory(SECOND).expect("opens");
        store.migrate().await.expect("migrates");
        let limits =
            Limits { lanes: 1, batch_max: 10, queue_max: 10, external_stripes: 1, transfer_timeout: Duration::ZERO };
        let ledger = Ledger::new(store, limits, system_clock);
        let asset = Asset::parse("CNY").expect("a currency");
        let from = ledger.house_account(AccountKind::External, asset, DONE).await.expect("outside");
        let to = ledger.house_account(AccountKind::Liquidity, asset, DONE).await.expect("liquidity");
        let deposit = command(
            DONE,
            Action::Move(Move {
                kind: TransferKind::Deposit,
                from,
                to,
                asset,
                amount: Decimal { digits: 1, scale: 0 },
                pending: None,
                reference: None,
                description: Description::default(),
            }),
        );
        let deadline = tokio::time::Instant::now() + SECOND;
        let outcomes = ledger.submit(vec![deposit], deadline).await.expect("an answer");
        assert!(outcomes[0].is_ok(), "{outcomes:?}");
        ledger
    }

    #[tokio::test]
    async fn nothing_is_posted_for_nothing_because_it_was_not_there_when_it_was_priced() {
        let (ledger, transfer) = (ledger().await, Tariffs::parse(&["* 1%"]).expect("a tariff"));
        let fees = Fees::new(ledger.clone(), PriceList { transfer, ..PriceList::default() });
        let unknown = fees.on(post(NEW)).await;
        let expected = api::Refusal::Ledger(Refusal::UnknownTransfer);
        assert!(matches!(&unknown, Err(Halt::Refused(refusal)) if *refusal == expected), "{unknown:?}");
        assert_eq!(fees.on(post(DONE)).await.expect("it was used, as the ledger will say"), post(DONE));
        let free = Fees::new(ledger, PriceList::default());
        assert_eq!(free.on(post(NEW)).await.expect("nobody is asked"), post(NEW));
    }
}
