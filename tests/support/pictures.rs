//! Pictures made for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A PNG of `width` by `height` pixels, no two columns alike.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, (x / 256) as u8]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(pixels).write_to(&mut file, ImageFormat::Png).expect("encodes");
    file.into_inner()
}

/// Width and height of an encoded picture.
pub fn size(file: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(file).expect("decodes");
    (picture.width(), picture.height())
}
