//! Rows of the ledger to and from what they mean, the same for every database.

use std::collections::HashMap;

use super::rows;
use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::effects::Settled;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Entry, Hold, HoldStatus, Receipt, Reference, Stored, Transfer, TransferId, TransferKind,
    TransferStatus,
};
use crate::domain::user::{Role, UserId};
use crate::store::ledger::{Owner, Page};

/// A row that says what this program does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row's {0} cannot be understood")]
pub struct Unreadable(pub(super) &'static str);

/// The one of `all` that has this number.
pub(super) fn numbered<T: Copy>(column: &'static str, number: u64, all: &[(T, u64)]) -> Result<T, Unreadable> {
    all.iter().find(|(_, own)| *own == number).map(|(one, _)| *one).ok_or(Unreadable(column))
}

/// `(variant, its number)` for each variant.
macro_rules! numbers {
    ($of:ident: $($variant:ident),*) => {
        &[$(($of::$variant, $of::$variant as u64)),*]
    };
}
pub(super) use numbers;

impl TryFrom<rows::UserRole> for Role {
    type Error = Unreadable;

    fn try_from(row: rows::UserRole) -> Result<Self, Unreadable> {
        numbered("role", row.role, numbers!(Role: Customer, Operator))
    }
}

impl TryFrom<rows::Account> for Account {
    type Error = Unreadable;

    fn try_from(row: rows::Account) -> Result<Self, Unreadable> {
        Ok(Self {
            id: AccountId(row.id),
            owner: row.owner.map(UserId),
            kind: numbered("kind", row.kind, numbers!(AccountKind: User, External, Liquidity, Fees))?,
            stripe: row.stripe.map(u16::try_from).transpose().map_err(|_| Unreadable("stripe"))?,
            asset: row.asset,
            balance: row.balance,
            held: row.held,
            floor: row.floor,
            version: row.version,
            status: numbered("status", row.status, numbers!(AccountStatus: Open, Frozen, Closed))?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// The account of each of `owners`, in their order.
pub fn in_order(owners: &[UserId], found: Vec<rows::Owned>) -> Result<Vec<AccountId>, Unreadable> {
    let of: HashMap<u64, u64> = found.into_iter().map(|row| (row.owner, row.id)).collect();
    owners.iter().map(|owner| of.get(&owner.0).copied().map(AccountId).ok_or(Unreadable("owner"))).collect()
}

impl From<&Account> for rows::Account {
    fn from(account: &Account) -> Self {
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
        let reference = row.reference.map(Reference::parse).transpose();
        Ok(Self {
            id: TransferId(row.id),
            kind: kind(row.kind)?,
            status: numbered("status", row.status, numbers!(TransferStatus: Posted, Pending, Voided, Expired))?,
            from: AccountId(row.from_account),
            to: AccountId(row.to_account),
            asset: row.asset,
            amount: row.amount,
            settles: row.settles.map(TransferId),
            timeout_s: row.timeout_s.map(u32::try_from).transpose().map_err(|_| Unreadable("timeout_s"))?,
            reference: reference.map_err(|_| Unreadable("reference"))?,
            description: Description::parse(row.description).map_err(|_| Unreadable("description"))?,
            actor: UserId(row.actor),
            created_at: Timestamp(row.created_at),
            from_seq: row.from_seq,
            to_seq: row.to_seq,
        })
    }
}

/// What a transfer is for, by its number.
fn kind(number: u64) -> Result<TransferKind, Unreadable> {
    TransferKind::ALL.into_iter().find(|kind| *kind as u64 == number).ok_or(Unreadable("kind"))
}

impl From<&Transfer> for rows::Transfer {
    fn from(transfer: &Transfer) -> Self {
        Self {
            id: transfer.id.0,
            kind: transfer.kind as u64,
            status: transfer.status as u64,
            from_account: transfer.from.0,
            to_account: transfer.to.0,
            asset: transfer.asset,
            amount: transfer.amount,
            settles: transfer.settles.map(|id| id.0),
            timeout_s: transfer.timeout_s.map(u64::from),
            reference: transfer.reference.as_ref().map(|reference| reference.as_str().to_owned()),
            description: transfer.description.as_str().to_owned(),
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

impl From<&Entry> for rows::Entry {
    fn from(entry: &Entry) -> Self {
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

/// What became of a pending transfer, by its number.
fn hold_status(number: u64) -> Result<HoldStatus, Unreadable> {
    numbered("status", number, numbers!(HoldStatus: Pending, Posted, Voided, Expired))
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

impl From<&Hold> for rows::Hold {
    fn from(hold: &Hold) -> Self {
        Self {
            transfer_id: hold.transfer.0,
            account_id: hold.account.0,
            amount: hold.amount,
            expires_at: hold.expires_at.map(|at| at.0),
            status: hold.status as u64,
            settled_by: hold.settled_by.map(|id| id.0),
        }
    }
}

impl From<&Settled> for rows::SettledHold {
    fn from(settled: &Settled) -> Self {
        Self { transfer_id: settled.transfer.0, status: settled.status as u64, settled_by: settled.by.0 }
    }
}

impl From<&(TransferKind, Reference, TransferId)> for rows::TransferReference {
    fn from((kind, reference, transfer): &(TransferKind, Reference, TransferId)) -> Self {
        Self { kind: *kind as u64, reference: reference.as_str().to_owned(), transfer_id: transfer.0 }
    }
}

impl TryFrom<rows::TransferReference> for (TransferKind, Reference, TransferId) {
    type Error = Unreadable;

    fn try_from(row: rows::TransferReference) -> Result<Self, Unreadable> {
        let reference = Reference::parse(row.reference).map_err(|_| Unreadable("reference"))?;
        Ok((kind(row.kind)?, reference, TransferId(row.transfer_id)))
    }
}

impl TryFrom<rows::StoredTransfer> for Stored {
    type Error = Unreadable;

    fn try_from(row: rows::StoredTransfer) -> Result<Self, Unreadable> {
        let hold = hold(&row)?;
        let from_entry = Entry {
            account: AccountId(row.from_account),
            seq: row.from_seq,
            transfer: TransferId(row.id),
            amount: row.from_amount,
            balance_before: row.from_before,
            balance_after: row.from_after,
            held_after: row.from_held,
            created_at: Timestamp(row.created_at),
        };
        let to_entry = to_entry(&row)?;
        let transfer = Transfer::try_from(rows::Transfer {
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
        })?;
        Ok(Self { receipt: Receipt { transfer, from_entry, to_entry }, hold })
    }
}

/// The entry in the account that was paid, if the transfer says that there is one.
fn to_entry(row: &rows::StoredTransfer) -> Result<Option<Entry>, Unreadable> {
    let Some(seq) = row.to_seq else { return Ok(None) };
    let missing = Unreadable("entry of the account that was paid");
    Ok(Some(Entry {
        account: AccountId(row.to_account),
        seq,
        transfer: TransferId(row.id),
        amount: row.to_amount.ok_or(missing)?,
        balance_before: row.to_before.ok_or(missing)?,
        balance_after: row.to_after.ok_or(missing)?,
        held_after: row.to_held.ok_or(missing)?,
        created_at: Timestamp(row.created_at),
    }))
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

/// Each row as what it means; the first that cannot be understood is the error.
pub fn read<R, T: TryFrom<R>>(rows: Vec<R>) -> Result<Vec<T>, T::Error> {
    rows.into_iter().map(T::try_from).collect()
}

/// A row that knows whose it is, whatever else it says.
pub trait Owned {
    /// Whose it is.
    fn owner(&self) -> Owner;
}

impl Owned for rows::Account {
    fn owner(&self) -> Owner {
        Owner::Account(AccountId(self.id))
    }
}

impl Owned for rows::Transfer {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.id))
    }
}

impl Owned for rows::Hold {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.transfer_id))
    }
}

impl Owned for rows::TransferReference {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.transfer_id))
    }
}

impl Owned for rows::Payment {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.hold_id))
    }
}

impl Owned for rows::Refund {
    fn owner(&self) -> Owner {
        Owner::Transfer(TransferId(self.id))
    }
}

/// A page of what can be understood, and one for each row that cannot.
pub fn sorted_out<R: Owned, T: TryFrom<R, Error = Unreadable>>(rows: Vec<R>, page: fn(Vec<T>) -> Page) -> Vec<Page> {
    let (mut good, mut bad) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let owner = row.owner();
        match T::try_from(row) {
            Ok(row) => good.push(row),
            Err(unreadable) => bad.push(Page::Unreadable(owner, unreadable.to_string())),
        }
    }
    bad.insert(0, page(good));
    bad
}

#[cfg(test)]
mod tests {
    use super::{Role, Unreadable, rows};

    #[test]
    fn a_number_that_means_nothing_is_an_error_and_not_a_guess() {
        assert_eq!(Role::try_from(rows::UserRole { role: 2 }), Ok(Role::Operator));
        for role in [0, 3, u64::MAX] {
            assert_eq!(Role::try_from(rows::UserRole { role }), Err(Unreadable("role")));
        }
    }
}
