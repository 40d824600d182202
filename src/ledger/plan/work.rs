//! The state that a plan works on: what was found, changed by the commands so far, and everything that they write.

use std::collections::HashMap;

use super::change::{HoldChange, Step};
use super::{Asked, Pending};
use crate::domain::account::{Account, AccountId};
use crate::domain::command::{Done, Outcome, Refusal};
use crate::domain::effects::{Effects, Found, Settled};
use crate::domain::money::Amount;
use crate::domain::payment::{Record, Recorded};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Hold, HoldStatus, Receipt, Reference, Transfer, TransferId, TransferKind};

/// Where an account is among those that commands have named.
pub(super) type Place = usize;

/// The transfers that bear seals: nobody outside gives references to these.
const SEALED: TransferKind = TransferKind::Transfer;

/// Where a seal is found.
pub(in crate::ledger) fn sealed(seal: Reference) -> (TransferKind, Reference) {
    (SEALED, seal)
}

/// What was found, as the commands so far have left it.
pub(super) struct Work<'a> {
    pub(super) found: &'a Found,
    known: &'a Pending,
    pub(super) now: Timestamp,
    /// Accounts that a command named, and as they were found.
    pub(super) accounts: Vec<Account>,
    before: Vec<&'a Account>,
    places: HashMap<AccountId, Place>,
    pub(super) outcomes: Vec<Outcome>,
    /// What is written; the accounts come last.
    pub(super) effects: Effects,
    /// Transfers that were made here, by the outcome that says so.
    pub(super) made: HashMap<TransferId, usize>,
    /// Holds that began here, by their place among the effects.
    pub(super) begun: HashMap<TransferId, usize>,
    /// Holds that were found and ended here.
    pub(super) ended: HashMap<TransferId, HoldStatus>,
    /// References that are used here.
    pub(super) used: HashMap<(TransferKind, Reference), TransferId>,
    /// What makes the present commands one request, and whether a transfer is still to bear it.
    pub(super) seal: Option<&'a Reference>,
    pub(super) seals: bool,
    /// Payments and refunds that took a step here, by the place of the last one among the effects.
    stepped: HashMap<Recorded, usize>,
    /// Accounts as they were before each change of the present chain, if it may have to be undone.
    pub(super) past: Option<Vec<(Place, Account)>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(found: &'a Found, known: &'a Pending, now: Timestamp, commands: usize) -> Self {
        let mut effects = Effects::default();
        effects.transfers.reserve(commands);
        effects.entries.reserve(commands.saturating_mul(2));
        Self {
            found,
            known,
            now,
            accounts: Vec::with_capacity(found.accounts.len()),
            before: Vec::with_capacity(found.accounts.len()),
            places: HashMap::with_capacity(found.accounts.len()),
            outcomes: Vec::with_capacity(commands),
            effects,
            made: HashMap::with_capacity(commands),
            begun: HashMap::new(),
            ended: HashMap::new(),
            used: HashMap::new(),
            stepped: HashMap::new(),
            seal: None,
            seals: false,
            past: None,
        }
    }

    /// Where an account is, if there is one.
    pub(super) fn place(&mut self, id: AccountId) -> Option<Place> {
        if let Some(place) = self.places.get(&id) {
            return Some(*place);
        }
        let account = self.found.accounts.get(&id)?.as_ref()?;
        let place = self.accounts.len();
        self.accounts.push(account.clone());
        self.before.push(account);
        self.places.insert(id, place);
        Some(place)
    }

    /// The account as it stands now.
    pub(super) fn account(&self, place: Place) -> &Account {
        &self.accounts[place]
    }

    /// The time of a transfer between two accounts: in neither does it go back, whatever the clock did.
    pub(super) fn time_of(&self, from: Place, to: Place) -> Timestamp {
        self.now.max(self.accounts[from].updated_at).max(self.accounts[to].updated_at)
    }

    /// What a transfer of this id did, here or at an earlier time.
    pub(super) fn receipt_of(&self, id: TransferId) -> Option<&Receipt> {
        if let Some(outcome) = self.made.get(&id) {
            return self.outcomes[*outcome].as_ref().ok().map(|done| &done.receipt);
        }
        self.found.transfers.get(&id)?.as_ref().map(|stored| &stored.receipt)
    }

    /// A transfer that is to be ended.
    pub(super) fn pending(&self, id: TransferId) -> Option<&Transfer> {
        self.receipt_of(id).map(|receipt| &receipt.transfer).or_else(|| self.known.get(&id))
    }

    /// What a pending transfer holds, and what became of it.
    pub(super) fn hold(&self, pending: TransferId) -> Option<Hold> {
        if let Some(begun) = self.begun.get(&pending) {
            return Some(self.effects.holds[*begun].clone());
        }
        let found = self.found.holds.get(&pending)?.as_ref()?;
        let status = self.ended.get(&pending).copied().unwrap_or(found.status);
        Some(Hold { status, ..found.clone() })
    }

    /// Whether a transfer of this kind may use the reference.
    pub(super) fn is_unused(&self, kind: TransferKind, reference: Option<&Reference>) -> Result<(), Refusal> {
        let Some(reference) = reference else { return Ok(()) };
        let key = (kind, reference.clone());
        let by = self.used.get(&key).or_else(|| self.found.references.get(&key)?.as_ref());
        by.map_or(Ok(()), |by| Err(Refusal::ReferenceUsed { by: *by }))
    }

    /// Whether a payment or refund stands where this step of it begins. One that was not looked up is taken to: the write is the proof.
    pub(super) fn may_step(&self, record: Option<&Record>) -> Result<(), Refusal> {
        let Some(record) = record else { return Ok(()) };
        let subject = record.subject();
        let here = self.stepped.get(&subject).map(|place| Some(self.effects.records[*place].after()));
        let standing = here.or_else(|| self.found.records.get(&subject).copied());
        match standing {
            Some(standing) if standing != record.before() => Err(Refusal::PaymentMoved),
            _ => Ok(()),
        }
    }

    /// Takes the step of a payment that belongs to what a command did.
    pub(super) fn record(&mut self, record: Option<&Record>) {
        let Some(record) = record else { return };
        self.stepped.insert(record.subject(), self.effects.records.len());
        self.effects.records.push(record.clone());
    }

    /// Takes back all steps of payments but the first `kept`.
    pub(super) fn forget_steps(&mut self, kept: usize) {
        if kept == self.effects.records.len() {
            return;
        }
        self.effects.records.truncate(kept);
        let subjects = self.effects.records.iter().map(Record::subject);
        self.stepped = subjects.enumerate().map(|(place, subject)| (subject, place)).collect();
    }

    /// Turns to what one caller asks for. `false`: its seal is on a transfer of another request.
    pub(super) fn may_seal(&mut self, asked: &'a Asked) -> bool {
        self.seal = asked.seal.as_ref();
        let Some(seal) = asked.seal.clone().map(sealed) else {
            self.seals = false;
            return true;
        };
        let by = self.used.get(&seal).or_else(|| self.found.references.get(&seal)?.as_ref());
        self.seals = by.is_none();
        by.is_none_or(|by| asked.commands.iter().any(|command| command.id == *by))
    }

    /// Answers a command that changes nothing.
    pub(super) fn answer(&mut self, done: Done) {
        self.outcomes.push(Ok(done));
    }

    /// Does what a command has climbed up to, and answers it.
    pub(super) fn take(&mut self, step: Step) {
        let Step { mut transfer, from, to, change, hold } = step;
        let from_entry = self.enter(from, &transfer, change.moves.negated(), change.payer);
        let to_entry = change.payee.map(|balance| {
            let held = self.accounts[to].held;
            self.enter(to, &transfer, change.moves, (balance, held))
        });
        transfer.from_seq = from_entry.seq;
        transfer.to_seq = to_entry.as_ref().map(|entry| entry.seq);
        match hold {
            Some(HoldChange::Begins(expires_at)) => self.begin(&transfer, expires_at),
            Some(HoldChange::Ends(pending, status)) => self.end(Settled { transfer: pending, status, by: transfer.id }),
            None => {}
        }
        if self.seals && transfer.kind == SEALED && transfer.reference.is_none() {
            transfer.reference = self.seal.cloned();
            self.seals = false;
        }
        if let Some(reference) = &transfer.reference {
            self.used.insert((transfer.kind, reference.clone()), transfer.id);
            self.effects.references.push((transfer.kind, reference.clone(), transfer.id));
        }
        self.made.insert(transfer.id, self.outcomes.len());
        self.effects.transfers.push(transfer.clone());
        let receipt = Receipt { transfer, from_entry, to_entry };
        self.outcomes.push(Ok(Done { receipt, replayed: false, fee: None }));
    }

    /// Changes an account, and writes the entry that says so.
    pub(super) fn enter(
        &mut self,
        place: Place,
        transfer: &Transfer,
        amount: Amount,
        after: (Amount, Amount),
    ) -> Entry {
        let account = &mut self.accounts[place];
        if let Some(past) = &mut self.past {
            past.push((place, account.clone()));
        }
        let (balance, held) = after;
        let entry = Entry {
            account: account.id,
            seq: account.version.checked_add(1).expect("no account lives to see 2^64 entries"),
            transfer: transfer.id,
            amount,
            balance_before: account.balance,
            balance_after: balance,
            held_after: held,
            created_at: transfer.created_at,
        };
        account.balance = balance;
        account.held = held;
        account.version = entry.seq;
        account.updated_at = transfer.created_at;
        self.effects.entries.push(entry.clone());
        entry
    }

    fn begin(&mut self, transfer: &Transfer, expires_at: Option<Timestamp>) {
        self.begun.insert(transfer.id, self.effects.holds.len());
        self.effects.holds.push(Hold {
            transfer: transfer.id,
            account: transfer.from,
            amount: transfer.amount,
            expires_at,
            status: HoldStatus::Pending,
            settled_by: None,
        });
    }

    /// A hold that began here is written as it ended; only one that was found has a row to change.
    fn end(&mut self, end: Settled) {
        if let Some(begun) = self.begun.get(&end.transfer) {
            let hold = &mut self.effects.holds[*begun];
            (hold.status, hold.settled_by) = (end.status, Some(end.by));
        } else {
            self.ended.insert(end.transfer, end.status);
            self.effects.settled.push(end);
        }
    }

    /// What is answered, and what is written.
    pub(super) fn finish(mut self) -> (Vec<Outcome>, Effects) {
        let changed = |(now, before): (Account, &Account)| (now.version != before.version).then_some(now);
        self.effects.accounts = self.accounts.into_iter().zip(self.before).filter_map(changed).collect();
        self.effects.accounts.sort_unstable_by_key(|account| account.id);
        (self.outcomes, self.effects)
    }
}
