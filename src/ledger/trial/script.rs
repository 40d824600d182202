//! Commands out of bytes. Few ids, accounts and references, so that they meet; amounts at every limit.

use crate::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Along, Authority, Command, Fee, Move, Pending, Settle, Settlement};
use crate::domain::money::{Amount, Decimal};
use crate::domain::time::Timestamp;
use crate::domain::transfer::{Description, Reference, TransferId, TransferKind};
use crate::domain::user::UserId;

/// Batches of groups of commands, each with the time it is planned at.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Script {
    pub(in crate::ledger) batches: Vec<(Timestamp, Vec<Vec<Command>>)>,
}

const MAX: i128 = Amount::MAX.minor();
const AMOUNTS: [(i128, u8); 16] = [
    (1, 0),
    (1, 0),
    (2, 0),
    (5, 0),
    (20, 0),
    (125, 2),
    (1, 2),
    (75, 1),
    (0, 0),
    (-3, 0),
    (1, 3),
    (25, 3),
    (MAX, 2),
    (MAX, 0),
    (MAX - 99, 2),
    (i128::MAX, 4),
];

/// The places of the house's accounts.
pub(in crate::ledger) const FEES_CNY: usize = 13;
const LIQUIDITY: usize = 14;
const FEES_JPY: usize = 15;

/// The accounts of a world: users with money, without, with an overdraft, frozen, closed, as rich and as much in debt as can be; outside; and
/// the house's.
pub(in crate::ledger) fn accounts(world: u8) -> Vec<Account> {
    let rows = [
        // owner, asset, balance, floor, status
        (1, "CNY", 10_000, 0, AccountStatus::Open),
        (2, "CNY", 0, 0, AccountStatus::Open),
        (3, "CNY", 0, -500, AccountStatus::Open),
        (1, "JPY", 100, 0, AccountStatus::Open),
        (2, "JPY", 0, 0, AccountStatus::Open),
        (4, "CNY", 700, 0, AccountStatus::Frozen),
        (5, "CNY", 0, 0, AccountStatus::Closed),
        (6, "CNY", MAX - 300, 0, AccountStatus::Open),
        (7, "CNY", 0, -MAX, AccountStatus::Open),
        (0, "CNY", 0, -MAX, AccountStatus::Open),
        (0, "CNY", 200 - MAX, -MAX, AccountStatus::Open),
        (0, "JPY", 0, -MAX, AccountStatus::Open),
        (3, "KWD", 5_000, 0, AccountStatus::Open),
        (0, "CNY", 0, 0, AccountStatus::Open),
        (0, "CNY", 900, 0, AccountStatus::Open),
        (0, "JPY", MAX - 5, 0, AccountStatus::Open),
    ];
    let kind = |place, owner| match (place, owner) {
        (LIQUIDITY, _) => AccountKind::Liquidity,
        (FEES_CNY | FEES_JPY, _) => AccountKind::Fees,
        (_, 0) => AccountKind::External,
        _ => AccountKind::User,
    };
    let account =
        |(place, (owner, asset, balance, floor, status)): (usize, (u64, &str, i128, i128, AccountStatus))| Account {
            id: AccountId(u64::from(world) * 1000 + place as u64 + 1),
            owner: (owner > 0).then_some(UserId(owner)),
            kind: kind(place, owner),
            stripe: (owner == 0).then_some(place as u16),
            asset: self::asset(asset),
            balance: Amount::new(balance).expect("38 digits"),
            held: Amount::ZERO,
            floor: Amount::new(floor).expect("38 digits"),
            version: place as u64,
            status,
            created_at: Timestamp(0),
            updated_at: Timestamp(1000 * place as i64),
        };
    rows.into_iter().enumerate().map(account).collect()
}

pub(in crate::ledger) fn asset(code: &str) -> Asset {
    Asset::parse(code).expect("a currency")
}

/// The bytes that are left; zeros once there are none.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::from(self.next()) % from.len()].clone()
    }
}

impl Script {
    /// Reads `input` as commands of a `world`: those of different worlds have nothing in common.
    pub(in crate::ledger) fn read(input: &[u8], world: u8) -> Self {
        let mut bytes = Bytes(input);
        let (mut now, mut batches, mut groups, mut group) = (0_i64, Vec::new(), Vec::new(), Vec::new());
        let mut past: Vec<Command> = Vec::new();
        while !bytes.0.is_empty() {
            match bytes.next() % 16 {
                // The clock may be put back.
                0 => now += i64::from(bytes.next() as i8) * 300_000,
                1 => groups.push(std::mem::take(&mut group)),
                2 => {
                    groups.push(std::mem::take(&mut group));
                    batches.push((Timestamp(now), std::mem::take(&mut groups)));
                }
                3..=5 if !past.is_empty() => group.push(bytes.pick(&past)),
                _ => {
                    let command = command(&mut bytes, world, &past);
                    past.push(command.clone());
                    group.push(command);
                }
            }
        }
        groups.push(group);
        batches.push((Timestamp(now), groups));
        Self { batches }
    }
}

