//! The profile cache is never stale after a change: a live reader is held between its read of the store and its offer to the cache.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::engine::Engine;
use teller::coalesce::Limits;
use teller::domain::asset::Asset;
use teller::domain::attempt::{AttemptKey, AttemptRule, Counter};
use teller::domain::session::{Session, SessionKey};
use teller::domain::time::Timestamp;
use teller::domain::user::{Nickname, Profile, Role, UserId};
use teller::service::Settings;
use teller::service::fees::PriceList;
use teller::service::matching::Bounds;
use teller::service::profiles::Profiles;
use teller::store::memory::Memory;
use teller::store::mysql::Mysql;
use teller::store::redis::{Redis, RedisConfig};
use teller::store::sqlite::Sqlite;
use teller::store::{Contact, Inserted, NewUser, Store, StoreError, Volatile};
use tokio::sync::Semaphore;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(60);

/// Runs a check, generic over both stores, on the engine's.
macro_rules! on_stores {
    ($engine:expr, |$store:ident, $volatile:ident| $check:expr) => {
        match $engine.servers() {
            None => {
                let ($store, $volatile) = (Sqlite::memory(LONG).expect("opens"), Memory::new(1000));
                $store.migrate().await.expect("migrates");
                $check.await;
            }
            Some((mysql, redis)) => {
                let $store = Mysql::open(mysql, 4, LONG).expect("opens");
                let $volatile = Redis::new(RedisConfig { timeout: LONG, ..redis }).expect("opens");
                $store.migrate().await.expect("migrates");
                $check.await;
            }
        }
    };
}

fn main() {
    support::story::tell(stories![
        a_reader_held_until_after_the_change_puts_nothing_old_back,
        a_reader_held_until_the_guard_ran_out_puts_nothing_old_back,
        a_change_that_died_half_way_leaves_nothing_old_behind,
        a_change_that_was_given_up_and_happens_later_leaves_nothing_old_behind,
    ]);
}

/// A volatile store whose readers stop before they offer what they read, until they are let go.
#[derive(Clone)]
struct Held<V> {
    inner: V,
    reached: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl<V: Volatile> Held<V> {
    fn new(inner: V) -> Self {
        Self { inner, reached: Arc::new(Semaphore::new(0)), go: Arc::new(Semaphore::new(0)) }
    }
}

impl<V: Volatile> Volatile for Held<V> {
    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
    async fn put_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.inner.put_session(key, session, ttl).await
    }

