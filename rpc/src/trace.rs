//! [`Trace`]: the W3C trace context that a call carries (<https://www.w3.org/TR/trace-context/>, version 00).

use std::{fmt, str::FromStr};

use crate::frame::TRACE_BYTES;

/// Which distributed trace a call belongs to, and which span made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The whole trace; not all zero when it came from a `traceparent`.
    pub trace_id: [u8; 16],
    /// The caller's span; not all zero when it came from a `traceparent`.
    pub span_id: [u8; 8],
    /// Bit 0: sampled.
    pub flags: u8,
}

impl Trace {
    pub(crate) fn to_wire(self) -> [u8; TRACE_BYTES] {
        let mut bytes = [0; TRACE_BYTES];
        bytes[..16].copy_from_slice(&self.trace_id);
        bytes[16..24].copy_from_slice(&self.span_id);
        bytes[24] = self.flags;
        bytes
    }

    pub(crate) fn from_wire(bytes: &[u8; TRACE_BYTES]) -> Self {
        let mut trace = Self { trace_id: [0; 16], span_id: [0; 8], flags: bytes[24] };
        trace.trace_id.copy_from_slice(&bytes[..16]);
        trace.span_id.copy_from_slice(&bytes[16..24]);
        trace
    }
}

/// Why a text is no `traceparent` of version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent of version 00")]
pub struct TraceError;

impl FromStr for Trace {
    type Err = TraceError;

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`, lower case, neither id all zero.
    fn from_str(text: &str) -> Result<Self, TraceError> {
        let rest = text.strip_prefix("00-").ok_or(TraceError)?.as_bytes();
        if rest.len() != 52 || rest[32] != b'-' || rest[49] != b'-' {
            return Err(TraceError);
        }
        let mut trace = Self { trace_id: [0; 16], span_id: [0; 8], flags: 0 };
        read_hex(&rest[..32], &mut trace.trace_id)?;
        read_hex(&rest[33..49], &mut trace.span_id)?;
        read_hex(&rest[50..], std::slice::from_mut(&mut trace.flags))?;
        if trace.trace_id == [0; 16] || trace.span_id == [0; 8] {
            return Err(TraceError);
        }
        Ok(trace)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", self.flags)
    }
}

fn read_hex(text: &[u8], out: &mut [u8]) -> Result<(), TraceError> {
    for (pair, byte) in text.chunks_exact(2).zip(out) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(())
}

fn digit(character: u8) -> Result<u8, TraceError> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(TraceError),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Trace, TraceError};

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_alike() {
        let trace: Trace = TEXT.parse().unwrap();
        assert_eq!((trace.trace_id[0], trace.span_id[7], trace.flags), (0x4b, 0xb7, 1));
        assert_eq!(trace.to_string(), TEXT);
        assert_eq!(Trace::from_wire(&trace.to_wire()), trace);
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        ] {
            assert_eq!(wrong.parse::<Trace>(), Err(TraceError), "{wrong}");
        }
    }
}
