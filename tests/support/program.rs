//! The whole program on free ports, in a folder of its own.

use std::net::SocketAddr;

use teller::app::{self, App};
use teller::config::{Config, Part};
use tempfile::TempDir;

use super::engine::{Database, Engine};
use super::http::Browser;

/// A running Teller: front end and backend, or a further front end of another one.
pub struct Program {
    app: App,
    config: Config,
    data: Option<TempDir>,
    database: Option<Database>,
}

impl Program {
    /// Starts front end and backend on an empty database.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// The same, with changed settings.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let database = engine.database().await;
        let mut config = quick(data.path());
        database.configure(&mut config);
        change(&mut config);
        let app = app::start(&config, Part::Serve).await.expect("starts");
        Self { app, config, data: Some(data), database: Some(database) }
    }

    /// A further front end on the same backend.
    pub async fn another_front_end(&self) -> Self {
        let mut config = self.config.clone();
        config.rpc.backends = vec![self.app.rpc.expect("a backend").to_string()];
        let app = app::start(&config, Part::Http).await.expect("starts");
        Self { app, config, data: None, database: None }
    }

    /// Stops, and starts again on the same data.
    pub async fn restart(self) -> Self {
        let Self { app, config, data, database } = self;
        app.stop().await;
        let app = app::start(&config, Part::Serve).await.expect("starts again");
        Self { app, config, data, database }
    }

    /// Stops in good order.
    pub async fn stop(self) {
        self.app.stop().await;
    }

    /// Where the front end listens.
    pub fn http(&self) -> SocketAddr {
        self.app.http.expect("a front end")
    }

    /// A browser without a session.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http())
    }
}

/// The defaults, on free ports under `data`, with passwords hashed as cheaply as argon2 can.
pub fn quick(data: &std::path::Path) -> Config {
    let mut config = Config { data_dir: data.to_owned(), ..Config::default() };
    config.http.listen.set_port(0);
    config.rpc.listen.set_port(0);
    config.password.memory_kib = 8;
    config.password.passes = 1;
    config
}
