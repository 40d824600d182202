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
