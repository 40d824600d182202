//! The planner alone: what a batch of commands costs before a database hears of it. `cargo bench --bench ledger`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use teller::domain::account::{Account, AccountId, AccountKind, AccountStatus};
use teller::domain::asset::Asset;
use teller::domain::command::{Action, Authority, Command, Move};
use teller::domain::effects::Found;
use teller::domain::money::{Amount, Decimal};
use teller::domain::time::Timestamp;
use teller::domain::transfer::{Description, TransferId, TransferKind};
use teller::domain::user::UserId;
use teller::ledger::plan::{Asked, Pending, plan};

fn asset() -> Asset {
    Asset::parse("CNY").expect("a currency")
}

fn account(number: u64) -> Account {
    Account {
        id: AccountId(number),
        owner: Some(UserId(number)),
        kind: AccountKind::User,
        stripe: None,
        asset: asset(),
        balance: Amount::new(1_000_000).expect("small"),
        held: Amount::ZERO,
        floor: Amount::ZERO,
        version: 7,
        status: AccountStatus::Open,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

fn command(number: u64, accounts: u64, linked: bool) -> Command {
    // Multiplied by a large odd number, so that neither ids nor accounts come in order.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let from = (mixed >> 32) % accounts;
    let action = Action::Move(Move {
        kind: TransferKind::Transfer,
        from: AccountId(from + 1),
        to: AccountId((from + 1 + mixed % (accounts - 1)) % accounts + 1),
        asset: asset(),
        amount: Decimal { digits: 1, scale: 2 },
        pending: None,
        reference: None,
        description: Description::parse("rent, November").expect("short"),
    });
    let id = TransferId(u128::from(mixed).wrapping_mul(0x1_0000_0001_0000_0001).to_be_bytes());
    Command { id, actor: UserId(1), authority: Authority::Operator, linked, action, record: None, along: None }
}

fn planner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for (name, commands, accounts, chain) in [
        ("1 command", 1, 2, 1),
        ("1000 commands, 10000 accounts", 1000, 10_000, 1),
        ("8000 commands, 10000 accounts", 8000, 10_000, 1),
        ("8000 commands, 2 accounts", 8000, 2, 1),
        ("8000 commands in chains of 8", 8000, 10_000, 8),
    ] {
        let batch: Vec<Command> = (0..commands).map(|n| command(n, accounts, n % chain != chain - 1)).collect();
        let wanted = batch.iter().flat_map(|command| match &command.action {
            Action::Move(wish) => [wish.from, wish.to],
            Action::Settle(_) => unreachable!("none is made"),
        });
        let accounts = wanted.map(|id| (id, Some(account(id.0)))).collect();
        let found = Found { accounts, ..Found::default() };
        let batch = [Asked::from(batch)];
        let planned = plan(&found, &Pending::new(), &batch, Timestamp(1));
        assert!(planned.outcomes.iter().all(Result::is_ok), "what is refused is not what is measured");
        group.throughput(Throughput::Elements(commands));
        group.bench_function(name, |bencher| {
            let run = |asked: &[Asked]| plan(black_box(&found), &Pending::new(), asked, Timestamp(1));
            bencher.iter_batched(|| &batch[..], run, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, planner);
criterion_main!(benches);
