//! What a connection reads and writes: the socket, watched by the connection's clock.
//!
//! hyper answers a head that it cannot read by itself, with a bare status line. That answer is replaced here by a whole one, so that every
//! answer explains itself and carries the same headers.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Stream;
use super::problem::Problem;
use super::pulse::{Phase, Pulse};
use super::reply;
use crate::config::Http;

/// A socket that tells a [`Pulse`] what it does.
pub(super) struct Socket<'a, S> {
    stream: S,
    pulse: &'a Pulse,
    max_target_bytes: usize,
    tls: bool,
    /// The rest of an answer that stands instead of hyper's own.
    instead: Vec<u8>,
}

impl<'a, S: Stream> Socket<'a, S> {
    /// Watches `stream`. `limits` are for what hyper's own answers say too little about.
    pub(super) fn new(stream: S, pulse: &'a Pulse, limits: &Http) -> Self {
        let (max_target_bytes, tls) = (limits.max_target_bytes, limits.is_tls());
        Self { stream, pulse, max_target_bytes, tls, instead: Vec::new() }
    }

    /// The bare stream.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// The whole answer for a bare one of hyper's; none for anything else.
    fn whole(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let status = bare_status(bytes).filter(|_| self.pulse.phase().0 != Phase::Busy)?;
        let problem = match status {
            b"414" => Problem::TargetTooLong,
            b"431" if self.pulse.line_bytes() > self.max_target_bytes => Problem::TargetTooLong,
            b"431" => Problem::HeadTooLarge,
            _ => Problem::Malformed("request", "must be HTTP/1.1"),
        };
        Some(reply::raw(&problem, self.tls))
    }

    /// Writes what stands instead; ready when all of it is written.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.instead))?;
            self.instead.drain(..written);
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of an answer that hyper made by itself: a head without body and without any header of ours.
fn bare_status(bytes: &[u8]) -> Option<&[u8]> {
    let alone = bytes.len() < 200 && bytes.starts_with(b"HTTP/1.1 4") && bytes.ends_with(b"\r\n\r\n");
    let ours = || bytes.windows(12).any(|window| window.eq_ignore_ascii_case(b"x-request-id"));
    (alone && !ours()).then(|| &bytes[9..12])
}

impl<S: Stream> AsyncRead for Socket<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let received = &buf.filled()[before..];
        if !received.is_empty() {
            self.pulse.received(received);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for Socket<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_empty() {
            match self.whole(buf) {
                None => {
                    let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
                    self.pulse.sent();
                    return Poll::Ready(Ok(written));
                }
                Some(whole) => self.instead = whole,
            }
        }
        ready!(self.poll_instead(cx))?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.pulse.sent();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::bare_status;

    #[test]
    fn only_a_bare_refusal_is_taken_for_one_of_hypers() {
        let cases: [(&[u8], Option<&[u8]>); 5] = [
            (
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                Some(b"431"),
            ),
            (
                b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 13:00:00 GMT\r\n\r\n",
                Some(b"400"),
            ),
            (b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n", None),
            (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}", None),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
        ];
        for (bytes, status) in cases {
            assert_eq!(bare_status(bytes), status, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
