//! [`Pool`]: the connections to one backend, and who may use them.
//!
//! Take: an idle slot of the first connection that has one (the first, so that work gathers in few batches and spare
//! connections become idle); none and fewer than `max_connections`: one is dialled, a single dial at a time; meanwhile,
//! and when all are full, callers wait in a bounded queue, first come first served, no longer than their deadline.
//! Release: first to a waiter; else the connection is closed if too many are idle; else kept.
//!
//! A backend that cannot be dialled rests, with full jitter over a doubling span, and is dialled again in the
//! background until it answers. In the first [`patience`](super::ClientConfig::patience) of such an outage callers wait;
//! after it they fail at once, proven not executed. While another backend is up they do not wait at all.

use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};

use super::{
    config::ClientConfig,
    link::{self, Link},
};
use crate::{
    figures::{ConnectionFigures, Figures},
    status::{CallError, Executed},
    sync::{Mutex, lock},
};

pub(crate) struct Pool {
    pub(crate) address: String,
    config: Arc<ClientConfig>,
    state: Mutex<State>,
    /// Leases given out and callers waiting, readable without the lock.
    load: AtomicUsize,
    /// Callers waiting. The queue itself may hold more: those who left it are passed over when their turn comes.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct State {
    links: Vec<Arc<Link>>,
    /// Connections told to go away that still carry calls.
    leaving: Vec<Arc<Link>>,
    waiters: VecDeque<Waiter>,
    dialing: bool,
    outage: Option<Outage>,
    closed: bool,
    /// What the connections that have ended did.
    past: Figures,
}

struct Waiter {
    give: oneshot::Sender<Result<Lease, Cow<'static, str>>>,
    patient: bool,
}

type Given = oneshot::Receiver<Result<Lease, Cow<'static, str>>>;

/// Counts a waiting caller for as long as it waits, also one that is dropped meanwhile.
struct Waits<'a>(&'a Pool);

