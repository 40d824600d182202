//! Files to upload, made on the spot.

use std::path::PathBuf;

use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// A folder of files that goes away with the story.
pub struct Album(TempDir);

impl Album {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A real PNG of this many pixels.
    pub fn png(&self, width: u32, height: u32) -> PathBuf {
        let path = self.0.path().join("picture.png");
        RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 120])).save(&path).unwrap();
        path
    }

    /// A file of this name with these bytes.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}
