//! The volatile store on Redis: the contract, and what happens when Redis is killed, frozen or flushed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_redis::redis::{self, AsyncConnectionConfig, Client, Script, aio::MultiplexedConnection};
use libtest_mimic::{Failed, Trial};
use teller::domain::session::{Session, SessionKey};
use teller::domain::user::{Profile, UserId};
use teller::store::contract::volatile::interleavings::{Cast, some_orders};
use teller::store::contract::volatile::{Subject, promises, session};
use teller::store::redis::{Redis, RedisConfig};
use teller::store::{StoreError, Volatile};
use uuid::Uuid;

use crate::block_on;
use crate::support::RedisServer;

/// Random orders that are run for each cast.
const ORDERS: usize = 40;

const TTL: Duration = Duration::from_secs(60);

/// The trials, and the server that they need until they have ended.
pub fn trials() -> (Vec<Trial>, Option<RedisServer>) {
    let given = std::env::var("TELLER_TEST_REDIS_URL").ok();
    let server = if given.is_some() { Err(String::new()) } else { RedisServer::start() };
    let url = given.map_or_else(|| server.as_ref().map(RedisServer::url).map_err(String::clone), Ok);
    let mut trials: Vec<_> = promises()
        .into_iter()
        .map(|promise| {
            on_server(promise.name, &url, move |url| {
                block_on(async { (promise.check)(OnRedis::new(&url).await).await });
                Ok(())
            })
        })
        .collect();
    trials.push(on_server("never_stale_in_random_orders", &url, |url| block_on(never_stale(url))));
    trials.push(on_server("unknown_scripts_are_loaded_again", &url, |url| block_on(unknown_scripts(url))));
    trials.push(on_server("a_session_in_use_is_listed_again_after_its_list_was_lost", &url, |url| {
        block_on(lost_list(url))
    }));
    trials.extend([
        on_own_server("a_killed_and_restarted_server_is_found_again", killed_and_restarted),
        on_own_server("a_frozen_server_is_unavailable_in_time_and_found_again", frozen),
        on_own_server("a_flushed_server_only_forgets", flushed),
        on_own_server("a_server_that_writes_to_disk_is_known_to", persistent),
    ]);
    (trials, server.ok())
}

fn on_server<F>(name: &str, url: &Result<String, String>, check: F) -> Trial
where
    F: FnOnce(String) -> Result<(), Failed> + Send + 'static,
{
    let url = url.clone();
    Trial::ignorable_test(format!("redis::{name}"), move || match url {
        Ok(url) => check(url).map(|()| libtest_mimic::Completion::Completed),
        Err(reason) => Ok(libtest_mimic::Completion::ignored_with(reason)),
    })
}

/// A trial that does to its server what others would not survive.
fn on_own_server<F, Fut>(name: &str, check: F) -> Trial
where
    F: FnOnce(RedisServer, Redis) -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    Trial::ignorable_test(format!("redis::{name}"), move || match RedisServer::start() {
        Ok(server) => {
            let store = Redis::new(config(&server.url())).expect("a good URL");
            block_on(check(server, store));
            Ok(libtest_mimic::Completion::Completed)
        }
        Err(reason) => Ok(libtest_mimic::Completion::ignored_with(reason)),
    })
}

/// A prefix of its own for every store, so that a server that others use too can be tested on.
fn config(url: &str) -> RedisConfig {
    // A slow machine is no broken one.
    let timeout = Duration::from_secs(5);
    RedisConfig { prefix: format!("teller-test:{}:", Uuid::new_v4().simple()), timeout, ..RedisConfig::new(url) }
}

/// A store on Redis, and a connection beside it that moves time by shortening what its keys have left to live.
struct OnRedis {
    store: Redis,
    prefix: String,
    beside: MultiplexedConnection,
}

impl OnRedis {
    async fn new(url: &str) -> Self {
        let config = config(url);
        let prefix = config.prefix.clone();
        Self { store: Redis::new(config).expect("a good URL"), prefix, beside: connect(url).await }
    }
}

async fn connect(url: &str) -> MultiplexedConnection {
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let client = Client::open(url).expect("a good URL");
    client.get_multiplexed_async_connection_with_config(&config).await.expect("the server answers")
}

impl Subject for OnRedis {
    type Volatile = Redis;

    fn volatile(&self) -> &Redis {
        &self.store
    }

    async fn pass(&self, time: Duration) {
        let script = Script::new(
            "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
               redis.call('PEXPIRE', key, redis.call('PTTL', key) - tonumber(ARGV[2]))
             end",
        );
        let millis = u64::try_from(time.as_millis()).expect("a short time");
        let mut connection = self.beside.clone();
        script.arg(&self.prefix).arg(millis).invoke_async::<()>(&mut connection).await.expect("time passes");
    }
}

async fn never_stale(url: String) -> Result<(), Failed> {
    let users = AtomicU64::new(1);
    let seed = 20_261_101;
    for (number, cast) in Cast::mortals().iter().chain(&Cast::out_of_time()).enumerate() {
        let subject = OnRedis::new(&url).await;
        let each = || {
            let one = OnRedis {
                store: subject.store.clone(),
                prefix: subject.prefix.clone(),
                beside: subject.beside.clone(),
            };
            (one, UserId(users.fetch_add(1, Ordering::Relaxed)))
        };
        some_orders(cast, ORDERS, seed + number as u64, each).await?;
    }
    Ok(())
}

