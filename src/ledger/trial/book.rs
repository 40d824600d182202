//! The least that keeps a store's promises about batches, and checks what is written.

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountId, AccountKind};
use crate::domain::effects::{Effects, Found, Wants};
use crate::domain::payment::{Recorded, Standing};
use crate::domain::transfer::{
    Entry, Hold, HoldStatus, Receipt, Reference, Stored, Transfer, TransferId, TransferKind,
};
use crate::store::ledger::{Batch, Decision};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Book {
    opened: BTreeMap<AccountId, Account>,
    pub(in crate::ledger) accounts: BTreeMap<AccountId, Account>,
    pub(in crate::ledger) entries: BTreeMap<(AccountId, u64), Entry>,
    pub(in crate::ledger) transfers: BTreeMap<TransferId, Transfer>,
    pub(in crate::ledger) holds: BTreeMap<TransferId, Hold>,
    pub(in crate::ledger) references: BTreeMap<(TransferKind, Reference), TransferId>,
    pub(in crate::ledger) records: BTreeMap<Recorded, Standing>,
}

impl Book {
    pub(in crate::ledger) fn new(accounts: Vec<Account>) -> Self {
        let accounts: BTreeMap<_, _> = accounts.into_iter().map(|account| (account.id, account)).collect();
        Self {
            opened: accounts.clone(),
            accounts,
            entries: BTreeMap::new(),
            transfers: BTreeMap::new(),
            holds: BTreeMap::new(),
            references: BTreeMap::new(),
            records: BTreeMap::new(),
        }
    }

    /// As [`crate::store::ledger::LedgerStore::transact`], where nobody else is.
    pub(in crate::ledger) fn transact<B: Batch>(&mut self, batch: &B) -> B::Answer {
        self.attempt(batch, Found::default())
            .or_else(|()| {
                let mut found = Found::default();
                self.read(batch.wants_after_collision(), &mut found);
                self.attempt(batch, found)
            })
            .unwrap_or_else(|()| panic!("what could have been in the way was known"))
    }

    fn attempt<B: Batch>(&mut self, batch: &B, mut found: Found) -> Result<B::Answer, ()> {
        self.read(batch.wants(), &mut found);
        let decision = match batch.decide(&found) {
            Decision::Read(wants) => {
                assert!(wants.accounts.is_empty() && wants != Wants::default());
                self.read(wants, &mut found);
                batch.decide(&found)
            }
            decision => decision,
        };
        match decision {
            Decision::Write(effects, answer) => self.write(effects).map(|()| answer),
            Decision::Read(wants) => panic!("asked again: {wants:?}"),
        }
    }

    fn read(&self, wants: Wants, found: &mut Found) {
        assert!(wants.accounts.is_sorted_by(|a, b| a < b) && wants.transfers.is_sorted_by(|a, b| a < b));
        found.accounts.extend(wants.accounts.into_iter().map(|id| (id, self.accounts.get(&id).cloned())));
        found.holds.extend(wants.holds.into_iter().map(|id| (id, self.holds.get(&id).cloned())));
        let records = wants.records.into_iter().map(|subject| (subject.clone(), self.records.get(&subject).copied()));
        found.records.extend(records);
        found.transfers.extend(wants.transfers.into_iter().map(|id| (id, self.stored(id))));
        found
            .references
            .extend(wants.references.into_iter().map(|key| (key.clone(), self.references.get(&key).copied())));
    }

    pub(in crate::ledger) fn stored(&self, id: TransferId) -> Option<Stored> {
        let transfer = self.transfers.get(&id)?.clone();
        let from_entry = self.entries[&(transfer.from, transfer.from_seq)].clone();
        let to_entry = transfer.to_seq.map(|seq| self.entries[&(transfer.to, seq)].clone());
        Some(Stored { receipt: Receipt { transfer, from_entry, to_entry }, hold: self.holds.get(&id).cloned() })
    }

