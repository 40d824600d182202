//! One try of one call on one connection: the request out, its answer in, or the proof that it was not executed.

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context as Task, Poll},
};

use bytes::Bytes;
use tokio::time::timeout_at;

use super::pool::Lease;
use crate::{
    codec::{CodecError, Message},
    context::Context,
    figures::count,
    frame::{self, FLAG_NOT_EXECUTED, FLAG_RETRY, Kind, RequestHead},
    hello::clip_bytes,
    inflight::{Abandoned, Answer, Found},
    outbox::Closed,
    service::Method,
    status::{CallError, Executed, Status},
    table::{Missing, Numbers},
};

/// A frame buffer beyond this is not kept for the thread's next call.
const KEPT_BYTES: usize = 64 << 10;

thread_local! {
    /// Each thread encodes its requests in one buffer, so that a call allocates none. Taken out while in use.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Sends `request` on the lease's link and waits for the payload of its response.
pub(crate) async fn attempt<M: Method>(
    lease: Lease,
    context: &Context,
    request: &M::Request,
    retry: bool,
) -> Result<Bytes, CallError> {
    let numbers = resolve::<M>(&lease)?;
    if lease.link.wire.outbox.is_full() {
        room(&lease, context).await?;
    }
    let answer = send::<M>(lease, context, request, numbers, retry)?.await?;
    judge(answer)
}

fn resolve<M: Method>(lease: &Lease) -> Result<Numbers, CallError> {
    lease.link.directory.find(M::KEY, M::SERVICE, M::NAME).map_err(|missing| match missing {
        Missing::Service => CallError::UnknownService(M::SERVICE),
        Missing::Method => CallError::UnknownMethod { service: M::SERVICE, method: M::NAME },
    })
}

async fn room(lease: &Lease, context: &Context) -> Result<(), CallError> {
    match timeout_at(context.deadline(), lease.link.wire.outbox.room()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Closed)) => Err(lost(lease, Executed::No)),
        Err(_) => Err(CallError::DeadlineExceeded { executed: Executed::No }),
    }
}

/// Encodes and appends the request in one go, without waiting.
fn send<M: Method>(
    lease: Lease,
    context: &Context,
    request: &M::Request,
    (service, method): Numbers,
    retry: bool,
) -> Result<Pending, CallError> {
    let timeout_ms = context.timeout_ms();
    if timeout_ms == 0 {
        return Err(CallError::DeadlineExceeded { executed: Executed::No });
    }
    if retry {
        count(&lease.link.wire.traffic.retried);
    }
    let head = RequestHead { service, method, timeout_ms, trace: context.trace().copied() };
    let mut out = SCRATCH.take();
    out.clear();
    let sent =
        encode(&mut out, &head, retry, request, lease.link.max_request).and_then(|()| append(lease, context, &mut out));
    if out.capacity() <= KEPT_BYTES {
        SCRATCH.set(out);
    }
    sent
}

fn encode<T: Message>(
    out: &mut Vec<u8>,
    head: &RequestHead,
    retry: bool,
    request: &T,
    limit: usize,
) -> Result<(), CallError> {
    let flags = head.flags() | if retry { FLAG_RETRY } else { 0 };
    let start = frame::begin(out, Kind::Request, flags, 0, 0);
    head.put(out);
    request.encode(out).map_err(CallError::Encode)?;
    let size = frame::finish(out, start);
    if size > limit { Err(CallError::TooLarge { size, limit }) } else { Ok(()) }
}

fn append(lease: Lease, context: &Context, out: &mut [u8]) -> Result<Pending, CallError> {
    let link = &lease.link;
    let (id, earlier) = link.inflight.open(context.deadline()).map_err(|_| lost(&lease, Executed::No))?;
    if earlier {
        link.sweep_earlier();
    }
    frame::set_id(out, 0, id);
    match link.wire.outbox.push(out) {
        Ok(number) => Ok(Pending { id, number, lease: Some(lease) }),
        // The slot goes with the connection.
        Err(Closed) => Err(lost(&lease, Executed::No)),
    }
}

fn lost(lease: &Lease, executed: Executed) -> CallError {
    CallError::Lost { reason: lease.link.reason().into(), executed }
}

/// A request that has been appended. Dropping it cancels the call and leaves the connection as good as it was.
struct Pending {
    id: u32,
    number: u64,
    lease: Option<Lease>,
}

impl Future for Pending {
    type Output = Result<Answer, CallError>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let lease = self.lease.as_ref().expect("a call is not polled after its end");
        let found = match lease.link.inflight.poll(self.id, task) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(found) => found,
        };
        let outcome = match found {
            Found::Answer(answer) => Ok(answer),
            Found::Due => {
                self.abandon();
                return Poll::Ready(Err(CallError::DeadlineExceeded { executed: Executed::Unknown }));
            }
            Found::Lost if lease.link.wire.outbox.was_taken(self.number) => Err(lost(lease, Executed::Unknown)),
            Found::Lost => Err(lost(lease, Executed::No)),
        };
        self.lease = None;
        Poll::Ready(outcome)
    }
}

impl Pending {
    fn abandon(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        if lease.link.inflight.abandon(self.id) == Abandoned::Occupied {
            lease.link.cancel(self.id);
            lease.leave_to_server();
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What an answer means to its caller.
fn judge(answer: Answer) -> Result<Bytes, CallError> {
    if answer.code == Status::OK {
        return Ok(answer.body);
    }
    let status = Status::new(answer.code, String::from_utf8_lossy(clip_bytes(&answer.body)));
    let executed = match (answer.code, answer.flags & FLAG_NOT_EXECUTED != 0) {
        (_, true) => Executed::No,
        (Status::CANCELLED, _) => Executed::Unknown,
        _ => Executed::Yes,
    };
    Err(failure(status, executed))
}

/// Sorts a status by what its caller can do about it.
pub(crate) fn failure(status: Status, executed: Executed) -> CallError {
    match (status.code, executed) {
        (Status::REJECTED | Status::DRAINING, Executed::No) => CallError::Rejected(status),
        (Status::DEADLINE_EXCEEDED, Executed::No) => CallError::DeadlineExceeded { executed },
        // Its handler was stopped on the way.
        (Status::DEADLINE_EXCEEDED, _) => CallError::DeadlineExceeded { executed: Executed::Unknown },
        _ => CallError::Status { status, executed },
    }
}

/// Reads a response's payload.
pub(crate) fn decode<T: Message>(payload: &[u8]) -> Result<T, CallError> {
    T::decode(payload).map_err(|error: CodecError| CallError::Decode(error))
}
