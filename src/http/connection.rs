//! One connection, with its time limits.
//!
//! hyper's own head time-out also counts the rest between two requests and arms a timer for every request. Here one timer per connection
//! tells the two apart, and a request that comes in one piece never touches it.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::problem::Problem;
use super::pulse::{Phase, Pulse};
use super::reply;
use super::socket::Socket;

/// How long the rest of a refused request is read and thrown away, so that its sender gets to read the answer: in all, and without a byte.
const LINGER: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// hyper has finished with it.
    Done(hyper::Result<()>),
    /// A head did not arrive in time.
    HeadTooSlow,
    /// It was quiet for too long.
    Idle,
    /// The server stops and has waited long enough.
    Cut,
}

/// What HTTP itself may cost, for all connections.
pub(super) fn protocol(max_head_bytes: usize, max_headers: usize) -> http1::Builder {
    /// Room for answers and bodies; a head may take less of it.
    const BUFFER_BYTES: usize = 64 * 1024;
    /// As many headers as hyper parses without allocating.
    const CHEAP_HEADERS: usize = 100;
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_buf_size(BUFFER_BYTES.max(max_head_bytes)).max_header_size(max_head_bytes);
    if max_headers > CHEAP_HEADERS {
        builder.max_headers(max_headers);
    }
    builder
}

/// What HTTP is spoken over: a socket, bare or within TLS. A type and not a value, so that a bare one costs what it did.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Serves `stream`, which leads to `peer`, until it ends, breaks a time limit, or `stop` fires and its running request is answered.
pub(super) async fn run<S: Stream>(stream: S, peer: Option<IpAddr>, front: &Front, stop: CancellationToken) {
    let limits = front.limits();
    let pulse = Pulse::default();
    let socket = TokioIo::new(Socket::new(stream, &pulse, limits));
    let service = service_fn(|request| {
        pulse.begin();
        async {
            let (response, unread) = front.answer(request, peer).await;
            pulse.end(unread);
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = front.protocol().serve_connection(socket, service);
    let mut clock = Clock::new(&pulse, limits.header_timeout(), limits.idle_timeout());
    let mut stop = pin!(stop.cancelled());
    let end = poll_fn(|cx| {
        if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
            return Poll::Ready(End::Done(result));
        }
        // Only after the step above: a request that has arrived is answered before the connection closes.
        if clock.cut.is_none() && stop.as_mut().poll(cx).is_ready() {
            clock.cut = Some(Instant::now() + limits.drain());
            Pin::new(&mut connection).graceful_shutdown();
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(End::Done(result));
            }
        }
        clock.poll(cx)
    })
    .await;
    let stream = connection.into_parts().io.into_inner().into_stream();
    finish(end, stream, pulse.unread(), limits.is_tls()).await;
}

/// Says what can still be said, and closes.
async fn finish<S: Stream>(end: End, stream: S, unread: bool, tls: bool) {
    match end {
        End::Done(Err(error)) if error.is_parse() => Box::pin(linger(stream)).await,
        End::Done(_) if unread => Box::pin(linger(stream)).await,
        End::Done(Err(error)) => tracing::debug!(%error, "connection ended early"),
        End::HeadTooSlow => {
            close_with(stream, &reply::raw(&Problem::TooSlow("head"), tls)).await;
        }
        End::Idle | End::Cut => close_with(stream, &[]).await,
        End::Done(Ok(())) => {}
    }
}

/// Writes and closes, as TLS wants it said. Whoever sends slowly may read slowly: what the socket does not take at once is not waited for.
async fn close_with<S: Stream>(mut stream: S, last: &[u8]) {
    poll_fn(|cx| {
        let mut stream = Pin::new(&mut stream);
        if last.is_empty() || stream.as_mut().poll_write(cx, last).is_ready() {
            let _ = stream.poll_shutdown(cx);
        }
        Poll::Ready(())
    })
    .await;
}

/// Closing with bytes unread resets the connection, and the answer on its way is lost with it. So they are read first.
pub(super) async fn linger<S: Stream>(mut stream: S) {
    let (in_all, quiet) = LINGER;
    let mut sink = vec![0; 16 * 1024];
    let drain = async {
        let _ = stream.shutdown().await;
        while let Ok(Ok(1..)) = timeout(quiet, stream.read(&mut sink)).await {}
    };
    let _ = timeout(in_all, drain).await;
}

/// The time limits of one connection.
struct Clock<'a> {
    pulse: &'a Pulse,
    head: Duration,
    idle: Duration,
    /// The phase that was seen last, by its number, and since when it lasts.
    seen: u32,
    since: Instant,
    /// When it ends whatever it does; set when the server stops.
    cut: Option<Instant>,
    bell: Pin<Box<Sleep>>,
}

impl<'a> Clock<'a> {
    /// Longer than any handler takes: those have deadlines of their own.
    const FAR: Duration = Duration::from_secs(24 * 3600);

    fn new(pulse: &'a Pulse, head: Duration, idle: Duration) -> Self {
        let now = Instant::now();
        let bell = Box::pin(sleep_until(now + idle));
        Self { pulse, head, idle, seen: 0, since: now, cut: None, bell }
    }

    /// Ready when the connection is to end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let (due, end) = self.due();
        loop {
            // The bell is only ever moved nearer before it rings: on a busy connection it rings once in a while, and is then set anew.
            if due < self.bell.deadline() {
                self.bell.as_mut().reset(due);
            }
            ready!(self.bell.as_mut().poll(cx));
            if Instant::now() >= due {
                return Poll::Ready(end);
            }
            self.bell.as_mut().reset(due);
        }
    }

    /// When the connection ends if nothing more happens, and why.
    fn due(&mut self) -> (Instant, End) {
        let (phase, number) = self.pulse.phase();
        // Bytes keep a quiet connection alive, because an answer may be on its way. They do not keep a head alive: a slow one stays slow.
        let moved = self.pulse.take_moved() && phase == Phase::Quiet;
        if moved || number != self.seen {
            self.seen = number;
            self.since = Instant::now();
        }
        let (due, end) = match phase {
            Phase::Quiet => (self.since + self.idle, End::Idle),
            Phase::Head => (self.since + self.head, End::HeadTooSlow),
            Phase::Busy => (self.since + Self::FAR, End::Cut),
        };
        match self.cut {
            Some(cut) if cut < due => (cut, End::Cut),
            _ => (due, end),
        }
    }
}
