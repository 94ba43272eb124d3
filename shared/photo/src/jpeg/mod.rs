//! JPEG decoder and encoder. Pictures stay in planes of YCbCr.
//!
//! A baseline JPEG of one scan is decoded row by row. A JPEG of several scans, such as a progressive one, needs all its
//! coefficients in memory first. Then rows of MCUs become samples, at half the size when no variant needs more.
//!
//! A file that breaks a rule is decoded as libjpeg does it, which all browsers use, as long as no data are missing.
mod bits;
pub mod dct;
pub mod encode;
mod huffman;
mod input;
pub mod markers;
mod multi_scan;
pub mod scan;
mod upsample;

use crate::Error;
use crate::color::RgbToYcc;
use crate::native::simd::Isa;
use crate::resize::level::{Level, Shape};
use bits::Reader;
use dct::{HalfInverse, Inverse, Quant};
use huffman::{Decoder, Meaning, TableSpec};
use markers::{Component, Frame, Metadata, SOS, ScanComponent, ScanHeader, Segment, Segments};
use multi_scan::Coefficients;
use scan::{Channel, DecodeRow, Decoders, McuRow, Scan, ZIGZAG};
use upsample::Upsampler;

/// A JPEG that is decoded by rows of MCUs.
pub struct Jpeg<'a> {
    /// Size and sampling of the decoded planes.
    pub shape: Shape,
    /// The first three planes are YCbCr, computed from cyan, magenta and yellow as if they were red, green and blue. The
    /// fourth is the paper that shows through black: 0 is full black.
    pub cmyk: bool,
    source: Source<'a>,
    planes: PlaneDecoder,
    left: usize,
}

/// The source of coefficients.
enum Source<'a> {
    /// Decoded row by row.
    Scan(Box<Scan<'a>>),
    /// All in memory.
    MultiScan(Coefficients),
}

/// Turns coefficients into planes. Separate from the scan: another thread may do it.
#[derive(Clone)]
pub struct PlaneDecoder {
    components: Vec<Plane>,
    colors: Colors,
    /// Set when the components have sizes that the resizing does not take.
    upsampler: Option<Upsampler>,
}

/// The meaning of the first three components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colors {
    /// Gray or YCbCr, which may be computed from CMY.
    Ycc,
    Rgb,
    /// CMY, stored as 255 less the ink.
    InvertedCmy,
}

/// Turns the coefficients of one component into its plane.
#[derive(Clone)]
struct Plane {
    quant: Quant,
    /// Rows of blocks in one MCU.
    down: usize,
    /// Decode at half the size.
    half: bool,
}

