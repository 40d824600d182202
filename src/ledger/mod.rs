//! The ledger.

pub mod export;
pub mod verify;
