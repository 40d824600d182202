//! `[ledger]`, `[fees]`, `[conversion]`, `[contracts]`, `[deduct]` and `[payment]`: money.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::asset::Asset;
use crate::domain::fee::Tariffs;

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
    /// Milliseconds that the same request under the same key waits for the one that is running.
    pub same_key_wait_ms: u64,
    /// Microseconds that each further transfer of a batch adds to every time-out that it is under.
    pub transfer_timeout_us: u32,
}

impl Ledger {
    /// `same_key_wait_ms` as a duration.
    pub fn same_key_wait(&self) -> Duration {
        Duration::from_millis(self.same_key_wait_ms)
    }

    /// `transfer_timeout_us` as a duration.
    pub fn transfer_timeout(&self) -> Duration {
        Duration::from_micros(self.transfer_timeout_us.into())
    }
}

/// What transfers cost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// Between users.
    pub transfer: Tariffs,
    /// To the world outside.
    pub withdrawal: Tariffs,
    /// Of one currency into another.
    pub conversion: Tariffs,
}

/// Money of one currency for money of another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// Seconds that a quote is good for.
    pub quote_ttl_s: u64,
}

impl Conversion {
    /// `quote_ttl_s` as a duration.
    pub fn quote_ttl(&self) -> Duration {
        Duration::from_secs(self.quote_ttl_s)
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

/// `POST /payment`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// What is paid.
    pub asset: Asset,
    /// Seconds that a token is good for.
    pub token_ttl_s: u64,
    /// Whether a client's UUID is a token.
    pub accept_client_tokens: bool,
    /// Where the gateway is; empty or `simulated` for a simulated one.
    pub gateway_url: String,
    /// Milliseconds for it to answer.
    pub gateway_timeout_ms: u64,
    /// Payments that are with it at once.
    pub max_in_flight: usize,
    /// Seconds without an end after which a payment is taken up.
    pub recover_after_s: u64,
}

impl Payment {
    /// `token_ttl_s` as a duration.
    pub fn token_ttl(&self) -> Duration {
        Duration::from_secs(self.token_ttl_s)
    }

    /// Where the gateway is, as `host:port`; none for a simulated one.
    pub fn gateway_address(&self) -> Option<&str> {
        self.gateway_url.strip_prefix("http://")
    }

    /// `gateway_timeout_ms` as a duration.
    pub fn gateway_timeout(&self) -> Duration {
        Duration::from_millis(self.gateway_timeout_ms)
    }

    /// `recover_after_s` as a duration.
    pub fn recover_after(&self) -> Duration {
        Duration::from_secs(self.recover_after_s)
    }
}
