//! What the tests stand on.
//!
//! - [`mariadb`], [`redis`]: private servers.
//! - [`mysql`]: a database for each test.
//! - [`sever`]: a way to a database that breaks at a command of one's choice.
//! - [`moves`]: batches of the ledger.
//! - [`cut`]: a connection that breaks at the worst moment.
//! - [`engine`]: the stores that the whole program runs on.
//! - [`program`]: the whole program, in this process.
//! - [`process`]: a backend in a process of its own.
//! - [`http`], [`https`]: a browser of the poorest kind, without TLS and within.
//! - [`pictures`]: pictures to upload.
//! - [`story`]: facts told once and run on every engine.

#![allow(dead_code, reason = "every test binary has this module and uses a part of it")]

pub mod cut;
pub mod engine;
pub mod http;
pub mod https;
pub mod mariadb;
pub mod moves;
pub mod mysql;
pub mod pictures;
pub mod process;
pub mod program;
pub mod redis;
pub mod sever;
pub mod story;

use std::future::Future;

/// Runs a test's future on a runtime of its own.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}
