//! Rows of the ledger's tables, to and from the domain: the same for every SQL store.

use super::queries::rows;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::effects::Settled;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Entry, Hold, HoldStatus, Receipt, Reference, Stored, Transfer, TransferId, TransferKind,
    TransferStatus,
};
use crate::domain::user::UserId;

/// A column holds what this program never writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the ledger has an impossible {0}")]
pub struct Unreadable(&'static str);

/// The variant of a number, for enums whose numbers are those in SQL.
macro_rules! numbered {
    ($($name:ident: $of:ident { $($variant:ident),* })*) => {$(
        fn $name(number: u64) -> Result<$of, Unreadable> {
            let mut all = [$($of::$variant),*].into_iter();
            all.find(|one| *one as u64 == number).ok_or(Unreadable(stringify!($name)))
        }
    )*};
}

numbered! {
    account_kind: AccountKind { User, External }
    account_status: AccountStatus { Open, Frozen, Closed }
    transfer_kind: TransferKind { Transfer, Deposit, Withdrawal, Deduction }
    transfer_status: TransferStatus { Posted, Pending, Voided, Expired }
    hold_status: HoldStatus { Pending, Posted, Voided, Expired }
}

impl TryFrom<rows::Account> for Account {
    type Error = Unreadable;

    fn try_from(row: rows::Account) -> Result<Self, Unreadable> {
        Ok(Self {
            id: AccountId(row.id),
            owner: row.owner.map(UserId),
            kind: account_kind(row.kind)?,
            stripe: row.stripe.map(u16::try_from).transpose().map_err(|_| Unreadable("stripe"))?,
            asset: row.asset,
            balance: row.balance,
            held: row.held,
            floor: row.floor,
            version: row.version,
            status: account_status(row.status)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

impl From<Account> for rows::Account {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            owner: account.owner.map(|owner| owner.0),
            kind: account.kind as u64,
            stripe: account.stripe.map(u64::from),
            asset: account.asset,
            balance: account.balance,
            held: account.held,
            floor: account.floor,
            version: account.version,
            status: account.status as u64,
            created_at: account.created_at.0,
            updated_at: account.updated_at.0,
        }
    }
}

impl TryFrom<rows::Transfer> for Transfer {
    type Error = Unreadable;

    fn try_from(row: rows::Transfer) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TransferId(row.id),
            kind: transfer_kind(row.kind)?,
            status: transfer_status(row.status)?,
            from: AccountId(row.from_account),
            to: AccountId(row.to_account),
            asset: row.asset,
            amount: row.amount,
            settles: row.settles.map(TransferId),
            timeout_s: row.timeout_s.map(u32::try_from).transpose().map_err(|_| Unreadable("timeout_s"))?,
            reference: row.reference.map(Reference::parse).transpose().map_err(|_| Unreadable("reference"))?,
            description: Description::parse(row.description).map_err(|_| Unreadable("description"))?,
            actor: UserId(row.actor),
            created_at: Timestamp(row.created_at),
            from_seq: row.from_seq,
            to_seq: row.to_seq,
        })
    }
}

impl From<Transfer> for rows::Transfer {
    fn from(transfer: Transfer) -> Self {
        Self {
            id: transfer.id.0,
            kind: transfer.kind as u64,
            status: transfer.status as u64,
            from_account: transfer.from.0,
            to_account: transfer.to.0,
            asset: transfer.asset,
            amount: transfer.amount,
            settles: transfer.settles.map(|settles| settles.0),
            timeout_s: transfer.timeout_s.map(u64::from),
            reference: transfer.reference.map(String::from),
            description: transfer.description.into(),
            actor: transfer.actor.0,
            created_at: transfer.created_at.0,
            from_seq: transfer.from_seq,
            to_seq: transfer.to_seq,
        }
    }
}

impl From<rows::Entry> for Entry {
    fn from(row: rows::Entry) -> Self {
        Self {
            account: AccountId(row.account_id),
            seq: row.seq,
            transfer: TransferId(row.transfer_id),
            amount: row.amount,
            balance_before: row.balance_before,
            balance_after: row.balance_after,
            held_after: row.held_after,
            created_at: Timestamp(row.created_at),
        }
    }
}

