//! Teller: a wallet and ledger server.
//!
//! The modules in reading order:
//! - [`domain`]: users, sessions and money as values that cannot be wrong. Pure.
//! - [`config`]: every setting, its limits, and where its value came from.
//! - [`store`]: what the rest may ask of SQLite, MySQL, Redis and memory, and how each keeps its promises.

#[cfg(feature = "server")]
pub mod config;
pub mod domain;
#[cfg(feature = "server")]
pub mod store;
