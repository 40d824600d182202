//! Whether the books are right: everything recomputed from the entries, in one pass and constant memory.
//!
//! The store sends all rows of one moment, each table in its own order. What can be seen in a row or in two neighbours is looked at
//! as they pass: numbers without gaps, running balances, signs. What has to agree between tables becomes a [`Fact`] that one table
//! asserts and another denies, and a [`Sketch`] in which the two cancel out, in whatever order they come. A sketch
//! that is not empty says that something is wrong, and where to look: a second pass keeps the facts of those places alone and
//! finds the very rows.
//!
//! | fact | asserted by | denied by |
//! | --- | --- | --- |
//! | an account's entry belongs to a transfer, with this amount and time | entries | transfers |
//! | an account ends at this version, balance and held | its newest entry | accounts |
//! | an account's entries are in its asset, and of kinds that its owner may have | accounts | transfers |
//! | a transfer held or released this much of an account | entries | holds |
//! | an account holds as much as its pending transfers | accounts | holds |
//! | a pending transfer was ended so by that transfer | transfers | holds |
//! | a reference was used by a transfer | transfers | references |
//! | a half of a conversion is its user's, and sells or buys this much of that asset | conversions | transfers |
//! | a payment's money went out of this account | transfers | payments |
//! | a refund's money came into this account | transfers | refunds |
//! | so much of a payment is given back, or promised | refunds | payments |
//!
//! Besides, the balances of each asset sum to zero, and every conversion has bought what its rate says, to the minor unit.

mod account;
mod fact;
mod sketch;
#[cfg(test)]
mod tests;
mod violation;

use std::collections::{BTreeMap, HashMap};

use tokio::sync::mpsc;

use self::account::Chain;
use self::fact::Fact;
use self::sketch::{Leftovers, Sketch};
pub use self::violation::{Place, Violation};
use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::conversion::Conversion;
use crate::domain::payment::{Payment, PaymentStatus};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Hold, HoldStatus, Transfer, TransferKind, TransferStatus};
use crate::ledger::plan::expiry;
use crate::store::StoreError;
use crate::store::ledger::{LedgerStore, Owner, Page};

/// Violations that a [`Report`] names; further ones are counted.
pub const NAMED_MAX: usize = 1000;
/// Pages on their way from the store.
const PAGES: usize = 4;

/// What was looked at and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Accounts.
    pub accounts: u64,
    /// Entries.
    pub entries: u64,
    /// Transfers.
    pub transfers: u64,
    /// Transfers that were or are pending.
    pub holds: u64,
    /// What is wrong, at most [`NAMED_MAX`] of it.
    pub violations: Vec<Violation>,
    /// How much is wrong.
    pub total: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.total == 0
    }

    fn add(&mut self, violation: Violation) {
        self.total = self.total.saturating_add(1);
        if self.violations.len() < NAMED_MAX {
            self.violations.push(violation);
        }
    }
}

/// Checks everything, or with `since` what is not older than that: then each account is taken to be right up to its last older entry.
/// `done` is called with the number of rows of each page.
///
/// # Errors
///
/// The store could not be read, a column that holds what is none of its type included; nothing is known then.
pub async fn verify<S: LedgerStore>(
    store: &S,
    since: Option<Timestamp>,
    mut done: impl FnMut(usize),
) -> Result<Report, StoreError> {
    let mut first = Pass::new(since, Sketch::new());
    read(store, since, |page| done(first.page(&page))).await?;
    let Pass { mut report, facts: sketch, .. } = first.finish();
    let suspects = sketch.suspects();
    if suspects.is_empty() {
        return Ok(report);
    }
    let mut second = Pass::new(since, Leftovers::of(suspects));
    read(store, since, |page| done(second.page(&page))).await?;
    let Pass { facts: leftovers, .. } = second.finish();
    for violation in fact::violations(leftovers.into_facts()) {
        report.add(violation);
    }
    if report.is_clean() {
        // The books grew between the passes, and what was wrong went away: that does not happen to rows that never change.
        report.add(Violation::new(Place::Ledger, "tables that agree", "tables that disagreed for a moment"));
    }
    Ok(report)
}

async fn read<S: LedgerStore>(
    store: &S,
    since: Option<Timestamp>,
    mut take: impl FnMut(Page),
) -> Result<(), StoreError> {
    let (sender, mut pages) = mpsc::channel(PAGES);
    let taking = async {
        while let Some(page) = pages.recv().await {
            take(page);
        }
    };
    let (sent, ()) = tokio::join!(store.snapshot(since, sender), taking);
    sent
}

/// Where facts go: into a [`Sketch`] first, then into [`Leftovers`].
trait Facts {
    /// Asserts `fact` so many times, or denies it, if less than zero.
    fn add(&mut self, fact: Fact, times: i128);
}

