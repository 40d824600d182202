//! What the WebP decoder does not check before it allocates.
//!
//! A WebP file is a RIFF list of chunks (RFC 9649). An outer header may say 1 by 1 while the VP8 frame inside says 16383 by 16383, and a
//! chunk may claim 4 GiB; image-webp 0.2 believes both and compares later.

use crate::domain::invalid::Invalid;

use super::{invalid, too_large, unreadable};

/// `RIFF`, the file's length, `WEBP`.
const FILE_HEADER: usize = 12;

/// Refuses animations, chunks that go beyond the file, and frames with a side longer than `max_side_px`.
pub(super) fn check(file: &[u8], max_side_px: u32) -> Result<(), Invalid> {
    let mut rest = file.get(FILE_HEADER..).ok_or_else(unreadable)?;
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *header;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| unreadable())?;
        let payload = after.get(..length).ok_or_else(unreadable)?;
        match &[a, b, c, d] {
            b"ANIM" | b"ANMF" => return Err(invalid("must not be animated".into())),
            b"VP8 " if longest_side(payload)? > max_side_px => return Err(too_large(max_side_px)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    Ok(())
}

/// Of a VP8 key frame (RFC 6386, 9.1): 3 bytes of tag, the start code, then width and height in the lower 14 bits of 2 bytes each.
fn longest_side(frame: &[u8]) -> Result<u32, Invalid> {
    match frame {
        [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Ok(side(*w0, *w1).max(side(*h0, *h1)))
        }
        _ => Err(unreadable()),
    }
}