fn command(bytes: &mut Bytes<'_>, world: u8, past: &[Command]) -> Command {
    let head = bytes.next();
    let id = if head & 0x0e == 0 { bytes.next() % 8 } else { past.len() as u8 };
    let action = if head & 0x30 == 0 { settle(bytes, world, past) } else { transfer(bytes, world) };
    Command {
        id: TransferId([[world; 8], [id; 8]].concat().try_into().expect("16 bytes")),
        actor: UserId(1 + u64::from(head >> 6)),
        authority: if head & 0x40 == 0 { Authority::Operator } else { Authority::Owner },
        linked: head & 1 == 1 && head & 0x0c != 0,
        action,
        record: None,
        along: along(bytes, world),
    }
}

/// Often nothing; otherwise a fee, mostly to an account that is there for it, and sometimes a time until which the command is good.
fn along(bytes: &mut Bytes<'_>, world: u8) -> Option<Box<Along>> {
    let look = bytes.next();
    let place = match look % 8 {
        0..=4 => return None,
        5 | 6 => FEES_CNY,
        _ if look > 127 => FEES_JPY,
        _ => usize::from(look) % 20,
    };
    let amounts = [1, 5, 100, 1000, MAX].map(|minor| Amount::new(minor).expect("38 digits"));
    let fee = Fee { to: AccountId(u64::from(world) * 1000 + place as u64 + 1), amount: bytes.pick(&amounts) };
    let until = bytes.next().is_multiple_of(4).then(|| Timestamp(i64::from(bytes.next() as i8) * 300_000));
    Some(Box::new(Along { fee: Some(fee), until, conversion: None }))
}

fn transfer(bytes: &mut Bytes<'_>, world: u8) -> Action {
    let accounts = accounts(world);
    let unknown = AccountId(u64::from(world) * 1000 + 999);
    // The house's accounts less often than others, since little is theirs to do.
    let mut account = || match bytes.next() {
        look @ 240.. => accounts[FEES_CNY + usize::from(look) % 3].id,
        look if look % 14 == 13 => unknown,
        look => accounts[usize::from(look) % 14].id,
    };
    let (from, to) = (account(), account());
    let of_payer = accounts.iter().find(|account| account.id == from).map_or(asset("CNY"), |account| account.asset);
    let look = bytes.next();
    let references = ["a", "b", "c"].map(|text| Reference::parse(format!("{text}{world}")).expect("a reference"));
    Action::Move(Move {
        kind: bytes.pick(&[
            TransferKind::Transfer,
            TransferKind::Deposit,
            TransferKind::Withdrawal,
            TransferKind::Deduction,
            TransferKind::Conversion,
        ]),
        from,
        to,
        asset: if look.is_multiple_of(16) { asset("JPY") } else { of_payer },
        amount: amount(bytes),
        pending: match look >> 5 {
            0 => Some(Pending { timeout_s: None }),
            1 | 2 => Some(Pending { timeout_s: Some(u32::from(look) % 4 * 10) }),
            _ => None,
        },
        reference: (look & 0x0c == 0).then(|| bytes.pick(&references)),
        description: if look & 3 == 3 { Description::parse("tea").expect("short") } else { Description::default() },
    })
}

fn settle(bytes: &mut Bytes<'_>, world: u8, past: &[Command]) -> Action {
    let pending = |command: &&Command| matches!(&command.action, Action::Move(wish) if wish.pending.is_some());
    let ids: Vec<_> = past.iter().filter(pending).map(|command| command.id).collect();
    let number = bytes.next();
    let unlikely = TransferId([[world; 8], [number; 8]].concat().try_into().expect("16 bytes"));
    let pending =
        if ids.is_empty() || number.is_multiple_of(16) { unlikely } else { ids[usize::from(number) % ids.len()] };
    let how = match bytes.next() % 8 {
        0 | 1 => Settlement::Post(None),
        2..=4 => Settlement::Post(Some(amount(bytes))),
        5 => Settlement::Void,
        _ => Settlement::Expire,
    };
    Action::Settle(Settle { pending, how })
}

fn amount(bytes: &mut Bytes<'_>) -> Decimal {
    let (digits, scale) = bytes.pick(&AMOUNTS);
    Decimal { digits, scale }
}
