//! Bytes <-> [`Frame`]: the shape of everything that crosses the wire after it is a slice and before it is a message.
//!
//! Pure: no I/O, no clock. [`take`] works on whatever has arrived and can say "not yet".

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::context::Trace;

/// Bytes in a frame header: `len u32 | kind u8 | flags u8 | code u16 | id u32`, little endian.
pub const HEADER_BYTES: usize = 12;
/// The largest body that any configuration may allow: 16 MiB.
pub const MAX_BODY_BYTES: usize = 16 << 20;
/// Bytes of a W3C trace context on the wire: trace id 16, span id 8, flags 1.
pub const TRACE_BYTES: usize = 25;

/// On a REQUEST: a trace context of [`TRACE_BYTES`] stands before the payload.
pub const FLAG_TRACE: u8 = 0x01;
/// On a REQUEST: this call is already a retry; whoever serves it does not retry further down.
pub const FLAG_RETRY: u8 = 0x02;
/// On a RESPONSE with a code: no handler was started for this request.
pub const FLAG_NOT_EXECUTED: u8 = 0x01;

/// What a frame is for. The numbers are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Client to server, the first frame: version, limits, nonce.
    Hello = 1,
    /// Server to client: its version, limits, nonce.
    Challenge = 2,
    /// Client to server: proof that it holds the secret.
    Proof = 3,
    /// Server to client: its own proof, then the method table.
    Welcome = 4,
    /// Client to server: one call.
    Request = 5,
    /// Server to client: the one answer that each request gets.
    Response = 6,
    /// Client to server: nobody waits for this call any more.
    Cancel = 7,
    /// Either way: are you there?
    Ping = 8,
    /// Either way: the answer to a ping, with its id.
    Pong = 9,
    /// Either way: no more requests on this connection; the code says why.
    GoAway = 10,
}

impl Kind {
    fn from_wire(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Hello,
            2 => Self::Challenge,
            3 => Self::Proof,
            4 => Self::Welcome,
            5 => Self::Request,
            6 => Self::Response,
            7 => Self::Cancel,
            8 => Self::Ping,
            9 => Self::Pong,
            10 => Self::GoAway,
            _ => return None,
        })
    }

    /// The flag bits that mean something on this kind; any other bit is refused, so that it can get a meaning later.
    fn known_flags(self) -> u8 {
        match self {
            Self::Request => FLAG_TRACE | FLAG_RETRY,
            Self::Response => FLAG_NOT_EXECUTED,
            _ => 0,
        }
    }
}

/// One frame as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is for.
    pub kind: Kind,
    /// `FLAG_` bits; only those known for the kind.
    pub flags: u8,
    /// Status of a RESPONSE, reason of a GOAWAY, 0 elsewhere.
    pub code: u16,
    /// The call (or ping) it belongs to, 0 elsewhere.
    pub id: u32,
    /// What follows the header.
    pub body: Bytes,
}

/// Why bytes are not a frame. The connection is beyond use after any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// `len` promises more than this side accepts.
    #[error("frame of {len} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes promised.
        len: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A kind that this version does not know.
    #[error("unknown frame kind {0}")]
    UnknownKind(u8),
    /// A flag bit that this kind does not have.
    #[error("unknown flags {flags:#04x} on a frame of kind {kind:?}")]
    UnknownFlags {
        /// The kind.
        kind: Kind,
        /// All its flag bits.
        flags: u8,
    },
    /// A request too short for its own head.
    #[error("request ends inside its head")]
    ShortRequest,
}

/// Takes the first whole frame off `buffer`, or `None` if it has not all arrived.
///
/// `len`, kind and flags are judged as soon as the header is there, before anything is allocated for the body.
pub fn take(buffer: &mut BytesMut, max_body: usize) -> Result<Option<Frame>, FrameError> {
    let Some(header) = buffer.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    let [l0, l1, l2, l3, kind, flags, c0, c1, i0, i1, i2, i3] = *header;
    let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if len > max_body {
        return Err(FrameError::TooLarge { len, limit: max_body });
    }
    let kind = Kind::from_wire(kind).ok_or(FrameError::UnknownKind(kind))?;
    if flags & !kind.known_flags() != 0 {
        return Err(FrameError::UnknownFlags { kind, flags });
    }
    if buffer.len() < HEADER_BYTES + len {
        return Ok(None);
    }
    buffer.advance(HEADER_BYTES);
    Ok(Some(Frame {
        kind,
        flags,
        code: u16::from_le_bytes([c0, c1]),
        id: u32::from_le_bytes([i0, i1, i2, i3]),
        body: if len == 0 { Bytes::new() } else { buffer.split_to(len).freeze() },
    }))
}

/// Appends a header whose `len` is still 0 and returns where the frame starts; [`finish`] fills `len` in.
pub fn begin(out: &mut Vec<u8>, kind: Kind, flags: u8, code: u16, id: u32) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind as u8, flags]);
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&id.to_le_bytes());
    start
}

/// Completes the frame that [`begin`] started; returns the bytes of its body.
pub fn finish(out: &mut [u8], start: usize) -> usize {
    let body = out.len() - start - HEADER_BYTES;
    let len = u32::try_from(body).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    body
}

/// Writes the id into a frame that was begun before its id was known.
pub fn set_id(out: &mut [u8], start: usize, id: u32) {
    out[start + 8..start + HEADER_BYTES].copy_from_slice(&id.to_le_bytes());
}

/// Appends one whole frame.
pub fn put(out: &mut Vec<u8>, kind: Kind, flags: u8, code: u16, id: u32, body: &[u8]) {
    let start = begin(out, kind, flags, code, id);
    out.extend_from_slice(body);
    finish(out, start);
}

