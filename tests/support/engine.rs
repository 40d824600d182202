//! What the whole program runs on: SQLite and memory, or MySQL and Redis.

use super::{mysql, redis};

/// The stores of one story.
#[derive(Clone)]
pub struct Engine {
    kind: Kind,
    store: String,
    volatile: String,
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
    _servers: Option<(mysql::Database, redis::Server)>,
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

    /// Whether its stores can be had, or why not.
    pub fn available(self) -> Result<(), String> {
        match self {
            Self::Embedded => Ok(()),
            Self::Servers => mysql::available().and_then(|()| redis::available()),
        }
    }

    /// Empty stores.
    pub fn stage(self) -> Stage {
        match self {
            Self::Embedded => Stage { engine: Engine::embedded(), _servers: None },
            Self::Servers => {
                let (database, redis) = (mysql::Database::create(), redis::Server::start());
                let engine = Engine { kind: self, store: database.url(), volatile: redis.url() };
                Stage { engine, _servers: Some((database, redis)) }
            }
        }
    }
}

impl Engine {
    /// SQLite in the program's data folder, and its memory.
    pub fn embedded() -> Self {
        Self { kind: Kind::Embedded, store: "sqlite".to_owned(), volatile: "memory".to_owned() }
    }

    /// As environment variables, `NAME=value`.
    pub fn environment(&self) -> [String; 2] {
        [format!("TELLER_STORE_URL={}", self.store), format!("TELLER_VOLATILE_URL={}", self.volatile)]
    }

    /// As flags.
    pub fn flags(&self) -> [&str; 4] {
        ["--store", &self.store, "--volatile", &self.volatile]
    }

    /// Whether sessions outlive their backend.
    pub fn sessions_survive(&self) -> bool {
        self.kind == Kind::Servers
    }
}
