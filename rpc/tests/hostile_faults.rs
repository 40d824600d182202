//! Real sockets with a wire between them that carries odd pieces, pauses, falls silent and is cut in mid-frame, by a seed.
//!
//! One seed alone: `FAULT_SEED=17 cargo test -p teller-rpc --test hostile_faults`.

#![allow(clippy::unwrap_used)]

#[path = "support/proxy.rs"]
mod proxy;
mod support;

use std::{
    collections::HashSet,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use proxy::{Faults, Proxy};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use support::{Client, Running, client_of};
use teller_rpc::{CallError, Client as Handle, Context, Executed};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep},
};

const CALLERS: u64 = 8;
const CALLS: u64 = 25;
/// What a busy machine may add to a time limit: this tells a late answer from none at all.
const PATIENCE: Duration = Duration::from_secs(30);

fn seeds() -> Range<u64> {
    match std::env::var("FAULT_SEED") {
        Ok(seed) => seed.parse().unwrap()..seed.parse::<u64>().unwrap() + 1,
        Err(_) => 0..24,
    }
}

fn faults(seed: u64) -> Faults {
    let mut random = SmallRng::seed_from_u64(seed);
    Faults {
        seed,
        buffers: [4096, 16_384, 262_144][random.random_range(0..3)],
        piece: [1, 7, 13, 100, 5000][random.random_range(0..5)],
        pause_one_in: [0, 3, 50][random.random_range(0..3)],
        // Sometimes in mid-hello.
        cut_within: [800, 4000, 30_000][random.random_range(0..3)],
        hold_one_in: [0, 4][random.random_range(0..2)],
    }
}

/// Calls that must be answered rightly, fail in one of the ways they may, and end in time. Returns those proven not
/// executed and how many were answered.
async fn caller(handle: Handle, seed: u64, number: u64) -> (Vec<String>, usize) {
    let (client, mut random) = (Client::new(handle), SmallRng::seed_from_u64(seed ^ number << 32));
    let (mut not_executed, mut answered) = (vec![], 0);
    for call in 0..CALLS {
        let text = format!("{number}/{call}/{}", "x".repeat(random.random_range(0..2000)));
        let limit = Duration::from_millis(random.random_range(20..400));
        let start = Instant::now();
        match client.echo(&Context::with_timeout(limit), &text).await {
            Ok(answer) => {
                assert!(answer == text, "seed {seed}: {number}/{call} got the answer of another");
                answered += 1;
            }
            Err(CallError::Decode(error)) => panic!("seed {seed}: a good server's answer was misread: {error}"),
            Err(error) if error.executed() == Executed::No => not_executed.push(text),
            Err(error) => assert_eq!(error.executed(), Executed::Unknown, "seed {seed}: {error}"),
        }
        assert!(start.elapsed() < limit + PATIENCE, "seed {seed}: {:?} of {limit:?}", start.elapsed());
    }
    (not_executed, answered)
}

