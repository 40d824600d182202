//! The whole program on free ports, in a folder of its own.

use std::net::SocketAddr;
use std::path::Path;

use teller::app::{self, App};
use teller::config::{Config, Part, Sources};
use tempfile::TempDir;

use super::engine::Engine;
use super::http::Browser;
use super::process::{BackendProcess, QUICK, SECRET};

/// A running Teller: front end and backend, or a front end for others.
pub struct Program {
    app: App,
    config: Config,
    data: TempDir,
}

impl Program {
    /// Starts front end and backend on the engine's stores.
    pub async fn start(engine: &Engine) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let config = quick(engine, data.path());
        Self::run(config, data).await
    }

    /// The same with the published contracts closed to strangers, as outside of development.
    #[allow(dead_code, reason = "each test takes what it needs of the support")]
    pub async fn start_closed(engine: &Engine) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = quick(engine, data.path());
        config.contracts.open = false;
        Self::run(config, data).await
    }

    /// The same with ten times as long for everything: for what is much at once, and slow in a debug build.
    pub async fn start_patient(engine: &Engine) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = quick(engine, data.path());
        for timeout in [
            &mut config.http.request_timeout_ms,
            &mut config.rpc.request_timeout_ms,
            &mut config.store.statement_timeout_ms,
        ] {
            *timeout *= 10;
        }
        Self::run(config, data).await
    }

    /// The same with these settings besides, as environment variables.
    pub async fn start_with(engine: &Engine, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let config = with(engine, data.path(), settings);
        Self::run(config, data).await
    }

    /// Stops, and starts again on the same data with these settings besides.
    pub async fn restart_with(self, engine: &Engine, settings: &[(&str, &str)]) -> Self {
        let Self { app, data, .. } = self;
        app.stop().await;
        let config = with(engine, data.path(), settings);
        Self::run(config, data).await
    }

    async fn run(config: Config, data: TempDir) -> Self {
        let app = app::start(&config, Part::Serve).await.expect("starts");
        Self { app, config, data }
    }

    /// A front end for backends that run elsewhere.
    pub async fn front_end(backends: &[&BackendProcess]) -> Self {
        Self::front_end_for(backends.iter().map(|backend| backend.address.clone()).collect()).await
    }

    /// A further front end for this one's backend.
    pub async fn another_front_end(&self) -> Self {
        Self::front_end_for(vec![self.app.rpc.expect("a backend").to_string()]).await
    }

    /// The same with more settings.
    pub async fn another_front_end_with(&self, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = with(&Engine::embedded(), data.path(), settings);
        config.rpc.backends = vec![self.app.rpc.expect("a backend").to_string()];
        let app = app::start(&config, Part::Http).await.expect("starts");
        Self { app, config, data }
    }

    async fn front_end_for(backends: Vec<String>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = quick(&Engine::embedded(), data.path());
        config.rpc.backends = backends;
        let app = app::start(&config, Part::Http).await.expect("starts");
        Self { app, config, data }
    }

    /// Stops, and starts again on the same data.
    pub async fn restart(self) -> Self {
        let Self { app, config, data } = self;
        app.stop().await;
        let app = app::start(&config, Part::Serve).await.expect("starts again");
        Self { app, config, data }
    }

    /// Stops in good order.
    pub async fn stop(self) {
        self.app.stop().await;
    }

    /// Checks the books, as `teller verify` does.
    #[allow(dead_code, reason = "each test takes what it needs of the support")]
    pub async fn verified(&self) {
        let report = app::verify(&self.config, None, |_| {}).await.expect("the books can be read");
        assert!(report.is_clean(), "{:?}", report.violations);
    }

    /// The folder with its data.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where the front end listens.
    pub fn http(&self) -> SocketAddr {
        self.app.http.expect("a front end")
    }

    /// Where the backend listens.
    pub fn rpc(&self) -> SocketAddr {
        self.app.rpc.expect("a backend")
    }

    /// A client of the backend's.
    pub fn client(&self) -> teller_rpc::Client {
        let mut config = self.config.clone();
        config.rpc.backends = vec![self.rpc().to_string()];
        app::client(&config).expect("it knows the secret")
    }

    /// A browser without a session.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http())
    }
}

/// The defaults, on free ports and the engine's stores, with passwords hashed quickly.
fn quick(engine: &Engine, data: &Path) -> Config {
    with(engine, data, &[])
}

fn with(engine: &Engine, data: &Path, more: &[(&str, &str)]) -> Config {
    let data = data.display().to_string();
    let own = [
        ("TELLER_DATA_DIR", data.as_str()),
        ("TELLER_HTTP_LISTEN", "127.0.0.1:0"),
        ("TELLER_RPC_LISTEN", "127.0.0.1:0"),
        ("TELLER_RPC_SECRET", SECRET),
    ];
    let settings = own.into_iter().chain(QUICK).chain(engine.environment()).chain(more.iter().copied());
    let environment = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Config::load(Sources { environment, ..Sources::default() }).expect("a right configuration").0
}
