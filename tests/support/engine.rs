//! What the whole program runs on: SQLite and memory, or MySQL and Redis.

use std::env;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use teller::store::redis::RedisConfig;
use tempfile::TempDir;

use super::mariadb::{self, Mariadb};
use super::mysql;
use super::redis::RedisServer;

/// The stores of one story.
#[derive(Clone)]
pub struct Engine {
    kind: Kind,
    store: String,
    volatile: String,
    prefix: String,
    /// A folder for what all backends on these stores share.
    shared: Arc<TempDir>,
    keys: String,
    /// The database server, where it is the story's own.
    server: Option<Arc<Mutex<Mariadb>>>,
    /// Further settings, as environment variables.
    more: Vec<(String, String)>,
}

/// Every combination that is promised to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SQLite and memory.
    Embedded,
    /// MySQL and Redis.
    Servers,
}

/// Stores that nobody else uses, gone with this. To be made and dropped outside of a runtime.
pub struct Stage {
    /// How to reach them.
    pub engine: Engine,
    _servers: Option<(mysql::Database, Option<RedisServer>)>,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Embedded, Self::Servers];

    /// The beginning of a story's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "sqlite_memory",
            Self::Servers => "mysql_redis",
        }
    }

    /// Empty stores, or why there are none.
    pub fn stage(self) -> Result<Stage, String> {
        match self {
            Self::Embedded => Ok(Stage { engine: Engine::embedded(), _servers: None }),
            Self::Servers => {
                mysql::available()?;
                let (redis, url) = redis()?;
                let database = mysql::Database::create();
                let engine = Engine::new(self, database.url(), url);
                Ok(Stage { engine, _servers: Some((database, redis)) })
            }
        }
    }

    /// The same, with a database server that nobody else uses, to be killed and frozen.
    pub fn stage_apart(self) -> Result<Stage, String> {
        if self == Self::Embedded {
            return self.stage();
        }
        mariadb::installed()?;
        let (redis, url) = redis()?;
        let server = Mariadb::start(&[]);
        let database = mysql::Database::create_on(&server.url());
        let server = Some(Arc::new(Mutex::new(server)));
        let engine = Engine { server, ..Engine::new(self, database.url(), url) };
        Ok(Stage { engine, _servers: Some((database, redis)) })
    }
}

/// The Redis of `TELLER_TEST_REDIS_URL`, or one of the story's own.
fn redis() -> Result<(Option<RedisServer>, String), String> {
    if let Ok(url) = env::var("TELLER_TEST_REDIS_URL") {
        return Ok((None, url));
    }
    let server = RedisServer::start()?;
    let url = server.url();
    Ok((Some(server), url))
}

impl Engine {
    /// SQLite in the program's data folder, and its memory.
    pub fn embedded() -> Self {
        Self::new(Kind::Embedded, "sqlite".to_owned(), "memory".to_owned())
    }

    /// As environment variables, name and value.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        let own: [(&str, &str); 4] = [
            ("TELLER_STORE_URL", &self.store),
            ("TELLER_VOLATILE_URL", &self.volatile),
            ("TELLER_VOLATILE_PREFIX", &self.prefix),
            ("TELLER_TOKEN_KEYS_FILE", &self.keys),
        ];
        own.into_iter().chain(self.more.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect()
    }

    /// The same stores, and a further setting.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.more.push((name.to_owned(), value.to_string()));
        self
    }

    /// Where the keys of access tokens are.
    pub fn keys(&self) -> &Path {
        Path::new(&self.keys)
    }

    fn new(kind: Kind, store: String, volatile: String) -> Self {
        let prefix = match kind {
            Kind::Embedded => String::new(),
            Kind::Servers => format!("teller_test_{:016x}:", rand::random::<u64>()),
        };
        let shared = Arc::new(tempfile::tempdir().expect("a folder"));
        let keys = shared.path().join("token.keys").display().to_string();
        Self { kind, store, volatile, prefix, shared, keys, server: None, more: Vec::new() }
    }

    /// The servers' addresses, if there are servers.
    pub fn servers(&self) -> Option<(&str, RedisConfig)> {
        let redis = RedisConfig { prefix: self.prefix.clone(), ..RedisConfig::new(&self.volatile) };
        (self.kind == Kind::Servers).then_some((&self.store, redis))
    }

    /// The database server of a story that has its own: see [`Kind::stage_apart`].
    pub fn server(&self) -> Option<MutexGuard<'_, Mariadb>> {
        Some(self.server.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether sessions outlive their backend.
    pub fn sessions_survive(&self) -> bool {
        self.kind == Kind::Servers
    }
}
