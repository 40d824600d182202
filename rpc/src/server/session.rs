//! [`Session`]: one connection as the server sees it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::time::Instant;

use super::{
    Shared,
    dispatch::{Incoming, Reply},
    running::{Refused, Running},
};
use crate::{
    connection::{Breach, Side, Wire},
    context::Context,
    figures::{ConnectionFigures, count},
    frame::{FLAG_NOT_EXECUTED, FLAG_RETRY, Frame, Kind, RequestHead},
    hello::Agreed,
    outbox::Closed,
    status::{Status, clip_to},
    sync::{Mutex, lock},
    table::Missing,
};

pub(crate) struct Session {
    wire: Wire,
    shared: Arc<Shared>,
    peer: SocketAddr,
    since: Instant,
    running: Mutex<Running>,
    /// Largest response body that the client takes.
    max_response: usize,
    /// Bytes of responses that wait for room in the outbox.
    waiting_bytes: AtomicUsize,
    draining: AtomicBool,
}

/// Counts a response for as long as it waits.
pub(crate) struct Waits<'a> {
    session: &'a Session,
    bytes: usize,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.session.waiting_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, peer: SocketAddr, agreed: &Agreed) -> Self {
        Self {
            wire: Wire::new(shared.config.outbox_bytes),
            shared,
            peer,
            since: Instant::now(),
            running: Mutex::default(),
            max_response: agreed.peer_max_frame,
            waiting_bytes: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
        }
    }

    pub(crate) fn max_response(&self) -> usize {
        self.max_response
    }

    pub(crate) fn has_room(&self) -> bool {
        !self.wire.outbox.is_full()
    }

    /// The right of a response of so many bytes to wait for room, unless too much waits already.
    pub(crate) fn wait_with(&self, bytes: usize) -> Option<Waits<'_>> {
        let before = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let waits = Waits { session: self, bytes };
        (before == 0 || before + bytes <= self.shared.config.max_waiting_bytes).then_some(waits)
    }

    pub(crate) async fn room(&self) -> Result<(), Closed> {
        self.wire.outbox.room().await
    }

    /// Ends request `id`: first its permits come back, then its answer leaves. In the other order the client could send
    /// the next request on an answer and find the permit still taken.
    pub(crate) fn answer(&self, id: u32, frame: &[u8], orderly: bool) {
        lock(&self.running).end(id, orderly);
        self.shared.in_flight.leave();
        let _ = self.wire.outbox.push(frame);
    }

    pub(crate) fn figures(&self) -> ConnectionFigures {
        let figures = self.wire.figures(self.running());
        ConnectionFigures { peer: self.peer, age: self.since.elapsed(), figures }
    }

    /// Requests running now.
    pub(crate) fn running(&self) -> usize {
        lock(&self.running).len()
    }

    /// Takes no more requests and says so.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.wire.go_away(Status::DRAINING, "the server is stopping");
    }

    /// Closes the connection once the gathered answers have left.
    pub(crate) fn finish(&self) {
        self.wire.finish();
    }

    /// Takes back every request; returns how many were running.
    pub(crate) fn cancel_all(&self) -> usize {
        lock(&self.running).cancel_all()
    }

    fn request(self: &Arc<Self>, now: Instant, frame: Frame) -> Result<(), Breach> {
        let (id, mut payload) = (frame.id, frame.body);
        let head = RequestHead::take(&mut payload, frame.flags)?;
        let retry = frame.flags & FLAG_RETRY != 0;
        if retry {
            count(&self.wire.traffic.retried);
        }
        if self.draining.load(Ordering::Acquire) {
            self.reject(id, Status::DRAINING, "the server is stopping");
            return Ok(());
        }
        let start = match self.shared.registry.find((head.service, head.method)) {
            Ok(start) => start,
            Err(missing) => {
                self.refuse_unknown(id, missing);
                return Ok(());
            }
        };
        if !self.shared.in_flight.enter() {
            self.reject(id, Status::REJECTED, "the server has too many requests in flight");
            return Ok(());
        }
        let limit = self.shared.config.max_in_flight_per_connection;
        // Not in the match: its lock must not be held while the task starts.
        let begun = lock(&self.running).begin(id, limit);
        match begun {
            Ok(cancellation) => {
                let context = Context::received(now, head.timeout_ms, head.trace, retry, cancellation);
                start(Incoming::new(context, payload, Reply::peer(Arc::clone(self), id)));
                Ok(())
            }
            Err(refused) => {
                self.shared.in_flight.leave();
                match refused {
                    Refused::Duplicate => Err(Breach::new(Status::PROTOCOL, "a request with this id is running")),
                    Refused::Full => {
                        self.reject(id, Status::REJECTED, "the connection has too many requests in flight");
                        Ok(())
                    }
                }
            }
        }
    }

    fn refuse_unknown(&self, id: u32, missing: Missing) {
        match missing {
            Missing::Service => self.refuse(id, Status::UNKNOWN_SERVICE, "no service of this number"),
            Missing::Method => self.refuse(id, Status::UNKNOWN_METHOD, "no method of this number"),
        }
    }

    fn reject(&self, id: u32, code: u16, why: &str) {
        count(&self.wire.traffic.rejected);
        self.refuse(id, code, why);
    }

    fn refuse(&self, id: u32, code: u16, why: &str) {
        let text = clip_to(why, self.max_response);
        self.wire.send(Kind::Response, FLAG_NOT_EXECUTED, code, id, text.as_bytes());
    }

    fn cancel(&self, id: u32) -> Result<(), Breach> {
        if lock(&self.running).cancel(id) > self.shared.config.max_cancels {
            return Err(Breach::new(Status::CANCEL_FLOOD, "everything is cancelled and nothing finishes"));
        }
        Ok(())
    }
}

impl Side for Session {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn receive(self: &Arc<Self>, frames: &mut Vec<Frame>) -> Result<(), Breach> {
        let now = Instant::now();
        for frame in frames.drain(..) {
            match frame.kind {
                Kind::Request => self.request(now, frame)?,
                Kind::Cancel => self.cancel(frame.id)?,
                // The client will send no more; it closes when it has its answers.
                Kind::GoAway => {}
                kind => return Err(Breach::out_of_turn(kind)),
            }
        }
        Ok(())
    }

    fn several(&self) -> bool {
        self.running() > 0
    }
}
