//! The whole program: the only file that names every part. It builds them, runs them and stops them; `main` and the tests both use it.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use teller_rpc::tls::ClientTls;
use teller_rpc::{ClientConfig, Registry, Secret, Server, ServerConfig};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::listen::listen;
pub use self::offline::{
    export, import_users, migrate, reconcile_balances, seed_accounts, seed_users, set_role, statement, verify,
};
use self::side::{Ready, Side};
pub use self::statement::{Columns, Statement, reconcile};
use crate::api::Backend;
use crate::coalesce::Limits;
use crate::config::{self, Config, Durable, Fleeting, Part};
use crate::domain::attempt::AttemptRule;
use crate::http::Front;
use crate::ledger::{self, Ledger};
use crate::service::cpu::Cpu;
use crate::service::fees::PriceList;
use crate::service::grants::{self, Grants, Rules};
use crate::service::matching::Bounds;
use crate::service::password::{Hasher, Scheme};
use crate::service::payment::flow::Flow;
use crate::service::payment::mint::Mint;
use crate::service::payment::{self, Paying};
use crate::service::picture::{self, Studio};
use crate::service::seed::{self, Demo};
use crate::service::webhook::dispatch::Desk;
use crate::service::{self, Outside, Settings};
use crate::service::{audit, expiry};
use crate::store::memory::Memory;
use crate::store::{Store, Volatile};
use crate::telemetry::{self, metrics};
use crate::token::Keys;

pub mod gateway;
pub mod keys;
mod listen;
mod offline;
mod secret;
mod side;
mod statement;
mod stores;
mod tls;
pub mod webhook;

/// The least time that a profile under change is kept out of the cache.
const SHORTEST_GUARD: Duration = Duration::from_secs(10);

/// Why Teller did not start, or did not go on, for whoever started it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    what: String,
    fix: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(what: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what: what.into(), fix: None, source: Some(source.into()) }
    }

    fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// What to change, where that is known.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

/// Teller, running. Dropped, it is told to stop; [`App::stop`] also waits.
pub struct App {
    /// Where the front end listens, if there is one here.
    pub http: Option<SocketAddr>,
    /// Where the backend listens, if there is one here.
    pub rpc: Option<SocketAddr>,
    /// Whether the backend here has the demo users.
    pub demo: Demo,
    // In the order in which they stop: no request is left without its backend.
    sides: Vec<Side>,
}

/// Starts `part` and waits until it is ready.
pub async fn start(config: &Config, part: Part) -> Result<App, Error> {
    let secret = secret::load(config)?;
    let mut app = App { http: None, rpc: None, demo: Demo::Absent, sides: Vec::new() };
    let mut config = config.clone();
    if part == Part::Serve {
        tls::names_itself(&config)?;
    }
    if part.has_backend() {
        let (given, secret) = (config.clone(), secret.clone());
        let (side, demo) = side::start("backend", config.rpc.threads, move |stop| back(given, secret, stop)).await?;
        config.rpc.backends = vec![reachable(side.address).to_string()];
        app.rpc = Some(side.address);
        app.demo = demo;
        app.sides.push(side);
    }
    if part.has_front() {
        let (side, ()) = side::start("front end", config.http.threads, move |stop| front(config, secret, stop)).await?;
        app.http = Some(side.address);
        app.sides.insert(0, side);
    }
    Ok(app)
}

impl App {
    /// Waits until `stop` says so, then stops in good order. An error if a side ended before.
    pub async fn run_until(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let fallen = tokio::select! {
            () = stop => None,
            name = side::first_to_end(&mut self.sides) => Some(name),
        };
        self.stop().await;
        match fallen {
            None => Ok(()),
            Some(name) => Err(Error { what: format!("the {name} ended by itself"), fix: None, source: None }),
        }
    }

    /// Stops: the front end first, and each lets what is running finish.
    pub async fn stop(self) {
        for side in self.sides {
            side.stop().await;
        }
    }
}

