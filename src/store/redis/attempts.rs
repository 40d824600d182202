//! Tries to sign in: the pipelines.

use std::time::Duration;

use deadpool_redis::redis::{self, Pipeline};

use super::keys::Keys;
use super::millis;
use super::scripts::Scripts;
use crate::domain::attempt::{AttemptKey, Counter, LONGEST_WAIT};

/// Answers how many milliseconds the try must wait; 0: it may go on.
pub(super) fn admit(keys: &Keys, scripts: &Scripts, counters: &[Counter]) -> Pipeline {
    let mut pipeline = redis::pipe();
    let call = scripts.admit.call(&mut pipeline, &keys_of(keys, counters)).arg(millis(LONGEST_WAIT));
    counters.iter().for_each(|counter| {
        call.arg(counter.free);
    });
    pipeline
}

pub(super) fn count(keys: &Keys, scripts: &Scripts, counters: &[Counter], window: Duration) -> Pipeline {
    let mut pipeline = redis::pipe();
    let call = scripts.fail.call(&mut pipeline, &keys_of(keys, counters));
    call.arg(millis(LONGEST_WAIT)).arg(millis(window));
    counters.iter().for_each(|counter| {
        call.arg(counter.free);
    });
    pipeline.ignore();
    pipeline
}

pub(super) fn welcome(keys: &Keys, device: AttemptKey, ttl: Duration) -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.cmd("SET").arg(keys.device(device)).arg("").arg("PX").arg(millis(ttl)).ignore();
    pipeline.cmd("DEL").arg(keys.failures(device)).arg(keys.wait(device)).ignore();
    pipeline
}

fn keys_of(keys: &Keys, counters: &[Counter]) -> Vec<String> {
    counters.iter().flat_map(|counter| [keys.failures(counter.key), keys.wait(counter.key)]).collect()
}
