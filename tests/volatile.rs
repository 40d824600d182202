//! The promises of the volatile store, on memory and on Redis.
//!
//! Redis is what `TELLER_TEST_REDIS_URL` names, or a private redis-server. Without either its trials are ignored, and say why.

#[path = "support/redis.rs"]
mod support;
mod volatile_redis;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use teller::domain::attempt::{AttemptKey, Counter};
use teller::domain::session::{Session, SessionKey};
use teller::domain::user::{Profile, UserId};
use teller::store::contract::volatile::interleavings::{Cast, every_order};
use teller::store::contract::volatile::{Subject, promises};
use teller::store::memory::Memory;
use teller::store::{StoreError, Volatile};
use tokio::runtime::Builder;

fn main() {
    let arguments = Arguments::from_args();
    run(&arguments).exit();
}

/// Apart from `main`, because leaving by `exit` drops nothing, and the server must go.
fn run(arguments: &Arguments) -> Conclusion {
    let (redis_trials, _server) = volatile_redis::trials();
    let trials = memory_trials().into_iter().chain(redis_trials).collect();
    libtest_mimic::run(arguments, trials)
}

/// Runs a check on a runtime of its own; its panic is the trial's failure.
fn block_on<T>(check: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(check)
}

/// A memory store whose time the test tells.
struct InMemory {
    store: Memory,
    time: Arc<Mutex<Instant>>,
}

impl InMemory {
    fn new() -> Self {
        let time = Arc::new(Mutex::new(Instant::now()));
        let clock = Arc::clone(&time);
        let now = move || *clock.lock().expect("not poisoned");
        Self { store: Memory::with_clock(10_000, Arc::new(now)), time }
    }
}

impl Subject for InMemory {
    type Volatile = Memory;

    fn volatile(&self) -> &Memory {
        &self.store
    }

    async fn pass(&self, time: Duration) {
        *self.time.lock().expect("not poisoned") += time;
    }
}

fn memory_trials() -> Vec<Trial> {
    let mut trials: Vec<_> = promises()
        .into_iter()
        .map(|promise| {
            Trial::test(format!("memory::{}", promise.name), move || {
                block_on((promise.check)(InMemory::new()));
                Ok(())
            })
        })
        .collect();
    trials.push(Trial::test("memory::never_stale_in_any_order_of_mortal_changers_and_readers", || {
        // With two immortal changers alone: 12! / (3! 3! 3! 3!) orders, a quarter of which is left without twins.
        never_stale(&Cast::mortals(), 2 * 92_400)
    }));
    trials.push(Trial::test("memory::never_stale_though_guards_end_too_early", || {
        never_stale(&Cast::out_of_time(), 8_400)
    }));
    for careless in [Careless::Guardless, Careless::Tombless] {
        trials.push(Trial::test(format!("the_orders_find_a_{careless:?}_store").to_lowercase(), move || {
            block_on(found(careless))
        }));
    }
    trials
}

/// Runs every order of every cast, which must be at least so many.
fn never_stale(casts: &[Cast], at_least: usize) -> Result<(), Failed> {
    let mut orders = 0;
    for cast in casts {
        orders += block_on(every_order(cast, || (InMemory::new(), UserId(1))))?;
    }
    if orders < at_least { Err(format!("{orders} orders are too few").into()) } else { Ok(()) }
}

/// A store with one of the two protections taken out.
#[derive(Clone, Copy, Debug)]
enum Careless {
    Guardless,
    Tombless,
}

async fn found(careless: Careless) -> Result<(), Failed> {
    for cast in Cast::out_of_time().iter().chain(&Cast::mortals()) {
        let subject = || {
            let memory = InMemory::new();
            (Planted { store: Broken { careless, store: memory.store.clone() }, memory }, UserId(1))
        };
        if every_order(cast, subject).await.is_err() {
            return Ok(());
        }
    }
    Err("no order shows that the store is broken: the orders prove nothing".into())
}

struct Planted {
    store: Broken,
    memory: InMemory,
}

impl Subject for Planted {
    type Volatile = Broken;

    fn volatile(&self) -> &Broken {
        &self.store
    }

    async fn pass(&self, time: Duration) {
        self.memory.pass(time).await;
    }
}

#[derive(Clone)]
struct Broken {
    careless: Careless,
    store: Memory,
}

impl Volatile for Broken {
    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn put_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.store.put_session(key, session, ttl).await
    }

    async fn sessions(&self, keys: &[SessionKey], ttl: Duration) -> Result<Vec<Option<Session>>, StoreError> {
        self.store.sessions(keys, ttl).await
    }

    async fn touch_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.store.touch_session(key, session, ttl).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(SessionKey, Session)>, StoreError> {
        self.store.sessions_of(user).await
    }

    async fn drop_sessions(&self, user: UserId, keys: &[SessionKey]) -> Result<(), StoreError> {
        self.store.drop_sessions(user, keys).await
    }

    async fn admit(&self, counters: &[Counter]) -> Result<Option<Duration>, StoreError> {
        self.store.admit(counters).await
    }

    async fn count_failure(&self, counters: &[Counter], window: Duration) -> Result<(), StoreError> {
        self.store.count_failure(counters, window).await
    }

    async fn welcome_device(&self, device: AttemptKey, ttl: Duration) -> Result<(), StoreError> {
        self.store.welcome_device(device, ttl).await
    }

    async fn knows_device(&self, device: AttemptKey) -> Result<bool, StoreError> {
        self.store.knows_device(device).await
    }

    async fn cached_profiles(&self, users: &[UserId]) -> Result<Vec<Option<Profile>>, StoreError> {
        self.store.cached_profiles(users).await
    }

    async fn cache_profiles(&self, profiles: &[Profile], ttl: Duration) -> Result<(), StoreError> {
        self.store.cache_profiles(profiles, ttl).await
    }

    async fn guard_profile(&self, user: UserId, guard: Duration) -> Result<(), StoreError> {
        match self.careless {
            Careless::Guardless => Ok(()),
            Careless::Tombless => self.store.guard_profile(user, guard).await,
        }
    }

    async fn forget_profile(&self, user: UserId, version: u64, ttl: Duration) -> Result<(), StoreError> {
        match self.careless {
            Careless::Guardless => self.store.forget_profile(user, version, ttl).await,
            // Drops what is cached, as a plain delete would.
            Careless::Tombless => self.store.guard_profile(user, Duration::ZERO).await,
        }
    }
}
