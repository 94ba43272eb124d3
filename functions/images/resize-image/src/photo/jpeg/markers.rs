//! What stands before a JPEG's pixels: segments, frame, tables, and what they say about colours and orientation.
use crate::photo::{Refused, exif};

/// One marker segment; iteration ends after the first start of scan.
pub struct Segment<'a> {
    /// The marker's second byte.
    pub marker: u8,
    /// The payload, without marker and length.
    pub body: &'a [u8],
    /// Where in the file the next byte after the payload is.
    pub end: usize,
}

/// Walks the segments up to the first scan.
pub struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    done: bool,
}

impl<'a> Segments<'a> {
    /// Starts behind the start-of-image marker.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            done: false,
        }
    }

    fn advance(&mut self) -> Result<Segment<'a>, Refused> {
        let byte = |at: usize| self.bytes.get(at).copied().ok_or(Refused::Truncated);
        let mut at = self.at;
        if byte(at)? != 0xff {
            return Err(Refused::Corrupt("a marker was expected"));
        }
        while byte(at)? == 0xff {
            at += 1;
        }
        let marker = byte(at)?;
        if matches!(marker, 0 | 1 | 0xd0..=0xd9) {
            return Err(Refused::Corrupt("a marker that may not stand here"));
        }
        let length = usize::from(u16::from_be_bytes([byte(at + 1)?, byte(at + 2)?]));
        if length < 2 {
            return Err(Refused::Corrupt("a segment shorter than its length field"));
        }
        let end = at + 1 + length;
        let body = self.bytes.get(at + 3..end).ok_or(Refused::Truncated)?;
        self.at = end;
        self.done = marker == SOS;
        Ok(Segment { marker, body, end })
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Refused>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let segment = self.advance();
        self.done |= segment.is_err();
        Some(segment)
    }
}

/// Start of scan.
pub const SOS: u8 = 0xda;

/// One colour component of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// The identifier that scans use.
    pub id: u8,
    /// Horizontal sampling factor.
    pub h: usize,
    /// Vertical sampling factor.
    pub v: usize,
    /// Number of the quantisation table.
    pub table: usize,
}

/// The frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The marker that opened it: 0xc0 baseline, 0xc1 extended, 0xc2 progressive …
    pub kind: u8,
    /// Bits a sample.
    pub precision: u8,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How many of `components` are there.
    pub count: usize,
    /// The components.
    pub components: [Component; 4],
}

impl Frame {
    /// Reads a frame header; `None` when the segment is not one.
    pub fn parse(segment: &Segment) -> Result<Option<Self>, Refused> {
        if !matches!(segment.marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
            return Ok(None);
        }
        let [precision, h1, h0, w1, w0, count, rest @ ..] = segment.body else {
            return Err(Refused::Corrupt("a frame header that is too short"));
        };
        let count = usize::from(*count);
        if !(1..=4).contains(&count) || rest.len() != 3 * count {
            return Err(Refused::Corrupt("a frame header of a wrong length"));
        }
        let mut components = [Component::default(); 4];
        for (component, raw) in components.iter_mut().zip(rest.chunks_exact(3)) {
            let (h, v) = (usize::from(raw[1] >> 4), usize::from(raw[1] & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || raw[2] > 3 {
                return Err(Refused::Corrupt("a sampling factor or table number out of range"));
            }
            *component = Component {
                id: raw[0],
                h,
                v,
                table: usize::from(raw[2]),
            };
        }
        let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
        if width == 0 || height == 0 {
            return Err(Refused::Corrupt("a frame without pixels"));
        }
        let (width, height) = (width.into(), height.into());
        Ok(Some(Self {
            kind: segment.marker,
            precision: *precision,
            width,
            height,
            count,
            components,
        }))
    }
}

/// What the application segments say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// EXIF orientation, 1 when there is none.
    pub orientation: u8,
    /// A JFIF segment was there.
    pub jfif: bool,
    /// Adobe's colour transform.
    pub adobe: Option<u8>,
    /// A piece of an ICC profile was there.
    pub profile: bool,
}

impl Notes {
    /// Takes in what one segment says.
    pub fn read(&mut self, segment: &Segment) {
        match (segment.marker, segment.body) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.jfif = true,
            (0xe1, [b'E', b'x', b'i', b'f', 0, 0, tiff @ ..]) if self.orientation == 0 => {
                self.orientation = exif::orientation(tiff).unwrap_or(0);
            }
            (0xe2, body) if body.starts_with(ICC) => self.profile = true,
            (0xee, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(*transform),
            _ => {}
        }
    }

    /// Whether three components are Y, Cb and Cr, by the rules that libjpeg has set.
    pub fn is_ycbcr(&self, frame: &Frame) -> bool {
        let ids = [0, 1, 2].map(|i| frame.components[i].id);
        self.jfif || self.adobe.map_or(ids != *b"RGB", |transform| transform != 0)
    }
}

const ICC: &[u8] = b"ICC_PROFILE\0";

/// Puts the pieces of an ICC profile together; `None` when there is none or a piece is missing.
pub fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let pieces = || {
        let bodies = Segments::new(bytes)
            .map_while(Result::ok)
            .filter(|s| s.marker == 0xe2)
            .map(|s| s.body);
        bodies
            .filter_map(|body| body.strip_prefix(ICC))
            .filter(|piece| piece.len() > 2)
    };
    let count = pieces().next()?[1];
    let mut profile = Vec::new();
    for number in 1..=count {
        profile.extend_from_slice(&pieces().find(|piece| piece[0] == number)?[2..]);
    }
    Some(profile)
}
