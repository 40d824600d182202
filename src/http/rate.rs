//! How many requests a client may make: for each place that they come from, and for each credential that they show.
//!
//! Clients are told apart by a keyed hash of bounded size, so that a flood of addresses costs bounded memory: two clients may come to share a
//! limit, which is rare, and more so the fewer there are.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use hyper::header::{HeaderName, HeaderValue};

use crate::config;
use crate::domain::attempt::place_of;
use crate::domain::caller::Credential;

/// What there is, as `draft-ietf-httpapi-ratelimit-headers` has it (its 11th draft): the policies, and what is left of each.
pub(super) static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) static LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Clients that are told apart: 2^20, which take some 30 MiB at most for each of the two limits.
const CLIENTS: u64 = 1 << 20;
/// Requests between two sweeps, which forget those whose limit is whole again.
const SWEEP_EVERY: u64 = 1 << 16;

/// Both limits, where they are not switched off.
pub(super) struct Rates {
    address: Option<Rate>,
    caller: Option<Rate>,
}

impl Rates {
    /// As `[limits]` has them.
    pub(super) fn new(limits: &config::Limits) -> Self {
        let clock = DefaultClock::default;
        Self {
            address: Rate::new("address", limits.per_address_per_s, limits.per_address_burst, clock()),
            caller: Rate::new("caller", limits.per_caller_per_s, limits.per_caller_burst, clock()),
        }
    }

    /// Counts a request. This machine's own are not counted: load generators, and probes of its health.
    pub(super) fn count(&self, address: IpAddr, credential: Option<&Credential>) -> Standing {
        let mut standing = Standing::default();
        if address.to_canonical().is_loopback() {
            return standing;
        }
        if let Some(rate) = &self.address {
            standing.add(rate.count(&place_of(address)));
        }
        // Whoever is refused for the one is not counted for the other.
        if let (Some(rate), Some(credential), None) = (&self.caller, credential, standing.refused) {
            standing.add(match credential {
                Credential::Session(session) => rate.count(session.expose()),
                Credential::Access(token) => rate.count(token.expose()),
            });
        }
        standing
    }
}

/// Where a client stands with its limits.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Of each limit: its name, its quota and window, what is left, and seconds until all of it is there again.
    told: Vec<Told>,
    /// Seconds until the next request may come.
    pub(super) refused: Option<u32>,
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    name: &'static str,
    quota: u32,
    window_s: u32,
    left: u32,
    reset_s: u32,
    refused: bool,
}

impl Standing {
    fn add(&mut self, told: Told) {
        self.refused = told.refused.then_some(told.reset_s);
        self.told.push(told);
    }

    /// The two headers; none where nothing was counted.
    pub(super) fn headers(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        if self.told.is_empty() {
            return None;
        }
        let list = |write: fn(&Told) -> String| {
            let text = self.told.iter().map(write).collect::<Vec<_>>().join(", ");
            HeaderValue::try_from(text).expect("names of ours and digits are ASCII")
        };
        let policy = list(|told| format!("\"{}\";q={};w={}", told.name, told.quota, told.window_s));
        let left = list(|told| format!("\"{}\";r={};t={}", told.name, told.left, told.reset_s));
        Some([(POLICY.clone(), policy), (LEFT.clone(), left)])
    }
}

/// One limit.
struct Rate<C: Clock = DefaultClock> {
    name: &'static str,
    limiter: RateLimiter<u32, HashMapStateStore<u32>, C, StateInformationMiddleware>,
    clock: C,
    /// With a key of this process's own: nobody can choose whom to share a limit with.
    hasher: RandomState,
    counted: AtomicU64,
}

impl<C: Clock + Clone> Rate<C> {
    /// `None` for 0 requests a second: there is no limit.
    fn new(name: &'static str, per_s: u32, burst: u32, clock: C) -> Option<Self> {
        let (per_s, burst) = (NonZeroU32::new(per_s)?, NonZeroU32::new(burst)?);
        let limiter = RateLimiter::hashmap_with_clock(Quota::per_second(per_s).allow_burst(burst), clock.clone())
            .with_middleware();
        Some(Self { name, limiter, clock, hasher: RandomState::new(), counted: AtomicU64::new(0) })
    }

