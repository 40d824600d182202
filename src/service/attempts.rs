//! Sign-ins that fail slow the next ones down, so that passwords are not found by trying.
//!
//! Failures are counted for each account and for each place (an address, of IPv6 its first 64 bits). Whoever got in from a place before is known
//! there, and then only their own failures from that place count: strangers elsewhere do not keep them out, however many they are.
//!
//! Names that nobody has are counted as accounts are, so that being slowed down does not tell which names there are. They share few counters, and
//! the store keeps nothing of what was typed: it may be a password.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::api::Refusal;
use crate::domain::attempt::{AttemptKey, AttemptRule, Counter, place_of};
use crate::domain::user::UserId;
use crate::error::Error;
use crate::store::Volatile;

/// How long a place is remembered after a sign-in from it.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Whose account is tried.
#[derive(Clone, Copy, Debug)]
pub enum Tried<'a> {
    /// This user's.
    User(UserId),
    /// Nobody's: there is no such name.
    Nobody(&'a str),
}

/// A try that may go on. Tell [`Attempts`] how it ended.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    counters: Vec<Counter>,
    /// The account together with the place, where there are both.
    device: Option<AttemptKey>,
}

/// Lets tries go on, or not yet.
#[derive(Clone)]
pub struct Attempts<V> {
    volatile: V,
    rule: AttemptRule,
}

impl<V: Volatile> Attempts<V> {
    /// Tries counted in `volatile`.
    pub fn new(volatile: V, rule: AttemptRule) -> Self {
        Self { volatile, rule }
    }

    /// Before a password is looked at: whether this try may go on now. Refused: `TooManyRequests`.
    pub async fn begin(&self, tried: Tried<'_>, address: Option<IpAddr>) -> Result<Result<Attempt, Refusal>, Error> {
        let place = address.map(place_of);
        let device = match (tried, place) {
            (Tried::User(user), Some(place)) => Some(key(&format!("device {user} {place}"))),
            // Looked for as well, so that it takes as long: nobody signs in as nobody.
            (Tried::Nobody(name), Some(place)) => Some(key(&format!("device nobody {} {place}", one_of_few(name)))),
            (_, None) => None,
        };
        let counter = |what: &str, free| Counter { key: key(what), free };
        let known = match device {
            Some(device) if self.volatile.knows_device(device).await? => Some(device),
            _ => None,
        };
        let counters = match known {
            Some(device) => vec![Counter { key: device, free: self.rule.free }],
            None => {
                let account = match tried {
                    Tried::User(user) => format!("account {user}"),
                    Tried::Nobody(name) => format!("nobody {}", one_of_few(name)),
                };
                let place = place.map(|place| counter(&format!("place {place}"), self.rule.free_per_address));
                [counter(&account, self.rule.free)].into_iter().chain(place).collect()
            }
        };
        Ok(match self.volatile.admit(&counters).await? {
            None => Ok(Attempt { counters, device }),
            Some(wait) => Err(Refusal::TooManyRequests { retry_after_s: whole_seconds(wait) }),
        })
    }

    /// The password was wrong, or there is no such user.
    pub async fn failed(&self, attempt: &Attempt) -> Result<(), Error> {
        Ok(self.volatile.count_failure(&attempt.counters, self.rule.window).await?)
    }

    /// The password was right: from now on this place is known to this account.
    pub async fn succeeded(&self, attempt: &Attempt) -> Result<(), Error> {
        let Some(device) = attempt.device else { return Ok(()) };
        Ok(self.volatile.welcome_device(device, KNOWN).await?)
    }
}

fn key(what: &str) -> AttemptKey {
    let digest = Sha256::digest(what);
    AttemptKey(std::array::from_fn(|index| digest[index]))
}

/// One number of 65,536: enough to look like an account of its own, and too little to know the name by.
fn one_of_few(name: &str) -> u16 {
    let digest = Sha256::digest(name);
    u16::from_be_bytes([digest[0], digest[1]])
}

/// Rounded up: whoever waits so long need not wait again.
fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
