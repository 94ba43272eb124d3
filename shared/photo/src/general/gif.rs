//! The first frame of a GIF.
use super::{Source, keeps_alpha};
use crate::colour::{Pixels, Recolour};
use crate::{Header, Options, Refused};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, MemoryLimit};
use std::io::ErrorKind;
use std::num::NonZeroU64;

struct Gif<'a> {
    decoder: Decoder<&'a [u8]>,
    background: [u8; 3],
    keeps_alpha: bool,
    width: usize,
    height: usize,
    most: u64,
}

fn refused(error: DecodingError) -> Refused {
    match error {
        DecodingError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => Refused::Truncated,
        _ => Refused::Corrupt("a GIF that does not decode"),
    }
}

/// Opens a GIF.
pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Refused> {
    let mut settings = DecodeOptions::new();
    settings.set_color_output(ColorOutput::Indexed);
    settings.check_lzw_end_code(true);
    if let Some(most) = NonZeroU64::new(options.limits.pixels) {
        settings.set_memory_limit(MemoryLimit::Bytes(most));
    }
    let decoder = settings.read_info(photo).map_err(refused)?;
    let (width, height) = (header.width as usize, header.height as usize);
    Ok(Box::new(Gif {
        decoder,
        background: options.background,
        keeps_alpha: keeps_alpha(options),
        width,
        height,
        most: options.limits.pixels,
    }))
}

impl Source for Gif<'_> {
    fn pixels(&self) -> Pixels {
        if self.keeps_alpha { Pixels::Rgba } else { Pixels::Rgb }
    }

    fn recolour(&self) -> Option<Recolour> {
        None
    }

    fn rows(mut self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Refused> {
        let info = self
            .decoder
            .next_frame_info()
            .map_err(refused)?
            .ok_or(Refused::Truncated)?;
        let (width, height) = (u32::from(info.width), u32::from(info.height));
        if u64::from(width) * u64::from(height) > self.most {
            return Err(Refused::TooManyPixels { width, height });
        }
        let (left, top, wide, high) = (info.left.into(), info.top.into(), width as usize, height as usize);
        let (transparent, local) = (info.transparent, info.palette.clone());
        let mut indices = vec![0; wide * high];
        self.decoder.read_into_buffer(&mut indices).map_err(refused)?;
        let palette = local.as_deref().or(self.decoder.global_palette());
        let palette = palette.ok_or(Refused::Corrupt("a GIF without colours"))?;
        let size = self.pixels().size();
        let [r, g, b] = self.background;
        let nothing = [r, g, b, 0];
        let colours: Vec<[u8; 4]> = (0..=255u8)
            .map(|i| match palette.as_chunks::<3>().0.get(usize::from(i)) {
                _ if transparent == Some(i) => nothing,
                Some(&[r, g, b]) => [r, g, b, 255],
                None => [0, 0, 0, 255],
            })
            .collect();
        let mut row = vec![0; self.width * size];
        for y in 0..self.height {
            row.chunks_exact_mut(size)
                .for_each(|pixel| pixel.copy_from_slice(&nothing[..size]));
            if let Some(line) = y
                .checked_sub(top)
                .and_then(|y| indices.chunks_exact(wide.max(1)).nth(y))
            {
                for (to, &index) in row.chunks_exact_mut(size).skip(left).zip(line) {
                    to.copy_from_slice(&colours[usize::from(index)][..size]);
                }
            }
            out(&row);
        }
        Ok(())
    }
}
