//! Promises about everything as it was at one moment.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::task::Poll;

use tokio::sync::mpsc;

use super::super::{Promise, promises};
use super::books::{Books, asset, at, two_accounts, write};
use crate::domain::account::Account;
use crate::domain::conversion::Conversion;
use crate::domain::effects::Effects;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Hold, Reference, Transfer, TransferId, TransferKind};
use crate::domain::user::UserId;
use crate::store::ledger::{LedgerStore, Page};

pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    promises![
        a_snapshot_has_everything_in_order,
        a_snapshot_is_of_one_moment,
        a_snapshot_since_a_time_has_what_changed_and_what_it_began_with,
        a_snapshot_that_nobody_takes_ends,
    ]
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Everything {
    accounts: Vec<Account>,
    entries: Vec<Entry>,
    transfers: Vec<Transfer>,
    holds: Vec<Hold>,
    references: Vec<(TransferKind, Reference, TransferId)>,
    conversions: Vec<Conversion>,
}

impl Everything {
    /// Kinds come one after the other, in the order of the fields.
    fn add(&mut self, page: Page) {
        match page {
            Page::Accounts(rows) => {
                assert!(self.entries.is_empty() && self.transfers.is_empty() && self.holds.is_empty());
                self.accounts.extend(rows);
            }
            Page::Entries(rows) => {
                assert!(self.transfers.is_empty() && self.holds.is_empty());
                self.entries.extend(rows);
            }
            Page::Transfers(rows) => {
                assert!(self.holds.is_empty());
                self.transfers.extend(rows);
            }
            Page::Holds(rows) => {
                assert!(self.references.is_empty());
                self.holds.extend(rows);
            }
            Page::References(rows) => {
                assert!(self.conversions.is_empty());
                self.references.extend(rows);
            }
            Page::Conversions(rows) => self.conversions.extend(rows),
            Page::Payments(_) | Page::Refunds(_) => panic!("nobody has paid"),
            Page::Unreadable(owner, why) => panic!("{owner:?}: {why}"),
        }
    }

    /// What these effects, one after the other, have written.
    fn of(written: &[&Effects], books: &Books, accounts: &[Account]) -> Self {
        let entries = written.iter().flat_map(|one| one.entries.clone());
        let transfers = written.iter().flat_map(|one| one.transfers.clone());
        let mut all = Self {
            accounts: accounts.iter().map(|account| books.account(account.id)).collect(),
            entries: entries.collect(),
            transfers: transfers.collect(),
            holds: written.iter().flat_map(|one| one.holds.clone()).collect(),
            references: written.iter().flat_map(|one| one.references.clone()).collect(),
            conversions: written.iter().flat_map(|one| one.conversions.clone()).collect(),
        };
        for settled in written.iter().flat_map(|one| &one.settled) {
            let hold = all.holds.iter_mut().find(|hold| hold.transfer == settled.transfer).expect("it was held");
            (hold.status, hold.settled_by) = (settled.status, Some(settled.by));
        }
        all.entries.sort_by_key(|entry| (entry.account, entry.seq));
        all.transfers.sort_by_key(|transfer| transfer.id);
        all.holds.sort_by_key(|hold| hold.transfer);
        all.references.sort();
        all.conversions.sort_by_key(|conversion| conversion.id);
        all
    }
}

/// Takes the first page, does `meanwhile`, and takes the rest.
async fn take<S: LedgerStore>(store: &S, since: Option<Timestamp>, meanwhile: impl Future<Output = ()>) -> Everything {
    let (sender, mut pages) = mpsc::channel(1);
    let mut all = Everything::default();
    let snapshot = store.snapshot(since, sender);
    let taking = async {
        all.add(pages.recv().await.expect("a first page"));
        meanwhile.await;
        while let Some(page) = pages.recv().await {
            all.add(page);
        }
    };
    let (outcome, ()) = tokio::join!(snapshot, taking);
    outcome.expect("snapshot");
    all
}

