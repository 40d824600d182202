//! Uploads become pictures: decoded within limits, turned upright, scaled down, and written anew.
//!
//! Nothing of the uploaded bytes is kept: no metadata (people photograph where they live), no second file hidden in the first.
//! What a file is, its first bytes tell, never its name or the media type that was sent with it. SVG is a program and GIF is not
//! worth its decoder: both are refused.

mod webp;

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::error::{ImageError, LimitErrorKind};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::domain::invalid::Invalid;
use crate::domain::picture::PictureFormat;

use super::cpu::{Cpu, CpuError};

/// Most bytes that a decoded picture may take: 96 MiB, enough for 4096 by 4096 pixels of 6 bytes.
const MAX_DECODED_BYTES: u64 = 96 << 20;

/// Quality of what is written as JPEG, of 100.
const JPEG_QUALITY: u8 = 85;

/// What an upload may be and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest side of an upload, in pixels.
    pub max_side_px: u32,
    /// Longest side of what is kept, in pixels. Smaller pictures stay as they are.
    pub output_side_px: u32,
}

/// Rewrites uploads within bounds. Clones share them.
#[derive(Clone, Debug)]
pub struct Studio {
    limits: Limits,
    cpu: Cpu,
}

impl Studio {
    /// A studio with `limits` that works within the bounds of `cpu`. Each picture in work may take some 200 MiB for a moment.
    pub fn new(limits: Limits, cpu: Cpu) -> Self {
        Self { limits, cpu }
    }

    /// As [`rewrite`], on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`CpuError::Busy`] at once when too many pictures are waiting, [`CpuError::Panicked`] if the decoder did.
    pub async fn rewrite(&self, upload: Bytes) -> Result<Result<(PictureFormat, Bytes), Invalid>, CpuError> {
        let limits = self.limits;
        self.cpu.run(move || rewrite(&upload, &limits)).await
    }
}

/// Decodes a PNG, JPEG or WebP upload and writes it anew: as JPEG, or as PNG if anything in it is transparent.
///
/// Takes up to a second of one core. Of an animated PNG the still picture is kept.
///
/// # Errors
///
/// [`Invalid`] of the field `profilePic`.
pub fn rewrite(upload: &[u8], limits: &Limits) -> Result<(PictureFormat, Bytes), Invalid> {
    let picture = decode(upload, limits)?;
    let written = match picture {
        DynamicImage::ImageRgba8(ref pixels) if pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX) => png(&picture),
        other => jpeg(&other),
    };
    written.map(|(format, bytes)| (format, bytes.into())).map_err(|_| unreadable())
}

/// The picture upright, no larger than it is kept, in 8 bits a channel.
fn decode(upload: &[u8], limits: &Limits) -> Result<DynamicImage, Invalid> {
    let mut reader = ImageReader::new(Cursor::new(upload)).with_guessed_format().map_err(|_| unreadable())?;
    match reader.format() {
        Some(ImageFormat::Png | ImageFormat::Jpeg) => {}
        Some(ImageFormat::WebP) => webp::check(upload, limits.max_side_px)?,
        _ => return Err(unreadable()),
    }
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits.max_side_px);
    bounds.max_image_height = Some(limits.max_side_px);
    bounds.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(bounds.clone());
    let refused = |error| refused(&error, limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let orientation = decoder.orientation().map_err(refused)?;
    bounds.reserve(decoder.total_bytes()).map_err(refused)?;
    decoder.set_limits(bounds).map_err(refused)?;

    // Scaled before anything else: whatever follows then works on little.
    let scaled = scale(DynamicImage::from_decoder(decoder).map_err(refused)?, limits.output_side_px);
    let transparent = scaled.color().has_alpha();
    let mut picture: DynamicImage = if transparent { scaled.into_rgba8().into() } else { scaled.into_rgb8().into() };
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn scale(picture: DynamicImage, side_px: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side_px {
        return picture;
    }
    // Averaging takes the large picture most of the way in a fraction of a good filter's time.
    let halfway = side_px.saturating_mul(2);
    if picture.width().max(picture.height()) > halfway {
        return picture.thumbnail(halfway, halfway).resize(side_px, side_px, FilterType::CatmullRom);
    }
    picture.resize(side_px, side_px, FilterType::CatmullRom)
}

fn png(picture: &DynamicImage) -> Result<(PictureFormat, Vec<u8>), ImageError> {
    let mut written = Cursor::new(Vec::new());
    picture.write_to(&mut written, ImageFormat::Png)?;
    Ok((PictureFormat::Png, written.into_inner()))
}

fn jpeg(picture: &DynamicImage) -> Result<(PictureFormat, Vec<u8>), ImageError> {
    let mut written = Vec::new();
    JpegEncoder::new_with_quality(&mut written, JPEG_QUALITY).encode_image(&picture.to_rgb8())?;
    Ok((PictureFormat::Jpeg, written))
}

fn refused(error: &ImageError, limits: &Limits) -> Invalid {
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::DimensionError => too_large(limits.max_side_px),
        ImageError::Limits(_) => invalid(format!("must decode to at most {} MiB", MAX_DECODED_BYTES >> 20)),
        _ => unreadable(),
    }
}

fn unreadable() -> Invalid {
    invalid("must be a PNG, JPEG or WebP picture".into())
}

fn too_large(side_px: u32) -> Invalid {
    invalid(format!("must be at most {side_px} pixels on each side"))
}

fn invalid(rule: String) -> Invalid {
    Invalid::new("profilePic", rule)
}

#[cfg(test)]
mod tests;
