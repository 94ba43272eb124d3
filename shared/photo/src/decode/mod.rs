//! Every picture that is no JPEG: decoded by others' code, row by row where it can, into the same pyramid.
//!
//! What is not decoded row by row takes, beside the ladder's own buffers, at most so many bytes a pixel of the source:
//! GIF 1, interlaced PNG 4, WebP 4 and libwebp's own.
mod png;
pub mod tiff;
mod webp;
mod whole;

use crate::color::{ColorTransform, Pixels, WriteRow, color_transform};
use crate::native::simd::Row;
use crate::pyramid::Pyramid;
use crate::resize::level::Shape;
use crate::{Error, Format, Header, Options, Output};
use std::sync::mpsc;

/// A picture that has been opened and not yet decoded.
trait Source {
    /// What its rows are made of.
    fn pixels(&self) -> Pixels;
    /// What sets its colors right, unless the rows already are.
    fn color_transform(&self) -> Option<ColorTransform>;
    /// Decodes, row by row from the top.
    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error>;
}

/// What a profile asks for with rows of this kind.
fn by_profile(profile: Option<&[u8]>, pixels: Pixels) -> Option<ColorTransform> {
    color_transform(profile?, pixels == Pixels::Gray)
}

/// One pixel over a background.
fn over(pixel: [u8; 3], alpha: u8, background: [u8; 3]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    std::array::from_fn(|i| {
        ((u32::from(pixel[i]) * alpha + u32::from(background[i]) * (255 - alpha) + 127) / 255) as u8
    })
}

/// Whether a format is wanted that keeps what is transparent.
fn keeps_alpha(options: &Options) -> bool {
    options
        .outputs
        .iter()
        .any(|output| matches!(output, Output::WebP { .. }))
}

/// Decodes a picture into a pyramid.
pub fn make(photo: &[u8], header: &Header, options: &Options) -> Result<Pyramid, Error> {
    let source = match header.format {
        Format::Jpeg => return Err(Error::Unsupported("a JPEG on the way of the others")),
        Format::Png => png::open(photo, header, options)?,
        Format::WebP => webp::open(photo, header, options)?,
        Format::Gif | Format::Bmp | Format::Tiff => whole::open(photo, header, options)?,
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
    let pyramid = Pyramid::new(shape, header.orientation, source.color_transform(), options);
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
                    // Sending fails only when the worker has panicked, which `join` passes on.
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

/// Takes rows of pixels into the planes of a pyramid.
struct RowWriter {
    pyramid: Pyramid,
    pixels: Pixels,
    /// Bytes in a row.
    row: usize,
}

impl RowWriter {
    /// Takes some whole rows.
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
            self.pyramid.flow();
        }
    }
}
