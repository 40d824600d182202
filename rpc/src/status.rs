//! How a call can end: [`Status`] travels on the wire, [`CallError`] is what a caller gets, [`Executed`] is what they say
//! about the one thing that matters before trying again.

use std::{borrow::Cow, fmt};

/// Longest text of a status or GOAWAY, in bytes; more is cut at a character.
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// What a handler answers instead of a response: a code and a text for whoever reads logs.
///
/// Codes 1..=255 belong to the protocol (the constants below), 256.. to the application. 0 is success and no status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What happened.
    pub code: u16,
    /// For people; never parsed.
    pub message: String,
}

impl Status {
    /// Success: the body is the response.
    pub const OK: u16 = 0;
    /// The handler panicked or broke a promise of its own.
    pub const INTERNAL: u16 = 1;
    /// Over a limit of requests in flight; nothing was executed.
    pub const REJECTED: u16 = 2;
    /// The server is stopping; nothing was executed. Also the code of the GOAWAY that said so.
    pub const DRAINING: u16 = 3;
    /// The deadline had passed before the work began.
    pub const DEADLINE_EXCEEDED: u16 = 4;
    /// The caller took the call back.
    pub const CANCELLED: u16 = 5;
    /// No service of this number.
    pub const UNKNOWN_SERVICE: u16 = 6;
    /// The service has no method of this number.
    pub const UNKNOWN_METHOD: u16 = 7;
    /// The payload is no such request.
    pub const INVALID_REQUEST: u16 = 8;
    /// The response does not fit in the frame that the client accepts, or the client does not read and too much waits
    /// for it already; the work was done.
    pub const RESPONSE_TOO_LARGE: u16 = 9;
    /// GOAWAY: an orderly end, nothing wrong.
    pub const CLOSING: u16 = 32;
    /// GOAWAY: the proof of the shared secret is wrong.
    pub const UNAUTHENTICATED: u16 = 33;
    /// GOAWAY: a protocol version this side does not speak.
    pub const UNSUPPORTED_VERSION: u16 = 34;
    /// GOAWAY: a codec this side does not speak.
    pub const UNSUPPORTED_CODEC: u16 = 35;
    /// GOAWAY: bytes that are no frame, or a frame that may not come now.
    pub const PROTOCOL: u16 = 36;
    /// GOAWAY: a frame over the limit.
    pub const FRAME_TOO_LARGE: u16 = 37;
    /// GOAWAY: a frame, the hello or a sign of life did not come in time.
    pub const TIMED_OUT: u16 = 38;
    /// GOAWAY: more connections than the server takes.
    pub const TOO_MANY_CONNECTIONS: u16 = 39;
    /// GOAWAY: the client cancels and cancels without letting anything finish.
    pub const CANCEL_FLOOD: u16 = 40;

    /// A status of an application (`code` >= 256) or of the protocol.
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The handler broke a promise of its own; `message` goes to the caller.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Self::INTERNAL, message)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {}", self.code, self.message)
    }
}

impl std::error::Error for Status {}

/// Cuts `text` to [`MAX_MESSAGE_BYTES`] at a character.
pub(crate) fn clip(text: &str) -> &str {
    clip_to(text, MAX_MESSAGE_BYTES)
}

/// The same for a peer that takes only `limit` bytes.
pub(crate) fn clip_to(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit.min(MAX_MESSAGE_BYTES))]
}

/// Did the server start the work of a call that failed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Executed {
    /// Proven not to have begun: trying again is always safe.
    No,
    /// It may have begun, it may even have finished.
    Unknown,
    /// It ran; the failure is its answer.
    Yes,
}

/// Why a call brought no response.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The handler (or the server before it) answered with a status.
    #[error("{status}")]
    Status {
        /// What was answered.
        status: Status,
        /// Whether the handler ran.
        executed: Executed,
    },
    /// The server is over a limit or stopping; it executed nothing.
    #[error("rejected: {0}")]
    Rejected(Status),
    /// No connection to send it on: refused, resting after failures, all busy for too long, or the client is closed.
    #[error("backend unavailable: {0}")]
    Unavailable(Cow<'static, str>),
    /// The deadline passed.
    #[error("deadline exceeded")]
    DeadlineExceeded {
        /// `No` if the request never left or the server dropped it unstarted.
        executed: Executed,
    },
    /// The connection ended before the answer came.
    #[error("connection lost: {reason}")]
    Lost {
        /// What ended it.
        reason: Cow<'static, str>,
        /// `No` if the request was never given to the socket.
        executed: Executed,
    },
    /// The server has no such service.
    #[error("server has no service {0}")]
    UnknownService(&'static str),
    /// The service has no such method.
    #[error("service {service} has no method {method}")]
    UnknownMethod {
        /// The service, which exists.
        service: &'static str,
        /// The method, which does not.
        method: &'static str,
    },
    /// The request does not fit in the frame that the server accepts.
    #[error("request of {size} bytes is over the server's limit of {limit}")]
    TooLarge {
        /// Bytes of the frame's body.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The request could not be encoded.
    #[error("request: {0}")]
    Encode(#[source] crate::CodecError),
    /// The response is not what the method declares.
    #[error("response: {0}")]
    Decode(#[source] crate::CodecError),
}

impl CallError {
    /// Did the server start the work?
    pub fn executed(&self) -> Executed {
        match self {
            Self::Status { executed, .. } | Self::DeadlineExceeded { executed } | Self::Lost { executed, .. } => {
                *executed
            }
            Self::Decode(_) => Executed::Yes,
            Self::Rejected(_)
            | Self::Unavailable(_)
            | Self::UnknownService(_)
            | Self::UnknownMethod { .. }
            | Self::TooLarge { .. }
            | Self::Encode(_) => Executed::No,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{MAX_MESSAGE_BYTES, clip};

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let text = "é".repeat(MAX_MESSAGE_BYTES);
        assert_eq!(clip(&text).len(), MAX_MESSAGE_BYTES);
        let odd = format!("a{text}");
        assert_eq!(clip(&odd).len(), MAX_MESSAGE_BYTES - 1);
        assert_eq!(clip("short"), "short");
    }
}
