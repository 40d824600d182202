//! Sends batches of transfers over RPC as fast as they are answered, and says how fast that was.
//!
//! With a server running on accounts that `teller seed accounts COUNT` made, as the demo operator, who may move anybody's money:
//! `cargo run --release --example transfers -- CALLERS BATCH SECONDS COUNT FIRST_ACCOUNT`.
//! `TELLER_RPC` is the backend's address; the secret is in `TELLER_RPC_SECRET` or in the server's data folder.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, fs};

use teller::api::transfer::{Item, Order, fresh_id};
use teller::client::{Client, Secret};
use teller::domain::account::AccountId;
use teller::domain::asset::Asset;
use teller::domain::caller::Caller;
use teller::domain::money::Decimal;
use teller::domain::transfer::Description;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// For a batch that waits behind all others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where money moves: this many accounts from this number on.
#[derive(Clone, Copy)]
struct Accounts {
    count: u64,
    first: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let numbers: Vec<u64> = env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let [callers, batch, seconds, count, first] = numbers[..] else {
        return Err("want CALLERS BATCH SECONDS COUNT FIRST_ACCOUNT".into());
    };
    let backend = env::var("TELLER_RPC").unwrap_or_else(|_| "127.0.0.1:7070".to_owned());
    let secret = env::var("TELLER_RPC_SECRET").or_else(|_| fs::read_to_string("data/rpc.secret"))?;
    let client = Client::connect([backend], Secret::new(secret.trim())?).with_timeout(PATIENCE);
    let caller = client.sign_in("operator", "teller-demo").await?;

    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let mut running = JoinSet::new();
    for number in 0..callers {
        let (client, caller) = (client.clone(), caller.clone());
        let draws = Draws { accounts: Accounts { count, first }, state: u64::from(std::process::id()) << 32 | number };
        running.spawn(call(client, caller, draws, batch, end));
    }
    let mut took = Vec::new();
    while let Some(caller) = running.join_next().await {
        took.extend(caller??);
    }
    let rate = (took.len() as u64 * batch) as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
    println!("{rate:.0} transfers/s, a batch p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
    Ok(())
}

/// One batch after the other until `end`: how long each took. What is refused is an error.
async fn call(
    client: Client,
    caller: Caller,
    mut draws: Draws,
    batch: u64,
    end: Instant,
) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::new();
    while took.is_empty() || Instant::now() < end {
        let items = (0..batch).map(|_| draws.item()).collect();
        let begun = Instant::now();
        for outcome in client.transfers(&caller, None, items).await? {
            outcome?;
        }
        took.push(begun.elapsed());
    }
    Ok(took)
}

/// Transfers of 0.01 between two accounts as good as random.
struct Draws {
    accounts: Accounts,
    state: u64,
}

impl Draws {
    fn item(&mut self) -> Item {
        let Accounts { count, first } = self.accounts;
        let from = self.next() % count;
        let to = (from + 1 + self.next() % (count - 1)) % count;
        let order = Order {
            from: AccountId(first + from),
            to: AccountId(first + to),
            asset: Asset::parse("CNY").expect("a currency"),
            amount: Decimal { digits: 1, scale: 2 },
            pending: None,
            description: Description::default(),
        };
        Item { id: fresh_id(), linked: false, order }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
