//! A client and two servers on a simulated network that is cut, held, repaired and whose servers crash, by a seed.
//!
//! `RUSTFLAGS="--cfg teller_turmoil" CARGO_TARGET_DIR=target/turmoil cargo test -p teller-rpc --test turmoil`; more seeds
//! with `TURMOIL_SEEDS=1000`, one alone with `TURMOIL_SEED=17`. The seed decides what happens on the network and when; the
//! order in which tokio polls what is ready at the same moment it does not.

#![cfg(teller_turmoil)]
#![allow(clippy::unwrap_used)]

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use teller_rpc::{
    CallError, Client as Handle, ClientConfig, Context, Executed, Registry, Secret, Server, ServerConfig, Status,
};
use tokio::time::{Instant, sleep};
use turmoil::{Builder, Sim, net::TcpListener};

teller_rpc::service! {
    /// Books what runs.
    pub service "ledger" {
        /// Must not run twice.
        fn book(u64) -> u64;
        /// May run twice.
        idempotent fn look(u64) -> u64;
    }
}

const SERVERS: [&str; 2] = ["one", "two"];
const CALLERS: u64 = 8;
/// So long the network is bad; then it is repaired.
const BAD: Duration = Duration::from_secs(20);
/// So long after it calls may still fail: two silent ticks of 3 s, the longest rest of 2 s, and a dial of 1 s.
const RECOVERY: Duration = Duration::from_secs(12);
const GOOD: Duration = Duration::from_secs(5);

/// How often each call was run, by its number; callers take ranges of numbers of their own.
type Runs = Arc<Mutex<HashMap<u64, usize>>>;

struct Books(Runs);

impl Service for Books {
    async fn book(&self, _: Context, number: u64) -> Result<u64, Status> {
        *self.0.lock().unwrap().entry(number).or_default() += 1;
        // Some take a while: the network changes meanwhile.
        sleep(Duration::from_millis(number % 7 * 20)).await;
        Ok(number)
    }

    async fn look(&self, cx: Context, number: u64) -> Result<u64, Status> {
        self.book(cx, number).await
    }
}

fn secret() -> Secret {
    Secret::new(*b"sixteen bytes ok").unwrap()
}

async fn serve_books(runs: Runs) -> turmoil::Result {
    let listener = TcpListener::bind("0.0.0.0:7070").await?;
    let registry = Registry::new().with(serve(Books(runs)));
    Server::new(registry, ServerConfig::new(secret())).run(listener, std::future::pending()).await;
    Ok(())
}

/// What a caller did: its non-idempotent calls that were answered, and those proven not executed.
#[derive(Default)]
struct Did {
    calls: usize,
    booked: Vec<u64>,
    not_run: Vec<u64>,
    unknown: usize,
}

async fn caller(client: Client, numbers: Range<u64>, good: Arc<AtomicBool>, begin: Instant, seed: u64) -> Did {
    let (mut did, mut random) = (Did::default(), SmallRng::seed_from_u64(seed));
    for number in numbers {
        if begin.elapsed() > BAD + RECOVERY + GOOD {
            break;
        }
        let (patience, start) = (Duration::from_millis(random.random_range(50..2000)), Instant::now());
        let was_good = good.load(Ordering::Relaxed);
        let context = Context::with_timeout(if was_good { Duration::from_secs(2) } else { patience });
        let idempotent = random.random();
        let outcome =
            if idempotent { client.look(&context, &number).await } else { client.book(&context, &number).await };
        did.calls += 1;
        let late = start.elapsed().saturating_sub(context.deadline().duration_since(start));
        assert!(late < Duration::from_millis(20), "call {number} came back {late:?} after its deadline");
        match outcome {
            Ok(answer) => {
                assert_eq!(answer, number, "the answer of another call");
                if !idempotent {
                    did.booked.push(number);
                }
            }
            Err(error) => {
                assert!(!was_good, "call {number} failed on a good network: {error}");
                match error.executed() {
                    Executed::No => did.not_run.push(number),
                    Executed::Unknown => did.unknown += 1,
                    Executed::Yes => panic!("no handler fails: {error}"),
                }
                if matches!(error, CallError::Unavailable(_)) {
                    // It fails at once; time has to pass for anything to change.
                    sleep(Duration::from_millis(random.random_range(1..50))).await;
                }
            }
        }
        sleep(Duration::from_millis(random.random_range(0..30))).await;
    }
    did
}

