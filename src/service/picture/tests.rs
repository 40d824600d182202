//! Honest pictures come out right, hostile ones do not come out.

use std::future::{Future, poll_fn};
use std::io::Cursor;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use crate::domain::picture::PictureFormat;
use crate::service::cpu::{Cpu, CpuError};

use super::{Limits, Studio, rewrite};

const LIMITS: Limits = Limits { max_side_px: 4096, output_side_px: 512 };

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// Red on the left, blue on the right.
fn two_colours(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE }).into()
}

fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).expect("what was written can be read")
}

fn is_about(pixel: Rgba<u8>, colour: Rgb<u8>) -> bool {
    pixel.0.iter().zip(colour.0).all(|(is, should)| is.abs_diff(should) < 16)
}

fn refusal(upload: &[u8]) -> String {
    let begun = Instant::now();
    let refused = rewrite(upload, &LIMITS).expect_err("refused");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(refused.field, "profilePic");
    refused.rule.into_owned()
}

const NO_PICTURE: &str = "must be a PNG, JPEG or WebP picture";
const TOO_LARGE: &str = "must be at most 4096 pixels on each side";

#[test]
fn every_accepted_format_comes_out_with_its_colours() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let (written, bytes) = rewrite(&encoded(&two_colours(64, 32), format), &LIMITS).expect("a picture");
        assert_eq!(written, PictureFormat::Jpeg, "{format:?}: nothing is transparent");
        let picture = decoded(&bytes);
        assert_eq!(picture.dimensions(), (64, 32), "small pictures keep their size");
        assert!(is_about(picture.get_pixel(8, 8), RED) && is_about(picture.get_pixel(56, 8), BLUE), "{format:?}");
    }
}

#[test]
fn every_kind_of_pixel_is_understood() {
    let kinds = [
        two_colours(20, 10).into_luma8().into(),
        two_colours(20, 10).into_luma16().into(),
        two_colours(20, 10).into_luma_alpha8().into(),
        two_colours(20, 10).into_rgb16().into(),
        two_colours(20, 10).into_rgba16().into(),
    ];
    for kind in kinds {
        let kind: DynamicImage = kind;
        let (written, bytes) = rewrite(&encoded(&kind, ImageFormat::Png), &LIMITS).expect("a picture");
        assert_eq!(written, PictureFormat::Jpeg, "{:?}: an alpha channel that hides nothing", kind.color());
        assert_eq!(decoded(&bytes).dimensions(), (20, 10));
    }
    let grey = encoded(&two_colours(20, 10).into_luma8().into(), ImageFormat::Jpeg);
    assert!(rewrite(&grey, &LIMITS).is_ok(), "a grey JPEG");
}

#[test]
fn what_is_transparent_stays_so() {
    let pixels = RgbaImage::from_fn(1000, 500, |x, _| Rgba([0, 200, 0, if x < 500 { 0 } else { 255 }]));
    let (written, bytes) = rewrite(&encoded(&pixels.into(), ImageFormat::Png), &LIMITS).expect("a picture");
    assert_eq!(written, PictureFormat::Png);
    let picture = decoded(&bytes);
    assert_eq!(picture.dimensions(), (512, 256));
    assert_eq!((picture.get_pixel(10, 10).0[3], picture.get_pixel(500, 10).0[3]), (0, 255));
}

#[test]
fn a_long_side_is_scaled_down_and_the_shape_stays() {
    for ((width, height), kept) in [
        ((1, 1), (1, 1)),
        ((512, 512), (512, 512)),
        ((513, 10), (512, 10)),
        ((600, 1200), (256, 512)),
        ((4096, 2), (512, 1)),
        ((3000, 1500), (512, 256)),
    ] {
        let (_, bytes) = rewrite(&encoded(&two_colours(width, height), ImageFormat::Png), &LIMITS).expect("a picture");
        assert_eq!(decoded(&bytes).dimensions(), kept, "{width} by {height}");
    }
}

#[test]
fn a_picture_taken_sideways_is_turned_upright() {
    let upright = encoded(&two_colours(32, 16), ImageFormat::Jpeg);
    // Orientation 6: the camera was turned, what is left belongs on top.
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).expect("short");
    let sideways = [&upright[..2], &[0xff, 0xe1], &length.to_be_bytes(), exif, &upright[2..]].concat();
    let (_, bytes) = rewrite(&sideways, &LIMITS).expect("a picture");
    let picture = decoded(&bytes);
    assert_eq!(picture.dimensions(), (16, 32));
    assert!(is_about(picture.get_pixel(8, 4), RED) && is_about(picture.get_pixel(8, 28), BLUE));
    assert!(!contains(&bytes, b"Exif"));
}

