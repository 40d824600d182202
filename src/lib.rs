//! Teller: a wallet and ledger server.
//!
//! The modules in reading order:
//! - [`domain`]: users, sessions and money as values that cannot be wrong. Pure.
//! - [`api`]: the contract between front end and backend, declared once.
//! - [`error`]: what failed, as others see it.
//! - [`client`]: the typed client for Rust programs.
//! - [`config`]: every setting, its limits, and where its value came from.
//! - [`telemetry`]: logs, figures, and ids that follow a request.
//! - [`store`]: what the rest may ask of SQLite, MySQL, Redis and memory, and how each keeps its promises.
//! - [`app`]: the only place that names every part; builds, runs and stops them.
//! - [`cli`]: the command line.

pub mod api;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod cli;
pub mod client;
#[cfg(feature = "server")]
pub mod config;
pub mod domain;
pub mod error;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
