//! One connection: opened, set up, and checked to be what was asked for.

use std::ffi::c_int;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Error, ErrorCode, Result};

use crate::store::StoreError;
use crate::store::queries::sqlite::STATEMENTS;

/// Up to 3.51.2 two connections that checkpoint and write at once can corrupt the WAL.
const OLDEST: i32 = 3_051_003;
/// What a fresh connection waits for a lock while it is set up; later the deadline of each unit of work counts.
const SETUP_WAIT: Duration = Duration::from_secs(10);
/// How long a connection that was turned away stays away.
const TURNED_AWAY: Duration = Duration::from_millis(5);
/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;

const SESSION: &str = include_str!("../../../sql/sqlite/session.sql");

/// A connection whose statements end at a deadline.
pub(super) struct Database {
    connection: Connection,
    deadline: Arc<Mutex<Instant>>,
}

impl Database {
    /// Opens the file, which is made if need be, for its owner alone: it holds password hashes.
    pub(super) fn open(path: &Path) -> std::result::Result<Self, StoreError> {
        let is_new = !path.exists();
        let connection = Connection::open(path)?;
        if is_new {
            // By name: a second descriptor, when closed, would drop the locks that SQLite holds through the first. What SQLite
            // makes beside the file later has the same mode.
            fs::set_permissions(path, Permissions::from_mode(0o600))
                .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display()).into()))?;
        }
        Self::set_up(connection, "wal")
    }

    /// A database without a file, gone with its connection.
    pub(super) fn memory() -> std::result::Result<Self, StoreError> {
        Self::set_up(Connection::open_in_memory()?, "memory")
    }

    fn set_up(mut connection: Connection, journal: &str) -> std::result::Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST {
            let version = rusqlite::version();
            return Err(StoreError::Refused(format!("SQLite {version} is too old: want 3.51.3 or newer").into()));
        }
        connection.busy_timeout(SETUP_WAIT)?;
        begin_session(&connection)?;
        for (pragma, wanted) in [("journal_mode", journal), ("synchronous", "2"), ("foreign_keys", "1")] {
            let found = read_back(&connection, pragma)?;
            if found != wanted {
                return Err(StoreError::Refused(
                    format!("SQLite keeps {pragma} = {found} where {wanted} is needed: put the file on a local disk")
                        .into(),
                ));
            }
        }
        let texts = STATEMENTS.iter().map(|statement| statement.texts.len()).sum();
        connection.set_prepared_statement_cache_capacity(texts);
        let deadline = Arc::new(Mutex::new(Instant::now() + SETUP_WAIT));
        let clock = Arc::clone(&deadline);
        connection.progress_handler(STEPS, Some(move || Instant::now() >= *lock(&clock)))?;
        Ok(Self { connection, deadline })
    }

    /// The connection, for one unit of work: its statements are interrupted at `deadline`, and until then wait for locks.
    pub(super) fn until(&self, deadline: Instant) -> Result<&Connection> {
        *lock(&self.deadline) = deadline;
        self.connection.busy_timeout(deadline.saturating_duration_since(Instant::now()))?;
        Ok(&self.connection)
    }

    /// Calls `hook` after every commit, with the log and how many pages long it is. Instead of it SQLite makes no checkpoints by itself any more.
    pub(super) fn after_commits<F>(&mut self, hook: F) -> Result<()>
    where
        F: FnMut(&mut Wal, c_int) -> Result<()> + Send + 'static,
    {
        self.connection.wal_hook(Some(hook))
    }

    /// Copies what can be copied of the log into the file, and waits for nobody: how many pages the log has, and how many are in the file now.
    pub(super) fn checkpoint(&self) -> Result<(c_int, c_int)> {
        self.connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)
    }
}

/// Of several connections that give a new file its log at the same moment, SQLite turns all but one away at once, whatever they would wait.
fn begin_session(connection: &Connection) -> Result<()> {
    let end = Instant::now() + SETUP_WAIT;
    loop {
        match connection.execute_batch(SESSION) {
            Err(Error::SqliteFailure(why, _)) if why.code == ErrorCode::DatabaseBusy && Instant::now() < end => {
                thread::sleep(TURNED_AWAY);
            }
            outcome => return outcome,
        }
    }
}

fn lock(deadline: &Mutex<Instant>) -> std::sync::MutexGuard<'_, Instant> {
    // An instant is whole also when another thread panicked beside it.
    deadline.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_back(connection: &Connection, pragma: &str) -> Result<String> {
    connection.pragma_query_value(None, pragma, |row| {
        let value: rusqlite::types::Value = row.get(0)?;
        Ok(match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    })
}
