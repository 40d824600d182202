//! One connection after its hello, the same for both sides: a writer task, a reader, and a keeper that notices silence.
//!
//! Reading and writing never wait for each other: the writer is a task of its own, the reader only appends to the outbox.
//! The one exception is wanted: a server does not read requests from a peer that does not take its answers.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    figures::{Figures, Traffic},
    frame::{self, Frame, FrameError, Kind},
    inbox::Inbox,
    outbox::Outbox,
    status::{Status, clip},
};

/// Room that a read finds at least, and what is added when it would not.
const MIN_READ_BYTES: usize = 4 << 10;
const READ_BYTES: usize = 16 << 10;
/// How long the last frames may take to leave after the connection is over.
const FLUSH_TIME: Duration = Duration::from_secs(1);
/// Ticks without a sign of life after which a peer counts as gone.
const SILENT_TICKS: u32 = 2;
/// Ticks during which a write moves no byte after which a peer counts as gone.
const STUCK_TICKS: u32 = 2;

/// The limits of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Largest body accepted.
    pub(crate) max_frame_bytes: usize,
    /// From a frame's first byte to its last.
    pub(crate) frame_timeout: Duration,
    /// Silence after which a PING is sent; after the same again the peer is gone.
    pub(crate) keepalive: Duration,
    /// Stop reading while the outbox is full.
    pub(crate) throttled: bool,
}

/// What ended a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the peer closed the connection")]
    Eof,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("protocol error: {0}")]
    Breach(#[from] Breach),
    #[error("the peer was silent for too long")]
    Silent,
    #[error("the peer takes no bytes")]
    Stalled,
    #[error("closed by this side")]
    Closed,
}

/// The peer broke the protocol: a GOAWAY code and a text that say how.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Breach {
    pub(crate) code: u16,
    pub(crate) why: String,
}

impl Breach {
    pub(crate) fn new(code: u16, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    pub(crate) fn out_of_turn(kind: Kind) -> Self {
        Self::new(Status::PROTOCOL, format!("{kind} may not come here"))
    }
}

impl From<FrameError> for Breach {
    fn from(error: FrameError) -> Self {
        let code = match error {
            FrameError::TooLarge { .. } => Status::FRAME_TOO_LARGE,
            _ => Status::PROTOCOL,
        };
        Self::new(code, error.to_string())
    }
}

/// What a client's and a server's connection do differently.
pub(crate) trait Side: Send + Sync + 'static {
    /// The part that is the same.
    fn wire(&self) -> &Wire;
    /// Takes frames as they were read, PING and PONG excepted.
    fn receive(self: &Arc<Self>, frames: &mut Vec<Frame>) -> Result<(), Breach>;
    /// How many of `frames` that one read has brought are received before everything else gets a turn.
    fn round(&self, frames: usize) -> usize {
        frames
    }
    /// Whether more than one call is in flight, so that it pays to let frames gather for a moment.
    fn several(&self) -> bool;
    /// Called once per keepalive interval.
    fn tick(&self) {}
}

/// The shared part of a connection: its outbox, its signs of life, its end.
pub(crate) struct Wire {
    pub(crate) outbox: Outbox,
    pub(crate) traffic: Traffic,
    ending: CancellationToken,
    paused: AtomicBool,
    writing: AtomicBool,
}

impl Wire {
    pub(crate) fn new(outbox_limit: usize) -> Self {
        Self {
            outbox: Outbox::new(outbox_limit),
            traffic: Traffic::default(),
            ending: CancellationToken::new(),
            paused: AtomicBool::new(false),
            writing: AtomicBool::new(false),
        }
    }

    /// Appends a frame of a few bytes; one for a connection that has ended is dropped.
    pub(crate) fn send(&self, kind: Kind, flags: u8, code: u16, id: u32, body: &[u8]) {
        let mut out = Vec::with_capacity(frame::HEADER_BYTES + body.len());
        frame::put(&mut out, kind, flags, code, id, body);
        let _ = self.outbox.push(&out);
    }

    /// What has crossed the connection, which has `in_flight` calls.
    pub(crate) fn figures(&self, in_flight: usize) -> Figures {
        self.traffic.figures(in_flight, self.outbox.waiting())
    }

    /// Sends GOAWAY.
    pub(crate) fn go_away(&self, code: u16, why: &str) {
        self.send(Kind::GoAway, 0, code, 0, clip(why).as_bytes());
    }