/// The tables read so far.
#[derive(Default)]
struct Tables<'a> {
    quants: [Option<[u16; 64]>; 4],
    dc: [Option<TableSpec<'a>>; 4],
    ac: [Option<TableSpec<'a>>; 4],
    interval: usize,
}

impl<'a> Tables<'a> {
    fn read(&mut self, segment: &Segment<'a>) -> Result<(), Error> {
        let mut body = segment.body;
        match (segment.marker, body) {
            (0xc4, _) => {
                while let [class, rest @ ..] = body {
                    let (ac, at) = (class >> 4 == 1, usize::from(class & 15));
                    if class >> 4 > 1 || at > 3 {
                        return Err(Error::Corrupt("a Huffman table number out of range"));
                    }
                    let (table, rest) = TableSpec::parse(rest)?;
                    let tables = if ac { &mut self.ac } else { &mut self.dc };
                    tables[at] = Some(table);
                    body = rest;
                }
            }
            (0xdb, _) => {
                while let [class, rest @ ..] = body {
                    let (wide, at) = (class >> 4 == 1, usize::from(class & 15));
                    let length = if wide { 128 } else { 64 };
                    if class >> 4 > 1 || at > 3 || rest.len() < length {
                        return Err(Error::Corrupt("an invalid quantization table"));
                    }
                    let mut table = [0; 64];
                    for (k, &place) in ZIGZAG.iter().enumerate() {
                        let entry = if wide {
                            u16::from_be_bytes([rest[2 * k], rest[2 * k + 1]])
                        } else {
                            rest[k].into()
                        };
                        table[usize::from(place)] = entry;
                    }
                    self.quants[at] = Some(table);
                    body = &rest[length..];
                }
            }
            (0xdd, &[high, low]) => self.interval = usize::from(u16::from_be_bytes([high, low])),
            _ => {}
        }
        Ok(())
    }

    /// The quantization table of a component.
    fn quant(&self, component: &Component) -> Result<[u16; 64], Error> {
        let table = self.quants[component.table].ok_or(Error::Corrupt("a quantization table is missing"))?;
        // Coefficients of 8-bit samples are not larger.
        Ok(table.map(|q| q.min(4095)))
    }

    /// The tables that the components of a scan need for their DC coefficients.
    fn dc_decoders(&self, channels: &[ScanComponent]) -> Result<Decoders, Error> {
        decoders(&self.dc, channels.iter().map(|channel| channel.dc), Meaning::Dc)
    }

    /// The tables that the components of a scan need for their other coefficients.
    fn ac_decoders(&self, channels: &[ScanComponent], meaning: Meaning) -> Result<Decoders, Error> {
        decoders(&self.ac, channels.iter().map(|channel| channel.ac), meaning)
    }

    /// Fills in the tables that are missing for a scan of all coefficients. Frames of Motion JPEG come without them.
    fn add_standard(&mut self) {
        for (tables, standard) in [
            (&mut self.dc, TableSpec::STANDARD_DC),
            (&mut self.ac, TableSpec::STANDARD_AC),
        ] {
            for (table, standard) in tables.iter_mut().zip(standard) {
                table.get_or_insert(standard);
            }
        }
    }
}

/// The decoding tables with the numbers `used`, for a scan whose symbols have this meaning.
fn decoders(
    tables: &[Option<TableSpec>; 4],
    used: impl Iterator<Item = usize>,
    meaning: Meaning,
) -> Result<Decoders, Error> {
    let mut decoders: Decoders = Default::default();
    for at in used {
        let table = tables[at]
            .as_ref()
            .ok_or(Error::Corrupt("a Huffman table is missing"))?;
        if decoders[at].is_none() {
            decoders[at] = Some(Box::new(Decoder::new(table, meaning)?));
        }
    }
    Ok(decoders)
}

/// Opens a JPEG. `largest` is the size of the largest variant, in the orientation of the source.
pub fn open(bytes: &[u8], largest: (usize, usize), isa: Isa) -> Result<Jpeg<'_>, Error> {
    let (mut tables, mut metadata, mut frame) = (Tables::default(), Metadata::default(), None);
    let mut segments = Segments::new(bytes);
    while let Some(segment) = segments.next() {
        let segment = segment?;
        Frame::read(&mut frame, &segment)?;
        metadata.read(&segment);
        tables.read(&segment)?;
        if segment.marker != SOS {
            continue;
        }
        let frame = frame.ok_or(Error::Corrupt("a scan without a frame"))?;
        let header = ScanHeader::parse(&segment, &frame)?;
        if !frame.progressive {
            tables.add_standard();
        }
        let (source, quants) = if !frame.progressive && header.channels.len() == frame.count {
            let data = bytes.get(segment.end..).unwrap_or(&[]);
            let quants = frame.components().iter().map(|component| tables.quant(component));
            let quants = quants.collect::<Result<Vec<_>, _>>()?;
            (
                Source::Scan(Box::new(streamed(&frame, &header, &tables, data)?)),
                quants,
            )
        } else {
            let mut coefficients = Coefficients::new(&frame);
            let quants = coefficients.read(bytes, segments, header, tables, &frame, isa)?;
            (Source::MultiScan(coefficients), quants)
        };
        return Ok(jpeg(&frame, &metadata, source, &quants, largest));
    }
    Err(Error::Corrupt("a picture without a scan"))
}

