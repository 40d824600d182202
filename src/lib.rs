//! Teller: a wallet and ledger server.
//!
//! The modules in reading order:
//! - [`domain`]: users, sessions and money as values that cannot be wrong. Pure.
//! - [`store`]: what the rest may ask of SQLite, MySQL, Redis and memory, and how each keeps its promises.
//! - [`coalesce`]: many callers, one round trip.
//! - [`service`]: what each call does: authorise, ask the stores, answer.

#[cfg(feature = "server")]
pub mod coalesce;
pub mod domain;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
