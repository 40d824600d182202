//! One request on its way through a handler: [`Incoming`] goes in, [`Reply`] brings exactly one answer back, whatever
//! happens in between.

use std::{cell::Cell, future::poll_fn, pin::pin, sync::Arc};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    layer::{Call, Layer},
    session::Session,
};
use crate::{
    codec::Message,
    context::Context,
    frame::{self, FLAG_NOT_EXECUTED, Kind},
    service::Method,
    status::{Executed, Status, clip, clip_to},
};

/// A frame buffer beyond this is not kept for the thread's next answer.
const KEPT_BYTES: usize = 64 << 10;

thread_local! {
    /// Each thread encodes its answers in one buffer. Taken out while in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A request that may run: its context, its payload, and the duty to answer.
pub(crate) struct Incoming {
    context: Context,
    payload: Bytes,
    reply: Reply,
}

impl Incoming {
    pub(crate) fn new(context: Context, payload: Bytes, reply: Reply) -> Self {
        Self { context, payload, reply }
    }

    /// Runs the request in a task of its own.
    ///
    /// The task ends when the handler has ended or when the call is cancelled, which drops the handler's future. The
    /// reply outlives that future: its permit comes back only then.
    pub(crate) fn spawn<M, L, S, F, Fut>(self, layers: L, state: Arc<S>, handler: F)
    where
        M: Method,
        L: Layer,
        S: Send + Sync + 'static,
        F: FnOnce(Arc<S>, Context, M::Request) -> Fut + Send + 'static,
        Fut: Future<Output = Result<M::Response, Status>> + Send,
    {
        let Self { context, payload, mut reply } = self;
        tokio::spawn(async move {
            if context.remaining().is_zero() {
                return reply.refuse(Status::DEADLINE_EXCEEDED, "the deadline had passed");
            }
            if context.is_cancelled() {
                return;
            }
            let request = match M::Request::decode(&payload) {
                Ok(request) => request,
                Err(error) => return reply.refuse(Status::INVALID_REQUEST, &error.to_string()),
            };
            let call = Call {
                service: M::SERVICE,
                method: M::NAME,
                request_bytes: payload.len(),
                deadline: context.deadline(),
                trace: context.trace().copied(),
            };
            drop(payload);
            let cancellation = context.cancellation();
            let answer = {
                // Stays where it is, so that layers pass on a pointer and not the whole of it.
                let mut running = pin!(handler(state, context, request));
                let started = &mut reply.started;
                let next = poll_fn(|task| {
                    *started = true;
                    running.as_mut().poll(task)
                });
                tokio::select! {
                    biased;
                    answer = layers.around(call, next) => Some(answer),
                    () = cancellation.fired() => None,
                }
            };
            match answer {
                Some(Ok(response)) => reply.respond_with_room(response).await,
                Some(Err(status)) => reply.fail(&status),
                None => {}
            }
        });
    }
}

/// How a request ended, as a caller in the same process gets it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Response(Bytes),
    Status { status: Status, executed: Executed },
}

/// The duty to answer one request. Dropped without an answer it says so itself: INTERNAL if the handler panicked,
/// CANCELLED if its future was dropped.
pub(crate) struct Reply {
    to: Option<To>,
    started: bool,
}

enum To {
    Peer { session: Arc<Session>, id: u32 },
    Local(oneshot::Sender<Outcome>),
}

impl Reply {
    pub(crate) fn peer(session: Arc<Session>, id: u32) -> Self {
        Self { to: Some(To::Peer { session, id }), started: false }
    }

    pub(crate) fn local(sender: oneshot::Sender<Outcome>) -> Self {
        Self { to: Some(To::Local(sender)), started: false }
    }

    /// Encodes the response, waits until there is room for it, and answers; not if the connection is gone.
    ///
    /// The permit is kept meanwhile: a peer that does not read soon has no more requests running, and what waits for it
    /// is counted.
    async fn respond_with_room<T: Message>(&mut self, response: T) {
        let mut out = SCRATCH.take();
        out.clear();
        let encoded = self.encode(&response, &mut out);
        drop(response);
        if let Err(status) = encoded {
            self.fail(&status);
        } else if self.wait(out.capacity()).await {
            self.respond(&out);
        }
        if out.capacity() <= KEPT_BYTES {
            SCRATCH.set(out);
        }
    }

