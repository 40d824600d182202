//! What waits for a lane.
//!
//! In the order of arrival; but what is heavier than a whole batch waits apart, so that one caller with much to ask for stands in nobody's way:
//!
//! - All that is heavy together takes at most a quarter of the room. One always finds some, if there is room at all.
//! - Lanes take heavy and light in turn, where both wait.
//! - One lane never takes what is heavy, if there are several.

use std::collections::VecDeque;

use super::Limits;

/// The part of the room that is there for what is heavy.
const HEAVY_PART: usize = 4;

/// Items with their weights.
pub(super) struct Queue<T> {
    light: VecDeque<(usize, T)>,
    heavy: VecDeque<(usize, T)>,
    /// What all of it weighs.
    weight: usize,
    /// What the heavy weighs.
    heavy_weight: usize,
    /// Lanes that are at work on something heavy.
    heavy_lanes: usize,
    /// Whether it is the turn of what is heavy.
    heavy_is_next: bool,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            light: VecDeque::new(),
            heavy: VecDeque::new(),
            weight: 0,
            heavy_weight: 0,
            heavy_lanes: 0,
            heavy_is_next: false,
        }
    }

    /// Takes `item` in, if there is room for it.
    pub(super) fn push(&mut self, limits: &Limits, weight: usize, item: T) -> bool {
        let is_heavy = weight > limits.batch_max;
        let heavy_weight = self.heavy_weight.saturating_add(weight);
        let is_too_heavy = is_heavy && !self.heavy.is_empty() && heavy_weight > limits.queue_max / HEAVY_PART;
        let whole = self.weight.saturating_add(weight);
        if whole > limits.queue_max || is_too_heavy {
            return false;
        }
        self.weight = whole;
        if is_heavy {
            self.heavy_weight = heavy_weight;
            self.heavy.push_back((weight, item));
        } else {
            self.light.push_back((weight, item));
        }
        true
    }

    /// Moves a batch to `taken`: as many items as weigh `batch_max`, or a heavy one. Returns whether it is that: then the lane owes a
    /// [`Self::heavy_ended`].
    pub(super) fn take(&mut self, limits: &Limits, taken: &mut Vec<T>) -> bool {
        let for_heavy = limits.lanes.saturating_sub(1).max(1);
        if (self.heavy_is_next || self.light.is_empty())
            && self.heavy_lanes < for_heavy
            && let Some((weight, item)) = self.heavy.pop_front()
        {
            self.weight -= weight;
            self.heavy_weight -= weight;
            self.heavy_lanes += 1;
            self.heavy_is_next = false;
            taken.push(item);
            return true;
        }
        let mut room = limits.batch_max;
        while let Some((weight, item)) = self.light.pop_front_if(|(weight, _)| *weight <= room) {
            room -= weight;
            self.weight -= weight;
            taken.push(item);
        }
        self.heavy_is_next |= !taken.is_empty();
        false
    }

    /// A lane is done with something heavy.
    pub(super) fn heavy_ended(&mut self) {
        self.heavy_lanes -= 1;
    }

    /// Gives up all that waits.
    pub(super) fn clear(&mut self) -> impl Sized + use<T> {
        (self.weight, self.heavy_weight) = (0, 0);
        (std::mem::take(&mut self.light), std::mem::take(&mut self.heavy))
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Queue};

    const LIMITS: Limits = Limits { lanes: 1, batch_max: 4, queue_max: 40 };

    /// A queue of these weights, each of which is its own item, and those that found no room.
    fn queue(limits: &Limits, weights: &[usize]) -> (Queue<usize>, Vec<usize>) {
        let mut queue = Queue::new();
        let refused = weights.iter().copied().filter(|weight| !queue.push(limits, *weight, *weight)).collect();
        (queue, refused)
    }

    /// All batches, by a lane that is done with each at once.
    fn batches(queue: &mut Queue<usize>) -> Vec<Vec<usize>> {
        let mut batches = Vec::new();
        loop {
            let mut taken = Vec::new();
            if queue.take(&LIMITS, &mut taken) {
                queue.heavy_ended();
            }
            if taken.is_empty() {
                return batches;
            }
            batches.push(taken);
        }
    }

    #[test]
    fn what_is_heavy_has_a_quarter_of_the_room_and_the_rest_is_for_others() {
        for (weights, expected) in [
            (&[5, 5, 5][..], &[5][..]),
            (&[6, 5, 5, 4], &[5, 5]),
            (&[11, 5, 1], &[5]),
            (&[40, 1], &[1]),
            (&[41, 1], &[41]),
            (&[5, 5, 4, 4, 4, 4, 4, 4, 4, 2, 1], &[1]),
            (&[4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 4], &[5]),
        ] {
            let (mut queue, refused) = queue(&LIMITS, weights);
            assert_eq!(refused, expected, "{weights:?}");
            let taken: usize = batches(&mut queue).iter().flatten().sum();
            assert_eq!(taken + refused.iter().sum::<usize>(), weights.iter().sum::<usize>(), "{weights:?}");
            assert!(queue.push(&LIMITS, LIMITS.queue_max, 0), "all room is free again");
        }
    }

    #[test]
    fn heavy_and_light_take_turns() {
        let (mut queue, _) = queue(&LIMITS, &[5, 5, 1, 2, 3, 4]);
        assert_eq!(batches(&mut queue), [vec![1, 2], vec![5], vec![3], vec![5], vec![4]]);
    }

    #[test]
    fn one_of_several_lanes_is_never_taken_by_what_is_heavy() {
        for (lanes, expected) in [(1, 1), (2, 1), (3, 2)] {
            let limits = Limits { lanes, ..LIMITS };
            let (mut queue, _) = queue(&limits, &[5, 5]);
            let mut taken = Vec::new();
            let begun = (0..lanes).filter(|_| queue.take(&limits, &mut taken)).count();
            assert_eq!((begun, taken.len()), (expected, expected), "{lanes} lanes");
            queue.heavy_ended();
            assert_eq!(queue.take(&limits, &mut taken), expected < 2, "{lanes} lanes");
            assert_eq!(taken.len(), 2, "all of it, in the end");
        }
    }
}
