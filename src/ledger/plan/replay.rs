//! An id that was used: the same command again, or another one. And what must be asked before a command is refused.

use super::Asked;
use super::work::{Work, sealed};
use crate::domain::command::{Action, Command, Done, Move, Outcome, Refusal, Settle, Settlement};
use crate::domain::effects::Wants;
use crate::domain::money::{Amount, Decimal};
use crate::domain::transfer::{Receipt, Reference, Transfer, TransferId, TransferKind, TransferStatus};

/// The answer to a command whose id has a receipt: the same once more, or the first field in which the command is another one.
pub(super) fn answer(work: &Work<'_>, command: &Command, receipt: &Receipt) -> Outcome {
    let was = &receipt.transfer;
    let field = match &command.action {
        // It is a fee's, which nobody asks for by itself.
        _ if command.id != was.id => Some("kind"),
        // Who asks comes first: nobody learns anything of another's transfer.
        _ if command.actor != was.actor => Some("actor"),
        Action::Move(wish) => other_move(wish, was, work.seal),
        Action::Settle(wish) => other_end(wish, was, work.pending(wish.pending).map(|pending| pending.amount)),
    };
    match field {
        Some(field) => Err(Refusal::IdReused { field: field.to_owned() }),
        None => Ok(Done { receipt: receipt.clone(), replayed: true, fee: work.charged(command.id) }),
    }
}

/// The answer to every command of a request whose seal another request's transfer bears.
pub(super) fn other_request() -> Refusal {
    Refusal::IdReused { field: "transfers".to_owned() }
}

/// In which field a command that moves money differs from a transfer. Which of the accounts outside took part is the house's choice, from as
/// many as there were then: whoever asks says the kind and the currency, and there may be more of them now.
fn other_move(wish: &Move, was: &Transfer, seal: Option<&Reference>) -> Option<&'static str> {
    let own = was.reference.as_ref().filter(|reference| Some(*reference) != seal);
    let differences = [
        ("kind", wish.kind != was.kind || was.settles.is_some()),
        ("from_account_id", wish.from != was.from && !comes_in(wish.kind)),
        ("to_account_id", wish.to != was.to && !goes_out(wish.kind)),
        ("currency", wish.asset != was.asset),
        ("amount", !is(wish.amount, was)),
        ("pending", wish.pending.is_some() != (was.status == TransferStatus::Pending)),
        ("timeout", wish.pending.and_then(|pending| pending.timeout_s) != was.timeout_s),
        ("reference", wish.reference.as_ref() != own),
        ("description", wish.description != was.description),
    ];
    first(&differences)
}

const fn comes_in(kind: TransferKind) -> bool {
    matches!(kind, TransferKind::Deposit | TransferKind::Refund)
}

const fn goes_out(kind: TransferKind) -> bool {
    matches!(kind, TransferKind::Withdrawal | TransferKind::Deduction | TransferKind::Payment)
}

/// In which field a command that ends a pending transfer differs from the transfer that ended one, which held `whole`.
fn other_end(wish: &Settle, was: &Transfer, whole: Option<Amount>) -> Option<&'static str> {
    let (status, same_amount) = match wish.how {
        Settlement::Post(Some(part)) => (TransferStatus::Posted, is(part, was)),
        Settlement::Post(None) => (TransferStatus::Posted, whole.is_none_or(|whole| whole == was.amount)),
        Settlement::Void => (TransferStatus::Voided, true),
        Settlement::Expire => (TransferStatus::Expired, true),
    };
    let differences = [
        ("pending_transfer_id", was.settles != Some(wish.pending)),
        ("settlement", was.status != status),
        ("amount", !same_amount),
    ];
    first(&differences)
}

fn first(differences: &[(&'static str, bool)]) -> Option<&'static str> {
    differences.iter().find(|(_, differs)| *differs).map(|(field, _)| *field)
}

fn is(written: Decimal, was: &Transfer) -> bool {
    written.amount_of(was.asset) == Ok(was.amount)
}

/// What the store must be asked before the outcomes hold.
///
/// A command that is refused may be in effect from an earlier time. As long as all stand alone, knowing so changes nothing for others, so only
/// the refused are looked up. In a chain it does, and where an id or a reference is there twice: then all are, at once. Seals are always: a request that turns out to
/// be refused as a whole changes everything for others.
pub(super) fn unchecked(work: &Work<'_>, asked: &[Asked]) -> Wants {
    let mut wants = Wants::default();
    let commands = || asked.iter().flat_map(|one| &one.commands);
    let refused = || commands().zip(&work.outcomes).filter(|(_, outcome)| outcome.is_err());
    if refused().all(|(command, _)| work.found.transfers.contains_key(&command.id)) {
        return wants;
    }
    let seals = asked.iter().filter_map(|one| one.seal.clone()).map(sealed);
    wants.references.extend(seals.filter(|seal| !work.found.references.contains_key(seal)));
    let depend = commands().any(|command| command.linked)
        || repeats(commands().map(|command| command.id).collect())
        || repeats(commands().filter_map(reference).collect());
    if depend {
        commands().for_each(|command| ask(work, command, true, &mut wants));
    } else {
        for (command, outcome) in refused() {
            // Only what comes after it on the ladder gives way to a reference that was used.
            let is_last = matches!(outcome, Err(Refusal::InsufficientFunds { .. }));
            ask(work, command, is_last, &mut wants);
        }
    }
    wants.transfers.sort_unstable();
    wants.transfers.dedup();
    wants.references.sort_unstable();
    wants.references.dedup();
    wants
}

fn repeats<T: Ord>(mut all: Vec<T>) -> bool {
    all.sort_unstable();
    all.windows(2).any(|pair| pair[0] == pair[1])
}

fn reference(command: &Command) -> Option<(TransferKind, &Reference)> {
    match &command.action {
        Action::Move(wish) => Some((wish.kind, wish.reference.as_ref()?)),
        Action::Settle(_) => None,
    }
}

fn ask(work: &Work<'_>, command: &Command, with_reference: bool, wants: &mut Wants) {
    let unasked = |id: &TransferId| !work.found.transfers.contains_key(id);
    wants.transfers.extend([command.id, command.id.of_fee()].into_iter().filter(unasked));
    match &command.action {
        Action::Move(Move { kind, reference: Some(reference), .. }) if with_reference => {
            let key = (*kind, reference.clone());
            if !work.found.references.contains_key(&key) {
                wants.references.push(key);
            }
        }
        Action::Move(_) => {}
        // Without it, whether all of it was posted could not be told.
        Action::Settle(wish) if work.pending(wish.pending).is_none() => {
            wants.transfers.extend(Some(wish.pending).filter(unasked));
        }
        Action::Settle(_) => {}
    }
}
