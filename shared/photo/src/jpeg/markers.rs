//! What stands before a JPEG's pixels: segments, frame, tables, and what they say about colors and orientation.
use crate::{Error, exif};

/// One marker segment; iteration ends after the first start of scan.
pub struct Segment<'a> {
    /// The marker's second byte.
    pub marker: u8,
    /// The payload, without marker and length.
    pub body: &'a [u8],
    /// Where in the file the next byte after the payload is.
    pub end: usize,
}

/// Walks the segments up to the next scan, or to the picture's end.
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

    /// Where in the file the next segment begins; behind a scan's header, its data.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on behind a scan.
    pub fn resume(&mut self, at: usize) {
        (self.at, self.done) = (at, false);
    }

    fn advance(&mut self) -> Result<Option<Segment<'a>>, Error> {
        let byte = |at: usize| self.bytes.get(at).copied().ok_or(Error::Truncated);
        let mut at = self.at;
        if byte(at)? != 0xff {
            return Err(Error::Corrupt("a marker was expected"));
        }
        while byte(at)? == 0xff {
            at += 1;
        }
        let marker = byte(at)?;
        if marker == EOI {
            self.done = true;
            return Ok(None);
        }
        if matches!(marker, 0 | 1 | 0xd0..=0xd8) {
            return Err(Error::Corrupt("a marker that may not stand here"));
        }
        let length = usize::from(u16::from_be_bytes([byte(at + 1)?, byte(at + 2)?]));
        if length < 2 {
            return Err(Error::Corrupt("a segment shorter than its length field"));
        }
        let end = at + 1 + length;
        let body = self.bytes.get(at + 3..end).ok_or(Error::Truncated)?;
        self.at = end;
        self.done = marker == SOS;
        Ok(Some(Segment { marker, body, end }))
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Error>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let segment = self.advance();
        self.done |= segment.is_err();
        segment.transpose()
    }
}

/// Start of scan.
pub const SOS: u8 = 0xda;
/// End of image.
const EOI: u8 = 0xd9;

/// One color component of a frame.
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
    /// How many components there are.
    pub count: usize,
    components: [Component; 4],
}

impl Frame {
    /// The components.
    pub fn components(&self) -> &[Component] {
        &self.components[..self.count]
    }

    /// The components, to be changed.
    pub fn components_mut(&mut self) -> &mut [Component] {
        &mut self.components[..self.count]
    }

    /// The largest sampling factors.
    fn densest(&self) -> (usize, usize) {
        let largest = |of: fn(&Component) -> usize| self.components().iter().map(of).max().unwrap_or(1);
        (largest(|c| c.h), largest(|c| c.v))
    }

    /// MCUs across and down.
    pub fn mcus(&self) -> (usize, usize) {
        let (h, v) = self.densest();
        (
            (self.width as usize).div_ceil(8 * h),
            (self.height as usize).div_ceil(8 * v),
        )
    }

    /// Blocks across and down that a component's picture has, without what fills up its last MCUs.
    pub fn blocks(&self, component: &Component) -> (usize, usize) {
        let (h, v) = self.densest();
        let count = |side: u32, part: usize, whole: usize| (side as usize * part).div_ceil(whole).div_ceil(8);
        (count(self.width, component.h, h), count(self.height, component.v, v))
    }

    /// Reads a frame header; `None` when the segment is not one.
    pub fn parse(segment: &Segment) -> Result<Option<Self>, Error> {
        if !matches!(segment.marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
            return Ok(None);
        }
        let [precision, h1, h0, w1, w0, count, rest @ ..] = segment.body else {
            return Err(Error::Corrupt("a frame header that is too short"));
        };
        let count = usize::from(*count);
        if !(1..=4).contains(&count) || rest.len() != 3 * count {
            return Err(Error::Corrupt("a frame header of a wrong length"));
        }
        let mut components = [Component::default(); 4];
        for (component, raw) in components.iter_mut().zip(rest.chunks_exact(3)) {
            let (h, v) = (usize::from(raw[1] >> 4), usize::from(raw[1] & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || raw[2] > 3 {
                return Err(Error::Corrupt("a sampling factor or table number out of range"));
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
            return Err(Error::Corrupt("a frame without pixels"));
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

/// What a scan takes for one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanComponent {
    /// Which component of the frame.
    pub component: usize,
    /// Number of the DC table.
    pub dc: usize,
    /// Number of the AC table.
    pub ac: usize,
}

/// The header of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanHeader {
    /// The components, in the order of the frame.
    pub channels: Vec<ScanComponent>,
    /// First and last coefficient, in the order of the file.
    pub band: (usize, usize),
    /// How many low bits of them were missing before the scan (0: all were), and are after it.
    pub shift: (u8, u8),
}

impl ScanHeader {
    /// Reads a scan's header.
    pub fn parse(segment: &Segment, frame: &Frame) -> Result<Self, Error> {
        const UNFIT: Error = Error::Corrupt("a scan header that does not fit its frame");
        let [count, rest @ ..] = segment.body else {
            return Err(Error::Corrupt("an empty scan header"));
        };
        let Some((choices, &[first, last, shift])) = rest.split_last_chunk::<3>() else {
            return Err(UNFIT);
        };
        if choices.is_empty() || choices.len() != 2 * usize::from(*count) {
            return Err(UNFIT);
        }
        let mut channels: Vec<ScanComponent> = Vec::new();
        for &[id, tables] in choices.as_chunks::<2>().0 {
            let next = channels.last().map_or(0, |last| last.component + 1);
            let found = frame.components().iter().skip(next).position(|c| c.id == id);
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            let component = next + found.filter(|_| dc < 4 && ac < 4).ok_or(UNFIT)?;
            channels.push(ScanComponent { component, dc, ac });
        }
        Ok(Self {
            channels,
            band: (first.into(), last.into()),
            shift: (shift >> 4, shift & 15),
        })
    }
}

/// What the application segments say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// EXIF orientation, 1 when there is none.
    pub orientation: u8,
    /// A JFIF segment was there.
    pub jfif: bool,
    /// Adobe's color transform.
    pub adobe: Option<u8>,
    /// A piece of an ICC profile was there.
    pub profile: bool,
}

impl Metadata {
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
    let (mut pieces, mut count) = ([None; 256], None);
    // Once through the segments, of which there may be millions.
    for segment in Segments::new(bytes).map_while(Result::ok) {
        if segment.marker == 0xe2
            && let Some([number, of, piece @ ..]) = segment.body.strip_prefix(ICC)
        {
            pieces[usize::from(*number)].get_or_insert(piece);
            count.get_or_insert(usize::from(*of));
        }
    }
    let pieces: Option<Vec<&[u8]>> = pieces.get(1..=count?)?.iter().copied().collect();
    Some(pieces?.concat()).filter(|profile| !profile.is_empty())
}