async fn unknown_scripts(url: String) -> Result<(), Failed> {
    let subject = OnRedis::new(&url).await;
    let mut beside = subject.beside.clone();
    for version in 1..=3 {
        redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut beside).await?;
        subject.store.cache_profiles(&[profile(version)], TTL).await?;
        assert_eq!(subject.store.cached_profiles(&[UserId(1)]).await?, [Some(profile(version))]);
    }
    Ok(())
}

async fn lost_list(url: String) -> Result<(), Failed> {
    let subject = OnRedis::new(&url).await;
    let mut beside = subject.beside.clone();
    subject.store.put_session(KEY, &session(1), TTL).await?;
    redis::cmd("DEL").arg(format!("{}sessions:{{1}}", subject.prefix)).exec_async(&mut beside).await?;
    assert_eq!(subject.store.sessions_of(UserId(1)).await?, []);
    subject.store.touch_session(KEY, &session(1), TTL).await?;
    assert_eq!(subject.store.sessions_of(UserId(1)).await?, [(KEY, session(1))]);
    Ok(())
}

fn profile(version: u64) -> Profile {
    Profile { id: UserId(1), user_name: "alice".into(), nickname: "Al".into(), picture: String::new(), version }
}

const KEY: SessionKey = SessionKey([7; 32]);

async fn found(store: &Redis) -> Result<Option<Session>, StoreError> {
    store.sessions(&[KEY], TTL).await.map(|mut sessions| sessions.remove(0))
}

async fn killed_and_restarted(mut server: RedisServer, store: Redis) {
    store.put_session(KEY, &session(1), TTL).await.expect("it runs");
    server.kill();
    for _ in 0..3 {
        let begun = Instant::now();
        assert!(matches!(found(&store).await, Err(StoreError::Unavailable(_))));
        assert!(begun.elapsed() < Duration::from_secs(1), "a refused connection needs no time-out");
    }
    server.start_again();
    for _ in 0..4 {
        assert_eq!(found(&store).await.expect("the first call finds it again, on every link"), None);
    }
    store.put_session(KEY, &session(1), TTL).await.expect("it runs");
    store.guard_profile(UserId(1), TTL).await.expect("scripts too");

    // A restart that no call noticed: the connections are stale, and the server behind the new ones knows no script.
    server.kill();
    server.start_again();
    store.guard_profile(UserId(2), TTL).await.expect("no script is lost to a stale connection");
    for _ in 0..4 {
        assert_eq!(found(&store).await.expect("no call is lost to a stale connection"), None);
    }
}

async fn frozen(server: RedisServer, store: Redis) {
    store.put_session(KEY, &session(1), TTL).await.expect("it runs");
    let timeout = Duration::from_millis(300);
    let impatient = Redis::new(RedisConfig { timeout, ..config(&server.url()) }).expect("a good URL");
    impatient.put_session(KEY, &session(1), TTL).await.expect("it runs");
    server.freeze();
    for _ in 0..4 {
        let begun = Instant::now();
        assert!(matches!(found(&impatient).await, Err(StoreError::Unavailable(_))));
        let took = begun.elapsed();
        assert!(took >= timeout && took < timeout * 3, "{took:?}");
    }
    server.thaw();
    for _ in 0..4 {
        assert_eq!(found(&impatient).await.expect("it answers again"), Some(session(1)));
    }
}

async fn persistent(server: RedisServer, store: Redis) {
    let mut beside = connect(&server.url()).await;
    let mut set = async |name: &str, value: &str| {
        let mut command = redis::cmd("CONFIG");
        command.arg("SET").arg(name).arg(value);
        command.exec_async(&mut beside).await.expect("it is set");
        store.keeps_on_disk().await.expect("it answers")
    };
    assert!(!set("save", "").await);
    assert!(set("save", "3600 1").await);
    assert!(!set("save", "").await);
    assert!(set("appendonly", "yes").await);
}

async fn flushed(server: RedisServer, store: Redis) {
    store.put_session(KEY, &session(1), TTL).await.expect("it runs");
    store.cache_profiles(&[profile(1)], TTL).await.expect("it runs");
    store.guard_profile(UserId(2), TTL).await.expect("it runs");
    let mut beside = connect(&server.url()).await;
    redis::cmd("FLUSHALL").exec_async(&mut beside).await.expect("flushed");
    assert_eq!(found(&store).await.expect("it answers"), None, "logged out, never logged in");
    assert_eq!(store.cached_profiles(&[UserId(1)]).await.expect("it answers"), [None]);
    store.cache_profiles(&[profile(2)], TTL).await.expect("it answers");
    assert_eq!(store.cached_profiles(&[UserId(1)]).await.expect("it answers"), [Some(profile(2))]);
    store.put_session(KEY, &session(1), TTL).await.expect("it answers");
    assert_eq!(found(&store).await.expect("it answers"), Some(session(1)));
}
