//! Users made without signing up: the demo users of development with their money, and any number for load tests.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::Clock;
use super::password::Hasher;
use crate::domain::account::AccountId;
use crate::domain::asset::Asset;
use crate::domain::command::{Action, Authority, Command, Move};
use crate::domain::money::Decimal;
use crate::domain::transfer::{Description, IdempotencyKey, Reference, TransferId, TransferKind};
use crate::domain::user::{Password, Role, UserId};
use crate::error::{Code, Error};
use crate::ledger::Ledger;
use crate::store::ledger::LedgerStore;
use crate::store::{Contact, NewUser, Store};

/// Every demo user's password.
pub const PASSWORD: &str = "teller-demo";

/// The demo users: number, user name, nickname, role.
pub const USERS: [(u64, &str, &str, Role); 5] = [
    (1, "alice", "Alice", Role::Customer),
    (2, "bob", "Bob", Role::Customer),
    (3, "user_123", "Payer", Role::Customer),
    (4, "operator", "Operator", Role::Operator),
    (20_241_222, "wallet_demo", "Wallet", Role::Customer),
];

/// What the demo users begin with: user, currency, major units.
const MONEY: [(u64, &str, i128); 5] =
    [(1, "CNY", 1000), (1, "USD", 1000), (2, "CNY", 1000), (2, "USD", 1000), (3, "CNY", 100_000)];
/// The demo user who brings it.
const OPERATOR: UserId = UserId(4);
/// How long one deposit of it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the demo users are in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// They were made just now.
    Made,
    /// They were there.
    Kept,
    /// They are not: the store has users of its own.
    Absent,
}

/// Puts the demo users into a store that has no users.
///
/// Two backends that start at once may both do it: the numbers are fixed, so the second finds them taken.
pub async fn seed<S: Store>(store: &S, hasher: &Hasher, clock: Clock) -> Result<Demo, Error> {
    if !store.has_no_users().await? {
        let (id, first, ..) = USERS[0];
        let there = store.credentials(first).await?.is_some_and(|known| known.user == UserId(id));
        return Ok(if there { Demo::Kept } else { Demo::Absent });
    }
    let mut users = Vec::new();
    for (id, user_name, nickname, role) in USERS {
        users.push(NewUser {
            id: Some(UserId(id)),
            user_name: user_name.to_owned(),
            nickname: nickname.to_owned(),
            password_hash: hasher.hash(password()).await?,
            role,
            contact: Contact::default(),
            created_at: clock(),
        });
    }
    // All or none: a start that is killed here leaves no half of them.
    store.insert_users(users).await?;
    Ok(Demo::Made)
}

/// Gives the demo users what they begin with: deposits with fixed ids, so that the next start, or another backend, gives nothing again.
pub async fn endow<S: LedgerStore>(ledger: &Ledger<S>, clock: Clock) -> Result<(), Error> {
    let mut accounts = Vec::new();
    // All before the first deposit, so that theirs have the first numbers, and the world's come after them.
    for (user, code, _) in MONEY {
        let (owner, asset) = (UserId(user), Asset::parse(code).expect("currencies of ISO 4217"));
        let store = ledger.store();
        let account = match store.open_account(owner, asset, clock()).await? {
            Some(account) => Some(account),
            None => store.account_of(owner, asset).await?,
        };
        accounts.push(account.ok_or_else(|| Error::new(Code::Store, "an account that was there is gone"))?);
    }
    for ((user, code, units), account) in MONEY.into_iter().zip(accounts) {
        let (asset, name) = (account.asset, format!("seed-{user}-{code}"));
        let key = IdempotencyKey::parse(name.as_str()).expect("visible ASCII");
        let id = TransferId::of_key("seed", &key);
        let action = Action::Move(Move {
            kind: TransferKind::Deposit,
            from: ledger.external_account(asset, id).await?,
            to: account.id,
            asset,
            amount: Decimal { digits: units, scale: 0 },
            pending: None,
            reference: Some(Reference::parse(name).expect("visible ASCII")),
            description: Description::parse("to begin with").expect("a short text"),
        });
        let command = Command {
            id,
            actor: OPERATOR,
            authority: Authority::Operator,
            linked: false,
            action,
            record: None,
            along: None,
        };
        // An account that was frozen or closed since has its deposit, and answers with it.
        if let Err(refusal) = ledger.one(command, Instant::now() + PATIENCE).await? {
            return Err(Error::new(Code::Internal, refusal));
        }
    }
    Ok(())
}

/// Users of one transaction of [`many`], so few that it is within its time on a busy machine too, and how many transactions run at once.
const CHUNK: u64 = 200;
const AT_ONCE: usize = 4;
/// Accounts of one transaction of [`accounts`].
const ACCOUNTS: u64 = 500;
/// Most users that [`many`] makes: their names have nine digits.
pub const MANY_MAX: u64 = 999_999_999;

