//! Headers: format, size, orientation, color profile.
//!
//! The `image` crate reads the headers of BMP and TIFF, the decoders of PNG and GIF read their own. This module reads
//! those of JPEG and WebP.
use crate::jpeg::markers::{Frame, Metadata, Segments};
use crate::{Error, decode, exif};
use image::ImageDecoder;
use image::codecs::{bmp::BmpDecoder, tiff::TiffDecoder};
use image::error::ImageError;
use std::io::{Cursor, ErrorKind};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// WebP. Only the first frame of an animation is used.
    WebP,
    /// GIF. Only the first frame is used.
    Gif,
    /// BMP.
    Bmp,
    /// TIFF. Only the first page is used.
    Tiff,
}

/// The header of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format, recognized by the first bytes of the file.
    pub format: Format,
    /// Width as stored.
    pub width: u32,
    /// Height as stored.
    pub height: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Channels of a decoded pixel, alpha included.
    pub components: u8,
    /// Whether an ICC profile is embedded.
    pub profile: bool,
}

impl Format {
    /// Recognizes a format by the first bytes of a file.
    ///
    /// # Errors
    /// [`Error::NotAnImage`], [`Error::UnsupportedFormat`], [`Error::Unsupported`].
    pub fn recognize(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            // Stray bytes may follow the first marker.
            [0xff, 0xd8, _, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            // Two letters are a weak signature: the size of the second header must be a known one as well.
            [b'B', b'M', ..] if matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) => {
                Ok(Self::Bmp)
            }
            // Canon's raw files are TIFFs with a signature of their own.
            [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', 2, ..] => Err(Error::UnsupportedFormat(RAW)),
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Ok(Self::Tiff),
            [b'I', b'I', b'+', 0, ..] | [b'M', b'M', 0, b'+', ..] => {
                Err(Error::Unsupported("a BigTIFF: save it as a plain TIFF, or as PNG"))
            }
            _ => Err(unsupported(bytes).map_or(Error::NotAnImage, Error::UnsupportedFormat)),
        }
    }
}

/// The name of a format that is known and not supported.
fn unsupported(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 15] = [
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"II\xbc", "JPEG XR"),
        (b"8BPS", "Photoshop"),
        (b"%PDF-", "PDF"),
        (b"%!PS", "PostScript"),
        (b"\xc5\xd0\xd3\xc6", "PostScript"),
        (b"\0\0\x01\0", "ICO"),
        (b"FUJIFILMCCD-RAW", RAW),
        (b"IIRO", RAW),
        (b"IIRS", RAW),
        (b"MMOR", RAW),
        (b"IIU\0", RAW),
    ];
    let known = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature));
    known
        .map(|(_, name)| *name)
        .or_else(|| heif(bytes))
        .or_else(|| is_svg(bytes).then_some("SVG"))
}

/// Pictures of a camera before they are developed.
pub const RAW: &str = "raw";

/// Whether a text has the element `svg` within its first two kilobytes, behind a declaration and comments.
fn is_svg(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let text = &text[..text.len().min(2048)];
    let is_element = |name: &[u8]| matches!(name, [b'<', b's', b'v', b'g', end] if !end.is_ascii_alphanumeric());
    text.starts_with(b"<") && text.windows(5).any(is_element)
}

/// Reads the header of a picture without decoding the picture.
///
/// # Errors
/// Those of [`Format::recognize`], and what is wrong with the header.
pub fn inspect(bytes: &[u8]) -> Result<Header, Error> {
    let input = Cursor::new(bytes);
    let format = Format::recognize(bytes)?;
    match format {
        Format::Jpeg => jpeg(bytes),
        Format::WebP => webp(bytes),
        Format::Png => decode::png::header(bytes),
        Format::Gif => decode::gif::header(bytes),
        Format::Bmp => by_image(format, BmpDecoder::new(input)),
        Format::Tiff => {
            decode::tiff::check(bytes)?;
            by_image(format, TiffDecoder::new(input))
        }
    }
}

