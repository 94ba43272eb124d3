//! The marker segments of a JPEG: frame header, scan header, orientation, color profile.
use crate::{Error, exif};

/// A kind of JPEG that is not supported, and what to do about it.
macro_rules! advice {
    ($kind:literal) => {
        concat!($kind, ". Save it as a baseline or progressive JPEG and upload that")
    };
}
pub(super) use advice;

/// One marker segment.
pub struct Segment<'a> {
    /// Second byte of the marker.
    pub marker: u8,
    /// Without marker and length.
    pub body: &'a [u8],
    /// Position in the file behind the segment.
    pub end: usize,
}

/// Iterates over the segments, up to a start of scan or the end of the image.
pub struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
    done: bool,
}

impl<'a> Segments<'a> {
    /// Begins behind the start-of-image marker.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 2,
            done: false,
        }
    }

    /// Position in the file of the next segment. After a start of scan, the position of its data.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Continues at `at`, behind the data of a scan.
    pub fn resume(&mut self, at: usize) {
        (self.at, self.done) = (at, false);
    }

    /// Stray bytes in front of a marker are skipped, as every decoder does, and so are markers without a meaning here.
    fn advance(&mut self) -> Result<Option<Segment<'a>>, Error> {
        loop {
            let byte = |at: usize| self.bytes.get(at).copied().ok_or(Error::Truncated);
            let rest = self.bytes.get(self.at..).ok_or(Error::Truncated)?;
            let mut at = self.at + memchr::memchr(0xff, rest).ok_or(Error::Truncated)?;
            while byte(at)? == 0xff {
                at += 1;
            }
            let marker = byte(at)?;
            match marker {
                EOI => {
                    self.done = true;
                    return Ok(None);
                }
                SOI => return Err(Error::Corrupt("a picture inside the picture")),
                0xc0..=0xcf | 0xda..=0xdf | 0xe0..=0xef | JPEG_LS | COMMENT => {}
                _ => {
                    self.at = at + 1;
                    continue;
                }
            }
            let length = usize::from(u16::from_be_bytes([byte(at + 1)?, byte(at + 2)?]));
            // Some writers give a length less than that of its own field: the segment is empty.
            let end = at + 1 + length.max(2);
            let body = self.bytes.get(at + 3..end).ok_or(Error::Truncated)?;
            self.at = end;
            self.done = marker == SOS;
            return Ok(Some(Segment { marker, body, end }));
        }
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
/// Start of image.
const SOI: u8 = 0xd8;
/// End of image.
const EOI: u8 = 0xd9;
/// A comment.
const COMMENT: u8 = 0xfe;
/// The start of frame of JPEG-LS.
const JPEG_LS: u8 = 0xf7;

/// One color component of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// The identifier in scan headers.
    pub id: u8,
    pub h: usize,
    pub v: usize,
    /// Number of the quantization table.
    pub table: usize,
}

/// The frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether scans are of some coefficients, or of some of their bits.
    pub progressive: bool,
    pub width: u32,
    pub height: u32,
    /// Number of components.
    pub count: usize,
    components: [Component; 4],
}

impl Frame {
    pub fn components(&self) -> &[Component] {
        &self.components[..self.count]
    }

    /// The largest sampling factors.
    pub fn densest(&self) -> (usize, usize) {
        let largest = |of: fn(&Component) -> usize| self.components().iter().map(of).max().unwrap_or(1);
        (largest(|c| c.h), largest(|c| c.v))
    }

    /// Columns and rows of MCUs.
    pub fn mcus(&self) -> (usize, usize) {
        let (h, v) = self.densest();
        (
            (self.width as usize).div_ceil(8 * h),
            (self.height as usize).div_ceil(8 * v),
        )
    }

    /// Columns and rows of blocks of a component, without the padding of the last MCUs.
    pub fn blocks(&self, component: &Component) -> (usize, usize) {
        let (h, v) = self.densest();
        let count = |side: u32, part: usize, whole: usize| (side as usize * part).div_ceil(whole).div_ceil(8);
        (count(self.width, component.h, h), count(self.height, component.v, v))
    }

    /// Reads a segment, which is an error when it is a second frame header.
    pub fn read(frame: &mut Option<Self>, segment: &Segment) -> Result<(), Error> {
        if let Some(found) = Self::parse(segment)?
            && frame.replace(found).is_some()
        {
            return Err(Error::Corrupt("a second frame"));
        }
        Ok(())
    }

