//! When a failed call is tried again: by proof that it was not executed, or because its method may run twice; within a
//! number of tries and a budget, and never on behalf of a request that is itself a retry.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::config::ClientConfig;
use crate::{
    context::Context,
    status::{CallError, Executed, Status},
};

/// What one retry costs; a call earns `retry_percent`.
const RETRY_COST: u64 = 100;
/// Retries that can be saved up, so that a quiet client survives a burst of failures.
const SAVED_RETRIES: u64 = 100;
/// Longest pause before a retry of what an overloaded server rejected, doubled by each try.
const PAUSE: Duration = Duration::from_millis(5);

/// The budget of retries, shared by all calls of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    saved: AtomicU64,
    percent: u64,
    max_tries: u32,
    pub(crate) retried: AtomicU64,
}

/// What comes after a failed try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The failure is the call's.
    GiveUp,
    /// Try again after this pause.
    Again(Duration),
}

impl Budget {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        Self {
            saved: AtomicU64::new(SAVED_RETRIES * RETRY_COST),
            percent: config.retry_percent.into(),
            max_tries: config.max_tries,
            retried: AtomicU64::new(0),
        }
    }

    /// A call begins: it earns its part of a retry.
    pub(crate) fn earn(&self) {
        // Two calls at once may both see the last place and save a trifle too much: no harm.
        if self.saved.load(Ordering::Relaxed) < SAVED_RETRIES * RETRY_COST {
            self.saved.fetch_add(self.percent, Ordering::Relaxed);
        }
    }

    /// Judges the failure of try number `tries` (from 1).
    pub(crate) fn judge(&self, error: &CallError, idempotent: bool, tries: u32, context: &Context) -> Verdict {
        if tries >= self.max_tries || context.is_retry() || context.remaining().is_zero() {
            return Verdict::GiveUp;
        }
        let Some(reason) = reason(error, idempotent) else {
            return Verdict::GiveUp;
        };
        // A connection or a server that goes away fails each of its calls once: a planned restart is no overload, and
        // does not use up what is saved for one.
        if reason != Reason::Moved && !self.spend() {
            return Verdict::GiveUp;
        }
        self.retried.fetch_add(1, Ordering::Relaxed);
        match reason {
            Reason::Overload => Verdict::Again((PAUSE * (1 << tries.min(8))).mul_f64(rand::random_range(0.0..1.0))),
            Reason::Moved | Reason::MayRepeat => Verdict::Again(Duration::ZERO),
        }
    }

    fn spend(&self) -> bool {
        let spent =
            self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(RETRY_COST));
        spent.is_ok()
    }
}