/// One reading of all rows.
struct Pass<F> {
    since: Option<Timestamp>,
    facts: F,
    chain: Option<Chain>,
    sums: BTreeMap<Asset, i128>,
    /// The accounts that are nobody's: as few as there are assets, times the stripes of each. They come before all transfers.
    house: HashMap<AccountId, AccountKind>,
    report: Report,
}

impl<F: Facts> Pass<F> {
    fn new(since: Option<Timestamp>, facts: F) -> Self {
        Self { since, facts, chain: None, sums: BTreeMap::new(), house: HashMap::new(), report: Report::default() }
    }

    /// Takes in a page and returns how many rows it had.
    fn page(&mut self, page: &Page) -> usize {
        match page {
            Page::Accounts(rows) => rows.iter().map(|row| self.account(row)).count(),
            Page::Entries(rows) => rows.iter().map(|row| self.entry(row)).count(),
            Page::Transfers(rows) => rows.iter().map(|row| self.transfer(row)).count(),
            Page::Holds(rows) => rows.iter().map(|row| self.hold(row)).count(),
            Page::References(rows) => {
                for (kind, reference, transfer) in rows {
                    let fact = Fact::Reference { kind: *kind, reference: reference.clone(), transfer: *transfer };
                    self.whole(fact, -1);
                }
                rows.len()
            }
            Page::Conversions(rows) => rows.iter().map(|row| self.conversion(row)).count(),
            Page::Payments(rows) => rows.iter().map(|row| self.payment(row)).count(),
            Page::Refunds(rows) => rows.iter().map(|row| self.refund(row)).count(),
            Page::Unreadable(owner, why) => {
                let place = match owner {
                    Owner::Account(account) => Place::Account(*account),
                    Owner::Transfer(transfer) => Place::Transfer(*transfer),
                };
                self.report.add(Violation::new(place, "rows that can be understood", why));
                1
            }
        }
    }

    fn finish(mut self) -> Self {
        self.end_chain();
        for (asset, sum) in std::mem::take(&mut self.sums) {
            if sum != 0 {
                self.report.add(Violation::new(Place::Asset(asset), "balances that sum to 0", sum));
            }
        }
        self
    }

    /// A fact that only the whole of the books can confirm.
    fn whole(&mut self, fact: Fact, times: i128) {
        if self.since.is_none() {
            self.facts.add(fact, times);
        }
    }

    fn account(&mut self, account: &Account) {
        self.report.accounts = self.report.accounts.saturating_add(1);
        let (id, held) = (account.id, account.held.minor());
        if account.kind != AccountKind::User {
            self.house.insert(id, account.kind);
        }
        let sum = self.sums.entry(account.asset).or_default();
        *sum = sum.wrapping_add(account.balance.minor());
        if held < 0 {
            self.report.add(Violation::new(Place::Account(id), "held of 0 or more", held));
        }
        // An account without entries ends where every account begins.
        self.facts.add(Fact::end(id, account.version, account.balance, account.held), -1);
        self.facts.add(Fact::end_of_nothing(id), i128::from(account.version == 0));
        let fact = Fact::Asset { account: id, asset: account.asset, kind: account.kind };
        self.whole(fact, i128::from(account.version));
        self.facts.add(Fact::Open { account: id }, held);
    }

    fn entry(&mut self, entry: &Entry) {
        self.report.entries = self.report.entries.saturating_add(1);
        if self.chain.is_some_and(|chain| chain.account() != entry.account) {
            self.end_chain();
        }
        let is_base = self.since.is_some_and(|since| entry.created_at < since);
        let mut chain = match self.chain {
            None if is_base => {
                self.chain = Some(Chain::from(entry));
                return;
            }
            None => Chain::new(entry.account),
            Some(chain) => chain,
        };
        let held = chain.follow(entry, |violation| self.report.add(violation));
        self.chain = Some(chain);
        self.facts.add(Fact::entry(entry), 1);
        if held != 0 {
            self.whole(Fact::Held { transfer: entry.transfer, account: entry.account, by: held }, 1);
        }
    }

    fn end_chain(&mut self) {
        if let Some(chain) = self.chain.take() {
            self.facts.add(chain.end(), 1);
        }
    }

    fn kind_of(&self, account: AccountId) -> AccountKind {
        self.house.get(&account).copied().unwrap_or(AccountKind::User)
    }