/// Makes the users `user000000001` to `count` in nine digits; those that are there stay as they are. Calls `done` with how many more are done,
/// and returns how many are new. To be quick, all have one password hash, of [`PASSWORD`]: nothing for people's accounts.
pub async fn many<S: Store>(
    store: &S,
    hasher: &Hasher,
    clock: Clock,
    count: u64,
    done: impl Fn(u64),
) -> Result<usize, Error> {
    let password_hash = &hasher.hash(password()).await?;
    let chunks = (1..=count.min(MANY_MAX)).step_by(CHUNK as usize).map(|first| first..(first + CHUNK).min(count + 1));
    let insert = async |numbers: std::ops::Range<u64>| {
        let size = numbers.end - numbers.start;
        let users = numbers.map(|number| NewUser {
            id: None,
            user_name: user_name(number),
            nickname: format!("u{}", number % 10_000_000),
            password_hash: password_hash.clone(),
            role: Role::Customer,
            contact: Contact::default(),
            created_at: clock(),
        });
        let new = store.insert_users(users.collect()).await?;
        done(size);
        Ok::<_, Error>(new)
    };
    stream::iter(chunks).map(insert).buffer_unordered(AT_ONCE).try_fold(0, async |sum, new| Ok(sum + new)).await
}

/// What each of the users of [`many`] is to have.
#[derive(Clone, Copy, Debug)]
pub struct Fund {
    /// Their number.
    pub count: u64,
    /// The currency of their accounts.
    pub asset: Asset,
    /// How much each is given, in major units: once, however often this is run.
    pub amount: Decimal,
}

/// Opens an account for each of the users that [`many`] made, and gives it money. Calls `done` with how many more are done, and returns the
/// first and the last account by number: where nobody else opens one meanwhile, all are between them.
pub async fn accounts<S: Store>(
    ledger: &Ledger<S>,
    clock: Clock,
    fund: Fund,
    done: impl Fn(u64),
) -> Result<(AccountId, AccountId), Error> {
    // Made first, so that their numbers come first.
    ledger.external_account(fund.asset, TransferId([0; 16])).await?;
    let (mut first, mut last) = (AccountId(u64::MAX), AccountId(0));
    for begin in (1..=fund.count.min(MANY_MAX)).step_by(ACCOUNTS as usize) {
        let numbers = begin..(begin + ACCOUNTS).min(fund.count + 1);
        let owners = users(ledger.store(), numbers.clone()).await?;
        let accounts = ledger.store().open_accounts(&owners, fund.asset, clock()).await?;
        let mut deposits = Vec::with_capacity(accounts.len());
        for (number, account) in numbers.zip(&accounts) {
            (first, last) = (first.min(*account), last.max(*account));
            deposits.push(deposit(ledger, &fund, number, *account).await?);
        }
        for outcome in ledger.submit(deposits, Instant::now() + PATIENCE).await? {
            outcome.map_err(|refusal| Error::new(Code::Internal, refusal))?;
        }
        done(accounts.len() as u64);
    }
    Ok((first, last))
}

/// The users of these numbers, in their order.
async fn users<S: Store>(store: &S, numbers: std::ops::Range<u64>) -> Result<Vec<UserId>, Error> {
    let names: Vec<_> = numbers.map(user_name).collect();
    let found = store.credentials_of(&names).await?;
    let of: HashMap<_, _> = found.into_iter().map(|known| (known.user_name, known.user)).collect();
    let user =
        |name| of.get(name).copied().ok_or_else(|| Error::new(Code::Internal, format!("there is no user {name}")));
    names.iter().map(user).collect()
}

async fn deposit<S: LedgerStore>(
    ledger: &Ledger<S>,
    fund: &Fund,
    number: u64,
    to: AccountId,
) -> Result<Command, Error> {
    let key = IdempotencyKey::parse(format!("account-{}-{}", user_name(number), fund.asset.code()));
    let id = TransferId::of_key("seed", &key.expect("visible ASCII"));
    let action = Action::Move(Move {
        kind: TransferKind::Deposit,
        from: ledger.external_account(fund.asset, id).await?,
        to,
        asset: fund.asset,
        amount: fund.amount,
        pending: None,
        reference: None,
        description: Description::default(),
    });
    Ok(Command {
        id,
        actor: OPERATOR,
        authority: Authority::Operator,
        linked: false,
        action,
        record: None,
        along: None,
    })
}

fn user_name(number: u64) -> String {
    format!("user{number:09}")
}

fn password() -> Password {
    Password::parse(PASSWORD).expect("the demo password follows the rules")
}
