//! PNG: row by row, unless it is interlaced.
use super::{Source, blend_over, keeps_alpha, profile_transform};
use crate::color::{ColorTransform, Pixels};
use crate::header::METADATA_BYTES;
use crate::{Error, Header, Options};
use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};
use std::io::{Cursor, ErrorKind};

struct Png<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    layout: ColorType,
    background: [u8; 3],
    keeps_alpha: bool,
    height: usize,
}

fn error_from(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => Error::Truncated,
        DecodingError::LimitsExceeded => Error::Unsupported("a PNG with too much metadata"),
        _ => Error::Corrupt("a PNG that does not decode"),
    }
}

pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    // The limit is for metadata and one row. The buffer of an interlaced picture is not part of it.
    let mut decoder = Decoder::new_with_limits(Cursor::new(photo), Limits { bytes: METADATA_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    let reader = decoder.read_info().map_err(error_from)?;
    let layout = reader.output_color_type().0;
    Ok(Box::new(Png {
        reader,
        layout,
        background: options.background,
        keeps_alpha: keeps_alpha(options),
        height: header.height as usize,
    }))
}

fn push_pixel(row: &mut Vec<u8>, [r, g, b]: [u8; 3], alpha: u8, pixels: Pixels) {
    row.extend_from_slice(&[r, g, b, alpha][..pixels.size()]);
}

impl Source for Png<'_> {
    fn pixels(&self) -> Pixels {
        let [r, g, b] = self.background;
        match self.layout {
            ColorType::Grayscale => Pixels::Gray,
            ColorType::GrayscaleAlpha | ColorType::Rgba if self.keeps_alpha => Pixels::Rgba,
            ColorType::GrayscaleAlpha if r == g && g == b => Pixels::Gray,
            _ => Pixels::Rgb,
        }
    }

    fn color_transform(&self) -> Option<ColorTransform> {
        profile_transform(self.reader.info().icc_profile.as_deref(), self.pixels())
    }

    fn rows(mut self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let (pixels, layout, background) = (self.pixels(), self.layout, self.background);
        let mut flat = Vec::new();
        let mut give = |row: &[u8]| {
            flat.clear();
            match layout {
                ColorType::Rgba => {
                    for &[r, g, b, alpha] in row.as_chunks::<4>().0 {
                        push_pixel(&mut flat, blend_over([r, g, b], alpha, background), alpha, pixels);
                    }
                }
                ColorType::GrayscaleAlpha => {
                    for &[gray, alpha] in row.as_chunks::<2>().0 {
                        push_pixel(&mut flat, blend_over([gray; 3], alpha, background), alpha, pixels);
                    }
                }
                _ => return out(row),
            }
            out(&flat);
        };
        if self.reader.info().interlaced {
            let size = self
                .reader
                .output_buffer_size()
                .ok_or(Error::Unsupported("a PNG that is too large"))?;
            let mut whole = vec![0; size];
            self.reader.next_frame(&mut whole).map_err(error_from)?;
            whole.chunks_exact(size / self.height).for_each(give);
            return Ok(());
        }
        for _ in 0..self.height {
            let row = self.reader.next_row().map_err(error_from)?.ok_or(Error::Truncated)?;
            give(row.data());
        }
        // The rest of the file must be there too, with its checksum.
        self.reader.finish().map_err(error_from)
    }
}