/// Puts the decoder of the planes together.
fn jpeg<'a>(
    frame: &Frame,
    metadata: &Metadata,
    source: Source<'a>,
    quants: &[[u16; 64]],
    largest: (usize, usize),
) -> Jpeg<'a> {
    let cmyk = frame.count == 4;
    let colors = match frame.count {
        1 => Colors::Ycc,
        3 if metadata.is_ycbcr(frame) => Colors::Ycc,
        3 => Colors::Rgb,
        _ if metadata.is_ycck() => Colors::Ycc,
        _ => Colors::InvertedCmy,
    };
    let chroma = chroma(frame, colors);
    let shape = Shape {
        width: frame.width as usize,
        height: frame.height as usize,
        luma: 1,
        chroma: chroma.or((frame.count > 1).then_some((1, 1))),
        fourth: cmyk,
    };
    let upsampler = (frame.count > 1 && chroma.is_none()).then(|| Upsampler::new(frame));
    let halved = match upsampler {
        None => halved(&shape, largest, colors != Colors::Ycc),
        Some(_) => (false, false),
    };
    let components = frame.components().iter().zip(quants).enumerate();
    let components = components.map(|(i, (component, quant))| Plane {
        quant: dct::for_inverse(quant),
        down: component.v,
        half: if matches!(i, 1 | 2) { halved.1 } else { halved.0 },
    });
    let step = |halved| if halved { 2 } else { 1 };
    Jpeg {
        shape: Shape {
            luma: step(halved.0),
            chroma: shape.chroma.map(|(h, v)| (h * step(halved.1), v * step(halved.1))),
            ..shape
        },
        cmyk,
        source,
        planes: PlaneDecoder {
            components: components.collect(),
            colors,
            upsampler,
        },
        left: frame.mcus().1,
    }
}

/// Pixels that a chroma sample covers, across and down. `None` for gray, and when the components have sizes that the
/// resizing does not take: luma must be the densest, and chroma must divide it; there is no chroma in RGB and CMY.
fn chroma(frame: &Frame, colors: Colors) -> Option<(usize, usize)> {
    let [y, cb, cr, rest @ ..] = frame.components() else {
        return None;
    };
    let alike = |a: &Component, b: &Component| (a.h, a.v) == (b.h, b.v);
    let whole = (y.h % cb.h, y.v % cb.v) == (0, 0) && alike(cb, cr);
    let mixable = colors == Colors::Ycc || alike(y, cb);
    (whole && mixable && rest.iter().all(|black| alike(y, black))).then_some((y.h / cb.h, y.v / cb.v))
}

/// Whether half the samples of luma, and of chroma, are enough for all variants; with `alike`, the same for both.
fn halved(shape: &Shape, largest: (usize, usize), alike: bool) -> (bool, bool) {
    let enough = |(h, v): (usize, usize), wanted: usize| {
        let fits = |side: usize, step: usize, largest: usize| side * wanted >= 2 * step * largest;
        fits(shape.width, h, largest.0) && fits(shape.height, v, largest.1)
    };
    let luma = enough((1, 1), 1);
    // Variants have chroma of half the size.
    let chroma = shape.chroma.is_some_and(|steps| enough(steps, 2));
    (luma, if alike { luma } else { chroma })
}

/// The scan of a picture with all components in one scan.
fn streamed<'a>(frame: &Frame, header: &ScanHeader, tables: &Tables, data: &'a [u8]) -> Result<Scan<'a>, Error> {
    // The scan covers all coefficients, whatever its header says: some writers leave these bytes zero.
    let components = frame.components();
    let channels = header.channels.iter().map(|choice| Channel {
        h: components[choice.component].h,
        v: components[choice.component].v,
        dc: choice.dc,
        ac: choice.ac,
    });
    let decoders = (
        tables.dc_decoders(&header.channels)?,
        tables.ac_decoders(&header.channels, Meaning::Ac)?,
    );
    let reader = Reader::new(data, tables.interval);
    Ok(Scan::new(reader, channels.collect(), decoders, frame.mcus().0))
}