/// A client of the backends that the configuration names, or of the one that it would start. Makes no secret: the backend has.
pub fn client(config: &Config) -> Result<teller_rpc::Client, Error> {
    let mut config = config.clone();
    if config.rpc.backends.is_empty() {
        config.rpc.backends = vec![reachable(config.rpc.listen).to_string()];
    }
    let tls = tls::rpc_client(&config)?.map(|loaded| loaded.tls);
    Ok(client_with(&config, secret::existing(&config)?, tls))
}

fn client_with(config: &Config, secret: Secret, tls: Option<ClientTls>) -> teller_rpc::Client {
    teller_rpc::Client::new(
        config.rpc.backends.clone(),
        ClientConfig {
            tls,
            max_connections: config.rpc.pool_connections,
            max_in_flight: config.rpc.max_in_flight_per_connection,
            max_frame_bytes: config.rpc.max_frame_bytes,
            connect_timeout: config.rpc.connect_timeout(),
            ..ClientConfig::new(secret)
        },
    )
}

async fn front(
    config: Config,
    secret: Secret,
    stop: CancellationToken,
) -> Result<Ready<(), impl Future<Output = ()>>, Error> {
    let listener = listen(config.http.listen, "--http")?;
    let address = listener.local_addr().map_err(|e| Error::new("the front end has no address", e))?;
    // Dropped with the side, which ends it.
    let mut followed = JoinSet::new();
    let rpc_tls = tls::rpc_client(&config)?;
    let client = client_with(&config, secret, rpc_tls.as_ref().map(|loaded| loaded.tls.clone()));
    rpc_tls.map(|loaded| followed.spawn(loaded.follow()));
    let mut front = Front::new(&config, Backend::new(client.clone()));
    if let Some(loaded) = tls::https(&config)? {
        front = front.within(loaded.tls.clone());
        followed.spawn(loaded.follow());
    }
    let shown = telemetry::rpc::show_client(metrics::install(), client.clone());
    let serve = async move {
        let _kept = (shown, followed);
        front.run(listener, stop.cancelled_owned()).await;
        client.close().await;
    };
    Ok(Ready { address, facts: (), serve })
}

async fn back(
    config: Config,
    secret: Secret,
    stop: CancellationToken,
) -> Result<Ready<Demo, impl Future<Output = ()>>, Error> {
    let listener = listen(config.rpc.listen, "--rpc")?;
    let address = listener.local_addr().map_err(|e| Error::new("the backend has no address", e))?;
    let alone = match (config.durable(), config.fleeting()) {
        (Durable::Sqlite(path), Fleeting::Memory) => Some(stores::alone(&config, &path)?),
        _ => None,
    };
    let mut followed = JoinSet::new();
    let tls = tls::rpc_server(&config)?;
    let rpc_tls = tls.as_ref().map(|loaded| loaded.tls.clone());
    tls.map(|loaded| followed.spawn(loaded.follow()));
    let Services { registry, demo, background, finish } = services(&config).await?;
    let server = Server::new(
        registry,
        ServerConfig {
            tls: rpc_tls,
            max_frame_bytes: config.rpc.max_frame_bytes,
            max_connections: config.rpc.max_connections,
            max_in_flight: config.rpc.max_in_flight,
            max_in_flight_per_connection: config.rpc.max_in_flight_per_connection,
            hello_timeout: config.rpc.hello_timeout(),
            grace: config.rpc.drain(),
            ..ServerConfig::new(secret)
        },
    );
    let shown = telemetry::rpc::show_server(metrics::install(), server.watch());
    let serve = async move {
        let _kept = (shown, followed);
        let background = tokio::spawn(background);
        server.run(listener, stop.cancelled_owned()).await;
        background.abort();
        // Cut between two steps, of which each is whole by itself.
        let _ = background.await;
        finish.await;
        drop(alone);
    };
    Ok(Ready { address, facts: demo, serve })
}

