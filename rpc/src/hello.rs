//! HELLO, CHALLENGE, PROOF, WELCOME: how two sides come to trust each other before the first request.
//!
//! The client proves first: a stranger learns nothing from the server, neither its table nor bytes to guess the secret
//! against. Callers put one time limit around the whole exchange.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    frame::{self, Frame, FrameError, Kind},
    greeting::{GREETING_BYTES, Greeting, GreetingError},
    secret::{PROOF_BYTES, Role, Secret},
    status::{Status, clip},
    table::{MAX_TABLE_BYTES, Table, TableError},
};

/// Largest frame body that a server reads before the proof.
const MAX_HELLO_BYTES: usize = 1024;
/// Largest frame body that a client reads before it trusts the server.
const MAX_WELCOME_BYTES: usize = PROOF_BYTES + MAX_TABLE_BYTES;

/// Why two sides do not come together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HelloError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[cfg(feature = "tls")]
    #[error("TLS: {0}")]
    Tls(io::Error),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Greeting(#[from] GreetingError),
    #[error("{0}")]
    Table(#[from] TableError),
    #[error("the peer sent {0} out of turn")]
    OutOfTurn(Kind),
    #[error("the peer does not hold the shared secret")]
    WrongSecret,
    #[error("the peer refused: {0}")]
    Refused(Status),
    #[error("the peer closed the connection during the hello")]
    Ended,
}

impl HelloError {
    /// The GOAWAY code that tells the peer, if it is worth telling.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Greeting(GreetingError::Version(_)) => Some(Status::UNSUPPORTED_VERSION),
            Self::Greeting(GreetingError::Codec(_)) => Some(Status::UNSUPPORTED_CODEC),
            Self::Greeting(GreetingError::Limits) | Self::OutOfTurn(_) => Some(Status::PROTOCOL),
            Self::WrongSecret => Some(Status::UNAUTHENTICATED),
            _ => None,
        }
    }
}

/// What both sides have agreed on.
#[derive(Debug)]
pub(crate) struct Agreed {
    /// Largest body the peer accepts.
    pub(crate) peer_max_frame: usize,
    /// The smaller of both sides' limits.
    pub(crate) max_in_flight: usize,
    /// The server's table; empty on the server itself.
    pub(crate) table: Table,
    /// Bytes that arrived after the hello.
    pub(crate) rest: BytesMut,
}

/// Runs the client's part.
pub(crate) async fn connect<S>(stream: &mut S, secret: &Secret, mine: Greeting) -> Result<Agreed, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = BytesMut::with_capacity(1024);
    let hello = mine.to_wire();
    send(stream, Kind::Hello, &hello).await?;
    let challenge = expect(stream, &mut rest, Kind::Challenge, MAX_HELLO_BYTES).await?;
    let theirs = Greeting::from_wire(&challenge)?;
    send(stream, Kind::Proof, &secret.prove(Role::Client, &hello, &challenge)).await?;
    let mut welcome = expect(stream, &mut rest, Kind::Welcome, MAX_WELCOME_BYTES).await?;
    let proof = welcome.split_to(PROOF_BYTES.min(welcome.len()));
    if !secret.accepts(Role::Server, &hello, &challenge, &proof) {
        return Err(HelloError::WrongSecret);
    }
    Ok(Agreed { table: Table::from_wire(welcome)?, ..agree(&mine, &theirs, rest) })
}

/// Runs the server's part; `table` is the encoded table, sent only after the client's proof.
pub(crate) async fn accept<S>(
    stream: &mut S,
    secret: &Secret,
    mine: Greeting,
    table: &[u8],
) -> Result<Agreed, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let outcome = judge(stream, secret, &mine, table).await;
    if let Err(error) = &outcome
        && let Some(code) = error.code()
    {
        refuse(stream, code, &error.to_string()).await;
    }
    outcome
}

async fn judge<S>(stream: &mut S, secret: &Secret, mine: &Greeting, table: &[u8]) -> Result<Agreed, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = BytesMut::with_capacity(2 * (GREETING_BYTES + frame::HEADER_BYTES));
    let hello = expect(stream, &mut rest, Kind::Hello, MAX_HELLO_BYTES).await?;
    let theirs = Greeting::from_wire(&hello)?;
    let challenge = mine.to_wire();
    send(stream, Kind::Challenge, &challenge).await?;
    let proof = expect(stream, &mut rest, Kind::Proof, MAX_HELLO_BYTES).await?;
    if !secret.accepts(Role::Client, &hello, &challenge, &proof) {
        return Err(HelloError::WrongSecret);
    }
    let mut welcome = secret.prove(Role::Server, &hello, &challenge).to_vec();
    welcome.extend_from_slice(table);
    send(stream, Kind::Welcome, &welcome).await?;
    Ok(agree(mine, &theirs, rest))
}

fn agree(mine: &Greeting, theirs: &Greeting, rest: BytesMut) -> Agreed {
    Agreed {
        peer_max_frame: theirs.max_frame_bytes as usize,
        max_in_flight: mine.max_in_flight.min(theirs.max_in_flight) as usize,
        table: Table::default(),
        rest,
    }
}

/// Tells a peer why it is turned away, and closes this side of the stream. Best effort.
pub(crate) async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S, code: u16, why: &str) {
    let mut out = vec![];
    frame::put(&mut out, Kind::GoAway, 0, code, 0, clip(why).as_bytes());
    let _ = stream.write_all(&out).await;
    let _ = stream.shutdown().await;
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, kind: Kind, body: &[u8]) -> Result<(), HelloError> {
    let mut out = Vec::with_capacity(frame::HEADER_BYTES + body.len());
    frame::put(&mut out, kind, 0, 0, 0, body);
    stream.write_all(&out).await?;
    Ok(stream.flush().await?)
}

async fn expect<S>(stream: &mut S, rest: &mut BytesMut, kind: Kind, max_body: usize) -> Result<Bytes, HelloError>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some(Frame { kind: came, code, body, .. }) = frame::take(rest, max_body)? {
            return match came {
                Kind::GoAway => Err(HelloError::Refused(Status::new(code, String::from_utf8_lossy(clip_bytes(&body))))),
                _ if came == kind => Ok(body),
                _ => Err(HelloError::OutOfTurn(came)),
            };
        }
        rest.reserve(512);
        if stream.read_buf(rest).await? == 0 {
            return Err(HelloError::Ended);
        }
    }
}

/// At most as much of a peer's text as this side would send.
pub(crate) fn clip_bytes(text: &[u8]) -> &[u8] {
    &text[..text.len().min(crate::status::MAX_MESSAGE_BYTES)]
}