impl<'a> Waits<'a> {
    fn new(pool: &'a Pool) -> Self {
        pool.load.fetch_add(1, Ordering::Relaxed);
        pool.waiting.fetch_add(1, Ordering::Relaxed);
        Self(pool)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.load.fetch_sub(1, Ordering::Relaxed);
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Outage {
    since: Instant,
    failures: u32,
    reason: String,
}

/// The right to have one call in flight on a link.
pub(crate) struct Lease {
    pub(crate) link: Arc<Link>,
    pool: Arc<Pool>,
    /// Whether dropping it gives the right back; not so when the slot outlives its caller.
    held: bool,
}

impl Lease {
    /// The call is abandoned: its slot, and so this right, comes back with the server's answer.
    pub(crate) fn leave_to_server(mut self) {
        self.held = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.held {
            self.pool.release(&self.link, 1);
        }
    }
}

impl Pool {
    pub(crate) fn new(address: String, config: Arc<ClientConfig>) -> Arc<Self> {
        Arc::new(Self {
            address,
            config,
            state: Mutex::default(),
            load: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Leases given out and callers waiting: what balancing compares.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Whether the backend is being given time after failed dials.
    pub(crate) fn resting(&self) -> bool {
        lock(&self.state).outage.is_some()
    }

    /// Takes the right to one call, by `deadline`. Who is not `patient` does not wait for a backend that is down.
    pub(crate) async fn acquire(self: &Arc<Self>, deadline: Instant, patient: bool) -> Result<Lease, CallError> {
        let (_counted, waiting) = {
            let mut state = lock(&self.state);
            if state.waiters.is_empty()
                && let Some(link) = state.idle()
            {
                return Ok(self.lease(link));
            }
            self.queue(&mut state, patient)?
        };
        match timeout_at(deadline, waiting).await {
            Ok(Ok(Ok(lease))) => Ok(lease),
            Ok(Ok(Err(reason))) => Err(CallError::Unavailable(reason)),
            Ok(Err(_)) => Err(CallError::Unavailable("the client is closed".into())),
            Err(_) => Err(CallError::DeadlineExceeded { executed: Executed::No }),
        }
    }

    fn queue(self: &Arc<Self>, state: &mut State, patient: bool) -> Result<(Waits<'_>, Given), CallError> {
        if state.closed {
            return Err(CallError::Unavailable("the client is closed".into()));
        }
        if let Some(outage) = &state.outage
            && (!patient || outage.since.elapsed() >= self.config.patience)
        {
            return Err(CallError::Unavailable(outage.reason.clone().into()));
        }
        if self.waiting.load(Ordering::Relaxed) >= self.config.max_waiting {
            return Err(CallError::Unavailable("too many calls wait for a connection".into()));
        }
        if state.waiters.len() >= self.config.max_waiting.saturating_mul(2) {
            // Half of them at least have left: seldom enough to cost nothing.
            state.waiters.retain(|waiter| !waiter.give.is_closed());
        }
        let (give, waiting) = oneshot::channel();
        state.waiters.push_back(Waiter { give, patient });
        self.dial_if_needed(state);
        Ok((Waits::new(self), waiting))
    }

    fn lease(self: &Arc<Self>, link: Arc<Link>) -> Lease {
        link.busy.fetch_add(1, Ordering::Relaxed);
        link.used.store(true, Ordering::Relaxed);
        self.load.fetch_add(1, Ordering::Relaxed);
        Lease { link, pool: Arc::clone(self), held: true }
    }

    /// Gives back `count` rights to `link`.
    pub(crate) fn release(self: &Arc<Self>, link: &Link, count: usize) {
        self.load.fetch_sub(count, Ordering::Relaxed);
        let mut state = lock(&self.state);
        let left = link.busy.fetch_sub(count, Ordering::Relaxed) - count;
        if link.leaving.load(Ordering::Relaxed) {
            if left == 0 {
                link.wire.finish();
            }
            return;
        }
        if state.waiters.is_empty() {
            if left == 0 {
                state.settle(link, &self.config);
            }
            return;
        }
        self.serve_waiters(&mut state);
    }

    /// Hands free slots to the longest waiting callers.
    fn serve_waiters(self: &Arc<Self>, state: &mut State) {
        while !state.waiters.is_empty()
            && let Some(link) = state.idle()
            && let Some(waiter) = state.waiters.pop_front()
        {
            // Who has stopped waiting hands the lease back; not by its drop, which would take the lock that is held.
            if let Err(Ok(mut lease)) = waiter.give.send(Ok(self.lease(link))) {
                lease.held = false;
                lease.link.busy.fetch_sub(1, Ordering::Relaxed);
                self.load.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn dial_if_needed(self: &Arc<Self>, state: &mut State) {
        if !state.closed && state.links.len() < self.config.max_connections {
            self.dial(state);
        }
    }

    fn dial(self: &Arc<Self>, state: &mut State) {
        if !state.dialing {
            state.dialing = true;
            tokio::spawn(dial_until_served(Arc::downgrade(self)));
        }
    }

    /// Takes in what a dial brought; says what the dialler does next.
    fn dialled(self: &Arc<Self>, dialled: Result<Arc<Link>, String>) -> Next {
        let mut state = lock(&self.state);
        let dialled = dialled.and_then(|link| if link.has_ended() { Err(link.reason()) } else { Ok(link) });
        match dialled {
            Err(reason) => self.failed(&mut state, reason),
            Ok(link) => {
                state.outage = None;
                state.retire_expired();
                state.links.push(link);
                self.serve_waiters(&mut state);
                if state.closed {
                    state.close_links();
                }
                if !state.closed && !state.waiters.is_empty() && state.links.len() < self.config.max_connections {
                    return Next::Again;
                }
                state.dialing = false;
                Next::Done
            }
        }
    }

    fn failed(&self, state: &mut State, reason: String) -> Next {
        tracing::debug!(backend = self.address, reason, "dial failed");
        if state.closed {
            return Next::Done;
        }
        let outage =
            state.outage.get_or_insert_with(|| Outage { since: Instant::now(), failures: 0, reason: String::new() });
        outage.failures += 1;
        let (failures, over) = (outage.failures, outage.since.elapsed() >= self.config.patience);
        outage.reason.clone_from(&reason);
        let waiters = std::mem::take(&mut state.waiters);
        for waiter in waiters {
            if over || !waiter.patient {
                let _ = waiter.give.send(Err(reason.clone().into()));
            } else {
                state.waiters.push_back(waiter);
            }
        }
        Next::Rest(link::rest(&self.config, failures))
    }

    /// The connection of `link` has ended.
    pub(crate) fn lost(self: &Arc<Self>, link: &Link) {
        let mut state = lock(&self.state);
        state.remove(link);
        state.past += link.figures().past();
        if !state.waiters.is_empty() {
            self.dial_if_needed(&mut state);
        }
    }

    /// `link` takes no new calls; it closes when its last one is done. Its successor is dialled at once.
    pub(crate) fn leave(self: &Arc<Self>, link: &Link) {
        let mut state = lock(&self.state);
        if let Some(link) = state.remove(link) {
            state.retire(link);
            self.dial_if_needed(&mut state);
        }
    }

    /// Once per keepalive interval: closes `link` if it was idle for long, replaces it if it is old.
    pub(crate) fn tend(self: &Arc<Self>, link: &Link) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if link.idle_for(now) >= link.idle_timeout
            && let Some(link) = state.remove(link)
        {
            state.retire(link);
        } else if now >= link.expires && !state.closed && !link.leaving.load(Ordering::Relaxed) {
            self.dial(&mut state);
        }
    }

    /// Takes no more calls, lets the running ones end, and closes every connection.
    pub(crate) async fn close(&self) {
        let waiters = {
            let mut state = lock(&self.state);
            state.closed = true;
            state.close_links();
            std::mem::take(&mut state.waiters)
        };
        drop(waiters);
        // Each running call ends by its deadline, and the last one on a link closes it.
        while let Some(link) = self.still_open() {
            link.gone().await;
        }
    }

    fn still_open(&self) -> Option<Arc<Link>> {
        lock(&self.state).leaving.first().cloned()
    }

    /// What this backend's connections have done and hold.
    pub(crate) fn figures(&self) -> Figures {
        let state = lock(&self.state);
        let mut figures = state.past;
        state.open().for_each(|link| figures += link.figures());
        figures.waiting += self.waiting.load(Ordering::Relaxed);
        figures.resting_backends = state.outage.is_some().into();
        figures
    }

    pub(crate) fn connections(&self) -> Vec<ConnectionFigures> {
        let link = |link: &Arc<Link>| ConnectionFigures {
            peer: link.peer,
            age: link.since.elapsed(),
            figures: link.figures(),
        };
        lock(&self.state).open().map(link).collect()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let state = lock(&self.state);
        state.open().for_each(|link| link.wire.finish());
    }
}

impl State {
    fn open(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.links.iter().chain(&self.leaving)
    }

    fn idle(&self) -> Option<Arc<Link>> {
        self.links.iter().find(|link| link.busy.load(Ordering::Relaxed) < link.capacity).cloned()
    }

    fn remove(&mut self, link: &Link) -> Option<Arc<Link>> {
        self.leaving.retain(|known| !std::ptr::eq(&**known, link));
        let at = self.links.iter().position(|known| std::ptr::eq(&**known, link))?;
        Some(self.links.remove(at))
    }

    /// Closes `link` now or with its last call.
    fn retire(&mut self, link: Arc<Link>) {
        link.leaving.store(true, Ordering::Relaxed);
        if link.busy.load(Ordering::Relaxed) == 0 {
            link.wire.finish();
        }
        self.leaving.push(link);
    }

    fn retire_expired(&mut self) {
        let now = Instant::now();
        let (old, young) = std::mem::take(&mut self.links).into_iter().partition(|link| now >= link.expires);
        self.links = young;
        Vec::into_iter(old).for_each(|link| self.retire(link));
    }

    fn close_links(&mut self) {
        let links = std::mem::take(&mut self.links);
        links.into_iter().for_each(|link| self.retire(link));
    }

    /// `link` has just become idle: closes it if enough others are.
    fn settle(&mut self, link: &Link, config: &ClientConfig) {
        if self.links.len() <= config.max_idle_connections {
            return;
        }
        let idle = self.links.iter().filter(|known| known.busy.load(Ordering::Relaxed) == 0).count();
        if idle > config.max_idle_connections
            && let Some(link) = self.remove(link)
        {
            self.retire(link);
        }
    }
}

enum Next {
    Done,
    Again,
    Rest(Duration),
}

/// Dials until the callers that wait are served, or until the backend is back if it was away. Ends with its pool.
async fn dial_until_served(pool: Weak<Pool>) {
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else {
                return;
            };
            let dialled = link::dial(&pool, &pool.config).await;
            pool.dialled(dialled)
        };
        match next {
            Next::Done => return,
            Next::Again => {}
            Next::Rest(span) => sleep(span).await,
        }
    }
}

#[cfg(all(test, not(teller_loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{pin::pin, task::Waker};

    use super::{Arc, ClientConfig, Duration, Instant, Pool, lock};
    use crate::secret::Secret;

    /// A pool whose backend never answers: the port is bound, and nobody accepts.
    fn pool(listener: &std::net::TcpListener, max_waiting: usize) -> Arc<Pool> {
        let mut config = ClientConfig::new(Secret::new([0; 16]).unwrap());
        config.max_waiting = max_waiting;
        Pool::new(listener.local_addr().unwrap().to_string(), Arc::new(config))
    }

    #[tokio::test]
    async fn callers_that_are_dropped_in_the_queue_leave_no_trace() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let pool = pool(&silent, 4);
        for number in 0..100 {
            let later = Instant::now() + Duration::from_secs(9);
            let mut waits = pin!(pool.acquire(later, true));
            assert!(waits.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())).is_pending(), "{number}");
            assert_eq!(pool.load(), 1);
        }
        assert_eq!((pool.load(), pool.figures().waiting), (0, 0));
        assert!(lock(&pool.state).waiters.len() <= 8);
    }
}
