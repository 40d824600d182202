//! Books that are right, and every way in which one row of them can be wrong.

use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::conversion::{Conversion, Rate};
use crate::domain::money::Amount;
use crate::domain::payment::{OrderId, Payment, PaymentStatus, PaymentToken};
use crate::domain::refund::Refund;
use crate::domain::time::Timestamp;
use crate::domain::transfer::{
    Description, Entry, Hold, HoldStatus, Reference, Transfer, TransferId, TransferKind, TransferStatus,
};
use crate::domain::user::UserId;
use crate::store::ledger::Page;

use super::sketch::{Leftovers, Sketch};
use super::{Pass, Place, Report, Violation, fact};

/// All rows of a small ledger.
#[derive(Clone)]
struct Books {
    accounts: Vec<Account>,
    entries: Vec<Entry>,
    transfers: Vec<Transfer>,
    holds: Vec<Hold>,
    references: Vec<(TransferKind, Reference, TransferId)>,
    conversions: Vec<Conversion>,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
}

impl Books {
    fn pages(&self) -> Vec<Page> {
        let mut pages = vec![Page::Accounts(self.accounts.clone())];
        // Pages of one entry each: an account's entries go on over a page's end.
        pages.extend(self.entries.iter().map(|entry| Page::Entries(vec![entry.clone()])));
        pages.push(Page::Transfers(self.transfers.clone()));
        pages.push(Page::Holds(self.holds.clone()));
        pages.push(Page::References(self.references.clone()));
        pages.push(Page::Conversions(self.conversions.clone()));
        pages.retain(|page| !matches!(page, Page::Conversions(rows) if rows.is_empty()));
        pages.push(Page::Payments(self.payments.clone()));
        pages.push(Page::Refunds(self.refunds.clone()));
        pages.retain(|page| !matches!(page, Page::Payments(rows) if rows.is_empty()));
        pages.retain(|page| !matches!(page, Page::Refunds(rows) if rows.is_empty()));
        pages.retain(|page| !matches!(page, Page::References(rows) if rows.is_empty()));
        pages.retain(|page| !matches!(page, Page::Transfers(rows) if rows.is_empty()));
        pages
    }

    /// As a store sends them: nothing older, but each account's newest older entry.
    fn since(&self, since: Timestamp) -> Self {
        let is_base = |entry: &&Entry| {
            let older = |other: &Entry| other.account == entry.account && other.created_at < since;
            entry.created_at >= since || self.entries.iter().rfind(|other| older(other)) == Some(entry)
        };
        let entries = self.entries.iter().filter(is_base).cloned().collect();
        let transfers = self.transfers.iter().filter(|transfer| transfer.created_at >= since).cloned().collect();
        let conversions = self.conversions.iter().filter(|made| made.created_at >= since).cloned().collect();
        Self { entries, transfers, conversions, ..self.clone() }
    }

    fn check(&self, since: Option<Timestamp>) -> Report {
        let books = since.map_or_else(|| self.clone(), |since| self.since(since));
        books.check_pages(since)
    }

    fn check_pages(&self, since: Option<Timestamp>) -> Report {
        let mut first = Pass::new(since, Sketch::new());
        self.pages().iter().for_each(|page| assert_ne!(first.page(page), 0));
        let Pass { mut report, facts, .. } = first.finish();
        let mut second = Pass::new(since, Leftovers::of(facts.suspects()));
        self.pages().iter().for_each(|page| assert_ne!(second.page(page), 0));
        fact::violations(second.finish().facts.into_facts()).into_iter().for_each(|one| report.add(one));
        report
    }
}

fn amount(minor: i128) -> Amount {
    Amount::new(minor).expect("small")
}

fn id(number: u8) -> TransferId {
    TransferId([number; 16])
}