impl From<Entry> for rows::Entry {
    fn from(entry: Entry) -> Self {
        Self {
            account_id: entry.account.0,
            seq: entry.seq,
            transfer_id: entry.transfer.0,
            amount: entry.amount,
            balance_before: entry.balance_before,
            balance_after: entry.balance_after,
            held_after: entry.held_after,
            created_at: entry.created_at.0,
        }
    }
}

impl TryFrom<rows::Hold> for Hold {
    type Error = Unreadable;

    fn try_from(row: rows::Hold) -> Result<Self, Unreadable> {
        Ok(Self {
            transfer: TransferId(row.transfer_id),
            account: AccountId(row.account_id),
            amount: row.amount,
            expires_at: row.expires_at.map(Timestamp),
            status: hold_status(row.status)?,
            settled_by: row.settled_by.map(TransferId),
        })
    }
}

impl From<Hold> for rows::Hold {
    fn from(hold: Hold) -> Self {
        Self {
            transfer_id: hold.transfer.0,
            account_id: hold.account.0,
            amount: hold.amount,
            expires_at: hold.expires_at.map(|at| at.0),
            status: hold.status as u64,
            settled_by: hold.settled_by.map(|by| by.0),
        }
    }
}

impl From<Settled> for rows::SettledHold {
    fn from(settled: Settled) -> Self {
        Self { transfer_id: settled.transfer.0, status: settled.status as u64, settled_by: settled.by.0 }
    }
}

impl From<(TransferKind, Reference, TransferId)> for rows::TransferReference {
    fn from((kind, reference, transfer): (TransferKind, Reference, TransferId)) -> Self {
        Self { kind: kind as u64, reference: reference.into(), transfer_id: transfer.0 }
    }
}

impl TryFrom<rows::StoredTransfer> for Stored {
    type Error = Unreadable;

    fn try_from(row: rows::StoredTransfer) -> Result<Self, Unreadable> {
        let (from_entry, to_entry, hold) = (from_entry(&row), to_entry(&row), hold(&row)?);
        let transfer = rows::Transfer {
            id: row.id,
            kind: row.kind,
            status: row.status,
            from_account: row.from_account,
            to_account: row.to_account,
            asset: row.asset,
            amount: row.amount,
            settles: row.settles,
            timeout_s: row.timeout_s,
            reference: row.reference,
            description: row.description,
            actor: row.actor,
            created_at: row.created_at,
            from_seq: row.from_seq,
            to_seq: row.to_seq,
        };
        Ok(Self { receipt: Receipt { transfer: transfer.try_into()?, from_entry, to_entry }, hold })
    }
}

fn from_entry(row: &rows::StoredTransfer) -> Entry {
    Entry {
        account: AccountId(row.from_account),
        seq: row.from_seq,
        transfer: TransferId(row.id),
        amount: row.from_amount,
        balance_before: row.from_before,
        balance_after: row.from_after,
        held_after: row.from_held,
        created_at: Timestamp(row.created_at),
    }
}

fn to_entry(row: &rows::StoredTransfer) -> Option<Entry> {
    Some(Entry {
        account: AccountId(row.to_account),
        seq: row.to_seq?,
        transfer: TransferId(row.id),
        amount: row.to_amount?,
        balance_before: row.to_before?,
        balance_after: row.to_after?,
        held_after: row.to_held?,
        created_at: Timestamp(row.created_at),
    })
}

fn hold(row: &rows::StoredTransfer) -> Result<Option<Hold>, Unreadable> {
    let (Some(amount), Some(status)) = (row.hold_amount, row.hold_status) else { return Ok(None) };
    Ok(Some(Hold {
        transfer: TransferId(row.id),
        account: AccountId(row.from_account),
        amount,
        expires_at: row.expires_at.map(Timestamp),
        status: hold_status(status)?,
        settled_by: row.settled_by.map(TransferId),
    }))
}
