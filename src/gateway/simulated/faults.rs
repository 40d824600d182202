//! How the simulated gateway misbehaves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong, and how often. Rates are from 0 (never) to 1 (always).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Milliseconds until a charge is decided: at random from the first to the second.
    pub latency_ms: [u64; 2],
    /// Milliseconds from then on until it is answered.
    pub answer_latency_ms: u64,
    /// How many of the orders that arrive are declined.
    pub failure_rate: f64,
    /// How many charges are decided and never answered: the connection breaks.
    pub lost_answer_rate: f64,
    /// How many charges are delivered twice, as networks and queues do, at once.
    pub duplicate_rate: f64,
    /// How many questions about orders are not answered.
    pub lost_question_rate: f64,
}

impl Default for Faults {
    /// What the payment contract says of the built-in gateway: 100 to 500 ms, and 5 % of failures.
    fn default() -> Self {
        Self {
            latency_ms: [100, 500],
            answer_latency_ms: 0,
            failure_rate: 0.05,
            lost_answer_rate: 0.0,
            duplicate_rate: 0.0,
            lost_question_rate: 0.0,
        }
    }
}

impl Faults {
    /// None at all.
    pub fn none() -> Self {
        Self { latency_ms: [0, 0], failure_rate: 0.0, ..Self::default() }
    }

    /// Whether all of it makes sense.
    pub fn check(&self) -> Result<(), &'static str> {
        let rates = [self.failure_rate, self.lost_answer_rate, self.duplicate_rate, self.lost_question_rate];
        if !rates.iter().all(|rate| (0.0..=1.0).contains(rate)) {
            return Err("a rate must be from 0 to 1");
        }
        if self.latency_ms[0] > self.latency_ms[1] {
            return Err("the first latency must not be more than the second");
        }
        Ok(())
    }

    pub(super) fn latency(&self) -> Duration {
        let [least, most] = self.latency_ms;
        Duration::from_millis(if least < most { rand::random_range(least..=most) } else { least })
    }

    pub(super) fn answer_latency(&self) -> Duration {
        Duration::from_millis(self.answer_latency_ms)
    }
}

/// Whether something happens that happens at this rate.
pub(super) fn happens(rate: f64) -> bool {
    rate > 0.0 && rand::random::<f64>() < rate
}

#[cfg(test)]
mod tests {
    use super::{Faults, happens};

    #[test]
    fn rates_have_their_edges() {
        assert!((0..1000).all(|_| !happens(0.0) && happens(1.0)));
        assert!(Faults::default().check().is_ok() && Faults::none().check().is_ok());
        for wrong in [
            Faults { failure_rate: 1.1, ..Faults::none() },
            Faults { duplicate_rate: -0.1, ..Faults::none() },
            Faults { lost_answer_rate: f64::NAN, ..Faults::none() },
            Faults { latency_ms: [2, 1], ..Faults::none() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
