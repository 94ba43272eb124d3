//! What a file says of itself, read without allocating anything.
use crate::jpeg::markers::{Frame, Notes, Segments};
use crate::{Refused, exif};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
    /// GIF, of which the first frame counts.
    Gif,
}

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format, by the file's first bytes.
    pub format: Format,
    /// Width as stored.
    pub width: u32,
    /// Height as stored.
    pub height: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// Colour components, alpha and palettes included as what they unfold to.
    pub components: u8,
    /// An ICC profile is embedded.
    pub profile: bool,
}

/// Reads the header of a JPEG, PNG, WebP or GIF.
pub fn inspect(bytes: &[u8]) -> Result<Header, Refused> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => jpeg(bytes),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => png(bytes),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(bytes),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', rest @ ..] => {
            let &[w0, w1, h0, h1, ..] = rest else {
                return Err(Refused::Truncated);
            };
            let (width, height) = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
            header(Format::Gif, width.into(), height.into(), 4)
        }
        _ => Err(Refused::NotAnImage),
    }
}

fn header(format: Format, width: u32, height: u32, components: u8) -> Result<Header, Refused> {
    if width == 0 || height == 0 {
        return Err(Refused::Corrupt("a picture without pixels"));
    }
    Ok(Header {
        format,
        width,
        height,
        orientation: 1,
        components,
        profile: false,
    })
}

fn jpeg(bytes: &[u8]) -> Result<Header, Refused> {
    let (mut notes, mut frame) = (Notes::default(), None);
    for segment in Segments::new(bytes) {
        let segment = segment?;
        notes.read(&segment);
        if let Some(found) = Frame::parse(&segment)? {
            frame.get_or_insert(found);
        }
    }
    let frame = frame.ok_or(Refused::Corrupt("a scan without a frame"))?;
    let header = header(Format::Jpeg, frame.width, frame.height, frame.count as u8)?;
    Ok(Header {
        orientation: notes.orientation.max(1),
        profile: notes.profile,
        ..header
    })
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

fn png(bytes: &[u8]) -> Result<Header, Refused> {
    let head = bytes.get(8..33).ok_or(Refused::Truncated)?;
    if !head.starts_with(b"\0\0\0\x0dIHDR") {
        return Err(Refused::Corrupt("a PNG without a header"));
    }
    let components = [1, 0, 3, 4, 2, 0, 4].get(usize::from(head[17])).copied().unwrap_or(0);
    let mut found = header(Format::Png, big_endian(&head[8..]), big_endian(&head[12..]), components)?;
    let mut rest = &bytes[33..];
    while let Some((length, kind)) = rest.get(..8).map(|h| (big_endian(h) as usize, &h[4..])) {
        let body = rest.get(8..8 + length.min(rest.len()));
        match (kind, body) {
            (b"eXIf", Some(tiff)) => found.orientation = exif::orientation(tiff).unwrap_or(1),
            (b"iCCP", _) => found.profile = true,
            (b"IDAT" | b"IEND", _) => break,
            _ => {}
        }
        rest = rest.get(12 + length.min(rest.len())..).unwrap_or(&[]);
    }
    Ok(found)
}

fn webp(bytes: &[u8]) -> Result<Header, Refused> {
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
            (b"EXIF", tiff) => {
                let tiff = tiff.strip_prefix(b"Exif\0\0").unwrap_or(tiff);
                orientation = exif::orientation(tiff).unwrap_or(1);
            }
            _ => {}
        }
        rest = rest
            .get(8 + length.min(rest.len()).next_multiple_of(2)..)
            .unwrap_or(&[]);
    }
    let (width, height, components) = found.ok_or(Refused::Truncated)?;
    let header = header(Format::WebP, width, height, components)?;
    Ok(Header {
        orientation,
        profile,
        ..header
    })
}