#[test]
fn nothing_that_hid_in_an_upload_is_written() {
    let page = b"<html><script>alert('canary')</script></html>";
    let png = encoded(&two_colours(8, 8), ImageFormat::Png);
    let comment = chunk(b"tEXt", &[b"Comment\0", &page[..]].concat());
    // After the signature and IHDR, and after the end.
    let hiding = [&png[..33], &comment, &png[33..], page].concat();
    let jpeg = [&encoded(&two_colours(8, 8), ImageFormat::Jpeg)[..], page].concat();
    let webp = [&encoded(&two_colours(8, 8), ImageFormat::WebP)[..], &riff(b"XXXX", page)].concat();
    for upload in [hiding, jpeg, webp] {
        assert!(contains(&upload, b"canary"));
        let (_, bytes) = rewrite(&upload, &LIMITS).expect("a picture");
        assert!(!contains(&bytes, b"canary"));
    }
}

#[test]
fn what_is_no_accepted_picture_is_refused() {
    for upload in [
        &b""[..],
        b"\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<html>",
        b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff",
    ] {
        assert_eq!(refusal(upload), NO_PICTURE, "{upload:?}");
    }
}

#[test]
fn no_truncated_picture_panics_and_hardly_any_passes() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let whole = encoded(&two_colours(16, 16), format);
        assert_eq!(refusal(&whole[..whole.len() / 4]), NO_PICTURE, "{format:?}");
        for end in 0..whole.len() {
            // A decoder may forgive a missing tail; what it then gives is still a picture.
            if let Ok((_, bytes)) = rewrite(&whole[..end], &LIMITS) {
                assert_eq!(decoded(&bytes).dimensions(), (16, 16), "{format:?} cut at {end}");
            }
        }
    }
}

#[test]
fn a_side_of_4096_passes_and_one_of_4097_does_not() {
    assert!(rewrite(&encoded(&two_colours(2, 4096), ImageFormat::Png), &LIMITS).is_ok());
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        for (width, height) in [(4097, 1), (1, 4097)] {
            assert_eq!(refusal(&encoded(&two_colours(width, height), format)), TOO_LARGE, "{format:?}");
        }
    }
}