    async fn sessions(&self, keys: &[SessionKey], ttl: Duration) -> Result<Vec<Option<Session>>, StoreError> {
        self.inner.sessions(keys, ttl).await
    }
    async fn touch_session(&self, key: SessionKey, session: &Session, ttl: Duration) -> Result<(), StoreError> {
        self.inner.touch_session(key, session, ttl).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(SessionKey, Session)>, StoreError> {
        self.inner.sessions_of(user).await
    }

    async fn drop_sessions(&self, user: UserId, keys: &[SessionKey]) -> Result<(), StoreError> {
        self.inner.drop_sessions(user, keys).await
    }
    async fn admit(&self, counters: &[Counter]) -> Result<Option<Duration>, StoreError> {
        self.inner.admit(counters).await
    }
    async fn count_failure(&self, counters: &[Counter], window: Duration) -> Result<(), StoreError> {
        self.inner.count_failure(counters, window).await
    }
    async fn welcome_device(&self, device: AttemptKey, ttl: Duration) -> Result<(), StoreError> {
        self.inner.welcome_device(device, ttl).await
    }
    async fn knows_device(&self, device: AttemptKey) -> Result<bool, StoreError> {
        self.inner.knows_device(device).await
    }
    async fn cached_profiles(&self, users: &[UserId]) -> Result<Vec<Option<Profile>>, StoreError> {
        self.inner.cached_profiles(users).await
    }
    async fn cache_profiles(&self, profiles: &[Profile], ttl: Duration) -> Result<(), StoreError> {
        self.reached.add_permits(1);
        self.go.acquire().await.expect("open").forget();
        self.inner.cache_profiles(profiles, ttl).await
    }
    async fn guard_profile(&self, user: UserId, guard: Duration) -> Result<(), StoreError> {
        self.inner.guard_profile(user, guard).await
    }
    async fn forget_profile(&self, user: UserId, version: u64, ttl: Duration) -> Result<(), StoreError> {
        self.inner.forget_profile(user, version, ttl).await
    }
}

fn settings(guard: Duration) -> Settings {
    Settings {
        session_ttl: LONG,
        profile_ttl: LONG,
        change_guard: guard,
        contracts_open: false,
        sign_in: AttemptRule { free: 10, free_per_address: 100, window: LONG },
        deduct_asset: Asset::parse("CNY").expect("a currency"),
        tariffs: PriceList::default(),
        quote_ttl: LONG,
        statements: Bounds::new(1, 1, 9, 9),
        coalesce: Limits { lanes: 2, batch_max: 16, queue_max: 64 },
        same_key_wait: Duration::from_secs(1),
    }
}

async fn user<S: Store>(store: &S) -> UserId {
    let user = NewUser {
        id: None,
        user_name: "slow".to_owned(),
        nickname: "old".to_owned(),
        password_hash: String::new(),
        role: Role::Customer,
        contact: Contact::default(),
        created_at: Timestamp(1),
    };
    match store.insert_user(user).await.expect("inserts") {
        Inserted::Created(id) => id,
        Inserted::Taken => panic!("an empty store has no user"),
    }
}

async fn rename<S: Store, V: Volatile>(profiles: &Profiles<S, V>, user: UserId, nickname: &str) {
    let nickname = Nickname::parse(nickname).expect("a nickname");
    let change = move |store: S| async move { store.set_nickname(user, &nickname, Timestamp(2)).await };
    profiles.change(user, change).await.expect("changes").expect("known");
}

async fn nickname<S: Store, V: Volatile>(profiles: &Profiles<S, V>, user: UserId) -> String {
    profiles.get(user).await.expect("reads").expect("known").nickname
}

/// A reader reads "old" and is held; the nickname becomes "new", and `pause` passes; then the reader is let go. Nobody may see "old" after that.
async fn held_across_a_change<S: Store, V: Volatile>(store: S, volatile: V, guard: Duration, pause: Duration) {
    let user = user(&store).await;
    let held = Held::new(volatile.clone());
    let slow = Profiles::new(store.clone(), held.clone(), &settings(LONG));
    let quick = Profiles::new(store, volatile.clone(), &settings(guard));

    let reader = tokio::spawn(async move { nickname(&slow, user).await });
    held.reached.acquire().await.expect("open").forget();
    rename(&quick, user, "new").await;
    tokio::time::sleep(pause).await;
    held.go.add_permits(1);
    assert_eq!(reader.await.expect("reads"), "old", "it began before the change");

    nothing_old(&volatile, user).await;
    assert_eq!(nickname(&quick, user).await, "new");
}

/// As before, but the changer dies after its change and before it tells the cache.
async fn held_across_a_crash<S: Store, V: Volatile>(store: S, volatile: V) {
    let user = user(&store).await;
    let held = Held::new(volatile.clone());
    let slow = Profiles::new(store.clone(), held.clone(), &settings(LONG));
    let reader = tokio::spawn(async move { nickname(&slow, user).await });
    held.reached.acquire().await.expect("open").forget();

    volatile.guard_profile(user, LONG).await.expect("guards");
    let nickname_after = Nickname::parse("new").expect("a nickname");
    store.set_nickname(user, &nickname_after, Timestamp(2)).await.expect("changes").expect("known");

    held.go.add_permits(1);
    reader.await.expect("reads");
    nothing_old(&volatile, user).await;
    assert_eq!(nickname(&Profiles::new(store, volatile, &settings(LONG)), user).await, "new");
}

/// The changer hears that the store did not answer, and the change takes effect after its guard has run out and a reader has come by.
async fn given_up_and_done_later<S: Store, V: Volatile>(store: S, volatile: V, guard: Duration, pause: Duration) {
    let user = user(&store).await;
    let profiles = Profiles::new(store.clone(), volatile.clone(), &settings(guard));
    let silence = |_: S| async { Err(StoreError::Unavailable("no answer in time".into())) };
    profiles.change(user, silence).await.expect_err("it is given up");
    tokio::time::sleep(pause).await;
    let reader = Profiles::new(store.clone(), volatile.clone(), &settings(LONG));
    assert_eq!(nickname(&reader, user).await, "old");
    let late = Nickname::parse("new").expect("a nickname");
    store.set_nickname(user, &late, Timestamp(2)).await.expect("changes").expect("known");

    nothing_old(&volatile, user).await;
    assert_eq!(nickname(&reader, user).await, "new");
}

async fn nothing_old<V: Volatile>(volatile: &V, user: UserId) {
    let cached = volatile.cached_profiles(&[user]).await.expect("answers");
    assert!(cached[0].as_ref().is_none_or(|profile| profile.nickname == "new"), "{cached:?}");
}

async fn a_reader_held_until_after_the_change_puts_nothing_old_back(engine: Engine) {
    on_stores!(engine, |store, volatile| held_across_a_change(store, volatile, LONG, Duration::ZERO));
}

async fn a_reader_held_until_the_guard_ran_out_puts_nothing_old_back(engine: Engine) {
    // Only the tombstone is left. There is no signal for the end of a guard: it is time that ends it.
    let (guard, pause) = (Duration::from_millis(1), Duration::from_millis(50));
    on_stores!(engine, |store, volatile| held_across_a_change(store, volatile, guard, pause));
}

async fn a_change_that_died_half_way_leaves_nothing_old_behind(engine: Engine) {
    on_stores!(engine, |store, volatile| held_across_a_crash(store, volatile));
}

async fn a_change_that_was_given_up_and_happens_later_leaves_nothing_old_behind(engine: Engine) {
    // As above: only time ends a guard.
    let (guard, pause) = (Duration::from_millis(1), Duration::from_millis(50));
    on_stores!(engine, |store, volatile| given_up_and_done_later(store, volatile, guard, pause));
}
