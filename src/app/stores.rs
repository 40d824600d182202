//! Opens the stores that the configuration names.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::Error;
use crate::config::{Config, Url};
use crate::store::StoreError;
use crate::store::mysql::Mysql;
use crate::store::mysql::settings::UnsafeSettings;
use crate::store::redis::{Redis, RedisConfig};
use crate::store::sqlite::Sqlite;

/// SQLite in the file `path`.
pub(super) fn sqlite(config: &Config, path: &Path) -> Result<Sqlite, Error> {
    make_folder(&config.data_dir)?;
    let opened = Sqlite::open(path, config.store.readers, config.store.statement_timeout());
    opened.map_err(|e| {
        Error::new(format!("cannot open the database {}", path.display()), e)
            .with_fix("choose another with --data DIR or --store sqlite:PATH")
    })
}

/// Keeps other processes from the SQLite database `path` for as long as the answer lives. For whoever caches it in its own memory: the
/// other would change what is cached here.
pub(super) fn alone(config: &Config, path: &Path) -> Result<File, Error> {
    make_folder(&config.data_dir)?;
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let what = format!("cannot have the database {} alone", path.display());
    let file =
        File::options().create(true).append(true).mode(0o600).open(&lock).map_err(|e| {
            Error::new(what.clone(), e).with_fix("choose another with --data DIR or --store sqlite:PATH")
        })?;
    file.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => Error::new(what, "another Teller uses it").with_fix(
            "stop the other, choose another database with --data DIR, or let both keep sessions in one Redis with --volatile URL",
        ),
        TryLockError::Error(e) => Error::new(what, e),
    })?;
    Ok(file)
}

/// SQLite without a file.
pub(super) fn sqlite_in_memory(config: &Config) -> Result<Sqlite, Error> {
    let opened = Sqlite::memory(config.store.statement_timeout());
    opened.map_err(|e| Error::new("cannot open a database in memory", e))
}

/// MySQL. Its settings are looked at: production refuses those that may lose what was acknowledged, development warns.
pub(super) async fn mysql(config: &Config, url: &Url) -> Result<Mysql, Error> {
    let failed = |e: StoreError| {
        let fix = match &e {
            StoreError::Unavailable(_) => "start it, or choose another with --store URL",
            StoreError::Refused(why) if why.is::<UnsafeSettings>() => "change them on the server, and start again",
            StoreError::Refused(_) => {
                "look at user, password and database in store.url (README.md says how to create them), or choose another with --store URL"
            }
        };
        Error::new(format!("cannot use the database {url}"), e).with_fix(fix)
    };
    let opened = Mysql::open(url.expose(), config.store.max_connections, config.store.statement_timeout());
    let store = opened.map_err(failed)?;
    for setting in store.check_settings(config.in_production()).await.map_err(failed)? {
        tracing::warn!(%setting, "a setting of the database is not safe; in production it is refused");
    }
    Ok(store)
}

/// Redis. One that writes to disk brings back sessions that were ended: production refuses it, development warns.
pub(super) async fn redis(config: &Config, url: &Url) -> Result<Redis, Error> {
    let redis = redis_at(config, url)?;
    // One that is away is told of by whoever asks it next; one that does not tell its settings is trusted.
    if redis.keeps_on_disk().await.unwrap_or(false) {
        let fix = "start it with --save '' --appendonly no: nothing in it needs to survive";
        let why =
            format!("Redis at {url} writes to disk, and started again it would bring back sessions that were ended");
        if config.in_production() {
            return Err(Error::new(why, StoreError::Refused("save or appendonly is on".into())).with_fix(fix));
        }
        tracing::warn!(fix, "{why}; in production it is refused");
    }
    Ok(redis)
}

fn redis_at(config: &Config, url: &Url) -> Result<Redis, Error> {
    let config = RedisConfig {
        url: url.expose().to_owned(),
        prefix: config.volatile.prefix.clone(),
        timeout: config.volatile.timeout(),
        connections: config.volatile.connections,
    };
    Redis::new(config).map_err(|e| Error::new(format!("cannot use Redis at {url}"), e))
}

/// Makes `folder` if it is missing, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    let failed = |e| {
        Error::new(format!("cannot make the data folder {}", folder.display()), e)
            .with_fix("choose another with --data DIR")
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)
}
