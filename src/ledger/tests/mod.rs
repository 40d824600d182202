//! The ledger's promises.

mod chains;
mod groups;
mod ladder;
mod ledger;
mod properties;
mod sqlite;
mod store;