/// Account 9 is the world outside. 1 gets 1000 with a reference, pays 2 300, holds 200 for 2 of which 150 are posted, and holds 50 still.
/// 5, which is lent to, sells 100 for 14 USD in 4, and pays 1 for that; 10 and 11 are the house's liquidity, 12 is where its fees go.
fn books() -> Books {
    let (asset, usd) = (Asset::parse("CNY").expect("known"), Asset::parse("USD").expect("known"));
    let account = |number, kind, balance, held, version| Account {
        id: AccountId(number),
        owner: (kind == AccountKind::User).then_some(UserId(number)),
        kind,
        stripe: (kind == AccountKind::External).then_some(0),
        asset,
        balance: amount(balance),
        held: amount(held),
        floor: if kind == AccountKind::User { Amount::ZERO } else { Amount::MIN },
        version,
        status: AccountStatus::Open,
        created_at: Timestamp(0),
        updated_at: Timestamp(5),
    };
    let entry = |number, seq, transfer: u8, change, after, held| Entry {
        account: AccountId(number),
        seq,
        transfer: id(transfer),
        amount: amount(change),
        balance_before: amount(after - change),
        balance_after: amount(after),
        held_after: amount(held),
        created_at: Timestamp(transfer.into()),
    };
    let transfer = |number: u8, kind, status, from: (u64, u64), to: (u64, Option<u64>), minor, settles| Transfer {
        id: id(number),
        kind,
        status,
        from: AccountId(from.0),
        to: AccountId(to.0),
        asset,
        amount: amount(minor),
        settles,
        timeout_s: None,
        reference: (kind == TransferKind::Deposit).then(|| Reference::parse("wire-1").expect("short")),
        description: Description::default(),
        actor: UserId(if number < 6 { 1 } else { 5 }),
        created_at: Timestamp(number.into()),
        from_seq: from.1,
        to_seq: to.1,
    };
    let hold = |number, minor, status, by| Hold {
        transfer: id(number),
        account: AccountId(1),
        amount: amount(minor),
        expires_at: None,
        status,
        settled_by: by,
    };
    use TransferKind::{Conversion as Half, Deposit, Fee, Transfer as Plain};
    use TransferStatus::{Pending, Posted};
    Books {
        accounts: vec![
            account(1, AccountKind::User, 550, 50, 5),
            account(2, AccountKind::User, 450, 0, 2),
            account(3, AccountKind::User, 0, 0, 0),
            account(9, AccountKind::External, -1000, 0, 1),
            Account { asset: usd, owner: Some(UserId(5)), ..account(4, AccountKind::User, 14, 0, 1) },
            account(5, AccountKind::User, -101, 0, 2),
            account(10, AccountKind::Liquidity, 100, 0, 1),
            Account { asset: usd, ..account(11, AccountKind::Liquidity, -14, 0, 1) },
            account(12, AccountKind::Fees, 1, 0, 1),
        ],
        entries: vec![
            entry(1, 1, 1, 1000, 1000, 0),
            entry(1, 2, 2, -300, 700, 0),
            entry(1, 3, 3, 0, 700, 200),
            entry(1, 4, 4, -150, 550, 0),
            entry(1, 5, 5, 0, 550, 50),
            entry(2, 1, 2, 300, 300, 0),
            entry(2, 2, 4, 150, 450, 0),
            entry(9, 1, 1, -1000, -1000, 0),
            entry(4, 1, 8, 14, 14, 0),
            entry(5, 1, 6, -100, -100, 0),
            entry(5, 2, 7, -1, -101, 0),
            entry(10, 1, 6, 100, 100, 0),
            entry(11, 1, 8, -14, -14, 0),
            entry(12, 1, 7, 1, 1, 0),
        ],
        transfers: vec![
            transfer(1, Deposit, Posted, (9, 1), (1, Some(1)), 1000, None),
            transfer(2, Plain, Posted, (1, 2), (2, Some(1)), 300, None),
            transfer(3, Plain, Pending, (1, 3), (2, None), 200, None),
            transfer(4, Plain, Posted, (1, 4), (2, Some(2)), 150, Some(id(3))),
            transfer(5, Plain, Pending, (1, 5), (2, None), 50, None),
            transfer(6, Half, Posted, (5, 1), (10, Some(1)), 100, None),
            transfer(7, Fee, Posted, (5, 2), (12, Some(1)), 1, None),
            Transfer { asset: usd, ..transfer(8, Half, Posted, (11, 1), (4, Some(1)), 14, None) },
        ],
        holds: vec![hold(3, 200, HoldStatus::Posted, Some(id(4))), hold(5, 50, HoldStatus::Pending, None)],
        references: vec![(Deposit, Reference::parse("wire-1").expect("short"), id(1))],
        conversions: vec![Conversion {
            id: id(6),
            bought_by: id(8),
            user: UserId(5),
            from: asset,
            to: usd,
            sold: amount(100),
            bought: amount(14),
            rate: Rate::new(amount(7), amount(50)).expect("a rate"),
            created_at: Timestamp(6),
        }],
        payments: Vec::new(),
        refunds: Vec::new(),
    }
}

