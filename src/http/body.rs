//! A request's body, bounded in bytes and in time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::problem::Problem;

/// Bytes that buy a slow sender another second. A large body over a slow line arrives; one that trickles does not.
const MIN_BYTES_PER_SECOND: u64 = 16 * 1024;

/// A body that nobody has asked for yet.
pub(super) struct Intake {
    body: Incoming,
    timeout: Duration,
    ended: bool,
}

impl Intake {
    /// `timeout` is for the whole body; every 16 KiB that arrive add a second to it.
    pub(super) fn new(body: Incoming, timeout: Duration) -> Self {
        Self { body, timeout, ended: false }
    }

    /// Whether there is something left to read: then the connection cannot take another request.
    pub(super) fn unread(&self) -> bool {
        !self.ended && !self.body.is_end_stream()
    }

    /// All of it, at most `limit` bytes.
    pub(super) async fn whole(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let mut paced = self.paced(limit)?;
        // A small body comes in one piece, which is then not copied.
        let first = next(&mut paced).await?;
        let Some(second) = next(&mut paced).await? else { return Ok(first.unwrap_or_default()) };
        let mut all = BytesMut::from(first.unwrap_or_default());
        all.extend_from_slice(&second);
        while let Some(piece) = next(&mut paced).await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// Piece by piece, at most `limit` bytes in all. A length that says more is refused before anything is read.
    pub(super) fn paced(&mut self, limit: usize) -> Result<Paced<'_>, Problem> {
        if self.body.size_hint().lower() > limit as u64 {
            return Err(Problem::BodyTooLarge(limit));
        }
        Ok(Paced { intake: self, limit, received: 0, began: None, bell: None })
    }
}

async fn next(paced: &mut Paced<'_>) -> Result<Option<Bytes>, Problem> {
    while let Some(frame) = paced.frame().await {
        // Trailers carry nothing that is asked for.
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// A body that is being read within its limits.
pub(super) struct Paced<'a> {
    intake: &'a mut Intake,
    limit: usize,
    received: usize,
    /// Set when it first has to be waited for: most bodies are there with their head.
    began: Option<Instant>,
    bell: Option<Pin<Box<Sleep>>>,
}

impl Paced<'_> {
    /// Ready when the body has taken too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let began = *self.began.get_or_insert_with(Instant::now);
        let bought = Duration::from_millis(self.received as u64 * 1000 / MIN_BYTES_PER_SECOND);
        let due = began + self.intake.timeout + bought;
        let bell = self.bell.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if bell.deadline() != due {
            bell.as_mut().reset(due);
        }
        bell.as_mut().poll(cx)
    }
}

impl Body for Paced<'_> {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.intake.body).poll_frame(cx) else {
            ready!(this.poll_late(cx));
            return Poll::Ready(Some(Err(Problem::TooSlow("body"))));
        };
        let Some(frame) = frame else {
            this.intake.ended = true;
            return Poll::Ready(None);
        };
        let Ok(frame) = frame else {
            return Poll::Ready(Some(Err(Problem::Malformed("body", "must be complete"))));
        };
        this.received += frame.data_ref().map_or(0, Bytes::len);
        match this.received > this.limit {
            true => Poll::Ready(Some(Err(Problem::BodyTooLarge(this.limit)))),
            false => Poll::Ready(Some(Ok(frame))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.intake.body.size_hint()
    }
}