    /// Waits until there is room for `bytes`; `false` if they are not to be sent.
    async fn wait(&mut self, bytes: usize) -> bool {
        let session = match &self.to {
            Some(To::Peer { session, .. }) if !session.has_room() => Arc::clone(session),
            _ => return true,
        };
        let Some(_counted) = session.wait_with(bytes) else {
            self.fail(&Status::new(
                Status::RESPONSE_TOO_LARGE,
                "the client reads too slowly: the response was dropped",
            ));
            return false;
        };
        session.room().await.is_ok()
    }

    fn respond(&mut self, out: &[u8]) {
        match self.to.take() {
            Some(To::Peer { session, id }) => session.answer(id, out, true),
            Some(To::Local(sender)) => {
                let _ = sender.send(Outcome::Response(Bytes::copy_from_slice(&out[frame::HEADER_BYTES..])));
            }
            None => {}
        }
    }

    fn encode<T: Message>(&self, response: &T, out: &mut Vec<u8>) -> Result<(), Status> {
        let (id, limit) = match &self.to {
            Some(To::Peer { session, id }) => (*id, session.max_response()),
            _ => (0, frame::MAX_BODY_BYTES),
        };
        let start = frame::begin(out, Kind::Response, 0, Status::OK, id);
        response.encode(out).map_err(|error| Status::internal(error.to_string()))?;
        let size = frame::finish(out, start);
        if size > limit {
            let message = format!("response of {size} bytes is over the client's limit of {limit}");
            return Err(Status::new(Status::RESPONSE_TOO_LARGE, message));
        }
        Ok(())
    }

    /// Answers for a handler that ran, or for a layer that kept it from running.
    fn fail(&mut self, status: &Status) {
        let executed = if self.started { Executed::Yes } else { Executed::No };
        self.send(status.code, &status.message, executed, true);
    }

    /// Answers for a handler that was not started.
    fn refuse(&mut self, code: u16, why: &str) {
        self.send(code, why, Executed::No, true);
    }

    fn send(&mut self, code: u16, message: &str, executed: Executed, orderly: bool) {
        // 0 would be taken for success, with the message as the response.
        let code = if code == Status::OK { Status::INTERNAL } else { code };
        match self.to.take() {
            Some(To::Peer { session, id }) => {
                let flags = if executed == Executed::No { FLAG_NOT_EXECUTED } else { 0 };
                let mut out = vec![];
                let text = clip_to(message, session.max_response());
                frame::put(&mut out, Kind::Response, flags, code, id, text.as_bytes());
                session.answer(id, &out, orderly);
            }
            Some(To::Local(sender)) => {
                let _ = sender.send(Outcome::Status { status: Status::new(code, clip(message)), executed });
            }
            None => {}
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.to.is_none() {
            return;
        }
        if std::thread::panicking() {
            tracing::error!("a handler panicked; its caller gets INTERNAL");
            return self.send(Status::INTERNAL, "the handler panicked", Executed::Yes, true);
        }
        let executed = if self.started { Executed::Unknown } else { Executed::No };
        self.send(Status::CANCELLED, "cancelled", executed, false);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Arc, Context, Executed, Incoming, Method, Outcome, Reply, Status, oneshot};
    use crate::cancellation::Cancellation;

    struct Echo;

    impl Method for Echo {
        const SERVICE: &'static str = "test";
        const NAME: &'static str = "echo";
        const IDEMPOTENT: bool = true;
        type Request = u8;
        type Response = u8;
    }

    /// Starts a request that has 20 ms, lets `late` pass before its task's turn, and says how it ended.
    async fn after(late: Duration, cancellation: Cancellation) -> Outcome {
        let (sender, answer) = oneshot::channel();
        let context = Context::received(Instant::now(), 20, None, false, cancellation);
        let incoming = Incoming::new(context, vec![7].into(), Reply::local(sender));
        incoming.spawn::<Echo, _, _, _, _>((), Arc::new(()), |_, _, number| async move { Ok(number) });
        advance(late).await;
        answer.await.expect("each request is answered")
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_expires_before_its_turn_is_not_begun() {
        let never = Cancellation::default;
        assert!(matches!(after(Duration::from_millis(19), never()).await, Outcome::Response(_)));
        match after(Duration::from_millis(20), never()).await {
            Outcome::Status { status, executed: Executed::No } => assert_eq!(status.code, Status::DEADLINE_EXCEEDED),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_cancelled_before_its_turn_is_not_begun() {
        let cancelled = Cancellation::default();
        cancelled.fire();
        match after(Duration::ZERO, cancelled).await {
            Outcome::Status { status, executed: Executed::No } => assert_eq!(status.code, Status::CANCELLED),
            other => panic!("{other:?}"),
        }
    }
}
