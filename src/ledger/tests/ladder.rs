//! Every refusal, and every two of them at once: the first in the documented order is given.

use crate::domain::account::{Account, AccountId, AccountStatus};
use crate::domain::command::{
    Action, Along, Authority, Command, Done, Fee, Move, Outcome, Pending, Refusal, Settle, Settlement, Side,
};
use crate::domain::effects::Found;
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Hold, HoldStatus, Receipt, Reference, Stored, Transfer, TransferId, TransferKind, TransferStatus,
};
use crate::domain::user::UserId;
use crate::ledger::plan::{self, Asked, plan};
use crate::ledger::trial::script::{self, FEES_CNY, asset};

const FROM: AccountId = AccountId(1);
const TO: AccountId = AccountId(2);
const FEES: AccountId = AccountId(FEES_CNY as u64 + 1);
const PENDING: TransferId = TransferId([1; 16]);
const ID: TransferId = TransferId([2; 16]);
const NOW: Timestamp = Timestamp(1_000_000);

/// A command that stands, and all that is known: what each fault spoils.
#[derive(Clone)]
struct Case {
    found: Found,
    pending: plan::Pending,
    command: Command,
}

/// What makes a stored transfer another one, and the field in which it is.
type Difference = (fn(&mut Transfer), &'static str);

type Fault = (fn(&mut Case), Refusal);

impl Case {
    fn account(&mut self, id: AccountId) -> &mut Account {
        self.found.accounts.get_mut(&id).and_then(Option::as_mut).expect("it is there")
    }

    fn lose(&mut self, id: AccountId) {
        self.found.accounts.insert(id, None);
    }

    fn wish(&mut self) -> &mut Move {
        match &mut self.command.action {
            Action::Move(wish) => wish,
            Action::Settle(_) => panic!("it moves money"),
        }
    }

    fn how(&mut self, how: Settlement) {
        self.command.action = Action::Settle(Settle { pending: PENDING, how });
    }

    fn hold(&mut self) -> &mut Hold {
        self.found.holds.get_mut(&PENDING).and_then(Option::as_mut).expect("it is there")
    }

    fn along(&mut self) -> &mut Along {
        self.command.along.get_or_insert_default()
    }

    fn amount(&mut self) -> &mut Decimal {
        match &mut self.command.action {
            Action::Move(wish) => &mut wish.amount,
            Action::Settle(Settle { how: Settlement::Post(part), .. }) => part.get_or_insert(whole()),
            Action::Settle(_) => panic!("it has no amount"),
        }
    }

    fn outcome(&self) -> Outcome {
        let mut planned = plan(&self.found, &self.pending, &[alone(&self.command)], NOW);
        assert_eq!(planned.outcomes.len(), 1);
        if planned.outcomes[0].is_err() {
            assert_eq!(planned.effects, Default::default(), "a refused command writes nothing");
        }
        planned.outcomes.remove(0)
    }
}

fn alone(command: &Command) -> Asked {
    vec![command.clone()].into()
}

fn whole() -> Decimal {
    Decimal { digits: 10, scale: 0 }
}

/// 10 CNY from user 1, who has 100, to user 2.
fn a_move() -> Case {
    let accounts = script::accounts(0).into_iter().map(|account| (account.id, Some(account))).collect();
    let action = Action::Move(Move {
        kind: TransferKind::Transfer,
        from: FROM,
        to: TO,
        asset: asset("CNY"),
        amount: whole(),
        pending: None,
        reference: Some(Reference::parse("r").expect("a reference")),
        description: Description::default(),
    });
    Case {
        found: Found { accounts, ..Found::default() },
        pending: plan::Pending::new(),
        command: Command {
            id: ID,
            actor: UserId(1),
            authority: Authority::Owner,
            linked: false,
            action,
            record: None,
            along: None,
        },
    }
}

/// The end of a pending transfer of 10 CNY, which was made by the same plan.
fn a_settlement() -> Case {
    let mut first = a_move();
    first.command.id = PENDING;
    first.wish().pending = Some(Pending { timeout_s: Some(60) });
    first.wish().reference = None;
    let planned = plan(&first.found, &first.pending, &[alone(&first.command)], NOW);
    let mut case = a_move();
    case.found.accounts.extend(planned.effects.accounts.into_iter().map(|account| (account.id, Some(account))));
    case.found.holds.extend(planned.effects.holds.into_iter().map(|hold| (hold.transfer, Some(hold))));
    case.pending.extend(planned.effects.transfers.into_iter().map(|transfer| (transfer.id, transfer)));
    case.how(Settlement::Post(None));
    case
}

/// The id was used by somebody else.
fn reuse(case: &mut Case) {
    let planned = plan(&a_move().found, &case.pending, &[alone(&a_move().command)], NOW);
    let Ok(Done { mut receipt, .. }) = planned.outcomes[0].clone() else { panic!("it stands") };
    receipt.transfer.actor = UserId(99);
    case.found.transfers.insert(ID, Some(Stored { receipt, hold: None }));
}

fn status(case: &mut Case, id: AccountId, status: AccountStatus) {
    // Of two faults the one applied last would win.
    let account = case.account(id);
    if account.status != AccountStatus::Frozen {
        account.status = status;
    }
}

fn moves() -> Vec<Fault> {
    let (cny, jpy) = (asset("CNY"), asset("JPY"));
    let other = |side| Refusal::CurrencyMismatch { side, account: jpy, transfer: cny };
    vec![
        (reuse, Refusal::IdReused { field: "actor".into() }),
        (|case| case.along().until = Some(NOW), Refusal::TooLate),
        (|case| case.wish().to = case.wish().from, Refusal::SameAccount),
        (|case| case.lose(FROM), Refusal::UnknownAccount(Side::From)),
        (|case| case.command.actor = UserId(2), Refusal::NotYours),
        (|case| case.lose(TO), Refusal::UnknownAccount(Side::To)),
        (|case| status(case, FROM, AccountStatus::Frozen), Refusal::Frozen(Side::From)),
        (|case| status(case, TO, AccountStatus::Frozen), Refusal::Frozen(Side::To)),
        (|case| status(case, FROM, AccountStatus::Closed), Refusal::Closed(Side::From)),
        (|case| status(case, TO, AccountStatus::Closed), Refusal::Closed(Side::To)),
        (|case| case.account(FROM).asset = asset("JPY"), other(Side::From)),
        (|case| case.account(TO).asset = asset("JPY"), other(Side::To)),
        (|case| case.amount().digits = 0, Refusal::NotPositive),
        (|case| *case.amount() = Decimal { digits: 1, scale: 3 }, Refusal::TooManyDecimals { most: 2 }),
        (|case| case.account(TO).balance = Amount::MAX, Refusal::TooLarge),
        (
            |case| {
                let key = (TransferKind::Transfer, Reference::parse("r").expect("a reference"));
                case.found.references.insert(key, Some(PENDING));
            },
            Refusal::ReferenceUsed { by: PENDING },
        ),
        (
            |case| case.account(FROM).balance = Amount::new(999).expect("small"),
            Refusal::InsufficientFunds { available: Amount::new(999).expect("small"), asset: cny },
        ),
    ]
}

fn settlements() -> Vec<Fault> {
    let held = Amount::new(1000).expect("small");
    vec![
        (reuse, Refusal::IdReused { field: "actor".into() }),
        (|case| case.along().until = Some(NOW), Refusal::TooLate),
        (|case| drop(case.pending.remove(&PENDING)), Refusal::UnknownTransfer),
        (
            |case| {
                let pending = case.pending.get_mut(&PENDING);
                pending.into_iter().for_each(|pending| pending.status = TransferStatus::Posted);
            },
            Refusal::NotPending,
        ),
        (|case| case.command.actor = UserId(2), Refusal::NotYours),
        (|case| status(case, FROM, AccountStatus::Frozen), Refusal::Frozen(Side::From)),
        (|case| status(case, TO, AccountStatus::Frozen), Refusal::Frozen(Side::To)),
        (|case| status(case, FROM, AccountStatus::Closed), Refusal::Closed(Side::From)),
        (|case| status(case, TO, AccountStatus::Closed), Refusal::Closed(Side::To)),
        (|case| case.hold().status = HoldStatus::Voided, Refusal::AlreadySettled(HoldStatus::Voided)),
        (|case| case.hold().expires_at = Some(NOW), Refusal::HoldExpired),
        (|case| case.amount().digits = 0, Refusal::NotPositive),
        (
            |case| (case.amount().scale, case.amount().digits) = (3, case.amount().digits.min(1)),
            Refusal::TooManyDecimals { most: 2 },
        ),
        (|case| case.account(TO).balance = Amount::MAX, Refusal::TooLarge),
        (
            |case| *case.amount() = Decimal { digits: 1001, scale: 2 },
            Refusal::MoreThanHeld { held, asset: asset("CNY") },
        ),
    ]
}

#[track_caller]
fn every_two(case: &Case, faults: &[Fault]) {
    assert!(case.outcome().is_ok(), "{:?}", case.outcome());
    for (place, (spoil, expected)) in faults.iter().enumerate() {
        let mut alone = case.clone();
        spoil(&mut alone);
        assert_eq!(alone.outcome(), Err(expected.clone()));
        for (spoil_later, later) in &faults[place + 1..] {
            let mut both = case.clone();
            spoil_later(&mut both);
            spoil(&mut both);
            assert_eq!(both.outcome(), Err(expected.clone()), "comes before {later:?}");
        }
    }
}

/// The same where 1.00 CNY is to be taken for it.
fn charged(mut case: Case) -> Case {
    let fee = Some(Fee { to: FEES, amount: Amount::new(100).expect("small") });
    case.along().fee = fee;
    case
}

#[test]
fn of_two_reasons_not_to_move_money_the_first_is_given() {
    every_two(&a_move(), &moves());
}

#[test]
fn what_a_transfer_costs_comes_before_none_of_the_reasons_against_it() {
    every_two(&charged(a_move()), &moves());
    every_two(&charged(a_settlement()), &settlements());
    let mut case = charged(a_move());
    case.account(FEES).asset = asset("JPY");
    assert_eq!(case.outcome(), Err(Refusal::UnknownAccount(Side::To)), "it takes no fees in CNY");
    case.command.actor = UserId(2);
    assert_eq!(case.outcome(), Err(Refusal::NotYours));
}

#[test]
fn of_two_reasons_not_to_end_a_pending_transfer_the_first_is_given() {
    every_two(&a_settlement(), &settlements());
}

#[test]
fn an_amount_is_too_large_on_its_own_for_a_balance_and_for_what_is_held() {
    let mut case = a_move();
    *case.amount() = Decimal { digits: Amount::MAX.minor(), scale: 1 };
    assert_eq!(case.outcome(), Err(Refusal::TooLarge));

    let (mut case, room) = (a_move(), Amount::MAX.minor() - 1000);
    case.account(TO).balance = Amount::new(room).expect("38 digits");
    assert_eq!(
        case.outcome().map(|done| done.receipt.to_entry.map(|entry| entry.balance_after)),
        Ok(Some(Amount::MAX))
    );
    case.account(TO).balance = Amount::new(room + 1).expect("38 digits");
    assert_eq!(case.outcome(), Err(Refusal::TooLarge));

    let mut case = a_move();
    case.wish().pending = Some(Pending { timeout_s: None });
    case.account(FROM).floor = Amount::MIN;
    case.account(FROM).held = Amount::MAX;
    assert_eq!(case.outcome(), Err(Refusal::TooLarge), "an overdraft of 38 digits would allow it");
}

#[test]
fn money_may_be_spent_down_to_the_floor_but_not_what_is_held() {
    for (balance, held, floor, available) in
        [(1000, 0, 0, 1000), (1500, 500, 0, 1000), (0, 0, -1000, 1000), (-200, 300, -1500, 1000)]
    {
        let amount = |minor| Amount::new(minor).expect("small");
        let mut case = a_move();
        let account = case.account(FROM);
        (account.balance, account.held, account.floor) = (amount(balance), amount(held), amount(floor));
        assert!(case.outcome().is_ok(), "all of it");
        *case.amount() = Decimal { digits: available + 1, scale: 2 };
        let refusal = Refusal::InsufficientFunds { available: amount(available), asset: asset("CNY") };
        assert_eq!(case.outcome(), Err(refusal), "a cent more");
    }
    let mut case = a_move();
    case.account(FROM).balance = Amount::new(-5).expect("small");
    let nothing = Refusal::InsufficientFunds { available: Amount::ZERO, asset: asset("CNY") };
    assert_eq!(case.outcome(), Err(nothing), "what is available is never less than nothing");
}

#[test]
fn the_world_outside_is_there_for_what_comes_in_and_goes_out_alone() {
    let outside = AccountId(10);
    let mut case = a_move();
    (case.command.authority, case.command.actor) = (Authority::Operator, UserId(99));
    case.wish().to = outside;
    assert_eq!(case.outcome(), Err(Refusal::UnknownAccount(Side::To)), "whoever asks");
    case.wish().kind = TransferKind::Deposit;
    assert_eq!(case.outcome(), Err(Refusal::UnknownAccount(Side::To)), "it pays nothing to itself");
    for kind in [TransferKind::Deduction, TransferKind::Withdrawal] {
        case.wish().kind = kind;
        assert!(case.outcome().is_ok());
    }
    (case.wish().from, case.wish().to) = (outside, TO);
    for kind in [TransferKind::Transfer, TransferKind::Deduction, TransferKind::Withdrawal] {
        case.wish().kind = kind;
        assert_eq!(case.outcome(), Err(Refusal::UnknownAccount(Side::From)), "{kind:?}");
    }
    case.wish().kind = TransferKind::Deposit;
    assert!(case.outcome().is_ok(), "it has no floor");
}

#[test]
fn a_frozen_account_keeps_its_held_money_from_nobody() {
    for (how, later, ends) in
        [(Settlement::Void, 0, HoldStatus::Voided), (Settlement::Expire, 60_000_000, HoldStatus::Expired)]
    {
        let mut case = a_settlement();
        case.how(how);
        case.account(FROM).status = AccountStatus::Frozen;
        case.account(TO).status = AccountStatus::Closed;
        let planned = plan(&case.found, &case.pending, &[alone(&case.command)], Timestamp(NOW.0 + later));
        assert!(planned.outcomes[0].is_ok(), "{:?}", planned.outcomes);
        assert_eq!(planned.effects.settled[0].status, ends);
        assert_eq!((planned.effects.accounts.len(), planned.effects.accounts[0].held), (1, Amount::ZERO));
    }
}

#[test]
fn a_hold_expires_at_its_end_and_not_a_microsecond_before() {
    let outcome = |how, micros| {
        let mut case = a_settlement();
        case.how(how);
        case.hold().expires_at = Some(Timestamp(NOW.0 - micros));
        case.outcome().map(|_| ())
    };
    assert_eq!(outcome(Settlement::Expire, -1), Err(Refusal::NotExpired));
    assert_eq!(outcome(Settlement::Expire, 0), Ok(()));
    for how in [Settlement::Post(None), Settlement::Void] {
        assert_eq!(outcome(how, -1), Ok(()));
        assert_eq!(outcome(how, 0), Err(Refusal::HoldExpired));
    }
    let mut case = a_settlement();
    case.how(Settlement::Expire);
    case.hold().expires_at = None;
    assert_eq!(case.outcome(), Err(Refusal::NotExpired), "it never does");
}

#[test]
fn what_took_effect_in_time_is_answered_ever_after() {
    let mut case = a_move();
    case.along().until = Some(Timestamp(NOW.0 + 1));
    let first = case.outcome().expect("a microsecond is left");
    case.along().until = Some(NOW);
    assert_eq!(case.outcome(), Err(Refusal::TooLate));
    let asked = plan(&case.found, &case.pending, &[alone(&case.command)], NOW).unchecked.transfers;
    assert!(asked.contains(&ID), "it is looked for before it is refused");
    case.found.transfers.insert(ID, Some(Stored { receipt: first.receipt.clone(), hold: None }));
    assert_eq!(case.outcome(), Ok(Done { replayed: true, ..first }));
}

/// A stored transfer that `case`'s command made, with one thing changed.
fn differs(case: &Case, change: fn(&mut Transfer)) -> Outcome {
    let Ok(Done { mut receipt, .. }) = case.outcome() else { panic!("it stands") };
    change(&mut receipt.transfer);
    let mut again = case.clone();
    again.found.transfers.insert(ID, Some(Stored { receipt, hold: None }));
    again.outcome()
}

#[test]
fn the_same_id_again_is_the_same_receipt_or_names_the_first_field_that_differs() {
    let fields: [Difference; 11] = [
        (|was| was.actor = UserId(9), "actor"),
        (|was| was.kind = TransferKind::Deposit, "kind"),
        (|was| was.settles = Some(PENDING), "kind"),
        (|was| was.from = AccountId(9), "from_account_id"),
        (|was| was.to = AccountId(9), "to_account_id"),
        (|was| was.asset = asset("EUR"), "currency"),
        (|was| was.amount = Amount::new(999).expect("small"), "amount"),
        (|was| was.status = TransferStatus::Pending, "pending"),
        (|was| was.timeout_s = Some(60), "timeout"),
        (|was| was.reference = None, "reference"),
        (|was| was.description = Description::parse("tea").expect("short"), "description"),
    ];
    for (change, field) in fields {
        assert_eq!(differs(&a_move(), change), Err(Refusal::IdReused { field: field.into() }));
    }
    let fields: [Difference; 5] = [
        (|was| was.actor = UserId(9), "actor"),
        (|was| was.settles = Some(ID), "pending_transfer_id"),
        (|was| was.settles = None, "pending_transfer_id"),
        (|was| was.status = TransferStatus::Voided, "settlement"),
        (|was| was.amount = Amount::new(999).expect("small"), "amount"),
    ];
    for (change, field) in fields {
        assert_eq!(differs(&a_settlement(), change), Err(Refusal::IdReused { field: field.into() }));
    }
    for case in [a_move(), a_settlement()] {
        let first = case.outcome().expect("it stands");
        assert_eq!(differs(&case, |_| {}), Ok(Done { replayed: true, ..first }));
    }
}

#[test]
fn an_amount_that_is_written_another_way_is_the_same_amount() {
    let Ok(Done { receipt, .. }) = a_settlement().outcome() else { panic!("it stands") };
    let mut again = a_settlement();
    again.found.transfers.insert(ID, Some(Stored { receipt, hold: None }));
    again.how(Settlement::Post(Some(Decimal { digits: 1000, scale: 2 })));
    assert!(again.outcome().is_ok_and(|done| done.replayed), "all of it, in numbers");
}

#[test]
fn before_a_refusal_the_store_is_asked_and_before_anything_else_it_is_not() {
    let mut case = a_move();
    let planned = |case: &Case| plan(&case.found, &case.pending, &[alone(&case.command)], NOW);
    assert_eq!(planned(&case).unchecked, Default::default(), "the insert finds out");
    *case.amount() = Decimal { digits: 101, scale: 0 };
    let unchecked = planned(&case).unchecked;
    let mut ids = [ID, ID.of_fee()];
    ids.sort_unstable();
    assert_eq!((&unchecked.transfers[..], unchecked.references.len()), (&ids[..], 1), "what it cost is told again");
    case.found.transfers.insert(ID, None);
    case.found.references.extend(unchecked.references.into_iter().map(|key| (key, None)));
    assert_eq!(planned(&case).unchecked, Default::default(), "it was asked");
}

#[test]
fn time_never_goes_back_in_an_account() {
    let mut case = a_move();
    case.account(TO).updated_at = Timestamp(NOW.0 + 7);
    let planned = plan(&case.found, &case.pending, &[alone(&case.command)], NOW);
    let at = Timestamp(NOW.0 + 7);
    assert!(planned.effects.entries.iter().all(|entry| entry.created_at == at), "the clock was put back");
    assert!(planned.effects.accounts.iter().all(|account| account.updated_at == at));
    let Ok(Done { receipt: Receipt { transfer, .. }, .. }) = &planned.outcomes[0] else { panic!("it stands") };
    assert_eq!(transfer.created_at, at);
}
