//! The ledger's promises.

mod chains;
mod groups;
mod ladder;
mod ledger;
mod properties;
mod sealed;
mod sqlite;
mod store;
