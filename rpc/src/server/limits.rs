//! [`Gate`]: a limit that is taken or refused at once; nobody waits at it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts who is inside, up to a limit.
#[derive(Debug)]
pub(crate) struct Gate {
    inside: AtomicUsize,
    limit: usize,
}

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self { inside: AtomicUsize::new(0), limit }
    }

    /// Goes in, if there is room; who is in must [`leave`](Gate::leave).
    pub(crate) fn enter(&self) -> bool {
        if self.inside.fetch_add(1, Ordering::Relaxed) < self.limit {
            return true;
        }
        self.leave();
        false
    }

    pub(crate) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Gate;

    #[test]
    fn a_full_gate_refuses_until_one_leaves() {
        let gate = Gate::new(2);
        assert!(gate.enter() && gate.enter());
        assert!(!gate.enter());
        assert_eq!(gate.inside(), 2);
        gate.leave();
        assert!(gate.enter());
        assert!(!Gate::new(0).enter());
    }
}
