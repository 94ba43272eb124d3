//! Makes the variants of a picture: upright, in sRGB, without metadata, never larger than the source.
//!
//! A JPEG is decoded, resized and encoded strip by strip, in planes of YCbCr. A baseline JPEG, as cameras write it, is
//! never whole in memory. Other formats are decoded by `png`, libwebp and the `image` crate, and join the same image
//! pyramid.
//!
//! - Only the largest variant is rotated and color-converted, never the source: it has far fewer pixels.
//! - Nothing is allocated for pixels before the header is within the [`Limits`].
//! - No variant is handed out unless the whole picture decodes without an error.

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

use std::fmt;

pub use header::{Format, Header, inspect};

/// The variants to make, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Widths of the variants. Widths above that of the source become one variant of the source's width.
    pub widths: Vec<u32>,
    /// Formats of each size.
    pub outputs: Vec<Output>,
    /// Threads to use, 1 or 2.
    pub threads: usize,
    /// Color behind transparent pixels in a JPEG.
    pub background: [u8; 3],
    /// Larger pictures are refused.
    pub limits: Limits,
}

/// The format of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// JPEG. Transparent pixels show the background.
    Jpeg {
        /// 1 to 100.
        quality: u8,
    },
    /// WebP, with alpha. A size with a side above 16,383 pixels is left out: WebP cannot hold it.
    WebP {
        /// 1 to 100.
        quality: u8,
        /// libwebp's method, 0 to 6: more is slower and makes smaller files.
        effort: u8,
    },
}

impl Output {
    /// The file format.
    pub fn format(self) -> Format {
        match self {
            Self::Jpeg { .. } => Format::Jpeg,
            Self::WebP { .. } => Format::WebP,
        }
    }
}

/// Limits of the source. Sizes are checked by the header, before pixels are decoded.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Pixels of the picture.
    pub pixels: u64,
    /// Pixels of a GIF, BMP or TIFF. These are decoded whole, in up to 16 bytes a pixel.
    pub whole_pixels: u64,
    /// Width and height in pixels.
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

/// One size of the picture in one format.
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

/// Properties of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The header of the file.
    pub header: Header,
    /// Width of the upright picture.
    pub width: u32,
    /// Height of the upright picture.
    pub height: u32,
    /// For placeholders and dominant colors.
    pub thumbnail: Thumbnail,
}

/// A picture of at most 32 pixels a side, in sRGB.
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
    /// The file is of no known format.
    NotAnImage,
    /// The file ends before the picture is complete.
    Truncated,
    /// The file is damaged.
    Corrupt(&'static str),
    /// The picture has more pixels, or a longer side, than the limits allow.
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The file has more bytes than the limits allow.
    TooLarge(usize),
    /// The format is known and not supported: HEIC, AVIF, SVG, PDF, raw pictures and others.
    UnsupportedFormat(&'static str),
    /// The format is supported, but not this kind of picture.
    Unsupported(&'static str),
}

/// The formats to upload instead.
const FORMATS: &str = "upload a JPEG, PNG, WebP, GIF, BMP or TIFF";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => write!(f, "the file is not a picture of a known format: {FORMATS}"),
            Self::Truncated => write!(f, "the file is incomplete: upload it again"),
            Self::Corrupt(what) => write!(f, "the file is damaged: {what}"),
            Self::TooManyPixels { width, height } => write!(f, "the picture has too many pixels: {width} x {height}"),
            Self::TooLarge(bytes) => write!(f, "the file is too large: {bytes} bytes"),
            Self::UnsupportedFormat("HEIC") => write!(
                f,
                "HEIC files cannot be used: {FORMATS}. An iPhone takes JPEG photos when Settings, Camera, Formats is \
                 \"Most Compatible\""
            ),
            Self::UnsupportedFormat(format) => write!(f, "{format} files cannot be used: {FORMATS}"),
            Self::Unsupported(what) => write!(f, "this kind of picture is not supported: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Makes all variants of a picture and passes them to `sink`, the largest first, each size in the order of the outputs.
///
/// Nothing reaches the sink unless the whole picture decodes.
///
/// # Errors
/// The reason why the picture cannot be used.
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
