//! Tries to sign in: what failed, and who is known where.

use std::time::{Duration, Instant};

use super::after;
use super::expiring::Expiring;
use crate::domain::attempt::{AttemptKey, Counter};

/// Counts of failures, and known devices. When either is full, one of a few that are next to expire gives way.
pub(super) struct Attempts {
    failures: Expiring<AttemptKey, Failures>,
    devices: Expiring<AttemptKey, ()>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u64,
    /// Until then no further try.
    closed_until: Instant,
}

impl Attempts {
    pub(super) fn new(max_entries: usize) -> Self {
        Self { failures: Expiring::new(max_entries), devices: Expiring::new(max_entries) }
    }

    pub(super) fn admit(&mut self, counters: &[Counter], now: Instant) -> Option<Duration> {
        let longest = counters.iter().filter_map(|counter| self.wait(counter, now)).max();
        if longest.is_none() {
            for counter in counters {
                self.hold_up(counter, now);
            }
        }
        longest
    }

    fn wait(&mut self, counter: &Counter, now: Instant) -> Option<Duration> {
        let (failures, _) = self.failures.get(&counter.key, now)?;
        failures.closed_until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Where failures are not free any more, others wait until this try is decided.
    fn hold_up(&mut self, counter: &Counter, now: Instant) {
        if let Some((failures, _)) = self.failures.get(&counter.key, now) {
            failures.closed_until = now + counter.wait(failures.count);
        }
    }

    pub(super) fn count(&mut self, counter: &Counter, window: Duration, now: Instant) {
        let count = self.failures.get(&counter.key, now).map_or(0, |(failures, _)| failures.count) + 1;
        let failures = Failures { count, closed_until: now + counter.wait(count) };
        self.failures.insert_evicting(counter.key, failures, after(now, window), now);
    }

    pub(super) fn welcome(&mut self, device: AttemptKey, ttl: Duration, now: Instant) {
        self.failures.remove(&device);
        self.devices.insert_evicting(device, (), after(now, ttl), now);
    }

    pub(super) fn knows(&mut self, device: AttemptKey, now: Instant) -> bool {
        self.devices.get(&device, now).is_some()
    }
}