/// The same as if the transfers 3 and 4 were a payment of 150 to the world outside, and 1 a refund of all of it; one of 10 has failed.
fn paid_and_given_back() -> Books {
    let mut books = books();
    let (asset, token) = (books.accounts[0].asset, PaymentToken::parse("t").expect("short"));
    books.transfers[3].kind = TransferKind::Payment;
    books.transfers[0].kind = TransferKind::Refund;
    let payment = Payment {
        token: token.clone(),
        user: UserId(1),
        account: Some(AccountId(1)),
        asset,
        amount: amount(150),
        refunded: amount(1000),
        description: Description::default(),
        status: PaymentStatus::Success,
        attempt: 1,
        order: OrderId::new(7),
        hold: id(3),
        reference: None,
        error: None,
        created_at: Timestamp(3),
        updated_at: Timestamp(4),
    };
    let refund = |number, minor, status| Refund {
        id: id(number),
        token: token.clone(),
        charge: OrderId::new(7),
        account: AccountId(1),
        asset,
        amount: amount(minor),
        is_rest: false,
        description: Description::default(),
        actor: UserId(1),
        status,
        transfer: (status == PaymentStatus::Success).then_some(id(number)),
        reference: None,
        error: None,
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    };
    books.payments = vec![payment];
    books.refunds = vec![refund(1, 1000, PaymentStatus::Success), refund(8, 10, PaymentStatus::Failed)];
    books
}

/// What is said of payments and refunds.
fn said(books: &Books) -> Vec<String> {
    let violations = books.check(None).violations;
    let about = |one: &&Violation| {
        matches!(one.place, Place::Payment(_)) || [&one.expected, &one.found].iter().any(|text| text.starts_with("a "))
    };
    violations.iter().filter(about).filter(|one| !one.expected.contains("hold of")).map(ToString::to_string).collect()
}

/// What is spoiled, how, and how the line begins that names it.
type Spoiled = (&'static str, fn(&mut Books), &'static str);

/// The books above give back more than was paid, which is the one thing that is said of them.
#[test]
fn payments_and_refunds_agree_with_the_ledger_and_whatever_does_not_is_named() {
    const MORE: &str = "payment PAY_0000000000000007: expected 0 to 150 given back, found 1000";
    assert_eq!(said(&paid_and_given_back()), [MORE]);
    let corruptions: [Spoiled; 8] = [
        ("amount", |b| b.payments[0].amount = amount(151), "transfer 03030303"),
        ("account", |b| b.payments[0].account = Some(AccountId(2)), "transfer 03030303"),
        ("status", |b| b.payments[0].status = PaymentStatus::Processing, "transfer 03030303"),
        ("missing", |b| b.payments.clear(), "transfer 03030303"),
        ("refunded", |b| b.payments[0].refunded = amount(999), "payment PAY_0000000000000007: expected 1 more"),
        ("refund amount", |b| b.refunds[0].amount = amount(999), "transfer 01010101"),
        ("refund status", |b| b.refunds[0].status = PaymentStatus::Processing, "transfer 01010101"),
        (
            "refund that had failed",
            |b| b.refunds[1].status = PaymentStatus::Processing,
            "payment PAY_0000000000000007: expected 10 more",
        ),
    ];
    for (what, spoil, named) in corruptions {
        let mut books = paid_and_given_back();
        spoil(&mut books);
        let said = said(&books);
        assert!(said.iter().any(|line| line.starts_with(named)), "{what}: {said:?}");
    }
}