    /// Ends the connection after what is in the outbox has left.
    pub(crate) fn finish(&self) {
        self.outbox.finish();
        self.ending.cancel();
    }

    /// Ends the connection now.
    pub(crate) fn close(&self) {
        self.outbox.close();
        self.ending.cancel();
    }
}

/// Runs a connection to its end. `buffer` holds what has been read already.
pub(crate) async fn run<R, W, S>(side: &Arc<S>, read: R, write: W, buffer: BytesMut, pace: Pace) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
    S: Side,
{
    let wire = side.wire();
    // Whoever drops this future ends the connection: the writer would otherwise keep the socket open for ever.
    let _closed = CloseOnDrop(wire);
    let mut writer = tokio::spawn(write_all(Arc::clone(side), write));
    let mut inbox = Inbox::default();
    let end = tokio::select! {
        end = read_all(side, read, buffer, &mut inbox, pace) => end,
        end = keep(&**side, pace.keepalive) => end,
        () = wire.ending.cancelled() => End::Closed,
    };
    if !matches!(end, End::Breach(_)) {
        // What has come is received, whatever ended the connection between two rounds.
        let _ = inbox.hand_over(side, usize::MAX);
    }
    if let End::Breach(breach) = &end {
        wire.go_away(breach.code, &breach.why);
        wire.finish();
    }
    if !matches!(end, End::Breach(_) | End::Closed) {
        wire.close();
    }
    if timeout(FLUSH_TIME, &mut writer).await.is_err() {
        writer.abort();
    }
    end
}

struct CloseOnDrop<'a>(&'a Wire);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn write_all<S: Side, W: AsyncWrite + Unpin>(side: Arc<S>, mut write: W) {
    let wire = side.wire();
    let mut batch = Vec::new();
    while wire.outbox.filled().await {
        if side.several() {
            yield_once().await;
        }
        let frames = wire.outbox.swap(&mut batch);
        if write_batch(wire, &mut write, &batch).await.is_err() {
            wire.close();
            return;
        }
        wire.traffic.frames_written.fetch_add(frames, Ordering::Relaxed);
    }
    let _ = write.shutdown().await;
}

async fn write_batch<W: AsyncWrite + Unpin>(wire: &Wire, write: &mut W, mut batch: &[u8]) -> io::Result<()> {
    wire.writing.store(true, Ordering::Relaxed);
    while !batch.is_empty() {
        let count = write.write(batch).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        batch = &batch[count..];
        wire.traffic.writes.fetch_add(1, Ordering::Relaxed);
        wire.traffic.bytes_written.fetch_add(count as u64, Ordering::Relaxed);
    }
    // Of a bare socket nothing: only TLS keeps back what its socket did not take.
    write.flush().await?;
    wire.writing.store(false, Ordering::Relaxed);
    Ok(())
}

/// Lets every task that is ready now run once; unlike tokio's own yield it does not ask the I/O driver.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn read_all<S: Side, R: AsyncRead + Unpin>(
    side: &Arc<S>,
    mut read: R,
    mut buffer: BytesMut,
    inbox: &mut Inbox,
    pace: Pace,
) -> End {
    let wire = side.wire();
    let mut partial_until = None;
    loop {
        let (taken, rest) = inbox.fill(wire, &mut buffer, pace.max_frame_bytes);
        // Also those before bytes that are no frame: what they get must not depend on how the stream was cut into reads.
        if let Err(breach) = inbox.empty(side).await {
            return breach.into();
        }
        if let Err(error) = rest {
            return Breach::from(error).into();
        }
        if taken > 0 || buffer.is_empty() {
            partial_until = None;
        }
        if pace.throttled && wire.outbox.is_full() {
            wire.paused.store(true, Ordering::Relaxed);
            let since = Instant::now();
            if wire.outbox.room().await.is_err() {
                return End::Closed;
            }
            wire.paused.store(false, Ordering::Relaxed);
            // The peer is not to blame for what this side did not read.
            partial_until = partial_until.map(|until| until + since.elapsed());
        }
        make_room(&mut buffer);
        let arrived = if buffer.is_empty() {
            read.read_buf(&mut buffer).await
        } else {
            // Only a frame that has begun owes its end: an idle connection costs no timer here.
            let until = *partial_until.get_or_insert_with(|| Instant::now() + pace.frame_timeout);
            match timeout_at(until, read.read_buf(&mut buffer)).await {
                Ok(arrived) => arrived,
                Err(_) => {
                    return Breach::new(Status::TIMED_OUT, "half a frame and no more in time").into();
                }
            }
        };
        match arrived {
            Ok(0) => return End::Eof,
            Ok(count) => wire.traffic.bytes_read.fetch_add(count as u64, Ordering::Relaxed),
            Err(error) => return error.into(),
        };
    }
}

