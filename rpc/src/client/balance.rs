//! Which backend a call goes to: the less loaded of two random ones that are not resting.

use std::sync::Arc;

use super::pool::Pool;

/// A backend, and whether the caller may wait for it although it is down.
pub(crate) struct Choice<'a> {
    pub(crate) pool: &'a Arc<Pool>,
    pub(crate) patient: bool,
}

/// Chooses among `pools`. With all of them resting any one is taken, and waited for: there is nowhere better to go.
///
/// Two random candidates are nearly as even as comparing all, without the herd that runs to the emptiest one.
pub(crate) fn choose(pools: &[Arc<Pool>]) -> Option<Choice<'_>> {
    if let [only] = pools {
        return Some(Choice { pool: only, patient: true });
    }
    let up = |pool: &&Arc<Pool>| !pool.resting();
    let standing = pools.iter().filter(up).count();
    if standing == 0 {
        let any = pools.get(rand::random_range(0..pools.len().max(1)))?;
        return Some(Choice { pool: any, patient: true });
    }
    let first = rand::random_range(0..standing);
    let second = (first + rand::random_range(0..standing.max(2) - 1) + 1) % standing;
    let mut candidates = pools.iter().filter(up);
    let low = candidates.nth(first.min(second));
    let high = if first == second { None } else { candidates.nth(first.abs_diff(second) - 1) };
    // A backend may have gone to rest since it was counted.
    let pool = match (low, high) {
        (Some(low), Some(high)) if high.load() < low.load() => high,
        (Some(low), _) => low,
        (None, _) => pools.first()?,
    };
    Some(Choice { pool, patient: false })
}
