//! `[webhook]`: events, brought to where users want them.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::rule::pauses;

/// Events, brought elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Webhooks of one user.
    pub max_per_user: usize,
    /// Whether receivers may have addresses that are not public, and do without TLS.
    pub allow_private: bool,
    /// Authorities besides those that browsers know.
    pub ca_file: PathBuf,
    /// Milliseconds for a try.
    pub timeout_ms: u64,
    /// Milliseconds between two looks.
    pub poll_ms: u64,
    /// Seconds between tries, separated by commas.
    pub retry_after_s: String,
    /// Hours without anything taken until a webhook is stopped.
    pub give_up_after_h: u64,
    /// Accounts whose events are brought at once.
    pub max_in_flight: usize,
    /// The same for each user.
    pub max_in_flight_per_user: usize,
}

impl Webhook {
    /// `timeout_ms` as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// `poll_ms` as a duration.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// `retry_after_s` as durations.
    pub fn pauses(&self) -> Vec<Duration> {
        pauses(&self.retry_after_s).unwrap_or_default().into_iter().map(Duration::from_secs).collect()
    }

    /// `give_up_after_h` as a duration.
    pub fn give_up_after(&self) -> Duration {
        Duration::from_secs(self.give_up_after_h * 60 * 60)
    }
}