/// The buffer grows with what has arrived (it doubles), never with what a length promises.
fn make_room(buffer: &mut BytesMut) {
    if buffer.capacity() - buffer.len() < MIN_READ_BYTES {
        buffer.reserve(READ_BYTES.max(buffer.len()));
    }
}

/// Pings a silent peer, and ends the connection of one that stays silent or takes no bytes.
async fn keep<S: Side>(side: &S, every: Duration) -> End {
    let wire = side.wire();
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut read, mut written) = (0, 0);
    let (mut silent, mut stuck) = (0, 0);
    loop {
        ticks.tick().await;
        side.tick();
        let now_read = wire.traffic.bytes_read.load(Ordering::Relaxed);
        let now_written = wire.traffic.bytes_written.load(Ordering::Relaxed);
        let moved = now_written != written || !wire.writing.load(Ordering::Relaxed);
        stuck = if moved { 0 } else { stuck + 1 };
        // While this side does not read, silence says nothing about the peer.
        let heard = now_read != read || wire.paused.load(Ordering::Relaxed);
        silent = if heard { 0 } else { silent + 1 };
        (read, written) = (now_read, now_written);
        if stuck >= STUCK_TICKS {
            return End::Stalled;
        }
        if silent >= SILENT_TICKS {
            return End::Silent;
        }
        if silent > 0 {
            wire.send(Kind::Ping, 0, 0, 0, b"");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex, split};

    use super::{Arc, AsyncWriteExt, Breach, BytesMut, Duration, End, Frame, Instant, Pace, Side, Wire, run};

    struct Listener(Wire);

    impl Side for Listener {
        fn wire(&self) -> &Wire {
            &self.0
        }
        fn receive(self: &Arc<Self>, _: &mut Vec<Frame>) -> Result<(), Breach> {
            Ok(())
        }
        fn several(&self) -> bool {
            false
        }
    }

    /// The defaults of both configurations.
    const PACE: Pace = Pace {
        max_frame_bytes: 4 << 20,
        frame_timeout: Duration::from_secs(10),
        keepalive: Duration::from_secs(3),
        throttled: true,
    };

    /// Runs a connection to its end and says how long that took.
    async fn end_of(side: Arc<Listener>, stream: DuplexStream) -> (End, Duration) {
        let start = Instant::now();
        let (read, write) = split(stream);
        (run(&side, read, write, BytesMut::new(), PACE).await, start.elapsed())
    }

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_half_open_connection_is_found_within_ten_seconds() {
        let side = Arc::new(Listener(Wire::new(1 << 20)));
        // Takes what is sent, as a host does whose process hangs, and never says a word.
        let (here, _there) = duplex(1 << 20);
        let (end, took) = end_of(side, here).await;
        assert!(matches!(end, End::Silent) && took <= TEN_SECONDS, "{end} after {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_falls_silent_right_after_a_look_is_found_within_ten_seconds_too() {
        let side = Arc::new(Listener(Wire::new(1 << 20)));
        let (here, mut there) = duplex(1 << 20);
        let ended = tokio::spawn(end_of(side, here));
        tokio::time::sleep(PACE.keepalive + Duration::from_millis(1)).await;
        there.write_all(&[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]).await.expect("it is open");
        let silent_since = Instant::now();
        let (end, _) = ended.await.expect("it ends");
        assert!(matches!(end, End::Silent) && silent_since.elapsed() <= TEN_SECONDS, "{end}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_no_byte_is_found_within_ten_seconds_although_nothing_is_read_meanwhile() {
        let side = Arc::new(Listener(Wire::new(1000)));
        let (here, mut there) = duplex(100);
        for _ in 0..2 {
            side.0.outbox.push(&[0; 1000]).expect("it is open");
        }
        there.write_all(&[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]).await.expect("it is open");
        let (end, took) = end_of(side, here).await;
        assert!(matches!(end, End::Stalled | End::Silent) && took <= TEN_SECONDS, "{end} after {took:?}");
    }
}