/// What stands in a request's body before its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// Number of the service in the server's table.
    pub service: u16,
    /// Number of the method within its service.
    pub method: u16,
    /// Milliseconds the caller will still wait.
    pub timeout_ms: u32,
    /// The caller's trace context.
    pub trace: Option<Trace>,
}

impl RequestHead {
    /// The flag bits that say how this head is laid out.
    pub fn flags(&self) -> u8 {
        if self.trace.is_some() { FLAG_TRACE } else { 0 }
    }

    /// Appends the head.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.service.to_le_bytes());
        out.extend_from_slice(&self.method.to_le_bytes());
        out.extend_from_slice(&self.timeout_ms.to_le_bytes());
        if let Some(trace) = &self.trace {
            out.extend_from_slice(&trace.to_wire());
        }
    }

    /// Takes the head off a request's body and leaves the payload.
    pub fn take(body: &mut Bytes, flags: u8) -> Result<Self, FrameError> {
        let traced = flags & FLAG_TRACE != 0;
        if body.len() < if traced { 8 + TRACE_BYTES } else { 8 } {
            return Err(FrameError::ShortRequest);
        }
        let (service, method, timeout_ms) = (body.get_u16_le(), body.get_u16_le(), body.get_u32_le());
        let trace = traced.then(|| {
            let mut bytes = [0; TRACE_BYTES];
            body.copy_to_slice(&mut bytes);
            Trace::from_wire(&bytes)
        });
        Ok(Self { service, method, timeout_ms, trace })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Bytes, BytesMut, FLAG_NOT_EXECUTED, FLAG_TRACE, FrameError, Kind, RequestHead, Trace, put, take};

    fn bytes(kind: u8, flags: u8, len: u32, body: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&[kind, flags, 0, 0, 7, 0, 0, 0]);
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn a_frame_has_these_bytes() {
        let mut out = vec![];
        put(&mut out, Kind::Response, FLAG_NOT_EXECUTED, 0x0102, 0x0304_0506, b"hi");
        assert_eq!(out, [2, 0, 0, 0, 6, 1, 2, 1, 6, 5, 4, 3, b'h', b'i']);
    }

    #[test]
    fn a_frame_is_not_there_until_its_last_byte_is() {
        let whole = bytes(6, 0, 3, b"abc");
        for end in 0..whole.len() {
            assert_eq!(take(&mut BytesMut::from(&whole[..end]), 64), Ok(None), "{end} bytes");
        }
        let frame = take(&mut whole.clone(), 64).unwrap().unwrap();
        assert_eq!((frame.kind, frame.id, &frame.body[..]), (Kind::Response, 7, &b"abc"[..]));
    }

    #[test]
    fn a_promise_over_the_limit_is_refused_at_the_header() {
        let mut header = bytes(6, 0, u32::MAX, b"");
        let capacity = header.capacity();
        assert_eq!(take(&mut header, 1024), Err(FrameError::TooLarge { len: u32::MAX as usize, limit: 1024 }));
        assert_eq!(header.capacity(), capacity);
        assert!(take(&mut bytes(6, 0, 1024, b""), 1024).is_ok());
    }

    #[test]
    fn unknown_kinds_and_flags_are_refused() {
        assert_eq!(take(&mut bytes(0, 0, 0, b""), 64), Err(FrameError::UnknownKind(0)));
        assert_eq!(take(&mut bytes(11, 0, 0, b""), 64), Err(FrameError::UnknownKind(11)));
        assert_eq!(take(&mut bytes(7, 1, 0, b""), 64), Err(FrameError::UnknownFlags { kind: Kind::Cancel, flags: 1 }));
    }

    #[test]
    fn a_request_head_comes_back_and_leaves_the_payload() {
        for trace in [None, Some(Trace { trace_id: [1; 16], span_id: [2; 8], flags: 1 })] {
            let head = RequestHead { service: 1, method: 513, timeout_ms: 2000, trace };
            let mut out = vec![];
            head.put(&mut out);
            out.extend_from_slice(b"payload");
            let mut body = Bytes::from(out);
            assert_eq!(RequestHead::take(&mut body, head.flags()), Ok(head));
            assert_eq!(&body[..], b"payload");
        }
        assert_eq!(RequestHead::take(&mut Bytes::from_static(&[0; 7]), 0), Err(FrameError::ShortRequest));
        assert_eq!(RequestHead::take(&mut Bytes::from_static(&[0; 32]), FLAG_TRACE), Err(FrameError::ShortRequest));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_frames_a_wait_or_an_error(input: Vec<u8>) {
            let mut buffer = BytesMut::from(&input[..]);
            while let Ok(Some(frame)) = take(&mut buffer, 256) {
                assert!(frame.body.len() <= 256);
            }
        }

        #[test]
        fn what_is_put_is_taken(code in any::<u16>(), id in any::<u32>(), body: Vec<u8>, cut in any::<usize>()) {
            let mut out = vec![];
            put(&mut out, Kind::GoAway, 0, code, id, &body);
            put(&mut out, Kind::Ping, 0, 0, id, b"");
            let cut = cut % out.len();
            let mut buffer = BytesMut::from(&out[..cut]);
            let early = take(&mut buffer, 1 << 20).unwrap();
            buffer.extend_from_slice(&out[cut..]);
            let first = match early {
                Some(frame) => frame,
                None => take(&mut buffer, 1 << 20).unwrap().unwrap(),
            };
            assert_eq!((first.code, first.id, &first.body[..]), (code, id, &body[..]));
            assert_eq!(take(&mut buffer, 0).unwrap().unwrap().kind, Kind::Ping);
            assert!(buffer.is_empty());
        }
    }
}
