//! Every picture that is no JPEG: decoded by others' code, row by row where it can, into the same cascade.
//!
//! What is not decoded row by row takes, beside the ladder's own buffers, at most so many bytes a pixel of the source:
//! GIF 1, interlaced PNG 4, WebP 4 and libwebp's own.
mod gif;
mod png;
mod webp;

use crate::cascade::Cascade;
use crate::colour::{Pixels, Recolour, Spread, recolour};
use crate::native::lanes::Row;
use crate::resize::level::Shape;
use crate::{Format, Header, Options, Output, Refused};
use std::sync::mpsc;

/// A picture that has been opened and not yet decoded.
trait Source {
    /// What its rows are made of.
    fn pixels(&self) -> Pixels;
    /// What sets its colours right, unless the rows already are.
    fn recolour(&self) -> Option<Recolour>;
    /// Decodes, row by row from the top.
    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Refused>;
}

/// What a profile asks for with rows of this kind.
fn by_profile(profile: Option<&[u8]>, pixels: Pixels) -> Option<Recolour> {
    recolour(profile?, pixels == Pixels::Gray)
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

/// Decodes a picture into a cascade.
pub fn make(photo: &[u8], header: &Header, options: &Options) -> Result<Cascade, Refused> {
    let source = match header.format {
        Format::Jpeg => return Err(Refused::Unsupported("a JPEG on the way of the others")),
        Format::Png => png::open(photo, header, options)?,
        Format::WebP => webp::open(photo, header, options)?,
        Format::Gif => gif::open(photo, header, options)?,
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
    let cascade = Cascade::new(shape, header.orientation, source.recolour(), options);
    let mut intake = Intake {
        cascade,
        pixels,
        row: width * pixels.size(),
    };
    let mut count = 0;
    let (decoded, intake) = if options.threads < 2 {
        let decoded = source.rows(&mut |row| {
            count += 1;
            intake.take(row);
        });
        (decoded, intake)
    } else {
        let size = intake.row * 16;
        std::thread::scope(|scope| {
            let (full, incoming) = mpsc::sync_channel::<Vec<u8>>(8);
            let worker = scope.spawn(move || {
                incoming.iter().for_each(|rows| intake.take(&rows));
                intake
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
        return Err(Refused::Truncated);
    }
    Ok(intake.cascade)
}

/// Takes rows of pixels into the planes of a cascade.
struct Intake {
    cascade: Cascade,
    pixels: Pixels,
    /// Bytes in a row.
    row: usize,
}

impl Intake {
    /// Takes some whole rows.
    fn take(&mut self, rows: &[u8]) {
        let (isa, pixels) = (self.cascade.isa, self.pixels);
        for bytes in rows.chunks_exact(self.row) {
            let level = self.cascade.source();
            let needed = [0, 1, 2, 3].map(|plane| level.needed(plane));
            let mut planes: [&mut [Row]; 4] = Default::default();
            let mut places = [(1, 0); 4];
            for (i, rows) in level.planes.iter_mut().enumerate() {
                let (tiles, height, at) = rows.space(1, needed[i & 3]);
                (planes[i & 3], places[i & 3]) = (tiles, (height, at));
            }
            isa.run(Spread {
                bytes,
                pixels,
                planes,
                places,
            });
            level.planes.iter_mut().for_each(|plane| plane.advance(1));
            self.cascade.flow();
        }
    }
}
