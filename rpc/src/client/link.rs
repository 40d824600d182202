//! [`Link`]: one connection to a backend as its calls see it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{config::ClientConfig, pool::Pool};
use crate::{
    connection::{self, Breach, Pace, Side, Wire},
    figures::{Figures, count},
    frame::{Frame, Kind, MAX_BODY_BYTES},
    greeting::Greeting,
    hello::{self, Agreed, HelloError},
    inflight::{Answer, Inflight, MAX_SLOTS},
    net::Duplex,
    status::Status,
    sync::{Mutex, lock},
    table::Directory,
};

/// Rounds in which answers are handed out that come all at once, and what makes a round at least.
const ROUNDS: usize = 8;
const MIN_ROUND: usize = 8;

pub(crate) struct Link {
    pub(crate) wire: Wire,
    pub(crate) inflight: Inflight,
    pub(crate) directory: Directory,
    /// Largest request body that the server takes.
    pub(crate) max_request: usize,
    /// Calls that the server lets this connection have in flight.
    pub(crate) capacity: usize,
    /// Leases given out. Changed under the pool's lock only.
    pub(crate) busy: AtomicUsize,
    /// No new calls; closes when the last one is done.
    pub(crate) leaving: AtomicBool,
    pub(crate) peer: SocketAddr,
    pub(crate) since: Instant,
    /// When the pool replaces it.
    pub(crate) expires: Instant,
    /// How long without a call until the pool closes it.
    pub(crate) idle_timeout: Duration,
    /// A lease was given out since the last tick.
    pub(crate) used: AtomicBool,
    idle_since: Mutex<Instant>,
    pool: Weak<Pool>,
    earlier_deadline: Notify,
    ended: Mutex<Option<String>>,
    /// Empty between two reads: kept for its memory.
    wakers: Mutex<Vec<Waker>>,
    gone: CancellationToken,
}

/// Opens a connection: look-up, TCP, TLS if it is wanted, hello, in at most `connect_timeout` together.
pub(crate) async fn dial(pool: &Arc<Pool>, config: &ClientConfig) -> Result<Arc<Link>, String> {
    match timeout(config.connect_timeout, open(pool, config)).await {
        Err(_) => Err("no connection in time".into()),
        Ok(opened) => opened.map_err(|error| error.to_string()),
    }
}

async fn open(pool: &Arc<Pool>, config: &ClientConfig) -> Result<Arc<Link>, HelloError> {
    let stream = config.resolver.connect(&pool.address).await?;
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr()?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &config.tls {
        let stream = tls.connect(&pool.address, stream).await.map_err(HelloError::Tls)?;
        return greet(pool, config, stream, peer).await;
    }
    greet(pool, config, stream, peer).await
}

async fn greet<S: Duplex>(
    pool: &Arc<Pool>,
    config: &ClientConfig,
    mut stream: S,
    peer: SocketAddr,
) -> Result<Arc<Link>, HelloError> {
    let slots = config.max_in_flight.clamp(1, MAX_SLOTS);
    let mine = Greeting::new(config.max_frame_bytes.min(MAX_BODY_BYTES), slots);
    let agreed = hello::connect(&mut stream, &config.secret, mine).await?;
    Ok(start(pool, config, stream, peer, agreed))
}

fn start<S: Duplex>(pool: &Arc<Pool>, config: &ClientConfig, stream: S, peer: SocketAddr, agreed: Agreed) -> Arc<Link> {
    let link = Arc::new(Link {
        wire: Wire::new(config.outbox_bytes),
        inflight: Inflight::new(agreed.max_in_flight),
        directory: Directory::new(agreed.table),
        max_request: agreed.peer_max_frame,
        capacity: agreed.max_in_flight,
        busy: AtomicUsize::new(0),
        leaving: AtomicBool::new(false),
        peer,
        since: Instant::now(),
        expires: Instant::now() + jittered(config.max_age),
        idle_timeout: jittered(config.idle_timeout),
        used: AtomicBool::new(true),
        idle_since: Mutex::new(Instant::now()),
        pool: Arc::downgrade(pool),
        earlier_deadline: Notify::new(),
        ended: Mutex::new(None),
        wakers: Mutex::default(),
        gone: CancellationToken::new(),
    });
    let pace = Pace {
        max_frame_bytes: config.max_frame_bytes.min(MAX_BODY_BYTES),
        frame_timeout: config.frame_timeout,
        keepalive: config.keepalive,
        // Answers are always read: each has a caller or a slot waiting, so this side's memory is bounded without.
        throttled: false,
    };
    let running = Arc::clone(&link);
    tokio::spawn(async move {
        let (read, write) = stream.halves();
        let end = tokio::select! {
            end = connection::run(&running, read, write, agreed.rest, pace) => end,
            never = running.sweep() => match never {},
        };
        running.end(&end.to_string());
    });
    link
}

impl Link {
    /// Sends CANCEL for a call whose caller has gone.
    pub(crate) fn cancel(&self, id: u32) {
        self.wire.send(Kind::Cancel, 0, 0, id, b"");
    }

    /// Tells the sweeper that a call is due before it meant to look.
    pub(crate) fn sweep_earlier(&self) {
        self.earlier_deadline.notify_one();
    }

    pub(crate) fn figures(&self) -> Figures {
        self.wire.figures(self.busy.load(Ordering::Relaxed))
    }

    /// What ended the connection, once it has ended.
    pub(crate) fn reason(&self) -> String {
        lock(&self.ended).clone().unwrap_or_else(|| "connection closed".into())
    }

