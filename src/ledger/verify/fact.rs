//! What two tables must agree about.

use std::collections::BTreeMap;

use super::violation::{Place, Violation};
use crate::domain::account::{AccountId, AccountKind};
use crate::domain::asset::Asset;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Entry, Reference, Transfer, TransferId, TransferKind, TransferStatus};
use crate::domain::user::UserId;

/// See the table in the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    Entry { account: AccountId, seq: u64, transfer: TransferId, amount: i128, at: Timestamp },
    End { account: AccountId, version: u64, balance: Amount, held: Amount },
    Asset { account: AccountId, asset: Asset, kind: AccountKind },
    Held { transfer: TransferId, account: AccountId, by: i128 },
    Open { account: AccountId },
    Pending { transfer: TransferId, account: AccountId, amount: Amount, expires_at: Option<Timestamp> },
    Settled { pending: TransferId, by: TransferId, how: TransferStatus },
    Reference { kind: TransferKind, reference: Reference, transfer: TransferId },
    Half { transfer: TransferId, user: UserId, asset: Asset, amount: Amount, sells: bool },
    Charged { hold: TransferId, account: AccountId, amount: Amount },
    GivenBack { transfer: TransferId, account: AccountId, amount: Amount },
    Refunded { order: u64 },
}

/// What a fact is about: facts that contradict each other have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Entry(AccountId, u64),
    End(AccountId),
    Asset(AccountId),
    Held(TransferId, AccountId),
    Open(AccountId),
    Pending(TransferId),
    Settled(TransferId),
    Reference(TransferKind, Reference),
    Half(TransferId),
    Charged(TransferId),
    GivenBack(TransferId),
    Refunded(u64),
}

impl Fact {
    pub(super) fn entry(entry: &Entry) -> Self {
        Self::Entry {
            account: entry.account,
            seq: entry.seq,
            transfer: entry.transfer,
            amount: entry.amount.minor(),
            at: entry.created_at,
        }
    }

    pub(super) fn end(account: AccountId, version: u64, balance: Amount, held: Amount) -> Self {
        Self::End { account, version, balance, held }
    }

    pub(super) fn end_of_nothing(account: AccountId) -> Self {
        Self::end(account, 0, Amount::ZERO, Amount::ZERO)
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Entry { account, seq, .. } => Subject::Entry(*account, *seq),
            Self::End { account, .. } => Subject::End(*account),
            Self::Asset { account, .. } => Subject::Asset(*account),
            Self::Held { transfer, account, .. } => Subject::Held(*transfer, *account),
            Self::Open { account } => Subject::Open(*account),
            Self::Pending { transfer, .. } => Subject::Pending(*transfer),
            Self::Settled { pending, .. } => Subject::Settled(*pending),
            Self::Reference { kind, reference, .. } => Subject::Reference(*kind, reference.clone()),
            Self::Half { transfer, .. } => Subject::Half(*transfer),
            Self::Charged { hold, .. } => Subject::Charged(*hold),
            Self::GivenBack { transfer, .. } => Subject::GivenBack(*transfer),
            Self::Refunded { order } => Subject::Refunded(*order),
        }
    }

    /// In words, where it is said `times`.
    fn words(&self, times: i128) -> String {
        match self {
            Self::Entry { transfer, amount, at, .. } => {
                format!("an entry of {amount} at {} for transfer {transfer}", at.0)
            }
            Self::End { version, balance, held, .. } => {
                format!("version {version}, balance {}, held {}", balance.minor(), held.minor())
            }
            Self::Asset { asset, kind, .. } => {
                let whose = match kind {
                    AccountKind::User => "a user",
                    AccountKind::External => "the world outside",
                    AccountKind::Liquidity => "the house's liquidity",
                    AccountKind::Fees => "the house's fees",
                };
                format!("{} entries of {whose} in {asset}", times.unsigned_abs())
            }
            Self::Held { by, .. } => format!("held money to change by {by}"),
            Self::Open { .. } => format!("{} more held", times.unsigned_abs()),
            Self::Pending { account, amount, expires_at, .. } => {
                let end = expires_at.map_or("never".to_owned(), |at| format!("at {}", at.0));
                format!("a hold of {} on account {account} that expires {end}", amount.minor())
            }
            Self::Settled { by, how, .. } => format!("settled as {how:?} by transfer {by}").to_lowercase(),
            Self::Reference { transfer, .. } => format!("used by transfer {transfer}"),
            Self::Half { user, asset, amount, sells, .. } => {
                let way = if *sells { "sells" } else { "buys" };
                format!("half a conversion, in which user {} {way} {} of {asset}", user.0, amount.minor())
            }
            Self::Charged { account, amount, .. } => format!("a payment of {} from account {account}", amount.minor()),
            Self::GivenBack { account, amount, .. } => format!("a refund of {} to account {account}", amount.minor()),
            Self::Refunded { .. } => format!("{} more given back", times.unsigned_abs()),
        }
    }
}

