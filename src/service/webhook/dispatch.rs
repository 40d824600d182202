//! Finds accounts with events that were not brought yet, and sets to work on each: in any number of backends at once, of which one gets the lease.
//!
//! Commits of this process wake it; what others commit, and what failed before, it finds by looking from time to time. However slow a receiver is, it
//! holds up nobody else's: there is room for many rounds at once, of which a user has a few.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use super::Post;
use crate::domain::account::AccountId;
use crate::domain::time::Timestamp;
use crate::domain::user::UserId;
use crate::domain::webhook::{Place, WebhookId};
use crate::service::Clock;
use crate::store::webhook::Due;
use crate::store::{Store, StoreError};

/// Webhooks that are looked at in one round trip, and most accounts or dead letters that are found in it.
const PAGE: usize = 256;
/// The least pause between two looks: commits that come in it are found by one.
const PAUSE: Duration = Duration::from_millis(10);
/// The same while there is nothing to bring: where nobody has a webhook, commits are to notice nothing of this.
const IDLE: Duration = Duration::from_millis(50);
/// How many times as long as a look took there is none: however many webhooks there are, looking is the smaller part of the database's work.
const REST: u32 = 4;

/// How events are brought.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How often what others committed is looked for, on average.
    pub poll: Duration,
    /// The pauses between tries; after the last try an event is a dead letter.
    pub pauses: Arc<[Duration]>,
    /// How long everything may fail until a webhook is stopped.
    pub give_up_after: Duration,
    /// Rounds at once.
    pub max_in_flight: usize,
    /// The same for each user.
    pub max_in_flight_per_user: usize,
}

impl Rules {
    /// The pause after try number `attempt`, made longer or shorter by `jitter`; `None` after the last.
    pub(super) fn pause(&self, attempt: u32, jitter: f64) -> Option<Duration> {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.pauses.get(index).map(|pause| pause.mul_f64(jitter))
    }

    /// Whether a webhook that has failed `since` then is to be stopped.
    pub(super) fn is_too_long(&self, since: Timestamp, now: Timestamp) -> bool {
        let failing = u64::try_from(now.0.saturating_sub(since.0)).unwrap_or_default();
        Duration::from_micros(failing) >= self.give_up_after
    }
}

/// Where events are taken from, and how they are brought. Cloned cheaply.
#[derive(Clone)]
pub struct Desk<S> {
    /// Where events and webhooks are.
    pub store: S,
    /// Who brings them.
    pub post: Post,
    /// How.
    pub rules: Rules,
    /// Tells the time.
    pub clock: Clock,
}

/// What a round is about: an account, or one of its dead letters.
type Subject = (WebhookId, AccountId, Option<u64>);

/// Before all webhooks.
const START: (WebhookId, AccountId) = (WebhookId(0), AccountId(0));
/// Before all dead letters.
const FIRST: Place = Place { webhook: START.0, account: START.1, seq: 0 };

/// Rounds that have begun.
struct AtWork {
    rounds: JoinSet<bool>,
    subjects: HashMap<Id, (Subject, UserId)>,
    taken: HashSet<Subject>,
    per_user: HashMap<UserId, usize>,
    /// Whether there was something to do and no room for it.
    held_back: bool,
    /// Where looking goes on, so that nobody is always the last.
    from: (WebhookId, AccountId),
    /// The same for dead letters.
    from_letter: Place,
}

impl<S: Store> Desk<S> {
    /// Brings events, for ever: to be dropped at any time. What was under way is brought again once its lease has ended. `woken` by commits.
    pub async fn run(self, woken: Arc<Notify>) {
        describe();
        let mut at_work = AtWork::new();
        loop {
            at_work.reap();
            let began = Instant::now();
            if let Err(error) = self.look(&mut at_work).await {
                tracing::warn!(%error, "events cannot be looked for; it is tried again");
            }
            metrics::gauge!("teller_webhook_in_flight").set(at_work.rounds.len() as f64);
            let least = if at_work.rounds.is_empty() { IDLE } else { PAUSE };
            sleep(least.max(began.elapsed() * REST)).await;
            self.wait(&mut at_work, &woken).await;
        }
    }

    /// Until there may be something to do.
    async fn wait(&self, at_work: &mut AtWork, woken: &Notify) {
        // Backends that started together do not look together.
        let polled = sleep(self.rules.poll.mul_f64(rand::random_range(0.5..1.5)));
        tokio::pin!(polled);
        loop {
            // All that have ended, not one for each look: what they leave is room.
            if at_work.reap() {
                return;
            }
            tokio::select! {
                () = woken.notified() => return,
                () = &mut polled => return,
                Some(ended) = at_work.rounds.join_next_with_id() => {
                    if at_work.end(ended) || at_work.held_back {
                        return;
                    }
                }
            }
        }
    }

    /// Sets to work on all that is due, as far as there is room.
    async fn look(&self, at_work: &mut AtWork) -> Result<(), StoreError> {
        at_work.held_back = false;
        let (kid, now) = (self.post.sealer.kid(), (self.clock)());
        self.look_for_letters(at_work, kid, now).await?;
        let (first, mut has_wrapped) = (at_work.from, at_work.from == START);
        loop {
            let page = self.store.due(kid, now, at_work.from, PAGE).await?;
            for due in page.due {
                if self.is_full(at_work) {
                    return Ok(());
                }
                at_work.from = (due.webhook, due.account);
                self.begin(at_work, due, None);
            }
            // Also where nothing was due: the next look begins behind it.
            at_work.from = page.next.unwrap_or(START);
            if has_wrapped && (page.next.is_none() || (first != START && at_work.from > first)) {
                return Ok(());
            }
            has_wrapped |= page.next.is_none();
        }
    }

