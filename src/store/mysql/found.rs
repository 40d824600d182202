//! What a batch reads.

use std::collections::BTreeMap;

use mysql_async::Result;
use mysql_async::prelude::Queryable;

use crate::domain::account::{Account, AccountId};
use crate::domain::effects::{Found, Wants};
use crate::domain::payment::Recorded;
use crate::domain::transfer::{Hold, Reference, Stored, TransferId, TransferKind};
use crate::store::queries::mysql as queries;
use crate::store::queries::payment::parted;

/// Whether a batch locks the accounts that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locking {
    /// As it must.
    Rows,
    /// Only to show what guards balances when locks fail.
    None,
}

/// Locks accounts in ascending order, however many round trips that takes, and adds them to what was found.
pub(super) async fn lock<C: Queryable>(
    db: &mut C,
    wanted: &[AccountId],
    locking: Locking,
    found: &mut Found,
) -> Result<()> {
    let mut ids: Vec<u64> = wanted.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = match locking {
        Locking::Rows => queries::lock_accounts(db, &ids).await?,
        Locking::None => queries::accounts(db, &ids).await?,
    };
    found.accounts.extend(wanted.iter().map(|id| (*id, None)));
    for row in rows {
        let account = Account::try_from(row)?;
        found.accounts.insert(account.id, Some(account));
    }
    Ok(())
}

/// Adds what a batch wants besides accounts to what was found.
pub(super) async fn look_up<C: Queryable>(db: &mut C, wants: &Wants, found: &mut Found) -> Result<()> {
    found.holds.extend(wants.holds.iter().map(|id| (*id, None)));
    for row in queries::holds(db, &bytes(&wants.holds)).await? {
        let hold = Hold::try_from(row)?;
        found.holds.insert(hold.transfer, Some(hold));
    }
    found.transfers.extend(wants.transfers.iter().map(|id| (*id, None)));
    for stored in transfers(db, &wants.transfers).await? {
        found.transfers.insert(stored.receipt.transfer.id, Some(stored));
    }
    records(db, &wants.records, found).await?;
    references(db, &wants.references, found).await
}

async fn records<C: Queryable>(db: &mut C, wanted: &[Recorded], found: &mut Found) -> Result<()> {
    found.records.extend(wanted.iter().map(|subject| (subject.clone(), None)));
    let (tokens, refunds) = parted(wanted);
    for row in queries::payment_standings(db, &tokens).await? {
        let (subject, standing) = row.try_into()?;
        found.records.insert(subject, Some(standing));
    }
    for row in queries::refund_standings(db, &refunds).await? {
        let (subject, standing) = row.try_into()?;
        found.records.insert(subject, Some(standing));
    }
    Ok(())
}

/// Those of `ids` that are there.
pub(super) async fn transfers<C: Queryable>(db: &mut C, ids: &[TransferId]) -> Result<Vec<Stored>> {
    queries::stored_transfers(db, &bytes(ids)).await?.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

async fn references<C: Queryable>(db: &mut C, wanted: &[(TransferKind, Reference)], found: &mut Found) -> Result<()> {
    let mut texts: BTreeMap<TransferKind, Vec<&str>> = BTreeMap::new();
    for (kind, reference) in wanted {
        texts.entry(*kind).or_default().push(reference.as_str());
    }
    found.references.extend(wanted.iter().map(|key| (key.clone(), None)));
    for (kind, texts) in texts {
        for row in queries::transfer_references(db, kind as u64, &texts).await? {
            let (kind, reference, transfer) = row.try_into()?;
            found.references.insert((kind, reference), Some(transfer));
        }
    }
    Ok(())
}

fn bytes(ids: &[TransferId]) -> Vec<[u8; 16]> {
    ids.iter().map(|id| id.0).collect()
}