impl Subject {
    fn place(&self, transfer: Option<TransferId>) -> Place {
        match self {
            Self::Entry(account, seq) => match transfer {
                Some(transfer) => Place::Entry { account: *account, seq: *seq, transfer },
                None => Place::Account(*account),
            },
            Self::End(account) | Self::Asset(account) | Self::Open(account) => Place::Account(*account),
            Self::Held(transfer, _)
            | Self::Pending(transfer)
            | Self::Settled(transfer)
            | Self::Charged(transfer)
            | Self::GivenBack(transfer)
            | Self::Half(transfer) => Place::Transfer(*transfer),
            Self::Refunded(order) => Place::Payment(*order),
            Self::Reference(..) => transfer.map_or(Place::Ledger, Place::Transfer),
        }
    }

    /// Whether who asserts it is right, and who denies it is to be corrected.
    ///
    /// Entries are looked for because a transfer says so, and what accounts and holds say is compared with the entries.
    fn asserted_is_expected(&self) -> bool {
        !matches!(self, Self::Entry(..))
    }
}

/// The entries that a transfer must have made.
pub(super) fn entries_of(transfer: &Transfer) -> impl Iterator<Item = Fact> {
    let moved = if transfer.status == TransferStatus::Posted { transfer.amount.minor() } else { 0 };
    let fact =
        |account, seq, amount| Fact::Entry { account, seq, transfer: transfer.id, amount, at: transfer.created_at };
    let from = fact(transfer.from, transfer.from_seq, moved.wrapping_neg());
    // Money that moved and arrived nowhere is an entry that is missing, at a number that no entry has.
    let to_seq = transfer.to_seq.or((moved != 0).then_some(0));
    std::iter::once(from).chain(to_seq.map(|seq| fact(transfer.to, seq, moved)))
}

/// Whose account may pay and, if an account of kind `payer` does, whose may be paid by a transfer of this kind; where there are several, the usual
/// one comes first.
pub(super) const fn sides_of(kind: TransferKind, payer: AccountKind) -> [&'static [AccountKind]; 2] {
    use AccountKind::{External, Fees, Liquidity, User};
    match kind {
        TransferKind::Transfer => [&[User], &[User]],
        TransferKind::Deposit => [&[External], &[User, Liquidity]],
        TransferKind::Refund => [&[External], &[User]],
        TransferKind::Withdrawal => [&[User, Liquidity, Fees], &[External]],
        TransferKind::Deduction | TransferKind::Payment => [&[User], &[External]],
        TransferKind::Fee => [&[User], &[Fees]],
        TransferKind::Conversion if matches!(payer, Liquidity) => [&[User, Liquidity], &[User]],
        TransferKind::Conversion => [&[User, Liquidity], &[Liquidity]],
    }
}

/// What facts that were not cancelled out say, by what they are about.
pub(super) fn violations(facts: Vec<(Fact, i128)>) -> Vec<Violation> {
    let mut by_subject: BTreeMap<Subject, Vec<(Fact, i128)>> = BTreeMap::new();
    for (fact, times) in facts {
        by_subject.entry(fact.subject()).or_default().push((fact, times));
    }
    by_subject.into_iter().map(|(subject, facts)| violation(&subject, &facts)).collect()
}

fn violation(subject: &Subject, facts: &[(Fact, i128)]) -> Violation {
    // Of two that disagree the one that says so itself, not the one that is missed.
    let said = facts.iter().max_by_key(|(_, times)| *times).map(|(fact, _)| fact);
    let transfer = match said {
        Some(Fact::Entry { transfer, .. } | Fact::Reference { transfer, .. }) => Some(*transfer),
        _ => None,
    };
    let words = |asserted: bool| {
        let mut words: Vec<_> = facts
            .iter()
            .filter(|(_, times)| (*times > 0) == asserted)
            .map(|(fact, times)| fact.words(*times))
            .collect();
        words.sort();
        if words.is_empty() { "nothing of the kind".to_owned() } else { words.join(" and ") }
    };
    let expected = subject.asserted_is_expected();
    Violation::new(subject.place(transfer), words(expected), words(!expected))
}
