//! Teller: a wallet and ledger server.
//!
//! The modules in reading order:
//! - [`domain`]: users, sessions and money as values that cannot be wrong. Pure.
//! - [`store`]: what the rest may ask of SQLite, MySQL, Redis and memory, and how each keeps its promises.

pub mod domain;
#[cfg(feature = "server")]
pub mod store;
