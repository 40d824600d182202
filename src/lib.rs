//! Teller: a wallet and ledger server.
//!
//! The modules in reading order:
//! - [`domain`]: users, sessions and money as values that cannot be wrong. Pure.
//! - [`api`]: the contract between front end and backend, declared once.
//! - [`error`]: what failed, as others see it.
//! - [`client`]: the typed client for Rust programs.
//! - [`http`]: the front end: HTTP in, RPC out.
//! - [`store`]: what the rest may ask of SQLite, MySQL, Redis and memory, and how each keeps its promises.
//! - [`coalesce`]: many callers, one round trip.
//! - [`ledger`]: money: what a command does, planned purely and committed in groups.
//! - [`courier`]: events brought to receivers outside.
//! - [`gateway`]: whoever charges people outside of Teller, and one to try things out with.
//! - [`token`]: what programs hold after their user signed in: made and checked.
//! - [`reconcile`]: statements of others beside our entries, matched line by line. Pure.
//! - [`service`]: what the backend does when it is called.
//! - [`app`]: the only place that names every part; builds, runs and stops them.
//! - [`config`]: every setting, its limits, and where its value came from.
//! - [`telemetry`]: logs, figures and the ids of requests.
//! - [`cli`]: the command line, one file a subcommand.

pub mod api;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod cli;
pub mod client;
#[cfg(feature = "server")]
pub mod coalesce;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod courier;
pub mod domain;
pub mod error;
#[cfg(feature = "server")]
pub mod gateway;
#[cfg(feature = "server")]
mod http;
#[cfg(feature = "server")]
pub mod ledger;
#[cfg(feature = "server")]
pub mod reconcile;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
mod telemetry;
#[cfg(feature = "server")]
pub mod token;
