//! Tries to sign in: what their failures are counted under, and how long the next one must wait.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The longest wait.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often the first wait, of a second, may double before it is as long as [`LONGEST_WAIT`].
const DOUBLINGS: u64 = 6;

/// What failures are counted under, or a device is known by: a digest, so that whoever reads the store learns no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptKey(pub [u8; 16]);

/// Failures that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Under what.
    pub key: AttemptKey,
    /// How many of them cost nothing.
    pub free: u32,
}

impl Counter {
    /// How long after the last one of `failures` the next try must wait: nothing while they are free, then 1, 2, 4 ... seconds, at most
    /// [`LONGEST_WAIT`].
    pub fn wait(&self, failures: u64) -> Duration {
        match failures.checked_sub(self.free.into()) {
            None => Duration::ZERO,
            Some(over) => Duration::from_secs(1 << over.min(DOUBLINGS)).min(LONGEST_WAIT),
        }
    }
}

/// When failures begin to slow down.
#[derive(Clone, Copy, Debug)]
pub struct AttemptRule {
    /// Failures of one account that cost nothing.
    pub free: u32,
    /// The same of one place, whatever the accounts.
    pub free_per_address: u32,
    /// Without a failure for so long they are forgotten.
    pub window: Duration,
}

/// What counts as one place: an IPv4 address, or the 64 bits of an IPv6 address that one customer of a provider has at least.
pub fn place_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{AttemptKey, Counter, place_of};

    #[test]
    fn waits_double_from_the_first_failure_that_is_not_free() {
        let counter = Counter { key: AttemptKey([0; 16]), free: 3 };
        let waits = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, u64::MAX].map(|failures| counter.wait(failures).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_place_is_an_address_or_its_provider_s_customer() {
        for (address, place) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(place_of(address.parse().expect(address)).to_string(), place);
        }
    }
}