impl Jpeg<'_> {
    /// A row of coefficients for `decode`.
    pub fn row(&self) -> McuRow {
        match &self.source {
            Source::Scan(scan) => scan.row(),
            Source::MultiScan(_) => McuRow::new(),
        }
    }

    pub fn planes(&self) -> PlaneDecoder {
        self.planes.clone()
    }

    /// Decodes the next row of MCUs into `row`, which must be zero. False at the end.
    pub fn decode(&mut self, row: &mut McuRow, isa: Isa) -> Result<bool, Error> {
        if self.left == 0 {
            if let Source::Scan(scan) = &mut self.source {
                scan.reader.finish()?;
            }
            return Ok(false);
        }
        self.left -= 1;
        match &mut self.source {
            Source::Scan(scan) => isa.run(DecodeRow(scan, row))?,
            Source::MultiScan(coefficients) => *row = coefficients.next().unwrap_or_default(),
        }
        Ok(true)
    }
}

impl PlaneDecoder {
    /// Transforms a row of MCUs into the planes of a level. Sets the row to zero.
    pub fn fill(&mut self, row: &mut McuRow, level: &mut Level, isa: Isa) {
        if let Some(upsampler) = &mut self.upsampler {
            return upsampler.fill(row, &self.components, self.colors, level, isa);
        }
        let mut places = [(0, 0); 4];
        for (i, (pairs, plane)) in row.iter_mut().zip(&self.components).enumerate() {
            let needed = level.needed(i);
            let lines = if plane.half { 4 } else { 8 };
            let (tiles, height, at) = level.planes[i].space(lines * plane.down, needed);
            places[i & 3] = (height, at);
            let across = pairs.len() / plane.down;
            for (i, pairs) in pairs.chunks_exact_mut(across).enumerate() {
                let (quant, at) = (&plane.quant, at + lines * i);
                if plane.half {
                    isa.run(HalfInverse {
                        pairs,
                        quant,
                        tiles,
                        height,
                        at,
                    });
                } else {
                    isa.run(Inverse {
                        pairs,
                        quant,
                        tiles,
                        height,
                        at,
                    });
                }
            }
        }
        if let Some(plane) = self.components.first() {
            let count = if plane.half { 4 } else { 8 } * plane.down;
            self.colors.to_ycc(level, places, count, isa);
        }
        for (rows, plane) in level.planes.iter_mut().zip(&self.components) {
            rows.advance(if plane.half { 4 } else { 8 } * plane.down);
        }
    }
}

