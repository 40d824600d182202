//! `[ledger]`, `[contracts]` and `[deduct]`: money.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::asset::Asset;

/// Many transfers, one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// MySQL: transactions at once.
    pub lanes: usize,
    /// Transfers in one transaction.
    pub batch_max: usize,
    /// Transfers that wait; a further one is refused.
    pub queue_max: usize,
    /// Accounts of each currency that stand for the world outside.
    pub external_stripes: u16,
    /// Microseconds that each further transfer of a batch adds to every time-out that it is under.
    pub transfer_timeout_us: u32,
}

impl Ledger {
    /// `transfer_timeout_us` as a duration.
    pub fn transfer_timeout(&self) -> Duration {
        Duration::from_micros(self.transfer_timeout_us.into())
    }
}

/// The published contracts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Whether they need no session in development.
    pub open: bool,
}

/// `POST /deduct`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deduct {
    /// What it takes.
    pub asset: Asset,
}
