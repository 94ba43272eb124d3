//! Decodes every format but JPEG and feeds the rows into the pyramid.
//!
//! PNG is decoded row by row. Where the whole picture has to be in memory, it takes, beside the buffers of the pyramid,
//! up to these bytes a pixel: interlaced PNG 4, WebP 4 and the memory of libwebp, GIF 1, BMP 4, TIFF 16.
mod flatten;
pub mod gif;
pub mod png;
pub mod tiff;
mod webp;
mod whole;

use crate::color::{ColorTransform, Pixels, WriteRow};
use crate::native::simd::Row;
use crate::pyramid::Pyramid;
use crate::resize::level::Shape;
use crate::{Error, Format, Header, Options};
use std::sync::mpsc;

/// A picture whose header is read and whose pixels are not.
pub trait Source {
    /// The layout of the rows that `rows` gives.
    fn pixels(&self) -> Pixels;
    /// The conversion to sRGB that the rows still need.
    fn take_transform(&mut self) -> Option<ColorTransform>;
    /// Decodes the picture and hands its rows to `out`, from the top.
    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error>;
}

pub fn decode(photo: &[u8], header: &Header, options: &Options) -> Result<Pyramid, Error> {
    let mut source = match header.format {
        Format::Jpeg => return Err(Error::Unsupported("a JPEG in the decoder of other formats")),
        Format::Png => png::open(photo, options)?,
        Format::WebP => webp::open(photo, header, options)?,
        Format::Gif => gif::open(photo, header, options)?,
        Format::Bmp | Format::Tiff => whole::open(photo, header, options)?,
    };
    let (width, height) = (header.width as usize, header.height as usize);
    let pixels = source.pixels();
    let shape = Shape {
        width,
        height,
        luma: 1,
        chroma: (pixels != Pixels::Gray).then_some((1, 1)),
        fourth: pixels == Pixels::Rgba,
    };
    let pyramid = Pyramid::new(shape, header.orientation, source.take_transform(), options);
    let mut writer = RowWriter {
        pyramid,
        pixels,
        row: width * pixels.size(),
    };
    let mut count = 0;
    let (decoded, writer) = if options.threads < 2 {
        let decoded = source.rows(&mut |row| {
            count += 1;
            writer.take(row);
        });
        (decoded, writer)
    } else {
        let size = writer.row * 16;
        std::thread::scope(|scope| {
            let (full, incoming) = mpsc::sync_channel::<Vec<u8>>(8);
            let worker = scope.spawn(move || {
                incoming.iter().for_each(|rows| writer.take(&rows));
                writer
            });
            let mut block = Vec::with_capacity(size);
            let decoded = source.rows(&mut |row| {
                count += 1;
                block.extend_from_slice(row);
                if block.len() >= size {
                    // Sending fails only after a panic of the worker, which `join` passes on.
                    let _ = full.send(std::mem::replace(&mut block, Vec::with_capacity(size)));
                }
            });
            let _ = full.send(block);
            drop(full);
            (
                decoded,
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        })
    };
    decoded?;
    if count != height {
        return Err(Error::Truncated);
    }
    Ok(writer.pyramid)
}

/// Writes rows of pixels into the planes of the pyramid.
struct RowWriter {
    pyramid: Pyramid,
    pixels: Pixels,
    /// Bytes a row.
    row: usize,
}

impl RowWriter {
    /// Takes one or more whole rows.
    fn take(&mut self, rows: &[u8]) {
        let (isa, pixels) = (self.pyramid.isa, self.pixels);
        for bytes in rows.chunks_exact(self.row) {
            let level = self.pyramid.source();
            let needed = [0, 1, 2, 3].map(|plane| level.needed(plane));
            let mut planes: [&mut [Row]; 4] = Default::default();
            let mut places = [(1, 0); 4];
            for (i, rows) in level.planes.iter_mut().enumerate() {
                let (tiles, height, at) = rows.space(1, needed[i & 3]);
                (planes[i & 3], places[i & 3]) = (tiles, (height, at));
            }
            isa.run(WriteRow {
                bytes,
                pixels,
                planes,
                places,
            });
            level.planes.iter_mut().for_each(|plane| plane.advance(1));
            self.pyramid.process();
        }
    }
}
