//! Opens the stores that the configuration names.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::Error;
use crate::config::{Config, Durable, Fleeting, Url};
use crate::store::StoreError;
use crate::store::mysql::Mysql;
use crate::store::redis::{Redis, RedisConfig};
use crate::store::sqlite::Sqlite;

/// SQLite in the file `path`.
pub(super) fn sqlite(config: &Config, path: &Path) -> Result<Sqlite, Error> {
    make_folder(&config.data_dir)?;
    let opened = Sqlite::open(path, config.store.readers, config.store.statement_timeout());
    opened.map_err(|e| Error::new(format!("cannot open the database {}", path.display()), e))
}

/// SQLite without a file.
pub(super) fn sqlite_in_memory(config: &Config) -> Result<Sqlite, Error> {
    let opened = Sqlite::memory(config.store.statement_timeout());
    opened.map_err(|e| Error::new("cannot open a database in memory", e))
}

/// MySQL. Its settings are looked at: production refuses those that may lose what was acknowledged, development warns.
pub(super) async fn mysql(config: &Config, url: &Url) -> Result<Mysql, Error> {
    let failed = |e: StoreError| {
        Error::new(format!("cannot use the database {url}"), e).with_fix(
            "start it and create the database and its user (see README.md), or choose another with --store URL",
        )
    };
    let opened = Mysql::open(url.expose(), config.store.max_connections, config.store.statement_timeout());
    let store = opened.map_err(failed)?;
    for setting in store.check_settings(config.in_production()).await.map_err(failed)? {
        tracing::warn!(%setting, "the database may lose what it acknowledged");
    }
    Ok(store)
}

/// Redis.
pub(super) fn redis(config: &Config, url: &Url) -> Result<Redis, Error> {
    let config = RedisConfig {
        url: url.expose().to_owned(),
        prefix: config.volatile.prefix.clone(),
        timeout: config.volatile.timeout(),
        connections: config.volatile.connections,
    };
    Redis::new(config).map_err(|e| Error::new(format!("cannot use Redis at {url}"), e))
}

/// Marks a database in a file as in use by a backend whose sessions and cached profiles are its own, for as long as the mark is held.
/// Says so if another backend has marked it.
pub(super) fn mark(config: &Config) -> Option<File> {
    let (Durable::Sqlite(path), Fleeting::Memory) = (config.durable(), config.fleeting()) else { return None };
    let file = File::create(path.with_extension("lock")).ok()?;
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock) => {
            tracing::warn!(
                database = %path.display(),
                "another backend uses this database, and neither knows the other's sessions or changes of profiles: share a Redis with \
                 --volatile, or choose another --data"
            );
            None
        }
        // A file system without locks: nothing can be said.
        Err(TryLockError::Error(_)) => None,
    }
}

/// Makes `folder` if it is missing, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    let failed = |e| {
        Error::new(format!("cannot make the data folder {}", folder.display()), e)
            .with_fix("choose another with --data DIR")
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)
}