/// One more thing that goes wrong, or is repaired.
fn trouble(sim: &mut Sim<'_>, random: &mut SmallRng) {
    let server = SERVERS[random.random_range(0..2)];
    match random.random_range(0..9) {
        0 => sim.partition("client", server),
        1 => sim.partition_oneway("client", server),
        2 => sim.partition_oneway(server, "client"),
        3 => sim.hold("client", server),
        4 => sim.release("client", server),
        5 if sim.is_host_running(server) => sim.crash(server),
        6 => sim.bounce(server),
        7 => sim.set_link_latency("client", server, Duration::from_millis(random.random_range(0..300))),
        _ => sim.repair("client", server),
    }
}

fn repair(sim: &mut Sim<'_>) {
    for server in SERVERS {
        sim.repair("client", server);
        sim.release("client", server);
        sim.set_link_latency("client", server, Duration::from_millis(1));
        if !sim.is_host_running(server) {
            sim.bounce(server);
        }
    }
}

fn story(seed: u64) -> Did {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut sim = Builder::new()
        .rng_seed(seed)
        .enable_random_order()
        .simulation_duration(Duration::from_secs(120))
        .tick_duration(Duration::from_millis(2))
        .max_message_latency(Duration::from_millis(random.random_range(1..30)))
        .tcp_capacity(4096)
        .build();
    let (runs, good) = (Runs::default(), Arc::new(AtomicBool::new(false)));
    for server in SERVERS {
        let runs = Arc::clone(&runs);
        sim.host(server, move || serve_books(Arc::clone(&runs)));
    }
    let total = Arc::new(Mutex::new(Did::default()));
    sim.client("client", {
        let (good, total) = (Arc::clone(&good), Arc::clone(&total));
        async move {
            let backends = SERVERS.iter().map(|server| format!("{server}:7070")).collect();
            let handle = Handle::new(backends, ClientConfig::new(secret()));
            let begin = Instant::now();
            let callers: Vec<_> = (0..CALLERS)
                .map(|number| {
                    let numbers = number * 1_000_000..(number + 1) * 1_000_000;
                    let client = Client::new(handle.clone());
                    tokio::spawn(caller(client, numbers, Arc::clone(&good), begin, seed ^ number))
                })
                .collect();
            for caller in callers {
                let did = caller.await?;
                let mut total = total.lock().unwrap();
                total.calls += did.calls;
                total.unknown += did.unknown;
                total.booked.extend(did.booked);
                total.not_run.extend(did.not_run);
            }
            let figures = handle.figures();
            assert_eq!((figures.stray_answers, figures.waiting), (0, 0), "{figures:?}");
            Ok(())
        }
    });
    let mut next = Duration::from_millis(500);
    let mut repaired = false;
    while !sim.step().unwrap() {
        if !repaired && sim.elapsed() >= BAD {
            repair(&mut sim);
            repaired = true;
        } else if !repaired && sim.elapsed() >= next {
            trouble(&mut sim, &mut random);
            next = sim.elapsed() + Duration::from_millis(random.random_range(50..1500));
        }
        if sim.elapsed() >= BAD + RECOVERY {
            good.store(true, Ordering::Relaxed);
        }
    }
    let did = std::mem::take(&mut *total.lock().unwrap());
    let runs = runs.lock().unwrap();
    for number in &did.booked {
        assert_eq!(runs.get(number), Some(&1), "call {number}, not idempotent, was answered and ran this often");
    }
    for number in &did.not_run {
        assert_eq!(runs.get(number), None, "call {number} was proven not executed and ran this often");
    }
    did
}

#[test]
fn whatever_the_network_does_calls_end_in_time_run_once_and_go_on_when_it_is_repaired() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seeds = match number("TURMOIL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TURMOIL_SEEDS").unwrap_or(20),
    };
    for seed in seeds {
        let did = std::panic::catch_unwind(|| story(seed)).unwrap_or_else(|_| panic!("failing seed: {seed}"));
        println!(
            "seed {seed}: {} calls, {} not executed, {} of unknown outcome",
            did.calls,
            did.not_run.len(),
            did.unknown
        );
    }
}
