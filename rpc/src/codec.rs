//! [`Message`] <-> bytes. The only file that knows the format is bincode; everything else sees one small trait.
//!
//! Format in force (codec id 1): bincode 2 `standard()`, that is little endian, variable-length integers, no trailing
//! bytes. The golden test at the end holds it still. bincode is finished and unmaintained, hence pinned and kept in here.

use bincode::{config, enc::write::Writer, error::EncodeError};
use serde::{Serialize, de::DeserializeOwned};

use crate::frame::MAX_BODY_BYTES;

/// The number that HELLO carries for this format.
pub const CODEC_ID: u16 = 1;

/// Decoding may claim at most this many times the payload's own size: the widest integer (16 bytes) is 1 byte when small.
const EXPANSION: usize = 16;

/// Why a message did not become bytes or bytes no message.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value cannot be written (its own `Serialize` refused).
    #[error("cannot encode: {0}")]
    Encode(String),
    /// The bytes are not such a value.
    #[error("cannot decode: {0}")]
    Decode(String),
    /// The bytes hold a value and then more.
    #[error("{0} bytes after the end of the message")]
    Trailing(usize),
}

/// A value that can be a request or a response. Every owned serde type is one.
///
/// Types whose shape depends on the format (`flatten`, `untagged`, `skip_serializing_if`) do not survive: bincode is not
/// self-describing. Two kinds of types let a few bytes cost a peer dear and do not belong into a request: one that contains
/// itself (`Box<Self>`) is decoded as deep as its bytes say, until the stack ends; a sequence of elements that take no bytes
/// (`Vec<()>`) is counted through to whatever length it claims.
pub trait Message: Serialize + DeserializeOwned {
    /// Appends the value's bytes to `out`; on an error `out` may hold a part of them.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError>;
    /// Reads a value that takes up all of `bytes`. Allocates at most in proportion to `bytes`, whatever they promise.
    fn decode(bytes: &[u8]) -> Result<Self, CodecError>;
}

impl<T: Serialize + DeserializeOwned> Message for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        bincode::serde::encode_into_writer(self, Append(out), config::standard())
            .map_err(|error| CodecError::Encode(error.to_string()))
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        const SMALL: usize = 4 << 10;
        const MEDIUM: usize = 256 << 10;
        // bincode allocates what a length promises once that is within its limit, and the limit is a constant: so the
        // limit is the next step above the payload's size, not one for all.
        let size = bytes.len();
        if size <= SMALL {
            decode_within::<{ SMALL * EXPANSION }, T>(bytes)
        } else if size <= MEDIUM {
            decode_within::<{ MEDIUM * EXPANSION }, T>(bytes)
        } else {
            decode_within::<{ MAX_BODY_BYTES * EXPANSION }, T>(bytes)
        }
    }
}

fn decode_within<const LIMIT: usize, T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let limited = config::standard().with_limit::<LIMIT>();
    let (value, used) =
        bincode::serde::decode_from_slice(bytes, limited).map_err(|error| CodecError::Decode(error.to_string()))?;
    if used < bytes.len() {
        return Err(CodecError::Trailing(bytes.len() - used));
    }
    Ok(value)
}

struct Append<'a>(&'a mut Vec<u8>);

impl Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::proptest;
    use serde::Deserialize;

    use super::{CodecError, Message, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        id: u64,
        name: String,
        tags: Vec<u32>,
        note: Option<bool>,
        outcome: Result<i64, u8>,
        amount: i128,
    }

    fn sample() -> Sample {
        Sample {
            id: 300,
            name: "alice".into(),
            tags: vec![1, 251, 70_000],
            note: Some(true),
            outcome: Err(9),
            amount: -2,
        }
    }

    const GOLDEN: [u8; 25] = [
        0xfb, 0x2c, 0x01, // id 300: 251 announces two bytes
        0x05, b'a', b'l', b'i', b'c', b'e', // length, UTF-8
        0x03, 0x01, 0xfb, 0xfb, 0x00, 0xfc, 0x70, 0x11, 0x01,
        0x00, // three: 1, 251, 70000 (252 announces four bytes)
        0x01, 0x01, // Some(true)
        0x01, 0x09, // second variant, u8 as it is
        0x03, // zigzag of -2
        0x00,
    ];

    #[test]
    fn the_format_has_not_moved() {
        let mut out = vec![];
        sample().encode(&mut out).unwrap();
        assert_eq!(out, GOLDEN[..24]);
        assert_eq!(Sample::decode(&GOLDEN[..24]).unwrap(), sample());
    }

    #[test]
    fn one_trailing_byte_is_refused() {
        assert!(matches!(Sample::decode(&GOLDEN), Err(CodecError::Trailing(1))));
    }

    #[test]
    fn a_message_cut_anywhere_is_refused() {
        for end in 0..24 {
            assert!(matches!(Sample::decode(&GOLDEN[..end]), Err(CodecError::Decode(_))), "{end} bytes");
        }
    }

    #[test]
    fn nine_bytes_that_promise_an_exabyte_allocate_nothing_like_it() {
        let promise = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0x10];
        assert!(matches!(String::decode(&promise), Err(CodecError::Decode(_))));
        assert!(matches!(Vec::<u8>::decode(&promise), Err(CodecError::Decode(_))));
        assert!(matches!(Vec::<u64>::decode(&promise), Err(CodecError::Decode(_))));
    }

    #[test]
    fn every_size_step_decodes_what_it_encoded() {
        for size in [0, 4 << 10, 5 << 10, 300 << 10, 2 << 20] {
            let (mut text, mut numbers) = (vec![], vec![]);
            "x".repeat(size).encode(&mut text).unwrap();
            vec![0_u128; size].encode(&mut numbers).unwrap();
            assert_eq!(String::decode(&text).unwrap().len(), size);
            assert_eq!(Vec::<u128>::decode(&numbers).unwrap().len(), size);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(input: Vec<u8>) {
            let _ = Sample::decode(&input).map(|value| value.id);
        }

        #[test]
        fn what_is_encoded_decodes(id: u64, name: String, tags: Vec<u32>, note: Option<bool>, amount: i128) {
            let value = Sample { id, name, tags, note, outcome: Ok(-1), amount };
            let mut out = vec![];
            value.encode(&mut out).unwrap();
            assert_eq!(Sample::decode(&out).unwrap(), value);
        }
    }
}
