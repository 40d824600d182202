//! [`Greeting`]: the body of HELLO and CHALLENGE, bytes only. What is done with it is in `hello.rs`.

use crate::codec::CODEC_ID;

/// The first bytes of every greeting.
pub const MAGIC: [u8; 8] = *b"tellrpc\n";
/// The version of this protocol.
pub const VERSION: u16 = 1;
/// Bytes of a greeting.
pub const GREETING_BYTES: usize = 52;

/// What one side says of itself before anything is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Protocol version, [`VERSION`].
    pub version: u16,
    /// Payload format, [`CODEC_ID`].
    pub codec: u16,
    /// Largest body of a frame that this side accepts, in bytes.
    pub max_frame_bytes: u32,
    /// Requests in flight at once: what the client will use, what the server allows. The smaller one holds.
    pub max_in_flight: u32,
    /// Fresh random bytes, never used before.
    pub nonce: [u8; 32],
}

/// Why a greeting cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GreetingError {
    /// Not this protocol at all.
    #[error("the peer does not speak teller-rpc")]
    Magic,
    /// Another version of it.
    #[error("the peer speaks version {0}, this side {VERSION}")]
    Version(u16),
    /// Another payload format.
    #[error("the peer uses codec {0}, this side {CODEC_ID}")]
    Codec(u16),
    /// No room for a single frame or call.
    #[error("the peer allows no frames or no calls")]
    Limits,
}

impl Greeting {
    /// A greeting of this version with a fresh nonce.
    pub fn new(max_frame_bytes: usize, max_in_flight: usize) -> Self {
        Self {
            version: VERSION,
            codec: CODEC_ID,
            max_frame_bytes: u32::try_from(max_frame_bytes).unwrap_or(u32::MAX),
            max_in_flight: u32::try_from(max_in_flight).unwrap_or(u32::MAX),
            nonce: rand::random(),
        }
    }

    /// The greeting's bytes.
    pub fn to_wire(&self) -> [u8; GREETING_BYTES] {
        let mut bytes = [0; GREETING_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&self.version.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.codec.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.max_frame_bytes.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.max_in_flight.to_le_bytes());
        bytes[20..].copy_from_slice(&self.nonce);
        bytes
    }

    /// Reads and judges a peer's greeting.
    pub fn from_wire(body: &[u8]) -> Result<Self, GreetingError> {
        // The version is judged before the length: a later version may have a longer greeting.
        if body.len() < 10 || body[..8] != MAGIC {
            return Err(GreetingError::Magic);
        }
        let version = u16::from_le_bytes([body[8], body[9]]);
        if version != VERSION {
            return Err(GreetingError::Version(version));
        }
        let bytes: &[u8; GREETING_BYTES] = body.try_into().map_err(|_| GreetingError::Magic)?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut nonce = [0; 32];
        nonce.copy_from_slice(&bytes[20..]);
        let codec = u16::from_le_bytes([bytes[10], bytes[11]]);
        if codec != CODEC_ID {
            return Err(GreetingError::Codec(codec));
        }
        let greeting = Self { version, codec, max_frame_bytes: word(12), max_in_flight: word(16), nonce };
        if greeting.max_frame_bytes < 64 || greeting.max_in_flight == 0 {
            return Err(GreetingError::Limits);
        }
        Ok(greeting)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Greeting, GreetingError};

    #[test]
    fn a_greeting_comes_back_and_every_nonce_is_new() {
        let greeting = Greeting::new(1 << 20, 1024);
        assert_eq!(Greeting::from_wire(&greeting.to_wire()), Ok(greeting.clone()));
        assert_ne!(Greeting::new(1 << 20, 1024).nonce, greeting.nonce);
    }

    #[test]
    fn each_wrong_field_has_its_own_refusal() {
        let good = Greeting::new(1 << 20, 1024).to_wire();
        let with = |at: usize, bytes: &[u8]| {
            let mut wire = good;
            wire[at..at + bytes.len()].copy_from_slice(bytes);
            Greeting::from_wire(&wire)
        };
        assert_eq!(with(0, b"T"), Err(GreetingError::Magic));
        assert_eq!(with(8, &[2, 0]), Err(GreetingError::Version(2)));
        assert_eq!(with(10, &[9, 0]), Err(GreetingError::Codec(9)));
        assert_eq!(with(12, &[63, 0, 0, 0]), Err(GreetingError::Limits));
        assert_eq!(with(16, &[0, 0, 0, 0]), Err(GreetingError::Limits));
        assert_eq!(Greeting::from_wire(&good[..51]), Err(GreetingError::Magic));
        assert_eq!(Greeting::from_wire(b"GET / HTTP/1.1"), Err(GreetingError::Magic));
    }
}
