//! A client that sends bytes, right or wrong, and reads answers by the letter.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything here takes: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const USER: &str = "/api/entrytask/user";

/// A GET of `path` with more header lines, each ended by `\r\n`.
pub(super) fn get(path: &str, lines: &str) -> String {
    request("GET", path, lines)
}

/// A request without a body.
pub(super) fn request(method: &str, path: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: teller.test\r\n{lines}\r\n")
}

/// A POST of `body` as `content_type`, with more header lines.
pub(super) fn post(path: &str, lines: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let lines = format!("{lines}content-type: {content_type}\r\ncontent-length: {length}\r\n");
    [request("POST", path, &lines).as_bytes(), body].concat()
}

/// The header line of the one session there is.
pub(super) fn cookie() -> String {
    format!("cookie: sessionID={}\r\n", super::fake::SESSION)
}

/// An answer, as it came.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The value of the header `name`; empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The entry task's code; empty if there is none.
    pub(super) fn code(&self) -> String {
        self.json()["errCode"].as_str().unwrap_or_default().to_owned()
    }
}

/// A socket, bare or within TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) struct Wire {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

impl Wire {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("it listens"))
    }

    pub(super) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    /// Sends as much as the server takes: it may have closed already, and then its answer tells why.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.send_all(bytes).await;
    }

    /// Sends, or fails when the server has closed.
    pub(super) async fn send_all(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Sends a byte now and then, on and on, until the server has had enough.
    pub(super) async fn trickle(&mut self) -> Answer {
        /// Often enough to look alive, and no more than a trickle.
        const REST: Duration = Duration::from_millis(20);
        let began = Instant::now();
        while timeout(REST, self.more()).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "it may go on for ever");
            self.send("a").await;
        }
        self.answer().await.expect("an answer")
    }

    pub(super) async fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        let without_body = request.as_ref().starts_with(b"HEAD ");
        self.send(request).await;
        self.answer_to(without_body).await.expect("an answer")
    }

    /// The next answer; none if the connection ends first.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        self.answer_to(false).await
    }

    /// Waits until the server closes; fails if it says anything before.
    pub(super) async fn closed(&mut self) {
        assert!(self.more().await.is_none(), "more: {}", String::from_utf8_lossy(&self.read));
    }

    async fn answer_to(&mut self, without_body: bool) -> Option<Answer> {
        let end = loop {
            match self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).expect("a head is ASCII");
        let status = head[9..12].parse().expect("three digits");
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = if without_body { 0 } else { answer.header("content-length").parse().unwrap_or(0) };
        while self.read.len() < length {
            self.more().await?;
        }
        answer.body = self.read.drain(..length).collect();
        Some(answer)
    }

    /// Reads what there is; none at the end.
    async fn more(&mut self) -> Option<()> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("it does something in time");
        // A reset is an end, too.
        (read.unwrap_or(0) > 0).then_some(())
    }
}