/// The backend, ready to be served.
struct Services {
    registry: Registry,
    /// Whether the demo users were made.
    demo: Demo,
    /// What it does without being asked, for ever.
    background: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// To be awaited when no call runs any more: what the durable store has begun comes to its end.
    finish: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// SQLite has one writer: a second lane would only wait for it.
const LANES_OF_SQLITE: usize = 1;

/// The services over the configured stores. The one place that knows which stores there are.
async fn services(config: &Config) -> Result<Services, Error> {
    match config.durable() {
        Durable::Sqlite(path) => beside(config, stores::sqlite(config, &path)?, LANES_OF_SQLITE).await,
        Durable::Memory => beside(config, stores::sqlite_in_memory(config)?, LANES_OF_SQLITE).await,
        Durable::Mysql(url) => beside(config, stores::mysql(config, &url).await?, config.ledger.lanes).await,
    }
}

async fn beside<S: Store>(config: &Config, store: S, lanes: usize) -> Result<Services, Error> {
    match config.fleeting() {
        Fleeting::Memory => over(config, store, lanes, Memory::new(config.volatile.max_entries)).await,
        Fleeting::Redis(url) => over(config, store, lanes, stores::redis(config, &url).await?).await,
    }
}

async fn over<S: Store, V: Volatile>(config: &Config, store: S, lanes: usize, volatile: V) -> Result<Services, Error> {
    offline::migrated(&store).await?;
    volatile.ping().await.map_err(|e| {
        Error::new(format!("cannot use the volatile store {}", config.volatile.url), e)
            .with_fix("start it, look at its address and password, or choose another with --volatile URL")
    })?;
    let hasher = hasher(&config.password)?;
    let ledger = Ledger::new(store, limits(&config.ledger, lanes), service::system_clock);
    let demo = match config.has_demo_users() {
        false => Demo::Absent,
        true => demo(&ledger, &hasher).await.map_err(|e| Error::new("cannot make the demo users", e))?,
    };
    let settings = Settings {
        session_ttl: config.session.ttl(),
        profile_ttl: config.profile.cache_ttl(),
        change_guard: change_guard(config),
        coalesce: Limits {
            lanes: config.coalesce.lanes,
            batch_max: config.coalesce.batch_max,
            // No more callers than requests in flight.
            queue_max: config.rpc.max_in_flight,
        },
        contracts_open: config.has_open_contracts(),
        sign_in: AttemptRule {
            free: config.sign_in.free_failures,
            free_per_address: config.sign_in.free_failures_per_address,
            window: config.sign_in.window(),
        },
        deduct_asset: config.deduct.asset,
        quote_ttl: config.conversion.quote_ttl(),
        tariffs: PriceList {
            transfer: config.fees.transfer.clone(),
            withdrawal: config.fees.withdrawal.clone(),
            conversion: config.fees.conversion.clone(),
        },
        same_key_wait: config.ledger.same_key_wait(),
        statements: statements(&config.reconcile),
    };
    let (begun, keys, studio) = (ledger.store().clone(), keys::load(config)?, studio(&config.picture));
    let grants = Grants::new(begun.clone(), keys.clone(), rules(config), service::system_clock, settings.coalesce);
    let (remote, simulated) = gateway::of(config).await?;
    let flow = Flow::new(ledger.clone(), remote, service::system_clock, config.payment.asset);
    let recovering = flow.clone().recover(config.payment.recover_after());
    let post = webhook::post(config)?;
    let desk =
        Desk { store: begun.clone(), post: post.clone(), rules: webhook::rules(config), clock: service::system_clock };
    let bringing = desk.run(ledger.committed());
    let usual = background(ledger.clone(), keys.clone(), config.audit.keep());
    let background = Box::pin(async move {
        let _simulated = simulated;
        // Each by itself: what breaks in one does not end the other.
        let mut all = JoinSet::new();
        all.spawn(usual);
        all.spawn(recovering);
        all.spawn(bringing);
        while let Some(ended) = all.join_next().await {
            tracing::error!(?ended, "work in the background has ended");
        }
    });
    let paying = Paying { flow, mint: Mint::new(keys.clone()), rules: payment_rules(config) };
    let outside = Outside { paying, post };
    let registry = service::registry(outside, volatile, hasher, studio, grants, service::system_clock, &settings);
    Ok(Services { registry, demo, background, finish: Box::pin(async move { begun.finish().await }) })
}

fn payment_rules(config: &Config) -> payment::Rules {
    payment::Rules {
        contracts_open: config.has_open_contracts(),
        accept_client_tokens: config.payment.accept_client_tokens,
        token_ttl: config.payment.token_ttl(),
        max_in_flight: config.payment.max_in_flight,
    }
}

/// What a backend does without being asked, for ever.
async fn background<S: Store>(ledger: Ledger<S>, keys: Keys, keep_audit: Duration) {
    let store = ledger.store().clone();
    let events = audit::forget(store.clone(), keep_audit, service::system_clock);
    let statements = service::matching::sweep(store.clone(), service::system_clock);
    let grants = grants::forget(store, service::system_clock);
    tokio::join!(expiry::run(ledger), events, grants, statements, keys.keep_up());
}

fn limits(config: &config::Ledger, lanes: usize) -> ledger::Limits {
    ledger::Limits {
        lanes,
        batch_max: config.batch_max,
        queue_max: config.queue_max,
        external_stripes: config.external_stripes,
        transfer_timeout: config.transfer_timeout(),
    }
}

fn rules(config: &Config) -> Rules {
    Rules {
        format: keys::format(config),
        access_ttl: config.token.access_ttl(),
        refresh_ttl: config.token.refresh_ttl(),
        grace: config.token.grace(),
        sessions_max: config.token.max_sessions,
    }
}

/// The demo users, if the store has them or has none at all, with their money.
async fn demo<S: Store>(ledger: &Ledger<S>, hasher: &Hasher) -> Result<Demo, crate::error::Error> {
    let demo = seed::seed(ledger.store(), hasher, service::system_clock).await?;
    if demo != Demo::Absent {
        seed::endow(ledger, service::system_clock).await?;
    }
    Ok(demo)
}

/// Longer than a change of a profile can take: what its two round trips may, and as long again, in which a database may still finish
/// what nobody waits for any more.
fn change_guard(config: &Config) -> Duration {
    SHORTEST_GUARD.max((config.volatile.timeout() + config.store.statement_timeout()) * 2)
}

fn hasher(config: &config::Password) -> Result<Hasher, Error> {
    let scheme = match config.scheme {
        config::Scheme::Md5Salted => Scheme::Md5Salted,
        config::Scheme::Argon2id => {
            Scheme::Argon2id { memory_kib: config.memory_kib, passes: config.passes, lanes: config.lanes }
        }
    };
    Hasher::new(scheme, Cpu::new(config.threads, config.queue)).map_err(|e| Error::new("passwords cannot be hashed", e))
}

fn studio(config: &config::Picture) -> Studio {
    let limits = picture::Limits { max_side_px: config.max_side_px, output_side_px: config.output_side_px };
    Studio::new(limits, Cpu::new(config.threads, config.queue))
}

fn statements(config: &config::Reconcile) -> Bounds {
    Bounds::new(config.threads, config.queue, config.max_lines, config.max_entries)
}

/// Where a listener of this machine is reached: "any address" is one to listen on, not to call.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SHORTEST_GUARD, change_guard};
    use crate::config::Config;

    #[test]
    fn a_guard_outlasts_a_change_whatever_time_out_is_configured() {
        let mut config = Config::default();
        assert_eq!(change_guard(&config), SHORTEST_GUARD);
        config.store.statement_timeout_ms = 60_000;
        assert!(change_guard(&config) > Duration::from_secs(60) + config.volatile.timeout());
    }
}
