//! Facts that cancel each other out, in memory that does not grow with them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::Facts;
use super::fact::Fact;

/// Places that facts are sorted into: 512 KiB of sums.
const BUCKETS: usize = 1 << 16;

/// A sum of hashes for each bucket of facts. A bucket whose facts were denied as often as asserted is zero; any other is zero with a
/// chance of 2^-64, since the hash is keyed by chance.
pub(super) struct Sketch {
    key: RandomState,
    sums: Vec<u64>,
}

impl Sketch {
    pub(super) fn new() -> Self {
        Self { key: RandomState::new(), sums: vec![0; BUCKETS] }
    }

    /// The buckets that are not zero.
    pub(super) fn suspects(self) -> Suspects {
        let buckets = (0..BUCKETS).filter(|bucket| self.sums[*bucket] != 0).collect();
        Suspects { key: self.key, buckets }
    }
}

impl Facts for Sketch {
    fn add(&mut self, fact: Fact, times: i128) {
        let sum = &mut self.sums[bucket(&self.key, &fact)];
        // Modulo 2^64, which sums of asserted and denied facts agree in.
        *sum = sum.wrapping_add(self.key.hash_one(&fact).wrapping_mul(times as u64));
    }
}

fn bucket(key: &RandomState, fact: &Fact) -> usize {
    key.hash_one(fact.subject()) as usize % BUCKETS
}

/// Where something is wrong.
pub(super) struct Suspects {
    key: RandomState,
    buckets: std::collections::BTreeSet<usize>,
}

impl Suspects {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

/// The facts of suspect buckets themselves.
pub(super) struct Leftovers {
    suspects: Suspects,
    facts: HashMap<Fact, i128>,
}

impl Leftovers {
    /// Most facts that are kept at once: of books that are wrong all over, some of what is wrong is said, not all.
    const MOST: usize = 1 << 20;

    pub(super) fn of(suspects: Suspects) -> Self {
        Self { suspects, facts: HashMap::new() }
    }

    /// What was not denied as often as asserted.
    pub(super) fn into_facts(self) -> Vec<(Fact, i128)> {
        self.facts.into_iter().filter(|(_, times)| *times != 0).collect()
    }
}

impl Facts for Leftovers {
    fn add(&mut self, fact: Fact, times: i128) {
        if !self.suspects.buckets.contains(&bucket(&self.suspects.key, &fact)) {
            return;
        }
        if self.facts.len() >= Self::MOST && !self.facts.contains_key(&fact) {
            // What cancels later would be missing from here on: stop looking at most of the buckets.
            let half = self.suspects.buckets.len().div_ceil(2);
            let kept: Vec<_> = self.suspects.buckets.iter().copied().take(half).collect();
            if kept.len() == self.suspects.buckets.len() {
                return;
            }
            self.suspects.buckets = kept.into_iter().collect();
            let Suspects { key, buckets } = &self.suspects;
            self.facts.retain(|fact, _| buckets.contains(&bucket(key, fact)));
            return self.add(fact, times);
        }
        let sum = self.facts.entry(fact).or_default();
        *sum = sum.wrapping_add(times);
    }
}
