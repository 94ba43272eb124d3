//! One photo in, a ladder of sizes out: right side up, in sRGB, without metadata, never larger than the source.
//!
//! A JPEG is decoded, resized and encoded strip by strip in its own planes; of what nearly every photo is, a baseline one,
//! the whole picture is never in memory. Other formats are decoded by others' code and join the same pyramid. A picture
//! that is not stored upright costs 1.5 bytes a pixel of its largest variant more, and so does each variant as WebP.
//!
//! Invariants: the source is never rotated nor turned into RGB, only its largest variant is; nothing is allocated before
//! the header has been held against the limits; no variant is handed out unless the whole picture was sound.

mod color;
mod decode;
mod encode_webp;
mod exif;
mod header;
mod jpeg;
mod native;
mod orientation;
mod pyramid;
mod resize;
mod variants;

pub use header::{Format, Header, inspect};
use std::fmt;

/// How the ladder is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Widths of the variants; one above the source's is given at the source's width, once.
    pub widths: Vec<u32>,
    /// What each size is written as.
    pub outputs: Vec<Output>,
    /// Threads to work with, 1 or 2.
    pub threads: usize,
    /// What stands behind transparent pixels in a JPEG.
    pub background: [u8; 3],
    /// What is too much.
    pub limits: Limits,
}

/// What a size is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// JPEG, transparent pixels over the background.
    Jpeg {
        /// 1 to 100.
        quality: u8,
    },
    /// WebP, transparency kept. A size with a side above 16,383 pixels, which WebP cannot have, is left out.
    WebP {
        /// 1 to 100.
        quality: u8,
        /// 0 to 6, libwebp's method: more is smaller and slower.
        effort: u8,
    },
}

impl Output {
    /// Its format.
    pub fn format(self) -> Format {
        match self {
            Self::Jpeg { .. } => Format::Jpeg,
            Self::WebP { .. } => Format::WebP,
        }
    }
}

/// What is too much; checked from the header, before anything is allocated.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Pixels of the picture.
    pub pixels: u64,
    /// Pixels of a GIF, BMP or TIFF, which are decoded whole before they are resized. A pixel takes up to 16 bytes then.
    pub whole_pixels: u64,
    /// Pixels on a side.
    pub side: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 30 << 20,
            pixels: 100_000_000,
            whole_pixels: 50_000_000,
            side: 30_000,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
        let widths = vec![140, 320, 640, 1024, 1440, 1920];
        Self {
            widths,
            outputs: vec![Output::Jpeg { quality: 80 }],
            threads,
            background: [255; 3],
            limits: Limits::default(),
        }
    }
}

/// One size of the picture, ready to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// JPEG or WebP.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What was learned of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What the file said of itself.
    pub header: Header,
    /// Width once the orientation is applied.
    pub width: u32,
    /// Height once the orientation is applied.
    pub height: u32,
    /// A picture of at most 32 pixels a side, for placeholders and dominant colors.
    pub thumbnail: Thumbnail,
}

/// A tiny picture in sRGB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thumbnail {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue, row by row.
    pub rgb: Vec<u8>,
}

/// Why a picture cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are of no format that is known here.
    NotAnImage,
    /// The file ends before its picture does.
    Truncated,
    /// The file contradicts itself.
    Corrupt(&'static str),
    /// The picture has more pixels, or a longer side, than the limits allow.
    TooManyPixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The file has more bytes than the limits allow.
    TooLarge(usize),
    /// A picture of a format that is recognized and not read: HEIC or AVIF.
    UnsupportedFormat(&'static str),
    /// A picture of a known format, but of a kind that is not read.
    Unsupported(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => write!(f, "not a picture of a known format"),
            Self::Truncated => write!(f, "the file ends before its picture does"),
            Self::Corrupt(what) => write!(f, "the file is damaged: {what}"),
            Self::TooManyPixels { width, height } => write!(f, "{width} x {height} pixels are too many"),
            Self::TooLarge(bytes) => write!(f, "{bytes} bytes are too many"),
            Self::UnsupportedFormat(format) => {
                let formats = "JPEG, PNG, WebP, GIF, BMP or TIFF";
                write!(f, "{format} pictures cannot be used: upload a {formats}")?;
                if *format == "HEIC" {
                    write!(
                        f,
                        ". An iPhone takes JPEG photos once \"Most Compatible\" is chosen in Settings, Camera, Formats"
                    )?;
                }
                Ok(())
            }
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Makes all variants of a photo and hands them to `sink`, the largest first, each size in the order of the outputs.
///
/// Nothing reaches the sink unless the whole picture could be decoded.
///
/// # Errors
/// What the picture cannot be used for.
pub fn make_variants(photo: &[u8], options: &Options, sink: &mut dyn FnMut(Variant)) -> Result<Picture, Error> {
    if photo.len() > options.limits.bytes {
        return Err(Error::TooLarge(photo.len()));
    }
    let header = inspect(photo)?;
    let (Header { width, height, .. }, limits) = (header, &options.limits);
    if u64::from(width) * u64::from(height) > limits.pixels || width.max(height) > limits.side {
        return Err(Error::TooManyPixels { width, height });
    }
    variants::make(photo, header, options, sink)
}
