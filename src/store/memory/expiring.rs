//! A bounded map whose entries expire.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Instant;

/// Slots that every insertion sweeps. With 2, all that has expired is gone after half as many insertions as there are slots.
const SWEPT: usize = 2;

/// Slots that an insertion into a full map sweeps before it gives up: some ten microseconds of work.
const SWEPT_WHEN_FULL: usize = 512;

/// Slots among which the next to expire is evicted.
const SAMPLE: usize = 8;

/// A map of at most `capacity` entries. Slots keep their place, so that a hand can go round them a few at a time.
pub(super) struct Expiring<K, V> {
    capacity: usize,
    places: HashMap<K, usize>,
    slots: Vec<Option<Slot<K, V>>>,
    free: Vec<usize>,
    /// The slot that the sweep looks at next.
    hand: usize,
}

struct Slot<K, V> {
    key: K,
    value: V,
    expires: Instant,
}

/// The map holds as many entries as it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<K: Copy + Eq + Hash, V> Expiring<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, places: HashMap::new(), slots: Vec::new(), free: Vec::new(), hand: 0 }
    }

    /// The entry and when it expires.
    pub(super) fn get(&mut self, key: &K, now: Instant) -> Option<(&mut V, Instant)> {
        let place = *self.places.get(key)?;
        if self.expired(place, now) {
            self.clear(place);
            return None;
        }
        self.slots[place].as_mut().map(|slot| (&mut slot.value, slot.expires))
    }

    /// The entry, expired or not.
    pub(super) fn value(&mut self, key: &K) -> Option<&mut V> {
        let place = *self.places.get(key)?;
        self.slots[place].as_mut().map(|slot| &mut slot.value)
    }

    /// The entry, which from now on expires at `expires`.
    pub(super) fn renew(&mut self, key: &K, expires: Instant, now: Instant) -> Option<&V> {
        self.get(key, now)?;
        let slot = self.slots[self.places[key]].as_mut()?;
        slot.expires = expires;
        Some(&slot.value)
    }

    /// Adds or replaces an entry.
    pub(super) fn insert(&mut self, key: K, value: V, expires: Instant, now: Instant) -> Result<(), Full> {
        self.sweep(SWEPT, now);
        let slot = Slot { key, value, expires };
        if let Some(place) = self.places.get(&key) {
            self.slots[*place] = Some(slot);
            return Ok(());
        }
        if !self.has_room(now) {
            return Err(Full);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[place] = Some(slot);
        self.places.insert(key, place);
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let place = *self.places.get(key)?;
        self.clear(place).map(|slot| slot.value)
    }

    /// Adds or replaces an entry, in the place of another if need be. Returns when the evicted one would have expired.
    pub(super) fn insert_evicting(&mut self, key: K, value: V, expires: Instant, now: Instant) -> Option<Instant> {
        let fits = self.places.contains_key(&key) || self.has_room(now);
        let evicted = if fits { None } else { self.evict() };
        // Still no room: a capacity of 0, and the entry itself is the one that is not kept.
        if self.insert(key, value, expires, now).is_ok() { evicted } else { Some(expires) }
    }

    fn has_room(&mut self, now: Instant) -> bool {
        if self.places.len() >= self.capacity {
            self.sweep(SWEPT_WHEN_FULL, now);
        }
        self.places.len() < self.capacity
    }

    /// Removes the next to expire of a few.
    fn evict(&mut self) -> Option<Instant> {
        let mut soonest = None;
        for _ in 0..SAMPLE.min(self.slots.len()) {
            let place = self.step();
            if let Some(slot) = &self.slots[place] {
                soonest = [soonest, Some((slot.expires, place))].into_iter().flatten().min();
            }
        }
        let (expires, place) = soonest?;
        self.clear(place);
        Some(expires)
    }

    fn sweep(&mut self, slots: usize, now: Instant) {
        for _ in 0..slots.min(self.slots.len()) {
            let place = self.step();
            if self.expired(place, now) {
                self.clear(place);
            }
        }
    }

    /// The slot under the hand, which goes on to the next. There must be one.
    fn step(&mut self) -> usize {
        let place = self.hand;
        self.hand = (place + 1) % self.slots.len();
        place
    }

    fn expired(&self, place: usize, now: Instant) -> bool {
        self.slots[place].as_ref().is_some_and(|slot| slot.expires <= now)
    }

    fn clear(&mut self, place: usize) -> Option<Slot<K, V>> {
        let slot = self.slots[place].take()?;
        self.places.remove(&slot.key);
        self.free.push(place);
        Some(slot)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Expiring, Full, SAMPLE};

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_entry_ends_when_its_time_has_come_and_not_before() {
        let start = Instant::now();
        let mut map = Expiring::new(10);
        map.insert(1, 'a', at(start, 10), start).expect("room");
        assert_eq!(map.get(&1, at(start, 9)), Some((&mut 'a', at(start, 10))));
        assert_eq!(map.renew(&1, at(start, 15), at(start, 9)), Some(&'a'));
        assert_eq!(map.get(&1, at(start, 14)).map(|(value, _)| *value), Some('a'));
        assert_eq!(map.get(&1, at(start, 15)), None);
        assert_eq!(map.renew(&1, at(start, 99), at(start, 15)), None, "what has ended is not renewed");
    }

    #[test]
    fn writes_sweep_what_has_expired_though_nobody_asks_for_it() {
        let start = Instant::now();
        let mut map = Expiring::new(1000);
        for key in 0..100 {
            map.insert(key, (), at(start, 1), start).expect("room");
        }
        for key in 1000..1050 {
            map.insert(key, (), at(start, 9), at(start, 2)).expect("room");
        }
        assert_eq!(map.len(), 50, "half as many writes as there were slots");
    }

    #[test]
    fn a_full_map_refuses_until_something_has_expired() {
        let start = Instant::now();
        let mut map = Expiring::new(3);
        for key in 0..3 {
            map.insert(key, (), at(start, 5 + key), start).expect("room");
        }
        assert_eq!(map.insert(3, (), at(start, 99), start), Err(Full));
        assert_eq!(map.insert(2, (), at(start, 99), start), Ok(()), "replacing needs no room");
        assert_eq!(map.insert(3, (), at(start, 99), at(start, 5)), Ok(()));
        assert_eq!(map.len(), 3);
    }

    #[test]
    fn eviction_takes_the_next_to_expire_of_a_sample_and_tells_when_it_would_have_ended() {
        let start = Instant::now();
        let mut map = Expiring::new(SAMPLE);
        for key in 0..SAMPLE as u64 {
            map.insert(key, (), at(start, if key == 5 { 10 } else { 50 }), start).expect("room");
        }
        assert_eq!(map.insert_evicting(99, (), at(start, 60), start), Some(at(start, 10)));
        assert_eq!(map.get(&5, start), None);
        assert!(map.get(&99, start).is_some());
        assert_eq!(map.len(), SAMPLE);
    }
}