/// Enough for several pages of each kind, in four accounts, and the effects that made it.
async fn plenty<S: LedgerStore>(store: &S) -> (Vec<Account>, Vec<Effects>, Books) {
    let mut accounts = two_accounts(store).await.to_vec();
    let third = store.open_account(UserId(3), asset("CNY"), at(0)).await.expect("open_account");
    let fourth = store.open_account(UserId(4), asset("CNY"), at(0)).await.expect("open_account");
    accounts.extend([third, fourth].into_iter().flatten());
    let (one, other, third) = (accounts[0].id, accounts[1].id, accounts[2].id);
    let mut books = Books::of(&accounts);
    for number in 0..2_500 {
        books = books.post(2 * number, [one, other], 1, at(i64::from(number)));
        books = books.hold(2 * number + 1, [other, third], 1, at(i64::from(number)), None);
    }
    write(store, books.effects.clone()).await.expect("write");
    let ended = books.next().void(9_001, &books.stored[1], at(2_500)).void(9_000, &books.stored[3], at(2_500));
    write(store, ended.effects.clone()).await.expect("write");
    (accounts, vec![books.effects.clone(), ended.effects.clone()], ended)
}

async fn a_snapshot_has_everything_in_order<S: LedgerStore>(store: S) {
    let (accounts, written, books) = plenty(&store).await;
    let wanted = Everything::of(&written.iter().collect::<Vec<_>>(), &books, &accounts);
    let found = take(&store, None, async {}).await;
    assert_eq!(found.accounts, wanted.accounts);
    assert!(found == wanted, "entries, transfers and holds are those that were written, in the order of their keys");
}

async fn a_snapshot_is_of_one_moment<S: LedgerStore>(store: S) {
    let (accounts, written, books) = plenty(&store).await;
    let wanted = Everything::of(&written.iter().collect::<Vec<_>>(), &books, &accounts);
    let found = take(&store, None, async {
        let pair = [accounts[0].id, accounts[3].id];
        let later = books.next().post(20_000, pair, 1, at(3_000)).hold(20_001, pair, 1, at(3_000), None);
        write(&store, later.effects).await.expect("a snapshot holds up no writer");
        store.open_account(UserId(5), asset("CNY"), at(3_000)).await.expect("open_account").expect("opened");
    })
    .await;
    assert!(found == wanted, "nothing of what was written meanwhile");
}

async fn a_snapshot_since_a_time_has_what_changed_and_what_it_began_with<S: LedgerStore>(store: S) {
    let (accounts, written, books) = plenty(&store).await;
    for since in [at(0), at(1), at(2_400), at(2_500), at(9_999)] {
        let mut wanted = Everything::of(&written.iter().collect::<Vec<_>>(), &books, &accounts);
        wanted.transfers.retain(|transfer| transfer.created_at >= since);
        wanted.holds.retain(|hold| hold.settled_by.is_none());
        let newest_older = |entry: &Entry| {
            let older = wanted.entries.iter().filter(|one| one.account == entry.account && one.created_at < since);
            older.map(|one| one.seq).max()
        };
        let mut first = BTreeMap::new();
        for entry in &wanted.entries {
            first.entry(entry.account).or_insert_with(|| newest_older(entry).unwrap_or(1));
        }
        wanted.entries.retain(|entry| entry.seq >= first[&entry.account]);
        let found = take(&store, Some(since), async {}).await;
        assert_eq!(found.entries.len(), wanted.entries.len(), "{since:?}");
        assert!(found == wanted, "{since:?}");
    }
}

async fn a_snapshot_that_nobody_takes_ends<S: LedgerStore>(store: S) {
    plenty(&store).await;
    let (sender, mut pages) = mpsc::channel(1);
    let mut snapshot = Box::pin(store.snapshot(None, sender));
    let mut first = Box::pin(pages.recv());
    // Until there is a page.
    poll_fn(|cx| match (snapshot.as_mut().poll(cx), first.as_mut().poll(cx)) {
        (Poll::Ready(ended), Poll::Pending) => panic!("it ended without a page: {ended:?}"),
        (_, page) => page.map(|page| assert!(page.is_some())),
    })
    .await;
    drop(first);
    drop(pages);
    snapshot.await.expect("that nobody takes it is no error");
}