    fn transfer(&mut self, transfer: &Transfer) {
        self.report.transfers = self.report.transfers.saturating_add(1);
        if transfer.amount.minor() <= 0 {
            let place = Place::Transfer(transfer.id);
            self.report.add(Violation::new(place, "an amount of more than 0", transfer.amount.minor()));
        }
        // The account that pays comes first.
        let payer = self.kind_of(transfer.from);
        for (entry, kinds) in fact::entries_of(transfer).zip(fact::sides_of(transfer.kind, payer)) {
            if let Fact::Entry { account, .. } = entry {
                let own = self.kind_of(account);
                let kind = if kinds.contains(&own) { own } else { kinds[0] };
                self.whole(Fact::Asset { account, asset: transfer.asset, kind }, -1);
            }
            self.facts.add(entry, -1);
        }
        if transfer.kind == TransferKind::Conversion {
            let Transfer { id, actor: user, asset, amount, .. } = *transfer;
            self.whole(Fact::Half { transfer: id, user, asset, amount, sells: payer == AccountKind::User }, -1);
        }
        if let Some(pending) = transfer.settles {
            self.whole(Fact::Settled { pending, by: transfer.id, how: transfer.status }, 1);
        }
        if let Some(reference) = &transfer.reference {
            let fact = Fact::Reference { kind: transfer.kind, reference: reference.clone(), transfer: transfer.id };
            self.whole(fact, 1);
        }
        match (transfer.kind, transfer.status, transfer.settles) {
            (TransferKind::Payment, TransferStatus::Posted, Some(hold)) => {
                self.whole(Fact::Charged { hold, account: transfer.from, amount: transfer.amount }, 1);
            }
            (TransferKind::Refund, TransferStatus::Posted, _) => {
                let (transfer, account, amount) = (transfer.id, transfer.to, transfer.amount);
                self.whole(Fact::GivenBack { transfer, account, amount }, 1);
            }
            _ => {}
        }
        if transfer.status == TransferStatus::Pending {
            let expires_at = expiry(transfer.created_at, transfer.timeout_s);
            let (account, amount) = (transfer.from, transfer.amount);
            self.whole(Fact::Pending { transfer: transfer.id, account, amount, expires_at }, 1);
        }
    }

    fn conversion(&mut self, made: &Conversion) {
        let expected = made.rate.buys(made.sold, made.from, made.to).map(|(bought, _)| bought);
        if expected != Ok(made.bought) {
            let expected = expected.map_or("too much to be counted".to_owned(), |bought| bought.minor().to_string());
            let violation = Violation::new(Place::Transfer(made.id), format!("to buy {expected}"), made.bought.minor());
            self.report.add(violation);
        }
        let user = made.user;
        let half = |transfer, asset, amount, sells| Fact::Half { transfer, user, asset, amount, sells };
        self.whole(half(made.id, made.from, made.sold, true), 1);
        self.whole(half(made.bought_by, made.to, made.bought, false), 1);
    }

    fn payment(&mut self, payment: &Payment) {
        let order = payment.order.number();
        let is_paid = payment.status == PaymentStatus::Success;
        let most = if is_paid { payment.amount.minor() } else { 0 };
        if !(0..=most).contains(&payment.refunded.minor()) {
            let expected = format!("0 to {most} given back");
            self.report.add(Violation::new(Place::Payment(order), expected, payment.refunded.minor()));
        }
        self.whole(Fact::Refunded { order }, payment.refunded.minor().wrapping_neg());
        match payment.account {
            Some(account) if is_paid => {
                self.whole(Fact::Charged { hold: payment.hold, account, amount: payment.amount }, -1);
            }
            None if is_paid => {
                self.report.add(Violation::new(Place::Payment(order), "the account that paid", "none"));
            }
            _ => {}
        }
    }

    fn refund(&mut self, refund: &Refund) {
        if refund.status == PaymentStatus::Failed {
            return;
        }
        self.whole(Fact::Refunded { order: refund.charge.number() }, refund.amount.minor());
        if refund.status == PaymentStatus::Success {
            let (transfer, account) = (refund.transfer.unwrap_or(refund.id), refund.account);
            self.whole(Fact::GivenBack { transfer, account, amount: refund.amount }, -1);
        }
    }

    fn hold(&mut self, hold: &Hold) {
        self.report.holds = self.report.holds.saturating_add(1);
        let (transfer, account, amount) = (hold.transfer, hold.account, hold.amount.minor());
        self.whole(Fact::Pending { transfer, account, amount: hold.amount, expires_at: hold.expires_at }, -1);
        self.whole(Fact::Held { transfer, account, by: amount }, -1);
        let how = match hold.status {
            HoldStatus::Pending => {
                if let Some(by) = hold.settled_by {
                    let place = Place::Transfer(transfer);
                    self.report.add(Violation::new(place, "nothing that settled it while it is pending", by));
                }
                return self.facts.add(Fact::Open { account }, amount.wrapping_neg());
            }
            HoldStatus::Posted => TransferStatus::Posted,
            HoldStatus::Voided => TransferStatus::Voided,
            HoldStatus::Expired => TransferStatus::Expired,
        };
        let Some(by) = hold.settled_by else {
            let place = Place::Transfer(transfer);
            return self.report.add(Violation::new(place, "the transfer that settled it", "none"));
        };
        self.whole(Fact::Held { transfer: by, account, by: amount.wrapping_neg() }, -1);
        self.whole(Fact::Settled { pending: transfer, by, how }, -1);
    }
}