/// The name of a HEIF format, or of a raw one that looks like HEIF, by the brands in its `ftyp` box.
fn heif(bytes: &[u8]) -> Option<&'static str> {
    const HEIC: [&[u8; 4]; 10] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
    ];
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let ftyp = bytes.get(8..length.min(bytes.len()))?;
    // The version between the major brand and the compatible ones looks like none of these brands.
    let brands = ftyp.as_chunks::<4>().0;
    if brands.iter().any(|brand| matches!(brand, b"avif" | b"avis")) {
        return Some("AVIF");
    }
    if ftyp.starts_with(b"crx ") {
        return Some(RAW);
    }
    brands.iter().any(|brand| HEIC.contains(&brand)).then_some("HEIC")
}

fn jpeg(bytes: &[u8]) -> Result<Header, Error> {
    let (mut metadata, mut frame) = (Metadata::default(), None);
    for segment in Segments::new(bytes) {
        let segment = segment?;
        metadata.read(&segment);
        Frame::read(&mut frame, &segment)?;
    }
    let frame = frame.ok_or(Error::Corrupt("a scan without a frame"))?;
    Ok(Header {
        format: Format::Jpeg,
        width: frame.width,
        height: frame.height,
        orientation: metadata.orientation.max(1),
        components: frame.count as u8,
        profile: metadata.profile,
    })
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

fn webp(bytes: &[u8]) -> Result<Header, Error> {
    let (mut rest, mut found) = (&bytes[12..], None);
    let (mut orientation, mut profile) = (1, false);
    while let Some((kind, length)) = rest.get(..8).map(|h| (&h[..4], little_endian(&h[4..]) as usize)) {
        let body = &rest[8..];
        let body = &body[..length.min(body.len())];
        match (kind, body) {
            (b"VP8X", [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..]) => {
                let size = |low: &[u8; 3]| little_endian(low) + 1;
                let components = if flags & 0x10 != 0 { 4 } else { 3 };
                found = Some((size(&[*w0, *w1, *w2]), size(&[*h0, *h1, *h2]), components));
            }
            (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..]) if found.is_none() => {
                let size = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                found = Some((size(*w0, *w1), size(*h0, *h1), 3));
            }
            (b"VP8L", [0x2f, b0, b1, b2, b3, ..]) if found.is_none() => {
                let packed = u32::from_le_bytes([*b0, *b1, *b2, *b3]);
                let components = if packed >> 28 & 1 == 1 { 4 } else { 3 };
                found = Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1, components));
            }
            (b"ICCP", _) => profile = true,
            (b"EXIF", exif) => orientation = exif::orientation(exif).unwrap_or(1),
            _ => {}
        }
        rest = rest
            .get(8 + length.min(rest.len()).next_multiple_of(2)..)
            .unwrap_or(&[]);
    }
    let (width, height, components) = found.ok_or(Error::Truncated)?;
    if width == 0 || height == 0 {
        return Err(EMPTY);
    }
    Ok(Header {
        format: Format::WebP,
        width,
        height,
        orientation,
        components,
        profile,
    })
}

const EMPTY: Error = Error::Corrupt("a picture without pixels");

/// The header that a decoder of the `image` crate has read.
fn by_image(format: Format, opened: Result<impl ImageDecoder, ImageError>) -> Result<Header, Error> {
    let failed = |error| error_from(format, &error);
    let mut decoder = opened.map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(EMPTY);
    }
    let orientation = decoder.orientation().map_or(1, |orientation| orientation.to_exif());
    Ok(Header {
        format,
        width,
        height,
        orientation,
        components: decoder.color_type().channel_count(),
        profile: decoder.icc_profile().ok().flatten().is_some(),
    })
}

/// Turns an error of the `image` crate into one of ours.
pub fn error_from(format: Format, error: &ImageError) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == ErrorKind::UnexpectedEof) {
            return Error::Truncated;
        }
        cause = error.source();
    }
    match (error, format) {
        (ImageError::Limits(_), _) => Error::Unsupported("a picture that needs too much memory"),
        (ImageError::Unsupported(_), Format::Bmp) => {
            Error::Unsupported("a BMP of an unusual kind: save it with 24 bits, or as PNG")
        }
        (ImageError::Unsupported(_), Format::Tiff) => {
            Error::Unsupported("a TIFF of an unusual kind: save it as RGB with LZW, or as PNG")
        }
        (_, Format::Bmp) => Error::Corrupt("a BMP that does not decode"),
        _ => Error::Corrupt("a TIFF that does not decode"),
    }
}