#[test]
fn books_that_are_right_are_clean_from_any_time_on() {
    for since in [None, Some(0), Some(1), Some(3), Some(4), Some(5), Some(6)] {
        let report = books().check(since.map(Timestamp));
        assert!(report.is_clean(), "{since:?}: {:?}", report.violations);
    }
    let Report { accounts, entries, transfers, holds, .. } = books().check(None);
    assert_eq!((accounts, entries, transfers, holds), (9, 14, 8, 2));
}

/// Spoils one row, and says what must be named for it.
type Corruption = (&'static str, fn(&mut Books), fn(&Violation) -> bool);

#[rustfmt::skip]
const CORRUPTIONS: &[Corruption] = &[
    ("account balance",       |b| b.accounts[0].balance = amount(551),            |v| v.place.account() == Some(AccountId(1))),
    ("account held",          |b| b.accounts[0].held = amount(49),                |v| v.place.account() == Some(AccountId(1))),
    ("account version",       |b| b.accounts[1].version = 3,                      |v| v.place.account() == Some(AccountId(2))),
    ("account asset",         |b| b.accounts[1].asset = Asset::parse("USD").expect("known"), |v| v.place.account() == Some(AccountId(2))),
    ("account missing",       |b| _ = b.accounts.remove(1),                     |v| v.place.account() == Some(AccountId(2))),
    ("account out of nothing",|b| b.accounts[2].balance = amount(5),              |v| v.place.account() == Some(AccountId(3))),
    ("entry amount",          |b| b.entries[1].amount = amount(-301),             |v| v.place.seq() == Some(2)),
    ("entry before",          |b| b.entries[1].balance_before = amount(999),      |v| v.place.seq() == Some(2)),
    ("entry after",           |b| b.entries[7].balance_after = amount(-999),      |v| v.place.account() == Some(AccountId(9))),
    ("entry held",            |b| b.entries[2].held_after = amount(199),          |v| v.place.transfer() == Some(id(3))),
    ("entry transfer",        |b| b.entries[5].transfer = id(3),                  |v| v.place.seq() == Some(1)),
    ("entry time",            |b| b.entries[5].created_at = Timestamp(3),         |v| v.place.seq() == Some(1)),
    ("entry missing",         |b| _ = b.entries.remove(6),                      |v| v.place.account() == Some(AccountId(2))),
    ("first entry missing",   |b| _ = b.entries.remove(0),                      |v| v.place.account() == Some(AccountId(1))),
    ("entry doubled",         |b| b.entries.insert(1, b.entries[0].clone()),      |v| v.place.seq() == Some(1)),
    ("entry of nobody",       |b| { let mut e = b.entries[7].clone(); e.account = AccountId(8); b.entries.insert(7, e) }, |v| v.place.account() == Some(AccountId(8))),
    ("transfer amount",       |b| b.transfers[1].amount = amount(299),            |v| v.place.transfer() == Some(id(2))),
    ("transfer direction",    |b| { let t = &mut b.transfers[1]; std::mem::swap(&mut t.from, &mut t.to) }, |v| v.place.transfer() == Some(id(2))),
    ("transfer asset",        |b| b.transfers[1].asset = Asset::parse("USD").expect("known"), |v| v.place.account() == Some(AccountId(2))),
    ("transfer missing",      |b| _ = b.transfers.remove(1),                    |v| v.place.transfer() == Some(id(2))),
    ("transfer of nothing",   |b| { let mut t = b.transfers[1].clone(); t.id = id(7); b.transfers.push(t) }, |v| v.place.transfer() == Some(id(7)) || v.found.contains("07070707")),
    ("transfer not positive", |b| b.transfers[4].amount = amount(0),              |v| v.place.transfer() == Some(id(5))),
    ("money that arrives nowhere", |b| b.transfers[1].to_seq = None,              |v| v.place.transfer() == Some(id(2))),
    ("hold amount",           |b| b.holds[1].amount = amount(51),                 |v| v.place.transfer() == Some(id(5))),
    ("hold status",           |b| b.holds[0].status = HoldStatus::Voided,         |v| v.place.transfer() == Some(id(3))),
    ("hold ended by nobody",  |b| { b.holds[1].status = HoldStatus::Voided; b.holds[1].settled_by = None }, |v| v.place.transfer() == Some(id(5))),
    ("hold still pending",    |b| { b.holds[0].status = HoldStatus::Pending; b.holds[0].settled_by = None }, |v| v.place.transfer() == Some(id(3))),
    ("hold missing",          |b| _ = b.holds.remove(1),                        |v| v.place.transfer() == Some(id(5))),
    ("reference missing",     |b| b.references.clear(),                           |v| v.place.transfer() == Some(id(1))),
    ("reference of another",  |b| b.references[0].2 = id(2),                      |v| v.place.transfer() == Some(id(1))),
    ("conversion that bought more", |b| b.conversions[0].bought = amount(15),     |v| v.place.transfer() == Some(id(6))),
    ("conversion that sold less", |b| b.conversions[0].sold = amount(99),         |v| v.place.transfer() == Some(id(6))),
    ("conversion at another rate", |b| b.conversions[0].rate = Rate::new(amount(1), amount(2)).expect("a rate"), |v| v.expected == "to buy 50"),
    ("conversion missing",    |b| b.conversions.clear(),                          |v| v.place.transfer() == Some(id(8))),
    ("half a conversion",     |b| b.conversions[0].bought_by = id(6),             |v| v.place.transfer() == Some(id(8))),
    ("conversion the other way", |b| buys_the_other_way(b),                       |v| v.place.transfer() == Some(id(8))),
    ("conversion of two users", |b| b.transfers[7].actor = UserId(4),             |v| v.place.transfer() == Some(id(8))),
    ("conversion of another", |b| b.conversions[0].user = UserId(4),              |v| v.place.transfer() == Some(id(6))),
    ("conversion between users", |b| b.transfers[5].to = AccountId(2),            |v| v.place.account() == Some(AccountId(2))),
    ("fee to a user",         |b| b.accounts[8].kind = AccountKind::User,         |v| v.place.account() == Some(AccountId(12))),
    ("liquidity that is fees", |b| b.accounts[6].kind = AccountKind::Fees,        |v| v.place.account() == Some(AccountId(10))),
];

/// What was to be bought is paid once more, in books that add up.
fn buys_the_other_way(books: &mut Books) {
    let half = &mut books.transfers[7];
    std::mem::swap(&mut half.from, &mut half.to);
    for entry in books.entries.iter_mut().filter(|entry| entry.transfer == id(8)) {
        (entry.amount, entry.balance_after) = (entry.amount.negated(), entry.balance_after.negated());
    }
    for account in books.accounts.iter_mut().filter(|account| [4, 11].contains(&account.id.0)) {
        account.balance = account.balance.negated();
    }
}

#[test]
fn whatever_row_is_spoiled_is_named() {
    for (what, spoil, names) in CORRUPTIONS {
        let mut books = books();
        spoil(&mut books);
        let report = books.check(None);
        assert!(report.violations.iter().any(names), "{what}: {:?}", report.violations);
    }
}

#[test]
fn what_is_wrong_before_a_time_is_not_looked_at_from_then_on() {
    let mut books = books();
    books.entries[0].amount = amount(999);
    assert!(!books.check(None).is_clean());
    assert!(books.check(Some(Timestamp(4))).is_clean());
}

#[test]
fn a_violation_says_where_what_and_what_instead() {
    let mut books = books();
    books.accounts[0].balance = amount(551);
    let lines: Vec<_> = books.check(None).violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "asset CNY: expected balances that sum to 0, found 1",
            "account 1: expected version 5, balance 550, held 50, found version 5, balance 551, held 50",
        ]
    );
}
