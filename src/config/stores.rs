//! `[store]` and `[volatile]`: where things are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::hidden::Url;

/// What must survive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Where it is kept, as [`super::Config::durable`] reads it.
    pub url: Url,
    /// Where `url` was read from; empty if from nowhere.
    pub url_file: PathBuf,
    /// Milliseconds for one statement; then its connection is closed.
    pub statement_timeout_ms: u64,
    /// MySQL: connections; calls beyond wait.
    pub max_connections: usize,
    /// SQLite: threads that read beside the one that writes.
    pub readers: usize,
}

impl Store {
    /// `statement_timeout_ms` as a duration.
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }
}

/// What may be lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volatile {
    /// Where it is kept, as [`super::Config::fleeting`] reads it.
    pub url: Url,
    /// Where `url` was read from; empty if from nowhere.
    pub url_file: PathBuf,
    /// Milliseconds for one round trip to Redis; then its connection is closed.
    pub timeout_ms: u64,
    /// Redis: connections, each of which carries any number of calls.
    pub connections: usize,
    /// Redis: what all keys begin with.
    pub prefix: String,
    /// Memory: sessions, and as many cached profiles; beyond it a sign-in is refused, and a new profile takes the place of an old one.
    pub max_entries: usize,
}

impl Volatile {
    /// `timeout_ms` as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// Where the durable store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durable {
    /// In this file.
    Sqlite(PathBuf),
    /// Nowhere: gone at exit.
    Memory,
    /// On this server.
    Mysql(Url),
}

/// Where the volatile store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fleeting {
    /// In this process.
    Memory,
    /// On this server.
    Redis(Url),
}

pub(super) fn durable(url: &Url, data_dir: &Path) -> Durable {
    match url.expose() {
        "sqlite" => Durable::Sqlite(data_dir.join("teller.db")),
        "memory" => Durable::Memory,
        text => match text.strip_prefix("sqlite:") {
            Some(path) => Durable::Sqlite(PathBuf::from(path)),
            None => Durable::Mysql(url.clone()),
        },
    }
}

pub(super) fn fleeting(url: &Url) -> Fleeting {
    match url.expose() {
        "memory" => Fleeting::Memory,
        _ => Fleeting::Redis(url.clone()),
    }
}
