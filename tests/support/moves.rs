//! The least batch that moves money, and books to check: for tests and measurements of what a store makes of a batch.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use teller::domain::account::{Account, AccountId, AccountKind};
use teller::domain::effects::{Effects, Found, Wants};
use teller::domain::money::Amount;
use teller::domain::time::Timestamp;
use teller::domain::transfer::{Description, Entry, Reference, Transfer, TransferId, TransferKind, TransferStatus};
use teller::domain::user::UserId;
use teller::store::ledger::{Batch, Decision, LedgerStore, Page};
use tokio::sync::mpsc;

/// The time of everything that is moved.
pub const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

/// Money from one account to another.
#[derive(Clone, Debug)]
pub struct Move {
    pub id: TransferId,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: i128,
    pub reference: Option<Reference>,
}

impl Move {
    /// Under a random id.
    pub fn new(from: AccountId, to: AccountId, amount: i128) -> Self {
        Self { id: TransferId(rand::random()), from, to, amount, reference: None }
    }
}

/// What became of a [`Move`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Now,
    Before,
    /// Too little is there, or the reference is used.
    Refused,
}

/// Moves, each done or refused on its own. What only a collision tells is not looked for before one.
#[derive(Clone, Debug)]
pub struct Moves(pub Vec<Move>);

impl Batch for Moves {
    type Answer = Vec<Moved>;

    fn wants(&self) -> Wants {
        let accounts: HashSet<_> = self.0.iter().flat_map(|one| [one.from, one.to]).collect();
        Wants { accounts: accounts.into_iter().collect(), ..Wants::default() }
    }

    fn wants_after_collision(&self) -> Wants {
        let references = self.0.iter().filter_map(|one| Some((TransferKind::Transfer, one.reference.clone()?)));
        Wants {
            transfers: self.0.iter().map(|one| one.id).collect(),
            references: references.collect(),
            ..Wants::default()
        }
    }

    fn decide(&self, found: &Found) -> Decision<Vec<Moved>> {
        let mut accounts: BTreeMap<AccountId, Account> = BTreeMap::new();
        let mut effects = Effects::default();
        let mut refused_unseen = Vec::new();
        let mut answer = Vec::new();
        for one in &self.0 {
            let moved = match found.transfers.get(&one.id) {
                Some(Some(_)) => Moved::Before,
                seen => {
                    let moved = apply(one, found, &mut accounts, &mut effects);
                    if moved == Moved::Refused && seen.is_none() {
                        refused_unseen.push(one.id);
                    }
                    moved
                }
            };
            answer.push(moved);
        }
        if !refused_unseen.is_empty() {
            return Decision::Read(Wants { transfers: refused_unseen, ..Wants::default() });
        }
        effects.accounts = accounts.into_values().collect();
        Decision::Write(effects, answer)
    }
}

fn apply(one: &Move, found: &Found, accounts: &mut BTreeMap<AccountId, Account>, effects: &mut Effects) -> Moved {
    let used = one.reference.as_ref().and_then(|own| found.references.get(&(TransferKind::Transfer, own.clone())));
    let account = |id: AccountId| accounts.get(&id).or(found.accounts[&id].as_ref()).expect("it exists").clone();
    let (mut from, mut to) = (account(one.from), account(one.to));
    let short = from.kind == AccountKind::User && from.balance.minor() < one.amount;
    if short || matches!(used, Some(Some(_))) {
        return Moved::Refused;
    }
    let sides = [(&mut from, -one.amount), (&mut to, one.amount)];
    let entries = sides.map(|(account, amount)| entry(account, one.id, amount));
    effects.transfers.push(transfer(one, &from, &entries));
    effects.references.extend(one.reference.clone().map(|name| (TransferKind::Transfer, name, one.id)));
    effects.entries.extend(entries);
    accounts.extend([(from.id, from), (to.id, to)]);
    Moved::Now
}

fn entry(account: &mut Account, transfer: TransferId, amount: i128) -> Entry {
    let before = account.balance;
    account.balance = Amount::new(before.minor() + amount).expect("it fits");
    account.version += 1;
    account.updated_at = NOW;
    Entry {
        account: account.id,
        seq: account.version,
        transfer,
        amount: Amount::new(amount).expect("it fits"),
        balance_before: before,
        balance_after: account.balance,
        held_after: account.held,
        created_at: NOW,
    }
}

fn transfer(one: &Move, from: &Account, entries: &[Entry; 2]) -> Transfer {
    Transfer {
        id: one.id,
        kind: TransferKind::Transfer,
        status: TransferStatus::Posted,
        from: one.from,
        to: one.to,
        asset: from.asset,
        amount: Amount::new(one.amount).expect("it fits"),
        settles: None,
        timeout_s: None,
        reference: one.reference.clone(),
        description: Description::default(),
        actor: UserId(1),
        created_at: NOW,
        from_seq: entries[0].seq,
        to_seq: Some(entries[1].seq),
    }
}

/// What a ledger holds, after everything in it was found to agree.
#[derive(Debug, PartialEq, Eq)]
pub struct Books {
    pub balances: BTreeMap<AccountId, i128>,
    pub transfers: BTreeSet<TransferId>,
}

impl Books {
    /// Reads all of a store. Panics where entries, balances and transfers disagree.
    pub async fn of<S: LedgerStore>(store: &S) -> Self {
        let (send, mut pages) = mpsc::channel(1);
        let (mut accounts, mut entries, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
        let read = async {
            while let Some(page) = pages.recv().await {
                match page {
                    Page::Accounts(page) => accounts.extend(page),
                    Page::Entries(page) => entries.extend(page),
                    Page::Transfers(page) => transfers.extend(page),
                    Page::Holds(_)
                    | Page::References(_)
                    | Page::Conversions(_)
                    | Page::Payments(_)
                    | Page::Refunds(_) => {}
                    Page::Unreadable(owner, why) => panic!("{owner:?}: {why}"),
                }
            }
        };
        let (sent, ()) = tokio::join!(store.snapshot(None, send), read);
        sent.expect("snapshot");
        accounts.iter().for_each(|account| agrees(account, &entries));
        assert_eq!(entries.len(), transfers.len() * 2, "each transfer has two entries");
        let entry = |account: AccountId, seq: u64| {
            let at = entries.binary_search_by_key(&(account, seq), |entry| (entry.account, entry.seq));
            &entries[at.expect("the entry is there")]
        };
        for one in &transfers {
            let (from, to) = (entry(one.from, one.from_seq), entry(one.to, one.to_seq.expect("it was posted")));
            assert_eq!((from.transfer, to.transfer), (one.id, one.id));
            assert_eq!((from.amount, to.amount), (one.amount.negated(), one.amount));
        }
        Self {
            balances: accounts.iter().map(|account| (account.id, account.balance.minor())).collect(),
            transfers: transfers.iter().map(|one| one.id).collect(),
        }
    }
}

fn agrees(account: &Account, entries: &[Entry]) {
    let own = entries.iter().filter(|entry| entry.account == account.id);
    let (mut version, mut balance) = (0, Amount::ZERO);
    for entry in own {
        assert_eq!((entry.seq, entry.balance_before), (version + 1, balance), "{entry:?}");
        assert_eq!(entry.balance_before.plus(entry.amount), Ok(entry.balance_after), "{entry:?}");
        (version, balance) = (entry.seq, entry.balance_after);
    }
    assert_eq!((account.version, account.balance), (version, balance), "{account:?}");
}