#[test]
fn a_tiny_file_that_claims_to_be_huge_is_refused_before_anything_is_allocated() {
    let header = |width: u32, height: u32, bits: u8, kind: u8| {
        let ihdr = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, kind, 0, 0, 0]].concat();
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &ihdr), &chunk(b"IDAT", b"\x78\x9c"), &chunk(b"IEND", b"")].concat()
    };
    assert_eq!(refusal(&header(65535, 65535, 8, 6)), TOO_LARGE);
    assert_eq!(refusal(&header(u32::MAX >> 1, 1, 8, 6)), TOO_LARGE);
    assert_eq!(refusal(&header(4096, 4096, 16, 6)), "must decode to at most 96 MiB");

    let mut jpeg = encoded(&two_colours(8, 8), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a baseline frame");
    jpeg[frame + 5..frame + 9].fill(0xff);
    assert_eq!(refusal(&jpeg), TOO_LARGE);

    // A canvas of 1 by 1, and a frame of 16383 by 16383 on it.
    let frame = [&b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"[..], &[0; 64]].concat();
    assert_eq!(refusal(&webp_file(&[riff(b"VP8X", &[0; 10]), riff(b"VP8 ", &frame)])), TOO_LARGE);
}

#[test]
fn a_flood_of_pixels_in_a_small_file_takes_bounded_time() {
    let flood = encoded(&RgbImage::from_pixel(4096, 4096, RED).into(), ImageFormat::Png);
    assert!(flood.len() < 1 << 20, "{} bytes stand for 48 MiB", flood.len());
    let begun = Instant::now();
    let (_, bytes) = rewrite(&flood, &LIMITS).expect("as large as a picture may be");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(decoded(&bytes).dimensions(), (512, 512));
}

#[test]
fn of_an_animated_png_the_still_picture_is_kept() {
    let png = encoded(&two_colours(8, 8), ImageFormat::Png);
    // Behind IHDR: so many frames, for ever; and a frame that lies outside of the canvas.
    let control = chunk(b"acTL", &[u32::MAX.to_be_bytes(), 0_u32.to_be_bytes()].concat());
    let frame = chunk(b"fcTL", &[&[0; 4][..], &[0xff; 16], &[0; 6]].concat());
    for more in [control.clone(), [control, frame].concat()] {
        let animated = [&png[..33], &more, &png[33..]].concat();
        match rewrite(&animated, &LIMITS) {
            Ok((_, bytes)) => assert_eq!(decoded(&bytes).dimensions(), (8, 8)),
            Err(refused) => assert_eq!(refused.rule, NO_PICTURE),
        }
    }
}

#[test]
fn what_is_packed_into_the_texts_of_a_picture_is_not_unpacked() {
    let png = encoded(&two_colours(8, 8), ImageFormat::Png);
    // A picture's own data is packed like its texts: 48 MiB of nothing in some 50 KiB.
    let flood = encoded(&RgbImage::new(4096, 4096).into(), ImageFormat::Png);
    let data = flood.windows(4).position(|kind| kind == b"IDAT").expect("it has data");
    let length = u32::from_be_bytes(flood[data - 4..data].try_into().expect("four bytes")) as usize;
    let packed = &flood[data + 4..data + 4 + length];
    let bombs = [
        chunk(b"zTXt", &[&b"Comment\0\0"[..], packed].concat()),
        chunk(b"iTXt", &[&b"Comment\0\x01\0\0\0"[..], packed].concat()),
        chunk(b"iCCP", &[&b"profile\0\0"[..], packed].concat()),
    ];
    let bombs = bombs.concat().repeat(20);
    let begun = Instant::now();
    match rewrite(&[&png[..33], &bombs, &png[33..]].concat(), &LIMITS) {
        Ok((_, bytes)) => assert_eq!(decoded(&bytes).dimensions(), (8, 8)),
        Err(refused) => assert!(["must decode to at most 96 MiB", NO_PICTURE].contains(&&*refused.rule), "{refused}"),
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn an_animated_webp_is_refused() {
    let mut still = Vec::new();
    two_colours(2, 2).write_with_encoder(WebPEncoder::new_lossless(&mut still)).expect("encodes");
    let mut canvas = [0; 10];
    // The flag for animation; the sides less one.
    (canvas[0], canvas[4], canvas[7]) = (0x02, 1, 1);
    let frame = [&[0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 100, 0, 0, 0][..], &still[12..]].concat();
    let file = webp_file(&[riff(b"VP8X", &canvas), riff(b"ANIM", &[0; 6]), riff(b"ANMF", &frame)]);
    assert_eq!(refusal(&file), "must not be animated");
}

#[tokio::test]
async fn a_studio_works_within_its_bounds() {
    let upload = Bytes::from(encoded(&two_colours(8, 8), ImageFormat::Png));
    let studio = Studio { limits: LIMITS, cpu: Cpu::new(1, 0) };
    let rewritten = studio.rewrite(upload.clone()).await.expect("room");
    assert_eq!(rewritten.map(|(format, _)| format), Ok(PictureFormat::Jpeg));
    assert!(studio.rewrite("GIF89a".into()).await.expect("room").is_err());

    let (release, held) = mpsc::channel::<()>();
    let mut job = pin!(studio.cpu.run(move || held.recv().is_ok()));
    poll_fn(|cx| Poll::Ready(job.as_mut().poll(cx).is_pending())).await;
    assert_eq!(studio.rewrite(upload).await, Err(CpuError::Busy));
    release.send(()).expect("the job waits");
    assert_eq!(job.await, Ok(true));
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let mut crc = u32::MAX;
    for byte in &body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let length = u32::try_from(data.len()).expect("short");
    [&length.to_be_bytes()[..], &body, &(!crc).to_be_bytes()].concat()
}

/// A RIFF chunk, padded to an even length.
fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short");
    let padding = vec![0; data.len() % 2];
    [&kind[..], &length.to_le_bytes(), data, &padding].concat()
}

fn webp_file(chunks: &[Vec<u8>]) -> Vec<u8> {
    riff(b"RIFF", &[&b"WEBP"[..], &chunks.concat()].concat())
}
