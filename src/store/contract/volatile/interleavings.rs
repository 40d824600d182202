//! The cache is never stale after a change: readers and changers in every order.
//!
//! ```text
//! a changer:  guard -> change the row -> forget the version before it      (and it may die after any step)
//! a reader:   look in the cache -> read the row -> offer what was read     (and it may pause for ever between two)
//! the clock:  every guard ends                                             (at any point, in the runs that have a clock)
//! ```
//! What must hold:
//! 1. Once a changer's `forget` has returned, nothing older than its version is ever answered by the cache.
//! 2. As long as guards hold, the cache has nothing but the row as it is when everybody has gone, also if changers died on the way.
//! 3. When the guards have ended a profile can be cached again.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::domain::user::{Profile, UserId};
use crate::store::Volatile;

use super::{MINUTE, Subject, profile};

/// How long a guard holds. Tombstones and profiles live for longer.
const GUARD: Duration = Duration::from_secs(5);

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Cast {
    /// For each changer how many of its 3 steps it lives to do.
    pub changers: Vec<usize>,
    /// How many readers there are, of 3 steps each.
    pub readers: usize,
    /// Whether guards may end at any point.
    pub clock: bool,
    /// Whether the profile is cached at the beginning.
    pub cached: bool,
}

/// Runs every order of the cast's steps, each with a subject of its own. Returns how many there were.
///
/// Of actors that are alike the first one begins first: who of them does it makes no difference.
///
/// # Errors
///
/// The first order in which a promise does not hold, and which.
pub async fn every_order<S: Subject>(cast: &Cast, mut subject: impl FnMut() -> (S, UserId)) -> Result<usize, String> {
    let steps = cast.steps();
    let mut left = steps.clone();
    let mut order = Vec::with_capacity(left.iter().sum());
    let mut orders = 0;
    // Depth first over who comes next. `None` from `successor` means that the actor at this depth was the last choice.
    let mut next = Some(0);
    loop {
        let may_come = |actor: &usize| {
            let twin_waits = *actor > 0 && cast.alike(actor - 1, *actor) && left[actor - 1] == steps[actor - 1];
            left[*actor] > 0 && !twin_waits
        };
        match next.and_then(|actor| (actor..left.len()).find(may_come)) {
            Some(actor) => {
                left[actor] -= 1;
                order.push(actor);
                next = Some(0);
                if left.iter().all(|left| *left == 0) {
                    let (subject, user) = subject();
                    run(cast, &order, &subject, user).await?;
                    orders += 1;
                    next = None;
                }
            }
            None => {
                let Some(actor) = order.pop() else { return Ok(orders) };
                left[actor] += 1;
                next = Some(actor + 1);
            }
        }
    }
}

/// Runs `count` random orders, the same ones for the same `seed`.
///
/// # Errors
///
/// As for [`every_order`].
pub async fn some_orders<S: Subject>(
    cast: &Cast,
    count: usize,
    seed: u64,
    mut subject: impl FnMut() -> (S, UserId),
) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut order: Vec<usize> =
        cast.steps().iter().enumerate().flat_map(|(actor, steps)| vec![actor; *steps]).collect();
    for _ in 0..count {
        order.shuffle(&mut random);
        let (subject, user) = subject();
        run(cast, &order, &subject, user).await?;
    }
    Ok(())
}

impl Cast {
    /// Steps of each actor: changers, readers, clock.
    fn steps(&self) -> Vec<usize> {
        let readers = vec![3; self.readers];
        [self.changers.clone(), readers, vec![usize::from(self.clock)]].concat()
    }

    fn alike(&self, one: usize, other: usize) -> bool {
        let changers = self.changers.len();
        let both_read = [one, other].iter().all(|actor| (changers..changers + self.readers).contains(actor));
        both_read || other < changers && self.changers[one] == self.changers[other]
    }

    /// Every cast of two changers that live for as long as they like, and two readers.
    pub fn mortals() -> Vec<Cast> {
        let mut casts = Vec::new();
        for first in 0..=3 {
            for second in first..=3 {
                for cached in [false, true] {
                    casts.push(Cast { changers: vec![first, second], readers: 2, clock: false, cached });
                }
            }
        }
        casts
    }

    /// Casts whose guards may end too early.
    pub fn out_of_time() -> Vec<Cast> {
        let casts = [(vec![3], 2), (vec![3, 3], 1), (vec![2, 3], 1)];
        casts.map(|(changers, readers)| Cast { changers, readers, clock: true, cached: false }).to_vec()
    }
}

/// What is so while an order runs.
struct World {
    /// The version of the row.
    row: u64,
    /// The newest version that a changer has finished with.
    forgotten: u64,
    /// Each changer's steps so far and the version it made; each reader's and what it read.
    changers: Vec<(usize, u64)>,
    readers: Vec<(usize, Option<Profile>)>,
}

async fn run<S: Subject>(cast: &Cast, order: &[usize], subject: &S, user: UserId) -> Result<(), String> {
    let store = subject.volatile();
    let mut world = World {
        row: 1,
        forgotten: 0,
        changers: vec![(0, 0); cast.changers.len()],
        readers: vec![(0, None); cast.readers],
    };
    if cast.cached {
        store.cache_profiles(&[profile(user.0, 1)], MINUTE).await.expect("the store answers");
    }
    for actor in order {
        if *actor < cast.changers.len() {
            world.change(store, user, *actor).await;
        } else if *actor < cast.changers.len() + cast.readers {
            world.read(store, user, actor - cast.changers.len()).await;
        } else {
            subject.pass(GUARD).await;
        }
        let answered = cached(store, user).await;
        if answered.is_some_and(|version| version < world.forgotten) {
            return Err(format!("{answered:?} was answered after {} in {order:?} of {cast:?}", world.forgotten));
        }
    }
    if cast.clock {
        return Ok(());
    }
    for again in [false, true] {
        let answered = cached(store, user).await;
        if answered.is_some_and(|version| version != world.row) {
            return Err(format!("{answered:?} was left when the row was {} in {order:?} of {cast:?}", world.row));
        }
        if !again {
            subject.pass(GUARD).await;
        }
    }
    store.cache_profiles(&[profile(user.0, world.row)], MINUTE).await.expect("the store answers");
    match cached(store, user).await {
        Some(version) if version == world.row => Ok(()),
        other => Err(format!("{other:?} instead of {} when all had gone, in {order:?} of {cast:?}", world.row)),
    }
}

async fn cached(store: &impl Volatile, user: UserId) -> Option<u64> {
    let answer = store.cached_profiles(&[user]).await.expect("the store answers");
    answer[0].as_ref().map(|profile| profile.version)
}

impl World {
    async fn change(&mut self, store: &impl Volatile, user: UserId, changer: usize) {
        let (step, version) = &mut self.changers[changer];
        match step {
            0 => store.guard_profile(user, GUARD).await.expect("the store answers"),
            1 => {
                self.row += 1;
                *version = self.row;
            }
            _ => {
                store.forget_profile(user, *version, MINUTE).await.expect("the store answers");
                self.forgotten = self.forgotten.max(*version);
            }
        }
        *step += 1;
    }

    async fn read(&mut self, store: &impl Volatile, user: UserId, reader: usize) {
        let (step, read) = &mut self.readers[reader];
        match step {
            // A hit is the end of a reader: the steps that are left do nothing. What it was answered is checked after every step.
            0 if cached(store, user).await.is_some() => *step = 3,
            1 => *read = Some(profile(user.0, self.row)),
            2 => store.cache_profiles(read.as_slice(), MINUTE).await.expect("the store answers"),
            _ => {}
        }
        *step += 1;
    }
}
