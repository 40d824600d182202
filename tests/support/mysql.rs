//! A database of its own for each test, on the server of `TELLER_TEST_MYSQL_URL` or on one that the test binary starts.

use std::env;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::mariadb::{self, Mariadb};
use super::run;

const URL: &str = "TELLER_TEST_MYSQL_URL";

/// One server for all tests of the binary, started by the first that needs it.
static SHARED: Mutex<Option<Mariadb>> = Mutex::new(None);

/// Whether tests on MySQL can run, or why they cannot.
pub fn available() -> Result<(), String> {
    if env::var_os(URL).is_some() {
        return Ok(());
    }
    mariadb::installed().map(drop).map_err(|why| format!("{why} and {URL} is not set"))
}

/// Ends the shared server: statics are never dropped.
pub fn end() {
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// An empty database with a random name, dropped at the end. To be made and dropped outside of a runtime.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// On the shared server.
    pub fn create() -> Self {
        let server = match env::var(URL) {
            Ok(url) => url,
            Err(_) => {
                let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
                shared.get_or_insert_with(|| Mariadb::start(&[])).url()
            }
        };
        Self::create_on(&server)
    }

    /// On a server of the test's own.
    pub fn create_on(server: &str) -> Self {
        let database = Self { server: server.to_owned(), name: format!("teller_test_{:016x}", rand::random::<u64>()) };
        let sql = format!("CREATE DATABASE {}", database.name);
        run(async { database.administer(&sql).await.expect(&sql) });
        database
    }

    /// `mysql://` with this database.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// Runs a statement on this database, outside of the store.
    pub async fn execute(&self, sql: &str) {
        let mut connection = Conn::from_url(self.url()).await.expect("connect");
        connection.query_drop(sql).await.expect(sql);
        connection.disconnect().await.expect("disconnect");
    }

    /// Undoes the first `times` transactions that write to `table` as a deadlock does. A trigger plays it, and counts in a table that no
    /// roll-back reaches. `event`: `INSERT` or `UPDATE`.
    pub async fn deadlock(&self, event: &str, table: &str, times: u32) {
        self.execute("CREATE TABLE met (times INT NOT NULL) ENGINE = MyISAM").await;
        self.execute("INSERT INTO met VALUES (0)").await;
        self.execute(&format!(
            "CREATE TRIGGER deadlock BEFORE {event} ON {table} FOR EACH ROW BEGIN
                UPDATE met SET times = times + 1;
                IF (SELECT times FROM met) <= {times} THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF;
            END"
        ))
        .await;
    }

    async fn administer(&self, sql: &str) -> mysql_async::Result<()> {
        let mut connection = Conn::from_url(with_database(&self.server, "")).await?;
        connection.query_drop(sql).await?;
        connection.disconnect().await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {}", self.name);
        run(async {
            // A server that the test left frozen or dead goes with its data.
            let _ = tokio::time::timeout(Duration::from_secs(5), self.administer(&sql)).await;
        });
    }
}

/// The URL with `name` in place of what database it names.
fn with_database(url: &str, name: &str) -> String {
    let (url, parameters) = url.split_once('?').map_or((url, String::new()), |(url, rest)| (url, format!("?{rest}")));
    let (scheme, rest) = url.split_once("://").expect("mysql://...");
    let host = rest.split('/').next().unwrap_or(rest);
    format!("{scheme}://{host}/{name}{parameters}")
}
