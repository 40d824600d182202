//! The ledger's promises.

mod properties;
