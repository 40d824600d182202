//! Profile pictures, as they are kept: decoded once, bounded, written anew.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::{is_lower_hex, text_conversions};

/// How a kept picture is encoded. Nothing else is ever served from `/pictures/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureFormat {
    /// For pictures without transparency.
    Jpeg,
    /// For pictures with transparency.
    Png,
}

impl PictureFormat {
    /// The file name's ending.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The media type to serve it as.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A kept picture's name: 32 random lower-case hex digits, a dot, `jpg` or `png`. It says nothing of whose it is, and a new picture has a new name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PictureName(String);

impl PictureName {
    /// The name made of 16 random bytes.
    pub fn new(random: [u8; 16], format: PictureFormat) -> Self {
        Self(format!("{:032x}.{}", u128::from_be_bytes(random), format.extension()))
    }

    /// Takes a name from a URL.
    pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        match text.split_once('.') {
            Some((stem, "jpg" | "png")) if stem.len() == 32 && is_lower_hex(stem) => Ok(Self(text)),
            _ => Err(Invalid::new("picture", "must be 32 hex digits and .jpg or .png")),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The format that the ending names.
    pub fn format(&self) -> PictureFormat {
        if self.0.ends_with(".png") { PictureFormat::Png } else { PictureFormat::Jpeg }
    }
}

impl fmt::Display for PictureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_conversions!(PictureName);

/// A picture as it is kept and served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Its name, which also tells its format.
    pub name: PictureName,
    /// The encoded bytes.
    pub bytes: Bytes,
}

#[cfg(test)]
mod tests {
    use super::{PictureFormat, PictureName};

    #[test]
    fn a_name_is_random_hex_and_its_format() {
        let name = PictureName::new([0x0f; 16], PictureFormat::Png);
        assert_eq!(name.as_str(), "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.png");
        assert_eq!(PictureName::parse(name.as_str()).expect("round trip"), name);
    }

    #[test]
    fn a_name_never_leaves_its_folder() {
        for wrong in [
            "../../etc/passwd",
            "0f.png",
            "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.svg",
            "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.png.jpg",
        ] {
            assert!(PictureName::parse(wrong).is_err(), "{wrong}");
        }
    }
}