impl Colors {
    /// Converts `count` new rows of the planes to YCbCr. `places` are the heights of their tiles and the first rows.
    fn to_ycc(self, level: &mut Level, places: [(usize, usize); 4], count: usize, isa: Isa) {
        if let (Self::Rgb | Self::InvertedCmy, [a, b, c, ..]) = (self, &mut level.planes[..]) {
            isa.run(RgbToYcc {
                planes: [a, b, c].map(|rows| rows.tail()),
                places: [places[0], places[1], places[2]],
                count,
                inverted: self == Self::InvertedCmy,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{
        ColorType, Encoder, SamplingFactor,
        SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2, F_4_1},
    };

    /// The planes as the `image` crate decodes them, three bytes a pixel. An Adobe segment says that they are RGB: then
    /// the decoder does not convert them.
    fn peer(bytes: &[u8]) -> Vec<u8> {
        let rgb = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0";
        let file = [&bytes[..2], rgb, &bytes[2..]].concat();
        let decoder = image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(file)).unwrap();
        image::DynamicImage::from_decoder(decoder)
            .unwrap()
            .into_rgb8()
            .into_raw()
    }

    /// Asserts that luma, and chroma that is not subsampled, differ by two steps at most.
    fn compare(bytes: &[u8]) {
        let wanted = peer(bytes);
        for isa in [Isa::Scalar, Isa::detect()] {
            let mut jpeg = open(bytes, (1 << 20, 1 << 20), isa).unwrap();
            let Shape {
                width, height, chroma, ..
            } = jpeg.shape;
            let (mut level, mut planes, mut row) = (Level::new(&jpeg.shape, width, height), jpeg.planes(), jpeg.row());
            while jpeg.decode(&mut row, isa).unwrap() {
                planes.fill(&mut row, &mut level, isa);
            }
            let components = if chroma == Some((1, 1)) { 3 } else { 1 };
            for component in 0..components {
                for x in 0..width {
                    let column = level.planes[component].tile(x / 16, 0, height);
                    for (y, samples) in column.iter().enumerate() {
                        let got = (i32::from(samples[x % 16]) + 8192 + 32) >> 6;
                        let peer = i32::from(wanted[(y * width + x) * 3 + component]);
                        assert!(
                            (got - peer).abs() <= 2,
                            "{got} is not {peer} at {x} {y}, component {component}"
                        );
                    }
                }
            }
        }
    }

    /// Noise over a gradient, in JPEG.
    fn noisy(
        w: usize,
        h: usize,
        sampling: SamplingFactor,
        quality: u8,
        change: fn(&mut Encoder<&mut Vec<u8>>),
    ) -> Vec<u8> {
        let noisy = |i: usize| (i * i * 31 % 97 + i % w * 150 / w) as u8;
        let rgb: Vec<u8> = (0..w * h)
            .flat_map(|i| [noisy(i), noisy(i + 7), noisy(i * 3)])
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, quality);
        encoder.set_sampling_factor(sampling);
        change(&mut encoder);
        encoder.encode(&rgb, w as u16, h as u16, ColorType::Rgb).unwrap();
        bytes
    }

    const SIZES: [(usize, usize); 4] = [(64, 48), (33, 17), (1, 1), (257, 130)];

    #[test]
    fn planes_are_within_two_steps_of_another_decoders() {
        for (w, h) in SIZES {
            for sampling in [F_1_1, F_2_1, F_1_2, F_2_2] {
                compare(&noisy(w, h, sampling, 30, |_| {}));
                compare(&noisy(w, h, sampling, 75, |e| e.set_restart_interval(2)));
                compare(&noisy(w, h, sampling, 100, |e| e.set_restart_interval(5)));
            }
        }
    }

    #[test]
    fn a_progressive_picture_has_exactly_the_planes_of_the_same_in_one_scan() {
        let planes = |bytes: &[u8]| {
            let mut jpeg = open(bytes, (1 << 20, 1 << 20), Isa::detect()).unwrap();
            let mut level = Level::new(&jpeg.shape, jpeg.shape.width, jpeg.shape.height);
            let (mut planes, mut row) = (jpeg.planes(), jpeg.row());
            while jpeg.decode(&mut row, Isa::detect()).unwrap() {
                planes.fill(&mut row, &mut level, Isa::detect());
            }
            let sizes = [
                Some(jpeg.shape.luma_size()),
                jpeg.shape.chroma_size(),
                jpeg.shape.chroma_size(),
            ];
            let sizes = sizes.into_iter().flatten().enumerate();
            let columns = sizes.flat_map(|(plane, (width, height))| (0..width).map(move |x| (plane, x, height)));
            let samples = columns.map(|(plane, x, height)| {
                let column = level.planes[plane].tile(x / 16, 0, height);
                column.iter().map(|row| row[x % 16]).collect::<Vec<_>>()
            });
            samples.collect::<Vec<_>>()
        };
        for (w, h) in SIZES {
            for sampling in [F_1_1, F_2_1, F_1_2, F_2_2, F_4_1] {
                for quality in [50, 85, 97] {
                    let plain = planes(&noisy(w, h, sampling, quality, |_| {}));
                    let progressive = noisy(w, h, sampling, quality, |e| e.set_progressive_scans(9));
                    assert!(planes(&progressive) == plain, "{w} {h} {sampling:?} {quality}");
                }
            }
        }
        compare(&noisy(257, 130, F_1_1, 90, |e| e.set_progressive(true)));
    }
}