    fn count(&self, client: &(impl Hash + ?Sized)) -> Told {
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let slot = (self.hasher.hash_one(client) % CLIENTS) as u32;
        match self.limiter.check_key(&slot) {
            Ok(state) => self.told(state.quota(), state.remaining_burst_capacity(), None),
            Err(until) => self.told(until.quota(), 0, Some(until.wait_time_from(self.clock.now()))),
        }
    }

    fn told(&self, quota: Quota, left: u32, wait: Option<Duration>) -> Told {
        let burst = quota.burst_size().get();
        let missing = quota.replenish_interval() * (burst - left);
        Told {
            name: self.name,
            quota: burst,
            window_s: whole_seconds(quota.burst_size_replenished_in()),
            left,
            reset_s: whole_seconds(wait.unwrap_or(missing)),
            refused: wait.is_some(),
        }
    }
}

/// Rounded up, and not less than one.
fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1000).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::{CLIENTS, Rate, Rates};
    use crate::config::Config;
    use crate::domain::caller::Credential;
    use crate::domain::session::SessionId;

    fn rate(per_s: u32, burst: u32) -> (Rate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Rate::new("address", per_s, burst, clock.clone()).expect("a limit"), clock)
    }

    #[test]
    fn a_burst_passes_and_one_more_does_not_until_its_time_has_come() {
        let (rate, clock) = rate(2, 5);
        for left in (0..5).rev() {
            let told = rate.count("alice");
            assert_eq!((told.refused, told.left, told.quota, told.window_s), (false, left, 5, 3));
        }
        assert_eq!((rate.count("alice").refused, rate.count("alice").reset_s), (true, 1));
        assert!(!rate.count("bob").refused);
        clock.advance(Duration::from_millis(499));
        assert!(rate.count("alice").refused);
        clock.advance(Duration::from_millis(1));
        assert!(!rate.count("alice").refused);
        assert!(rate.count("alice").refused, "one at a time");
        clock.advance(Duration::from_secs(60));
        assert_eq!(rate.count("alice").left, 4, "never more than a burst");
    }

    #[test]
    fn however_many_clients_there_are_memory_is_bounded_and_those_who_rest_are_forgotten() {
        let (rate, clock) = rate(1000, 1);
        for client in 0..3 * CLIENTS {
            rate.count(&client);
        }
        assert!(rate.limiter.len() as u64 <= CLIENTS);
        clock.advance(Duration::from_secs(1));
        for _ in 0..super::SWEEP_EVERY {
            rate.count("alice");
        }
        assert!(rate.limiter.len() <= 1, "{}", rate.limiter.len());
    }

    #[test]
    fn this_machine_is_not_counted_nor_anybody_where_a_limit_is_off() {
        let mut limits = Config::default().limits;
        (limits.per_address_per_s, limits.per_address_burst) = (1, 1);
        (limits.per_caller_per_s, limits.per_caller_burst) = (1, 1);
        let rates = Rates::new(&limits);
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            for _ in 0..3 {
                let standing = rates.count(address.parse().expect(address), None);
                assert!(standing.refused.is_none() && standing.headers().is_none(), "{address}");
            }
        }
        let refused = |rates: &Rates, address: &str, credential: Option<&Credential>| {
            rates.count(address.parse().expect(address), credential).refused.is_some()
        };
        assert!(!refused(&rates, "2001:db8:1:2::1", None));
        assert!(refused(&rates, "2001:db8:1:2:ffff::1", None), "of one customer");
        let session = Credential::Session(SessionId::parse("0123456789abcdef0123456789abcdef").expect("an id"));
        assert!(!refused(&rates, "192.0.2.1", Some(&session)));
        assert!(refused(&rates, "192.0.2.2", Some(&session)), "the credential counts wherever it is");
        assert!(!refused(&rates, "192.0.2.3", None));

        (limits.per_address_per_s, limits.per_caller_per_s) = (0, 0);
        let rates = Rates::new(&limits);
        assert!((0..1000).all(|_| !refused(&rates, "192.0.2.1", Some(&session))));
    }
}