    pub(crate) fn has_ended(&self) -> bool {
        lock(&self.ended).is_some()
    }

    /// Waits until the connection has ended.
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// How long no call has used the link, to the precision of a tick.
    pub(crate) fn idle_for(&self, now: Instant) -> Duration {
        let mut since = lock(&self.idle_since);
        if self.used.swap(false, Ordering::Relaxed) || self.busy.load(Ordering::Relaxed) > 0 {
            *since = now;
        }
        now.duration_since(*since)
    }

    /// Wakes calls at their deadlines: one timer for all of them.
    async fn sweep(&self) -> std::convert::Infallible {
        let mut wakers = vec![];
        loop {
            match self.inflight.next_sweep() {
                None => self.earlier_deadline.notified().await,
                Some(next) => tokio::select! {
                    () = self.earlier_deadline.notified() => {}
                    () = sleep_until(next) => {
                        self.inflight.sweep(Instant::now(), &mut wakers);
                        wakers.drain(..).for_each(Waker::wake);
                    }
                },
            }
        }
    }

    fn end(self: &Arc<Self>, reason: &str) {
        *lock(&self.ended) = Some(reason.to_owned());
        // The outbox is closed by now: what the writer has not taken never will be, and that is the proof that lost
        // calls are judged by. Only then they are woken.
        let mut wakers = vec![];
        let pool = self.pool.upgrade();
        if let Some(pool) = &pool {
            tracing::debug!(backend = pool.address, reason, "connection ended");
            pool.lost(self);
        }
        let abandoned = self.inflight.close(&mut wakers);
        if let Some(pool) = &pool {
            pool.release(self, abandoned);
        }
        wakers.into_iter().for_each(Waker::wake);
        self.gone.cancel();
    }

    fn complete(&self, responses: impl Iterator<Item = Frame>) {
        let answers = responses.map(|frame| {
            if matches!(frame.code, Status::REJECTED | Status::DRAINING) {
                count(&self.wire.traffic.rejected);
            }
            (frame.id, Answer { code: frame.code, flags: frame.flags, body: frame.body })
        });
        let mut wakers = std::mem::take(&mut *lock(&self.wakers));
        let completed = self.inflight.complete(answers, &mut wakers);
        wakers.drain(..).for_each(Waker::wake);
        *lock(&self.wakers) = wakers;
        if completed.stray > 0 {
            self.wire.traffic.strays.fetch_add(completed.stray as u64, Ordering::Relaxed);
        }
        if completed.freed > 0
            && let Some(pool) = self.pool.upgrade()
        {
            pool.release(self, completed.freed);
        }
    }
}

impl Side for Link {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn receive(self: &Arc<Self>, frames: &mut Vec<Frame>) -> Result<(), Breach> {
        for frame in frames.iter() {
            match frame.kind {
                Kind::Response => {}
                Kind::GoAway => {
                    if let Some(pool) = self.pool.upgrade() {
                        tracing::debug!(backend = pool.address, code = frame.code, "told to go away");
                        pool.leave(self);
                    }
                }
                kind => return Err(Breach::out_of_turn(kind)),
            }
        }
        self.complete(frames.drain(..).filter(|frame| frame.kind == Kind::Response));
        Ok(())
    }

    /// A backend most of whose calls come back at once has nothing left to do. It gets the first new requests while the
    /// last answers are still being handed out; otherwise both sides would move in step, each waiting for the other.
    fn round(&self, frames: usize) -> usize {
        let idle = frames > MIN_ROUND && self.pool.upgrade().is_some_and(|pool| frames * 2 > pool.load());
        if idle { (frames / ROUNDS).max(MIN_ROUND) } else { frames }
    }

    fn several(&self) -> bool {
        self.inflight.waiting() > 1
    }

    fn tick(&self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.tend(self);
        }
    }
}

/// `span` give or take a tenth: connections that were opened together do not end together.
fn jittered(span: Duration) -> Duration {
    span.mul_f64(rand::random_range(0.9..1.1))
}

/// Rest before dial number `failures + 1`: full jitter over a doubling span.
pub(crate) fn rest(config: &ClientConfig, failures: u32) -> Duration {
    let span = config.min_rest.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(config.max_rest);
    span.mul_f64(rand::random_range(0.0..1.0))
}

#[cfg(test)]
mod tests {
    use super::{ClientConfig, Duration, jittered, rest};
    use crate::secret::Secret;

    #[test]
    fn connections_opened_together_do_not_end_together() {
        let hour = Duration::from_secs(3600);
        let spans: Vec<Duration> = (0..100).map(|_| jittered(hour)).collect();
        assert!(spans.iter().all(|span| span.abs_diff(hour) <= hour / 10), "{spans:?}");
        assert!(spans.iter().max() > Some(&(hour + hour / 20)) && spans.iter().min() < Some(&(hour - hour / 20)));
    }

    #[test]
    fn rests_double_up_to_the_longest_and_are_jittered_in_full() {
        let config = ClientConfig::new(Secret::new([0; 16]).expect("16 bytes are enough"));
        for (failures, longest) in [(1, 20), (2, 40), (7, 1280), (8, 2000), (u32::MAX, 2000)] {
            let longest = Duration::from_millis(longest);
            let rests: Vec<Duration> = (0..100).map(|_| rest(&config, failures)).collect();
            assert!(rests.iter().all(|rest| *rest <= longest), "{failures}: {rests:?}");
            assert!(rests.iter().any(|rest| *rest < longest / 2) && rests.iter().any(|rest| *rest > longest / 2));
        }
    }
}