    /// Reads a frame header; `None` when the segment is not one.
    ///
    /// # Errors
    /// Kinds that this decoder does not support, and what is wrong with the header.
    fn parse(segment: &Segment) -> Result<Option<Self>, Error> {
        match segment.marker {
            0xc0..=0xc2 => {}
            0xc3 | JPEG_LS => return Err(Error::Unsupported(advice!("a lossless JPEG"))),
            0xc9..=0xcb => return Err(Error::Unsupported(advice!("an arithmetic-coded JPEG"))),
            0xc5..=0xc7 | 0xcd..=0xcf | 0xde => return Err(Error::Unsupported(advice!("a hierarchical JPEG"))),
            _ => return Ok(None),
        }
        let [precision, h1, h0, w1, w0, count, rest @ ..] = segment.body else {
            return Err(Error::Corrupt("a frame header that is too short"));
        };
        if *precision != 8 {
            return Err(Error::Unsupported(advice!("a JPEG of 12 bits a sample")));
        }
        let count = usize::from(*count);
        if rest.len() != 3 * count {
            return Err(Error::Corrupt("a frame header of the wrong length"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Error::Unsupported(advice!(
                "a JPEG whose number of components is not 1, 3 or 4"
            )));
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
        if count == 1 {
            // The sampling factors of a single component have no meaning.
            (components[0].h, components[0].v) = (1, 1);
        }
        let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
        if width == 0 {
            return Err(Error::Corrupt("a picture without pixels"));
        }
        if height == 0 {
            return Err(Error::Unsupported(advice!(
                "a JPEG that gives its height behind the picture"
            )));
        }
        let (width, height) = (width.into(), height.into());
        Ok(Some(Self {
            progressive: segment.marker == 0xc2,
            width,
            height,
            count,
            components,
        }))
    }
}

/// One component of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanComponent {
    /// Index in the frame.
    pub component: usize,
    pub dc: usize,
    pub ac: usize,
}

/// The header of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanHeader {
    /// In the order of the frame.
    pub channels: Vec<ScanComponent>,
    /// First and last coefficient, in zigzag order.
    pub band: (usize, usize),
    /// Bits of the coefficients that are missing before the scan (0: all) and after it.
    pub shift: (u8, u8),
}

/// The most blocks in an MCU (T.81, B.2.3).
const MOST_BLOCKS_IN_MCU: usize = 10;

impl ScanHeader {
    pub fn parse(segment: &Segment, frame: &Frame) -> Result<Self, Error> {
        const UNFIT: Error = Error::Corrupt("a scan header that does not match its frame");
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
        let mut blocks = 0;
        for &[id, tables] in choices.as_chunks::<2>().0 {
            let next = channels.last().map_or(0, |last| last.component + 1);
            let found = frame.components().iter().skip(next).position(|c| c.id == id);
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            let component = next + found.filter(|_| dc < 4 && ac < 4).ok_or(UNFIT)?;
            channels.push(ScanComponent { component, dc, ac });
            blocks += frame.components[component].h * frame.components[component].v;
        }
        // A scan of one component has MCUs of one block.
        if channels.len() > 1 && blocks > MOST_BLOCKS_IN_MCU {
            return Err(Error::Corrupt("a scan with too many blocks in an MCU"));
        }
        Ok(Self {
            channels,
            band: (first.into(), last.into()),
            shift: (shift >> 4, shift & 15),
        })
    }

    /// The number of blocks in the scan.
    pub fn blocks(&self, frame: &Frame) -> usize {
        let components = frame.components();
        if let [only] = self.channels[..] {
            let (across, down) = frame.blocks(&components[only.component]);
            return across * down;
        }
        let (across, down) = frame.mcus();
        let of = |channel: &ScanComponent| components[channel.component].h * components[channel.component].v;
        across * down * self.channels.iter().map(of).sum::<usize>()
    }
}

/// Contents of the application segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// EXIF orientation, 0 when there is none.
    pub orientation: u8,
    pub jfif: bool,
    /// The color transform of the Adobe segment.
    pub adobe: Option<u8>,
    /// Whether there is an ICC profile.
    pub profile: bool,
}

impl Metadata {
    /// Reads one segment.
    pub fn read(&mut self, segment: &Segment) {
        match (segment.marker, segment.body) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, _, _, _, _, _, _, _, _, _, ..]) => self.jfif = true,
            (0xe1, [b'E', b'x', b'i', b'f', 0, 0, tiff @ ..]) if self.orientation == 0 => {
                self.orientation = exif::orientation(tiff).unwrap_or(0);
            }
            (0xe2, body) if body.starts_with(ICC) => self.profile = true,
            (0xee, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(*transform),
            _ => {}
        }
    }

    /// Whether three components are YCbCr, by the rules of libjpeg.
    pub fn is_ycbcr(&self, frame: &Frame) -> bool {
        let ids = [0, 1, 2].map(|i| frame.components[i].id);
        self.jfif || self.adobe.map_or(ids != *b"RGB", |transform| transform != 0)
    }

    /// Whether four components are YCCK and not CMYK, by the rules of libjpeg.
    pub fn is_ycck(&self) -> bool {
        self.adobe.is_some_and(|transform| transform != 0)
    }
}

const ICC: &[u8] = b"ICC_PROFILE\0";

/// The ICC profile; `None` when there is none or a part is missing.
pub fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut pieces, mut count) = ([None; 256], None);
    // One pass: there may be millions of segments.
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
