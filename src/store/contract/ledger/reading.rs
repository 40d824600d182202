//! Promises about what is read of entries and holds.

use super::super::{Promise, promises};
use super::books::{Books, at, id, two_accounts, write};
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::store::ledger::{EntryRange, LedgerStore};

pub fn promises<S: LedgerStore>() -> Vec<Promise<S>> {
    promises![
        entries_come_newest_first_within_their_time,
        entries_come_in_pages_that_leave_none_out,
        the_entry_at_a_time_is_the_newest_until_then,
        every_time_is_found_among_hundreds_of_entries,
        a_hold_expires_at_its_very_microsecond,
    ]
}

/// One account has entries 1 to 5 at 10, 20, 20, 20 and 30; another one has as many besides.
async fn five_entries<S: LedgerStore>(store: &S) -> AccountId {
    let accounts = two_accounts(store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let mut books = Books::of(&accounts);
    for (number, when) in (1..).zip([10, 20, 20, 20, 30]) {
        books = books.post(number, pair, 1, at(when));
    }
    write(store, books.effects).await.expect("write");
    pair[0]
}

async fn entries_come_newest_first_within_their_time<S: LedgerStore>(store: S) {
    let account = five_entries(&store).await;
    let seqs = async |account, from: Option<i64>, until: Option<i64>, before| {
        let range = EntryRange { from: from.map(at), until: until.map(at), before, limit: 100 };
        let entries = store.entries(account, range).await.expect("entries");
        assert!(entries.iter().all(|entry| entry.account == account));
        entries.into_iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(account, None, None, None).await, [5, 4, 3, 2, 1]);
    for (from, wanted) in [(9, 5), (10, 5), (11, 4), (20, 4), (21, 1), (30, 1), (31, 0)] {
        assert_eq!(seqs(account, Some(from), None, None).await.len(), wanted, "not older than {from}");
    }
    for (until, wanted) in [(10, 0), (11, 1), (20, 1), (21, 4), (30, 4), (31, 5)] {
        assert_eq!(seqs(account, None, Some(until), None).await.len(), wanted, "older than {until}");
    }
    assert_eq!(seqs(account, Some(11), Some(30), None).await, [4, 3, 2]);
    assert_eq!(seqs(account, Some(20), Some(20), None).await, [0; 0], "an empty span");
    assert_eq!(seqs(account, Some(30), Some(10), None).await, [0; 0], "a span that ends before it begins");
    assert_eq!(seqs(account, Some(11), Some(30), Some(4)).await, [3, 2]);
    assert_eq!(seqs(account, Some(11), Some(30), Some(9)).await, [4, 3, 2]);
    for (before, wanted) in [(0, 0), (1, 0), (2, 1), (6, 5), (u64::MAX, 5)] {
        assert_eq!(seqs(account, None, None, Some(before)).await.len(), wanted, "before {before}");
    }
    assert_eq!(seqs(AccountId(u64::MAX), None, None, None).await, [0; 0]);
}

async fn entries_come_in_pages_that_leave_none_out<S: LedgerStore>(store: S) {
    let account = five_entries(&store).await;
    for limit in 1..=6 {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let range = EntryRange { from: Some(at(10)), until: Some(at(31)), before, limit };
            let page = store.entries(account, range).await.expect("entries");
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit);
            before = Some(last.seq);
            all.extend(page.iter().map(|entry| entry.seq));
        }
        assert_eq!(all, [5, 4, 3, 2, 1], "{limit} at a time");
    }
}

async fn the_entry_at_a_time_is_the_newest_until_then<S: LedgerStore>(store: S) {
    let account = five_entries(&store).await;
    let seq = async |when| store.entry_at(account, when).await.expect("entry_at").map(|entry| entry.seq);
    for (when, wanted) in
        [(9, None), (10, Some(1)), (11, Some(1)), (19, Some(1)), (20, Some(4)), (21, Some(4)), (30, Some(5))]
    {
        assert_eq!(seq(at(when)).await, wanted, "at {when}");
    }
    assert_eq!(seq(Timestamp(i64::MAX)).await, Some(5));
    assert_eq!(seq(Timestamp(i64::MIN)).await, None);
    assert_eq!(store.entry_at(AccountId(4711), at(30)).await.expect("entry_at"), None);
}

/// Runs of entries at one time, shorter and longer than what an index may leave out, and times without any between them.
async fn every_time_is_found_among_hundreds_of_entries<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let account = accounts[0].id;
    let mut books = Books::of(&accounts);
    let mut times = Vec::new();
    for (when, run) in (0..).step_by(2).zip([1, 62, 1, 1, 63, 64, 65, 2, 130, 1]) {
        times.extend(vec![when; run]);
    }
    for (number, when) in (1..).zip(&times) {
        books = books.post(number, [account, accounts[1].id], 1, at(*when));
    }
    write(&store, books.effects).await.expect("write");
    for when in -1..=20 {
        let found = store.entry_at(account, at(when)).await.expect("entry_at").map(|entry| entry.seq as usize);
        let wanted = times.iter().rposition(|time| *time <= when).map(|place| place + 1);
        assert_eq!(found, wanted, "at {when}");
        let range = EntryRange { from: Some(at(when)), until: Some(at(when + 3)), before: None, limit: 1000 };
        let entries = store.entries(account, range).await.expect("entries").len();
        let wanted = times.iter().filter(|time| (when..when + 3).contains(*time)).count();
        assert_eq!(entries, wanted, "three from {when} on");
    }
}

async fn a_hold_expires_at_its_very_microsecond<S: LedgerStore>(store: S) {
    let accounts = two_accounts(&store).await;
    let pair = [accounts[0].id, accounts[1].id];
    let books = Books::of(&accounts)
        .hold(1, pair, 1, at(0), Some(at(300)))
        .hold(2, pair, 1, at(0), Some(at(100)))
        .hold(3, pair, 1, at(0), None)
        .hold(4, pair, 1, at(0), Some(at(200)));
    write(&store, books.effects.clone()).await.expect("write");
    let expired = async |when, limit| store.expired_holds(at(when), limit).await.expect("expired_holds");
    for (when, wanted) in [(99, &[][..]), (100, &[2]), (199, &[2]), (200, &[2, 4]), (10_000, &[2, 4, 1])] {
        assert_eq!(expired(when, 9).await, wanted.iter().map(|number| id(*number)).collect::<Vec<_>>(), "at {when}");
    }
    assert_eq!(expired(10_000, 2).await, [id(2), id(4)]);
    let ended = books.next().void(5, &books.stored[1], at(250));
    write(&store, ended.effects).await.expect("write");
    assert_eq!(expired(10_000, 9).await, [id(4), id(1)], "what has ended expires no more");
}
