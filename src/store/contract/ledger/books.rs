//! A few postings, and a batch that does as it is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::effects::{Effects, Found, Settled, Wants};
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Entry, Hold, HoldStatus, Receipt, Stored, Transfer, TransferId, TransferKind, TransferStatus,
};
use crate::domain::user::UserId;
use crate::store::ledger::{Batch, Decision, LedgerStore, NoAnswer};

/// An instant, so many microseconds after some other.
pub const fn at(micros: i64) -> Timestamp {
    Timestamp(1_760_000_000_000_000 + micros)
}

pub fn asset(code: &str) -> Asset {
    Asset::parse(code).expect("a currency")
}

pub fn amount(minor: i128) -> Amount {
    Amount::new(minor).expect("38 digits")
}

pub fn id(number: u32) -> TransferId {
    let mut bytes = [0xA5; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    TransferId(bytes)
}

/// A batch from a function.
pub struct Script<F> {
    pub wants: Wants,
    pub after: Wants,
    pub decide: F,
}

impl<T, F> Batch for Script<F>
where
    T: Send + 'static,
    F: Fn(&Found) -> Decision<T> + Send + Sync + 'static,
{
    type Answer = T;

    fn wants(&self) -> Wants {
        self.wants.clone()
    }

    fn wants_after_collision(&self) -> Wants {
        self.after.clone()
    }

    fn decide(&self, found: &Found) -> Decision<T> {
        (self.decide)(found)
    }
}

/// Writes `effects`, whatever is there.
pub async fn write<S: LedgerStore>(store: &S, effects: Effects) -> Result<(), NoAnswer> {
    let wants = Wants { accounts: effects.accounts.iter().map(|account| account.id).collect(), ..Wants::default() };
    let decide = move |_: &Found| Decision::Write(effects.clone(), ());
    store.transact(Script { wants, after: Wants::default(), decide }).await
}

/// Two accounts of one asset, of users 1 and 2.
pub async fn two_accounts<S: LedgerStore>(store: &S) -> [Account; 2] {
    let open = async |user| {
        store.open_account(UserId(user), asset("CNY"), at(0)).await.expect("open_account").expect("there is none yet")
    };
    [open(1).await, open(2).await]
}

/// What a ledger would write for a few transfers: arithmetic without any rule.
#[derive(Clone)]
pub struct Books {
    accounts: BTreeMap<AccountId, Account>,
    touched: BTreeSet<AccountId>,
    pub effects: Effects,
    pub stored: Vec<Stored>,
}

impl Books {
    pub fn of(accounts: &[Account]) -> Self {
        let accounts = accounts.iter().map(|account| (account.id, account.clone())).collect();
        Self { accounts, touched: BTreeSet::new(), effects: Effects::default(), stored: Vec::new() }
    }

    /// Goes on from what was written.
    pub fn next(&self) -> Self {
        Self { accounts: self.accounts.clone(), ..Self::of(&[]) }
    }

    pub fn account(&self, id: AccountId) -> Account {
        self.accounts[&id].clone()
    }

    /// Money moves.
    pub fn post(mut self, number: u32, [from, to]: [AccountId; 2], minor: i128, when: Timestamp) -> Self {
        let mut transfer = self.transfer(number, [from, to], minor, when);
        let from_entry = self.entry(from, transfer.id, (-minor, 0), when);
        let to_entry = self.entry(to, transfer.id, (minor, 0), when);
        (transfer.from_seq, transfer.to_seq) = (from_entry.seq, Some(to_entry.seq));
        self.add(transfer, from_entry, Some(to_entry), None)
    }

    /// Money is held.
    pub fn hold(
        mut self,
        number: u32,
        [from, to]: [AccountId; 2],
        minor: i128,
        when: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let mut transfer = self.transfer(number, [from, to], minor, when);
        transfer.status = TransferStatus::Pending;
        transfer.timeout_s = expires_at.map(|_| 1);
        let entry = self.entry(from, transfer.id, (0, minor), when);
        transfer.from_seq = entry.seq;
        let hold = Hold {
            transfer: transfer.id,
            account: from,
            amount: transfer.amount,
            expires_at,
            status: HoldStatus::Pending,
            settled_by: None,
        };
        self.effects.holds.push(hold.clone());
        self.add(transfer, entry, None, Some(hold))
    }

    /// What was held is released.
    pub fn void(mut self, number: u32, pending: &Stored, when: Timestamp) -> Self {
        let held = &pending.receipt.transfer;
        let minor = held.amount.minor();
        let mut transfer = self.transfer(number, [held.from, held.to], minor, when);
        transfer.status = TransferStatus::Voided;
        transfer.settles = Some(held.id);
        let entry = self.entry(held.from, transfer.id, (0, -minor), when);
        transfer.from_seq = entry.seq;
        self.effects.settled.push(Settled { transfer: held.id, status: HoldStatus::Voided, by: transfer.id });
        self.add(transfer, entry, None, None)
    }

    fn transfer(&self, number: u32, [from, to]: [AccountId; 2], minor: i128, when: Timestamp) -> Transfer {
        Transfer {
            id: id(number),
            kind: TransferKind::Transfer,
            status: TransferStatus::Posted,
            from,
            to,
            asset: self.accounts[&from].asset,
            amount: amount(minor),
            settles: None,
            timeout_s: None,
            reference: None,
            description: Description::default(),
            actor: UserId(1),
            created_at: when,
            from_seq: 0,
            to_seq: None,
        }
    }

    fn entry(&mut self, account: AccountId, transfer: TransferId, change: (i128, i128), when: Timestamp) -> Entry {
        self.touched.insert(account);
        let account = self.accounts.get_mut(&account).expect("an account of these books");
        let balance_before = account.balance;
        account.balance = amount(balance_before.minor() + change.0);
        account.held = amount(account.held.minor() + change.1);
        account.version += 1;
        account.updated_at = when;
        Entry {
            account: account.id,
            seq: account.version,
            transfer,
            amount: amount(change.0),
            balance_before,
            balance_after: account.balance,
            held_after: account.held,
            created_at: when,
        }
    }

    fn add(mut self, transfer: Transfer, from_entry: Entry, to_entry: Option<Entry>, hold: Option<Hold>) -> Self {
        self.effects.transfers.push(transfer.clone());
        self.effects.entries.push(from_entry.clone());
        self.effects.entries.extend(to_entry.clone());
        self.effects.accounts = self.touched.iter().map(|id| self.accounts[id].clone()).collect();
        self.stored.push(Stored { receipt: Receipt { transfer, from_entry, to_entry }, hold });
        self
    }
}