/// What the server has run is read from its journal at the end.
async fn story(seed: u64) -> usize {
    let server = Running::with(|config| config.keepalive = Duration::from_millis(100)).await;
    let proxy = Proxy::before(server.address, faults(seed)).await;
    let handle = client_of(&[proxy.address], |config| {
        config.keepalive = Duration::from_millis(100);
        config.connect_timeout = Duration::from_millis(300);
        config.max_rest = Duration::from_millis(50);
        config.max_connections = 2;
    });
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(caller(handle.clone(), seed, number));
    }
    let (mut not_executed, mut answered) = (HashSet::new(), 0);
    while let Some(caller) = callers.join_next().await {
        let (texts, count) = caller.unwrap();
        not_executed.extend(texts);
        answered += count;
    }
    for ran in server.strings.echoed.lock().unwrap().iter() {
        assert!(!not_executed.contains(ran), "seed {seed}: {} ran", &ran[..10]);
    }
    // Whole again, it is as if nothing had been: those that were held are given up, and every call is answered.
    proxy.repair();
    let client = Client::new(handle.clone());
    let start = Instant::now();
    while client.echo(&Context::with_timeout(Duration::from_millis(500)), &String::new()).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "seed {seed}: no recovery");
        // A call to a backend that rests fails without waiting: a loop of these would keep the dial from its thread.
        sleep(Duration::from_millis(1)).await;
    }
    // The connections that were cut by their length before the repair may still be in use, and end.
    handle.close().await;
    let fresh = Client::new(client_of(&[proxy.address], |_| {}));
    for number in 0..20 {
        let text = number.to_string();
        assert_eq!(fresh.echo(&Context::with_timeout(PATIENCE), &text).await.unwrap(), text, "seed {seed}");
    }
    assert_eq!((handle.figures().in_flight, handle.figures().waiting), (0, 0), "seed {seed}");
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_wire_that_is_cut_anywhere_no_call_is_misled_and_all_end_in_time() {
    let (mut running, mut answered) = (JoinSet::new(), 0);
    let slots = Arc::new(Semaphore::new(4));
    for seed in seeds() {
        let slot = Arc::clone(&slots).acquire_owned().await.unwrap();
        running.spawn(async move {
            let answered = story(seed).await;
            drop(slot);
            answered
        });
    }
    while let Some(story) = running.join_next().await {
        answered += story.unwrap();
    }
    println!("{answered} calls were answered");
    assert!(answered > 100, "{answered} were answered");
}

/// Calls that must not run twice, until the test is over; each has a number of its own. Returns those that were answered.
async fn booker(handle: Handle, caller: u32, over: Arc<AtomicBool>) -> Vec<u32> {
    let (client, mut booked) = (Client::new(handle), vec![]);
    for number in caller << 16.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let answer = client.hold(&Context::default(), &number).await;
        assert_eq!(answer.unwrap_or_else(|error| panic!("call {number} was lost in a drain: {error}")), number);
        booked.push(number);
    }
    booked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drains_on_wires_of_odd_pieces_lose_no_call_and_run_none_twice() {
    let (mut servers, mut proxies) = (vec![], vec![]);
    for seed in 0..4 {
        let server = Running::start().await;
        server.strings.gate.add_permits(1 << 20);
        let wire = Faults { seed, buffers: 4096, piece: 17, pause_one_in: 40, cut_within: 0, hold_one_in: 0 };
        proxies.push(Proxy::before(server.address, wire).await);
        servers.push(server);
    }
    let addresses: Vec<_> = proxies.iter().map(|proxy| proxy.address).collect();
    let handle = client_of(&addresses, |_| {});
    let over = Arc::new(AtomicBool::new(false));
    let mut bookers = JoinSet::new();
    for caller in 0..16 {
        bookers.spawn(booker(handle.clone(), caller, Arc::clone(&over)));
    }
    // One after the other is drained in the middle of its work, while the rest takes over; the last one ends the test.
    let mut ran = vec![];
    let mut booked = vec![];
    while let Some(mut server) = servers.pop() {
        // What it has run so far, and a hundred more: a call has three tries, which three drains at once would use up.
        while let Ok(number) = server.starts.try_recv() {
            ran.push(number);
        }
        for _ in 0..100 {
            ran.push(server.starts.recv().await.unwrap());
        }
        if servers.is_empty() {
            over.store(true, Ordering::Relaxed);
            while let Some(booker) = bookers.join_next().await {
                booked.extend(booker.unwrap());
            }
        }
        let mut starts = std::mem::replace(&mut server.starts, mpsc::unbounded_channel().1);
        assert_eq!(server.stop().await.unwrap().cancelled, 0);
        while let Some(number) = starts.recv().await {
            ran.push(number);
        }
    }
    ran.sort_unstable();
    booked.sort_unstable();
    println!("{} calls in four drains", booked.len());
    assert_eq!(ran, booked, "what was answered is what ran, each once");
}
