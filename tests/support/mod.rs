//! What the tests stand on.
//!
//! - [`mariadb`]: a private MariaDB server.
//! - [`mysql`]: a database for each test.
//! - [`cut`]: a connection that breaks at the worst moment.

// Every test binary has this module and uses a part of it.
#![allow(dead_code)]

pub mod cut;
pub mod mariadb;
pub mod mysql;

use std::future::Future;

/// Runs a test's future on a runtime of its own.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}