    /// Writes all of it; or nothing, if something is in the way.
    fn write(&mut self, effects: Effects) -> Result<(), ()> {
        let collides = effects.transfers.iter().any(|row| self.transfers.contains_key(&row.id))
            || effects.entries.iter().any(|row| self.entries.contains_key(&(row.account, row.seq)))
            || effects.references.iter().any(|(kind, text, _)| self.references.contains_key(&(*kind, text.clone())))
            || effects.settled.iter().any(|end| self.holds[&end.transfer].status != HoldStatus::Pending);
        let mut records = self.records.clone();
        let moved = effects.records.iter().any(|record| {
            let stood = records.insert(record.subject(), record.after());
            stood != record.before()
        });
        if collides || moved {
            return Err(());
        }
        self.records = records;
        assert!(effects.accounts.is_sorted_by(|a, b| a.id < b.id), "each once, in ascending order");
        for row in effects.transfers {
            assert!(self.transfers.insert(row.id, row).is_none());
        }
        for row in effects.entries {
            assert!(self.entries.insert((row.account, row.seq), row).is_none());
        }
        for (kind, reference, by) in effects.references {
            assert!(self.references.insert((kind, reference), by).is_none());
        }
        for row in effects.holds {
            assert!(self.holds.insert(row.transfer, row).is_none());
        }
        for end in effects.settled {
            let hold = self.holds.get_mut(&end.transfer).expect("looked at above");
            assert_eq!(hold.status, HoldStatus::Pending, "once in a batch");
            (hold.status, hold.settled_by) = (end.status, Some(end.by));
        }
        for row in effects.accounts {
            assert_ne!(self.accounts.insert(row.id, row.clone()), Some(row), "only what changed");
        }
        Ok(())
    }

    /// Whether everything adds up.
    pub(in crate::ledger) fn check(&self) {
        for (id, account) in &self.accounts {
            let opened = &self.opened[id];
            let (mut balance, mut held, mut at) = (opened.balance, opened.held, opened.updated_at);
            let entries: Vec<_> = self.entries.range((*id, 0)..=(*id, u64::MAX)).map(|(_, entry)| entry).collect();
            for (entry, seq) in entries.iter().zip(opened.version + 1..) {
                assert_eq!(
                    (entry.seq, entry.balance_before),
                    (seq, balance),
                    "no gap, and each begins where the last ended"
                );
                assert_eq!(Ok(entry.balance_after), balance.plus(entry.amount));
                assert!(entry.created_at >= at, "time goes on");
                (balance, held, at) = (entry.balance_after, entry.held_after, entry.created_at);
            }
            assert_eq!((account.balance, account.held, account.updated_at), (balance, held, at));
            assert_eq!(account.version, opened.version + entries.len() as u64);
            let pending = self.holds.values().filter(|hold| hold.account == *id && hold.status == HoldStatus::Pending);
            assert_eq!(
                pending.map(|hold| hold.amount.minor()).sum::<i128>(),
                held.minor(),
                "what is held is what is pending"
            );
            let left = balance.minor().saturating_sub(held.minor());
            let floor = account.floor.min(opened.balance).minor();
            assert!(account.kind == AccountKind::External || left >= floor, "below its floor: {account:?}");
        }
        for transfer in self.transfers.values() {
            let stored = self.stored(transfer.id).expect("it is there");
            let paid = stored.receipt.to_entry.as_ref().map_or(0, |entry| entry.amount.minor());
            assert_eq!(stored.receipt.from_entry.amount.minor() + paid, 0, "nothing is made or lost");
            assert_eq!(stored.receipt.from_entry.transfer, transfer.id);
        }
        let receipts = self.transfers.values().map(|transfer| 1 + usize::from(transfer.to_seq.is_some()));
        assert_eq!(receipts.sum::<usize>(), self.entries.len(), "every entry belongs to a transfer");
    }
}
