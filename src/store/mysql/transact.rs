//! Batches of the ledger: tried in one transaction each until one holds, for as long as the time-out allows.

use std::time::Duration;

use mysql_async::Pool;
use rand::RngExt;

use super::attempt::{Doubt, Failure, attempt};
use super::found::Locking;
use crate::store::StoreError;
use crate::store::ledger::Batch;

/// Tries that may meet a row that is there already. From the second on such rows are looked for first, so that each meets another one.
const COLLISIONS: u32 = 8;
/// Tries that may lose their connection before the commit: nothing is in effect then, and a server that is away is soon said to be.
const LOSSES: u32 = 3;
/// The pause before a further try is random, at most this long after the first one, twice as long after each, up to the longest.
const PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(128);

/// Runs `batch` until it holds, fails for good, or was tried often enough. The time-out is the caller's.
pub(super) async fn run<B: Batch>(
    pool: &Pool,
    batch: &B,
    locking: Locking,
    doubt: &Doubt,
) -> Result<B::Answer, StoreError> {
    let mut tries = Tries::default();
    loop {
        let failure = match attempt(pool, batch, locking, tries.look_first, doubt).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let longest = tries.after(failure, doubt.exists())?;
        if !longest.is_zero() {
            let pause = rand::rng().random_range(Duration::ZERO..longest);
            tokio::time::sleep(pause).await;
        }
    }
}

/// What was tried so far.
#[derive(Debug, Default)]
struct Tries {
    /// Whether what the batch would insert may be there already.
    look_first: bool,
    collisions: u32,
    losses: u32,
    pauses: u32,
}

impl Tries {
    /// Whether to try again after a failure: the longest pause before that, or the error to give up with.
    fn after(&mut self, failure: Failure, in_doubt: bool) -> Result<Duration, StoreError> {
        match failure {
            Failure::Collision => {
                self.look_first = true;
                self.collisions += 1;
                match self.collisions {
                    1 => return Ok(Duration::ZERO),
                    COLLISIONS => return Err(StoreError::Refused("the batch meets rows that it does not find".into())),
                    _ => {}
                }
            }
            Failure::RolledBack => {}
            // The locks of the lost connection make the next try wait for its end; then it finds what that wrote.
            Failure::Lost(_) if in_doubt => self.look_first = true,
            Failure::Lost(error) => {
                self.losses += 1;
                if self.losses == LOSSES {
                    return Err(error.into());
                }
            }
            Failure::Final(error) => return Err(error),
        }
        let longest = PAUSE.saturating_mul(1 << self.pauses.min(16)).min(LONGEST_PAUSE);
        self.pauses += 1;
        Ok(longest)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mysql_async::DriverError;

    use super::{COLLISIONS, Failure, LONGEST_PAUSE, LOSSES, PAUSE, Tries};
    use crate::store::StoreError;

    fn lost() -> Failure {
        Failure::Lost(DriverError::ConnectionClosed.into())
    }

    #[test]
    fn a_collision_is_looked_up_at_once_and_not_for_ever() {
        let mut tries = Tries::default();
        assert_eq!(tries.after(Failure::Collision, false).expect("again"), Duration::ZERO);
        assert!(tries.look_first);
        let more = (2..COLLISIONS).filter(|_| tries.after(Failure::Collision, false).is_ok()).count();
        assert_eq!(more, COLLISIONS as usize - 2);
        assert!(matches!(tries.after(Failure::Collision, false), Err(StoreError::Refused(_))));
    }

    #[test]
    fn what_the_database_rolled_back_is_tried_for_ever_with_longer_pauses() {
        let mut tries = Tries::default();
        let pauses: Vec<_> = (0..100).map(|_| tries.after(Failure::RolledBack, false).expect("again")).collect();
        assert_eq!(pauses[..2], [PAUSE, PAUSE * 2]);
        assert_eq!(pauses[99], LONGEST_PAUSE);
        assert!(!tries.look_first);
    }

    #[test]
    fn a_server_that_is_away_is_given_up_unless_a_commit_is_in_doubt() {
        let mut tries = Tries::default();
        let before: Vec<_> = (0..LOSSES).map(|_| tries.after(lost(), false).is_ok()).collect();
        assert_eq!(before, [true, true, false]);
        assert!(!tries.look_first);
        let mut tries = Tries::default();
        assert!((0..100).all(|_| tries.after(lost(), true).is_ok()));
        assert!(tries.look_first);
    }
}