    /// The same for dead letters.
    async fn look_for_letters(&self, at_work: &mut AtWork, kid: [u8; 4], now: Timestamp) -> Result<(), StoreError> {
        let mut has_wrapped = at_work.from_letter == FIRST;
        loop {
            let page = self.store.due_dead(kid, now, at_work.from_letter, PAGE).await?;
            for due in &page {
                if self.is_full(at_work) {
                    return Ok(());
                }
                at_work.from_letter = Place { webhook: due.webhook, account: due.account, seq: due.last };
                self.begin(at_work, *due, Some(due.last));
            }
            if page.len() < PAGE {
                at_work.from_letter = FIRST;
                if has_wrapped {
                    return Ok(());
                }
                has_wrapped = true;
            }
        }
    }

    /// Whether there is no room for a further round, which is due.
    fn is_full(&self, at_work: &mut AtWork) -> bool {
        let is_full = at_work.rounds.len() >= self.rules.max_in_flight;
        at_work.held_back |= is_full;
        is_full
    }

    fn begin(&self, at_work: &mut AtWork, due: Due, letter: Option<u64>) {
        let subject = (due.webhook, due.account, letter);
        let of_user = at_work.per_user.get(&due.user).copied().unwrap_or_default();
        if at_work.taken.contains(&subject) {
            return;
        }
        if of_user >= self.rules.max_in_flight_per_user {
            at_work.held_back = true;
            return;
        }
        let desk = self.clone();
        let task = at_work.rounds.spawn(async move {
            let outcome = if letter.is_some() { desk.letter(due).await } else { desk.round(due).await };
            outcome.unwrap_or_else(|error| {
                tracing::warn!(webhook = %due.webhook, account = %due.account, %error, "a round is not written down; its events may come twice");
                false
            })
        });
        at_work.subjects.insert(task.id(), (subject, due.user));
        at_work.taken.insert(subject);
        at_work.per_user.insert(due.user, of_user + 1);
    }
}

impl AtWork {
    fn new() -> Self {
        Self {
            rounds: JoinSet::new(),
            subjects: HashMap::new(),
            taken: HashSet::new(),
            per_user: HashMap::new(),
            held_back: false,
            from: START,
            from_letter: FIRST,
        }
    }

    /// Forgets all rounds that have ended; whether there is something to look for now.
    fn reap(&mut self) -> bool {
        let mut has_to_look = false;
        while let Some(ended) = self.rounds.try_join_next_with_id() {
            has_to_look |= self.end(ended) || self.held_back;
        }
        has_to_look
    }

    /// Forgets a round that has ended; whether there is more of its account.
    fn end(&mut self, ended: Result<(Id, bool), JoinError>) -> bool {
        let (id, more) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, "a round has broken");
            (error.id(), false)
        });
        let Some((subject, user)) = self.subjects.remove(&id) else { return false };
        self.taken.remove(&subject);
        match self.per_user.get_mut(&user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.per_user.remove(&user)),
        }
        more
    }
}

fn describe() {
    use metrics::Unit::Seconds;
    metrics::describe_counter!("teller_webhook_deliveries_total", "Tries to bring an event, by what became of them.");
    metrics::describe_histogram!("teller_webhook_delivery_duration_seconds", Seconds, "How long tries took.");
    metrics::describe_histogram!("teller_webhook_age_seconds", Seconds, "How old events were when they were taken.");
    metrics::describe_gauge!("teller_webhook_in_flight", "Accounts whose events are being brought.");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::{AtWork, Rules};
    use crate::domain::account::AccountId;
    use crate::domain::time::Timestamp;
    use crate::domain::user::UserId;
    use crate::domain::webhook::WebhookId;

    #[tokio::test]
    async fn all_rounds_that_have_ended_make_room_at_once() {
        let (mut at_work, (ended, mut ends)) = (AtWork::new(), mpsc::channel(3));
        for account in 1..=3 {
            let (subject, ended) = ((WebhookId(1), AccountId(account), None), ended.clone());
            let task = at_work.rounds.spawn(async move {
                ended.send(()).await.expect("it is waited for");
                account == 2
            });
            at_work.subjects.insert(task.id(), (subject, UserId(1)));
            at_work.taken.insert(subject);
            *at_work.per_user.entry(UserId(1)).or_default() += 1;
        }
        drop(ended);
        while ends.recv().await.is_some() {}
        assert!(at_work.reap(), "one of them has more");
        assert!(at_work.rounds.is_empty() && at_work.taken.is_empty() && at_work.per_user.is_empty());
        assert!(!at_work.reap());
    }

    #[test]
    fn pauses_grow_as_was_said_and_end() {
        let pauses = [5, 300].map(Duration::from_secs).into();
        let give_up_after = Duration::from_secs(10);
        let rules =
            Rules { poll: Duration::from_secs(1), pauses, give_up_after, max_in_flight: 1, max_in_flight_per_user: 1 };
        let pause = |attempt| rules.pause(attempt, 1.0).map(|pause| pause.as_secs());
        assert_eq!([1, 2, 3, u32::MAX].map(pause), [Some(5), Some(300), None, None]);
        assert_eq!(rules.pause(1, 0.8), Some(Duration::from_secs(4)));
        let is_too_long = |now| rules.is_too_long(Timestamp(5_000_000), Timestamp(now));
        assert_eq!([0, 14_999_999, 15_000_000].map(is_too_long), [false, false, true]);
    }
}