/// The failure of a call whose last try failed with `last`: whatever became of this one says nothing of an earlier one of
/// `unknown` outcome, which may take effect yet.
pub(crate) fn of_all_tries(unknown: Option<CallError>, last: CallError) -> CallError {
    match (unknown, last) {
        (Some(_), CallError::DeadlineExceeded { .. }) => CallError::DeadlineExceeded { executed: Executed::Unknown },
        (Some(earlier), _) => earlier,
        (None, last) => last,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Not executed because the connection or the server was on its way out.
    Moved,
    /// Not executed because the server has too much to do.
    Overload,
    /// Perhaps executed, and no harm if twice.
    MayRepeat,
}

fn reason(error: &CallError, idempotent: bool) -> Option<Reason> {
    match error {
        CallError::Rejected(status) if status.code == Status::DRAINING => Some(Reason::Moved),
        CallError::Rejected(_) => Some(Reason::Overload),
        CallError::Lost { executed: Executed::No, .. } => Some(Reason::Moved),
        CallError::Lost { .. } if idempotent => Some(Reason::MayRepeat),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{
        Budget, CallError, ClientConfig, Context, Duration, Executed, Ordering, SAVED_RETRIES, Status, Verdict,
        of_all_tries,
    };
    use crate::{cancellation::Cancellation, secret::Secret};

    fn budget() -> Budget {
        Budget::new(&ClientConfig::new(Secret::new([0; 16]).expect("16 bytes are enough")))
    }

    fn rejected(code: u16) -> CallError {
        CallError::Rejected(Status::new(code, ""))
    }

    fn lost(executed: Executed) -> CallError {
        CallError::Lost { reason: "test".into(), executed }
    }

    fn again(error: &CallError, idempotent: bool) -> bool {
        budget().judge(error, idempotent, 1, &Context::default()) != Verdict::GiveUp
    }

    #[test]
    fn only_proof_or_permission_makes_a_retry() {
        for idempotent in [false, true] {
            assert!(again(&rejected(Status::REJECTED), idempotent));
            assert!(again(&rejected(Status::DRAINING), idempotent));
            assert!(again(&lost(Executed::No), idempotent));
            assert_eq!(again(&lost(Executed::Unknown), idempotent), idempotent);
            for never in [
                CallError::DeadlineExceeded { executed: Executed::No },
                CallError::Status { status: Status::internal("test"), executed: Executed::Yes },
                CallError::Status { status: Status::new(Status::CANCELLED, ""), executed: Executed::Unknown },
                CallError::Unavailable("waited already".into()),
                CallError::UnknownService("test"),
            ] {
                assert!(!again(&never, idempotent), "{never:?}");
            }
        }
    }

    #[test]
    fn a_last_try_that_failed_does_not_hide_one_that_may_have_been_executed() {
        let cases = [
            (None, rejected(Status::REJECTED), Executed::No),
            (None, lost(Executed::Unknown), Executed::Unknown),
            (Some(lost(Executed::Unknown)), rejected(Status::REJECTED), Executed::Unknown),
            (Some(lost(Executed::Unknown)), CallError::Unavailable("away".into()), Executed::Unknown),
            (Some(lost(Executed::Unknown)), lost(Executed::No), Executed::Unknown),
            (Some(lost(Executed::Unknown)), CallError::DeadlineExceeded { executed: Executed::No }, Executed::Unknown),
            (
                Some(lost(Executed::Unknown)),
                CallError::Status { status: Status::internal("test"), executed: Executed::Yes },
                Executed::Unknown,
            ),
            (None, CallError::Status { status: Status::internal("test"), executed: Executed::Yes }, Executed::Yes),
        ];
        for (earlier, last, executed) in cases {
            let name = format!("{earlier:?}, {last:?}");
            assert_eq!(of_all_tries(earlier, last).executed(), executed, "{name}");
        }
    }

    #[test]
    fn three_tries_no_time_or_an_earlier_retry_end_it() {
        let (budget, error) = (budget(), lost(Executed::No));
        assert_eq!(budget.judge(&error, true, 3, &Context::default()), Verdict::GiveUp);
        assert_eq!(budget.judge(&error, true, 1, &Context::with_timeout(Duration::ZERO)), Verdict::GiveUp);
        let now = tokio::time::Instant::now();
        let downstream = Context::received(now, 2000, None, true, Cancellation::default());
        assert_eq!(budget.judge(&error, true, 1, &downstream), Verdict::GiveUp);
        assert_eq!(budget.retried.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn ten_percent_of_calls_may_be_retried_and_a_restart_costs_nothing() {
        let (budget, context) = (budget(), Context::default());
        let retries = |error: &CallError| {
            let mut retries = 0;
            for _ in 0..1000 {
                budget.earn();
                retries += u64::from(budget.judge(error, false, 1, &context) != Verdict::GiveUp);
            }
            retries
        };
        assert_eq!(retries(&rejected(Status::DRAINING)), 1000);
        // What was saved, and a tenth of these thousand calls less the ones that found the purse full.
        assert!((SAVED_RETRIES + 98..=SAVED_RETRIES + 100).contains(&retries(&rejected(Status::REJECTED))));
        assert_eq!(retries(&rejected(Status::REJECTED)), 100);
    }
}
