//! Balances compared with somebody else's: one, or many at once.
//!
//! However many entries a wallet has, a comparison is a few look-ups: the account, the two ends of its period, and the last comparison that
//! matched where the next begins at its end.
//!
//! - [`balances`]: a file of them.

pub mod balances;

use std::sync::Arc;

use tokio::task::JoinSet;

use super::statement::books;
use crate::domain::account::{Account, AccountId};
use crate::domain::asset::Asset;
use crate::domain::invalid::Invalid;
use crate::domain::reconcile::{Claim, Period, Reconciliation};
use crate::domain::time::Timestamp;
use crate::store::{Store, StoreError};

/// What is to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first instant of the period. Without it, it begins where the last comparison that matched ended, if that is before `end`, or else when
    /// the account was opened.
    pub start: Option<Timestamp>,
    /// The last.
    pub end: Timestamp,
    /// What somebody else says.
    pub claim: Claim,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store could not be read or written.
    #[error("cannot use the store")]
    Store(#[from] StoreError),
    /// It cannot be made.
    #[error(transparent)]
    Refused(#[from] Invalid),
    /// There is no such wallet.
    #[error("there is no such account")]
    Unknown,
}

/// A comparison of a wallet in this currency.
pub type Compared = Result<(Asset, Reconciliation), Failure>;

/// Compares. Nothing is kept by it.
///
/// # Errors
///
/// [`Failure::Refused`] names `start_time` if the period would begin after its end, and what has too many digits.
pub async fn compare<S: Store>(
    store: &S,
    account: &Account,
    asked: Asked,
    now: Timestamp,
) -> Result<Reconciliation, Failure> {
    let Asked { start, end, claim } = asked;
    let last = match start {
        Some(_) => None,
        // What ends before the last one that matched does not go on from it, and begins where the account does.
        None => store.last_matched(account.id).await?.filter(|last| last.seen_until() < end),
    };
    let next = last.as_ref().map(|last| Timestamp(last.seen_until().0.saturating_add(1)));
    let start = start.or(next).unwrap_or(account.created_at.min(end));
    if start > end {
        return Err(Invalid::new("start_time", "must not be after end_time").into());
    }
    let period = Period { start, end };
    let books = books(store, account, period).await?;
    let made = Reconciliation::of(account.id, account.asset, period, books, claim, now)?;
    Ok(match last {
        Some(last) => made.going_on_from(&last, account.asset),
        None => made,
    })
}

/// Compares many, `at_once` of them at any time, and keeps all that could be made, in one transaction. Each is answered in its place.
///
/// # Errors
///
/// None was kept. What a single one fails with is its own answer.
pub async fn compare_all<S: Store>(
    store: &S,
    asked: Vec<(AccountId, Asked)>,
    at_once: usize,
    now: Timestamp,
) -> Result<Vec<Compared>, StoreError> {
    let count = asked.len();
    let (asked, mut lanes) = (Arc::new(asked), JoinSet::new());
    for lane in 0..at_once.clamp(1, count.max(1)) {
        let (store, asked) = (store.clone(), Arc::clone(&asked));
        lanes.spawn(async move {
            let mut compared = Vec::new();
            for (place, (account, asked)) in asked.iter().enumerate().skip(lane).step_by(at_once.max(1)) {
                compared.push((place, one(&store, *account, *asked, now).await));
            }
            compared
        });
    }
    let mut compared: Vec<(usize, Compared)> = lanes.join_all().await.into_iter().flatten().collect();
    compared.sort_unstable_by_key(|(place, _)| *place);
    keep(store, answered(compared.into_iter().map(|(_, compared)| compared))?).await
}

/// What came of each, unless the store failed at one of them: then whoever asked asks for all of them again.
fn answered(compared: impl Iterator<Item = Compared>) -> Result<Vec<Compared>, StoreError> {
    let answered = compared.map(|compared| match compared {
        Err(Failure::Store(error)) => Err(error),
        answer => Ok(answer),
    });
    answered.collect()
}

async fn one<S: Store>(store: &S, account: AccountId, asked: Asked, now: Timestamp) -> Compared {
    let account = store.account(account).await?.filter(|account| account.owner.is_some()).ok_or(Failure::Unknown)?;
    let made = compare(store, &account, asked, now).await?;
    Ok((account.asset, made))
}

async fn keep<S: Store>(store: &S, mut compared: Vec<Compared>) -> Result<Vec<Compared>, StoreError> {
    let made = compared.iter().flatten().map(|(_, made)| made.clone()).collect();
    let ids = store.add_reconciliations(made).await?;
    for ((_, made), id) in compared.iter_mut().flatten().zip(ids) {
        made.id = id;
    }
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::{Failure, answered};
    use crate::store::StoreError;

    #[test]
    fn where_the_store_failed_at_one_none_is_kept() {
        let kept =
            answered([Err(Failure::Unknown), Err(Failure::Unknown)].into_iter()).expect("the store has not failed");
        assert_eq!(kept.len(), 2);
        let lost = Failure::Store(StoreError::Unavailable("lost".into()));
        let failed = answered([Err(Failure::Unknown), Err(lost), Err(Failure::Unknown)].into_iter());
        assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    }
}
