//! Baseline JPEG, both ways, without ever leaving its planes.
pub mod dct;
pub mod encode;
mod feed;
mod huffman;
pub mod markers;
pub mod scan;

use crate::photo::Refused;
use crate::photo::lanes::Isa;
use crate::photo::resize::level::{Level, Shape};
use dct::{Inverse, Quant};
use huffman::Decoder;
use markers::{Frame, Notes, SOS, Segment, Segments};
use scan::{Channel, DecodeRow, McuRow, Scan, ZIGZAG};

/// A JPEG that can be decoded strip by strip: baseline, eight bits, gray or YCbCr, one scan, chroma a whole number of times coarser.
pub struct Jpeg<'a> {
    /// Size and sampling.
    pub shape: Shape,
    scan: Scan<'a>,
    planes: Planes,
    left: usize,
}

/// What turns coefficients into planes; apart from the scan, so that another thread may do it.
#[derive(Clone)]
pub struct Planes {
    quants: Vec<Quant>,
    /// For each component, rows of blocks in one MCU.
    downs: Vec<usize>,
}

/// Tables as they are collected.
#[derive(Default)]
struct Tables {
    quants: [Option<[u16; 64]>; 4],
    dc: [Option<Box<Decoder>>; 4],
    ac: [Option<Box<Decoder>>; 4],
    interval: usize,
}

impl Tables {
    fn read(&mut self, segment: &Segment) -> Result<(), Refused> {
        let mut body = segment.body;
        match (segment.marker, body) {
            (0xc4, _) => {
                while let [class, rest @ ..] = body {
                    let (ac, at) = (class >> 4 == 1, usize::from(class & 15));
                    if class >> 4 > 1 || at > 3 {
                        return Err(Refused::Corrupt("a Huffman table number out of range"));
                    }
                    let (table, rest) = Decoder::parse(rest, ac)?;
                    let tables = if ac { &mut self.ac } else { &mut self.dc };
                    tables[at] = Some(Box::new(table));
                    body = rest;
                }
            }
            (0xdb, _) => {
                while let [class, rest @ ..] = body {
                    let (wide, at) = (class >> 4 == 1, usize::from(class & 15));
                    let length = if wide { 128 } else { 64 };
                    if class >> 4 > 1 || at > 3 || rest.len() < length {
                        return Err(Refused::Corrupt("a quantisation table that cannot be"));
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
}

/// Reads what stands before the pixels; `None` when this is a JPEG for the general path.
pub fn open(bytes: &[u8]) -> Result<Option<Jpeg<'_>>, Refused> {
    let (mut tables, mut notes, mut frame) = (Tables::default(), Notes::default(), None);
    for segment in Segments::new(bytes) {
        let segment = segment?;
        if let Some(found) = Frame::parse(&segment)? {
            if !matches!(found.kind, 0xc0 | 0xc1) || found.precision != 8 || frame.is_some() {
                return Ok(None);
            }
            frame = Some(found);
        }
        notes.read(&segment);
        tables.read(&segment)?;
        if segment.marker == SOS {
            let frame = frame.ok_or(Refused::Corrupt("a scan without a frame"))?;
            return start(
                frame,
                notes,
                tables,
                segment.body,
                bytes.get(segment.end..).unwrap_or(&[]),
            );
        }
    }
    Err(Refused::Truncated)
}

/// Looks whether the scan is of the usual kind and makes it ready.
fn start<'a>(
    frame: Frame,
    notes: Notes,
    tables: Tables,
    header: &[u8],
    data: &'a [u8],
) -> Result<Option<Jpeg<'a>>, Refused> {
    let mut components = frame.components;
    let components = &mut components[..frame.count];
    let chroma = match components {
        // With one component sampling factors mean nothing.
        [gray] => {
            (gray.h, gray.v) = (1, 1);
            None
        }
        [y, cb, cr]
            if notes.is_ycbcr(&frame)
                && (cb.h, cb.v) == (cr.h, cr.v)
                && (y.h % cb.h, y.v % cb.v) == (0, 0)
                && y.h * y.v + 2 * cb.h * cb.v <= 10 =>
        {
            Some((y.h / cb.h, y.v / cb.v))
        }
        _ => return Ok(None),
    };
    let [count, rest @ ..] = header else {
        return Err(Refused::Corrupt("an empty scan header"));
    };
    if usize::from(*count) != frame.count || rest.len() != 2 * frame.count + 3 {
        return Ok(None);
    }
    let mut planes = Planes {
        quants: Vec::new(),
        downs: Vec::new(),
    };
    let mut channels = Vec::new();
    for (component, choice) in components.iter().zip(rest.chunks_exact(2)) {
        if choice[0] != component.id || choice[1] & 0xcc != 0 {
            return Err(Refused::Corrupt("a scan header that does not fit its frame"));
        }
        let table = tables.quants[component.table].ok_or(Refused::Corrupt("a quantisation table is missing"))?;
        if table.iter().any(|q| !(1..=4095).contains(q)) {
            return Ok(None);
        }
        planes.quants.push(dct::for_inverse(&table));
        planes.downs.push(component.v);
        let (dc, ac) = (usize::from(choice[1] >> 4), usize::from(choice[1] & 15));
        channels.push(Channel {
            h: component.h,
            v: component.v,
            dc,
            ac,
        });
    }
    if rest[2 * frame.count..] != [0, 63, 0] {
        return Err(Refused::Corrupt("a baseline scan of only some coefficients"));
    }
    let shape = Shape {
        width: frame.width as usize,
        height: frame.height as usize,
        chroma,
    };
    let (h, v) = (components[0].h, components[0].v);
    let scan = Scan::new(
        data,
        channels,
        (tables.dc, tables.ac),
        shape.width.div_ceil(8 * h),
        tables.interval,
    );
    Ok(Some(Jpeg {
        shape,
        scan,
        planes,
        left: shape.height.div_ceil(8 * v),
    }))
}

impl Jpeg<'_> {
    /// An empty row of coefficients.
    pub fn row(&self) -> McuRow {
        self.scan.row()
    }

    /// What turns the coefficients into planes.
    pub fn planes(&self) -> Planes {
        self.planes.clone()
    }

    /// Decodes the next row of MCUs into `row`, which must be zero; false when there is none left.
    pub fn decode(&mut self, row: &mut McuRow, isa: Isa) -> Result<bool, Refused> {
        if self.left == 0 {
            self.scan.finish()?;
            return Ok(false);
        }
        self.left -= 1;
        isa.run(DecodeRow(&mut self.scan, row))?;
        Ok(true)
    }
}

impl Planes {
    /// Transforms a row of MCUs into the level's planes and leaves the row zero.
    pub fn fill(&self, row: &mut McuRow, level: &mut Level, isa: Isa) {
        for (plane, pairs) in row.iter_mut().enumerate() {
            let (quant, down, needed) = (&self.quants[plane], self.downs[plane], level.needed(plane));
            let rows = &mut level.planes[plane];
            let (tiles, height, at) = rows.space(8 * down, needed);
            let across = pairs.len() / down;
            for (i, pairs) in pairs.chunks_exact_mut(across).enumerate() {
                isa.run(Inverse {
                    pairs,
                    quant,
                    tiles,
                    height,
                    at: at + 8 * i,
                });
            }
            rows.advance(8 * down);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{
        ColorType, Encoder,
        SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2},
    };
    use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

    /// The planes as another decoder sees them, three bytes a pixel.
    fn peer(bytes: &[u8]) -> Vec<u8> {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::YCbCr);
        zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options)
            .decode()
            .unwrap()
    }

