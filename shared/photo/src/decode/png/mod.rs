//! PNG: row by row, unless it is interlaced.
//!
//! The rows decide: a picture whose rows all decode is taken, whatever follows. Nothing behind the first picture is
//! read, so the end of the file may be missing, other frames of an animation may be cut, and anything may come after it.
//! The data have two checksums, that of their chunks and that of the whole: one that is right vouches for them. Browsers
//! check neither before they show the rows.
mod colors;

use super::Source;
use super::flatten::{Flatten, Layout, upper};
use crate::color::{ColorTransform, Pixels};
use crate::{Error, Format, Header, Options, exif};
use png::{
    BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Info, InterlaceInfo, Limits, Reader, Transformations,
};
use std::io::{Cursor, ErrorKind};

/// Limit of the memory for the color profile and other metadata.
const METADATA_BYTES: usize = 16 << 20;

fn error_from(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => Error::Truncated,
        DecodingError::LimitsExceeded => Error::Unsupported("a PNG with too much metadata"),
        _ => Error::Corrupt("a PNG that does not decode"),
    }
}

/// Reads everything before the data of the picture.
fn read(photo: &[u8], sound: bool) -> Result<Reader<Cursor<&[u8]>>, Error> {
    let mut options = DecodeOptions::default();
    options.set_ignore_crc(!sound);
    options.set_ignore_adler32(sound);
    options.set_ignore_text_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(photo), options);
    // The limit is for metadata and one row. The buffer of an interlaced picture is not part of it.
    decoder.set_limits(Limits { bytes: METADATA_BYTES });
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info().map_err(error_from)
}

/// Whether the checksums of all chunks of data match. A chunk that is cut off has none.
fn checksums_match(photo: &[u8]) -> bool {
    let mut rest = photo.get(8..).unwrap_or(&[]);
    while let Some((length, chunk)) = rest.split_first_chunk() {
        let Some(body) = usize::try_from(u32::from_be_bytes(*length))
            .ok()
            .and_then(|length| chunk.get(..4 + length))
        else {
            break;
        };
        rest = &chunk[body.len()..];
        let Some((checksum, next)) = rest.split_first_chunk() else {
            break;
        };
        if body.starts_with(b"IDAT") && crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
            return false;
        }
        rest = next;
    }
    true
}

/// Reads the header.
pub fn header(photo: &[u8]) -> Result<Header, Error> {
    // The checksums of the data do not matter to what comes before them.
    let reader = read(photo, true)?;
    let info = reader.info();
    let orientation = info.exif_metadata.as_deref().and_then(exif::orientation);
    Ok(Header {
        format: Format::Png,
        width: info.width,
        height: info.height,
        orientation: orientation.unwrap_or(1),
        components: reader.output_color_type().0.samples() as u8,
        profile: info.icc_profile.is_some(),
    })
}

struct Png<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    flatten: Flatten,
    /// The checksums of the chunks are right.
    sound: bool,
}

pub fn open<'a>(photo: &'a [u8], options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    let sound = checksums_match(photo);
    let reader = read(photo, sound)?;
    let layout = match reader.output_color_type().0 {
        ColorType::Grayscale => Layout::Gray,
        ColorType::GrayscaleAlpha => Layout::GrayAlpha,
        // A palette is expanded.
        ColorType::Rgb | ColorType::Indexed => Layout::Rgb,
        ColorType::Rgba => Layout::Rgba,
    };
    let transform = colors::transform(reader.info(), layout.is_gray());
    Ok(Box::new(Png {
        flatten: Flatten::new(layout, transform, options),
        reader,
        sound,
    }))
}

/// The number of rows in all passes of an interlaced picture.
fn interlaced_rows(info: &Info) -> usize {
    // First column, first row, and their steps, of each pass (PNG, third edition, 8.1).
    const PASSES: [[u32; 4]; 7] = [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
    ];
    let rows = |[x, y, _, step]: [u32; 4]| match info.width > x {
        true => info.height.saturating_sub(y).div_ceil(step) as usize,
        false => 0,
    };
    PASSES.into_iter().map(rows).sum()
}

impl Source for Png<'_> {
    fn pixels(&self) -> Pixels {
        self.flatten.pixels()
    }

    fn take_transform(&mut self) -> Option<ColorTransform> {
        self.flatten.take_transform()
    }

    fn rows(mut self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let Self { reader, flatten, sound } = &mut *self;
        let mut narrowed = Vec::new();
        let (color, depth) = reader.output_color_type();
        let (height, interlaced) = (reader.info().height as usize, reader.info().interlaced);
        if interlaced {
            let stride = reader.info().width as usize * color.samples();
            let mut whole = vec![0; stride * height];
            for _ in 0..interlaced_rows(reader.info()) {
                let row = reader
                    .next_interlaced_row()
                    .map_err(error_from)?
                    .ok_or(Error::Truncated)?;
                if let InterlaceInfo::Adam7(place) = row.interlace() {
                    let row = narrow(row.data(), depth, &mut narrowed);
                    png::expand_interlaced_row(&mut whole, stride, row, place, 8 * color.samples() as u8);
                }
            }
            whole.chunks_exact(stride).for_each(|row| out(flatten.flat(row)));
        } else {
            for _ in 0..height {
                let row = reader.next_row().map_err(error_from)?.ok_or(Error::Truncated)?;
                out(flatten.flat(narrow(row.data(), depth, &mut narrowed)));
            }
        }
        if !*sound {
            // The checksum of all the data is behind the last row.
            reader.next_row().map_err(error_from)?;
        }
        Ok(())
    }
}

/// The row with 8 bits a sample.
fn narrow<'a>(row: &'a [u8], depth: BitDepth, narrowed: &'a mut Vec<u8>) -> &'a [u8] {
    if depth != BitDepth::Sixteen {
        return row;
    }
    narrowed.clear();
    let samples = row.as_chunks::<2>().0.iter();
    narrowed.extend(samples.map(|&sample| upper(u16::from_be_bytes(sample))));
    narrowed
}
