//! [`Running`]: the requests of one connection whose tasks have not ended, by id.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, Hasher},
};

use crate::cancellation::Cancellation;

/// Why a request cannot begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many are running as this connection may have.
    Full,
    /// A request with this id is running.
    Duplicate,
}

#[derive(Default)]
pub(crate) struct Running {
    cancellations: HashMap<u32, Cancellation, BuildHasherDefault<IdHasher>>,
    cancelled_in_a_row: usize,
}

impl Running {
    pub(crate) fn len(&self) -> usize {
        self.cancellations.len()
    }

    /// Enters a request unless `limit` are in.
    pub(crate) fn begin(&mut self, id: u32, limit: usize) -> Result<Cancellation, Refused> {
        let running = self.cancellations.len();
        match self.cancellations.entry(id) {
            Entry::Occupied(_) => Err(Refused::Duplicate),
            Entry::Vacant(_) if running >= limit => Err(Refused::Full),
            Entry::Vacant(place) => Ok(place.insert(Cancellation::default()).clone()),
        }
    }

    /// The task of `id` has ended, `orderly` if it brought its own answer.
    pub(crate) fn end(&mut self, id: u32, orderly: bool) {
        self.cancellations.remove(&id);
        if orderly {
            self.cancelled_in_a_row = 0;
        }
    }

    /// Tells the task of `id` to end; returns how many were told so since one last ended in its own way.
    pub(crate) fn cancel(&mut self, id: u32) -> usize {
        if let Some(cancellation) = self.cancellations.get(&id) {
            cancellation.fire();
        }
        // Counted also if it has ended: a flood of cancels for nothing is one too.
        self.cancelled_in_a_row += 1;
        self.cancelled_in_a_row
    }

    /// Tells all tasks to end; returns how many.
    pub(crate) fn cancel_all(&self) -> usize {
        self.cancellations.values().for_each(Cancellation::fire);
        self.cancellations.len()
    }
}

/// Ids come from an authenticated peer and at most a credit's worth are in at once: spreading them is enough.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32((*byte).into()));
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Refused, Running};

    #[test]
    fn an_id_runs_once_and_a_full_connection_refuses() {
        let mut running = Running::default();
        assert!(running.begin(7, 2).is_ok());
        assert_eq!(running.begin(7, 2).err(), Some(Refused::Duplicate));
        assert!(running.begin(1 << 16, 2).is_ok());
        assert_eq!(running.begin(8, 2).err(), Some(Refused::Full));
        running.end(7, true);
        assert!(running.begin(8, 2).is_ok());
        assert_eq!(running.len(), 2);
    }

    #[test]
    fn a_cancelled_request_is_in_until_its_task_has_ended() {
        let mut running = Running::default();
        let cancellation = running.begin(7, 1).unwrap();
        running.cancel(7);
        assert!(cancellation.has_fired());
        assert_eq!(running.begin(8, 1).err(), Some(Refused::Full));
        running.end(7, false);
        assert!(running.begin(8, 1).is_ok());
    }

    #[test]
    fn cancels_count_until_something_finishes() {
        let mut running = Running::default();
        for count in 1..=3 {
            running.begin(count, 9).unwrap();
            assert_eq!(running.cancel(count), count as usize);
            running.end(count, false);
        }
        running.begin(4, 9).unwrap();
        running.end(4, true);
        assert_eq!(running.cancel(5), 1);
        running.begin(6, 9).unwrap();
        assert_eq!(running.cancel_all(), 1);
    }
}