    /// Asserts that luma, and chroma where it is not halved, is within two steps of the peer's.
    fn compare(bytes: &[u8]) {
        let wanted = peer(bytes);
        for isa in [Isa::Scalar, Isa::detect()] {
            let mut jpeg = open(bytes).unwrap().unwrap();
            let Shape { width, height, chroma } = jpeg.shape;
            let (mut level, planes, mut row) = (Level::new(&jpeg.shape, width, height), jpeg.planes(), jpeg.row());
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

    #[test]
    fn planes_are_within_two_steps_of_another_decoders() {
        for (w, h) in [(64usize, 48usize), (33, 17), (1, 1), (257, 130)] {
            let noisy = |i: usize| (i * i * 31 % 97 + i % w * 150 / w) as u8;
            let rgb: Vec<u8> = (0..w * h)
                .flat_map(|i| [noisy(i), noisy(i + 7), noisy(i * 3)])
                .collect();
            for sampling in [F_1_1, F_2_1, F_1_2, F_2_2] {
                for (quality, restart) in [(30, 0), (75, 2), (100, 5)] {
                    let mut bytes = Vec::new();
                    let mut encoder = Encoder::new(&mut bytes, quality);
                    encoder.set_sampling_factor(sampling);
                    if restart > 0 {
                        encoder.set_restart_interval(restart);
                    }
                    encoder.encode(&rgb, w as u16, h as u16, ColorType::Rgb).unwrap();
                    compare(&bytes);
                }
            }
        }
    }
}
