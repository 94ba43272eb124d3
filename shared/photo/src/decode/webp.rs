//! WebP, decoded by libwebp. Only the first frame of an animation is used.
use super::{Source, blend_over, keeps_alpha, profile_transform};
use crate::color::{ColorTransform, Pixels};
use crate::native::libwebp;
use crate::{Error, Header, Options};
use std::borrow::Cow;

struct WebP<'a> {
    still: Cow<'a, [u8]>,
    /// Position of the still on the canvas.
    at: (usize, usize),
    profile: Option<&'a [u8]>,
    background: [u8; 3],
    keeps_alpha: bool,
    threads: bool,
    most: u64,
    width: usize,
    height: usize,
}

/// Name and body of each chunk, up to the first one that is cut off.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = rest
            .get(4..8)?
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        let body = rest.get(8..)?.get(..length)?;
        let name = &rest[..4];
        rest = rest.get(8 + length.next_multiple_of(2)..).unwrap_or(&[]);
        Some((name, body))
    })
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
}

pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    if photo.len() < 8 + little_endian(&photo[4..8]) {
        return Err(Error::Truncated);
    }
    let body = &photo[12..];
    let profile = chunks(body).find(|(name, _)| name == b"ICCP").map(|(_, body)| body);
    let (mut still, mut at) = (Cow::Borrowed(photo), (0, 0));
    if let Some((_, frame)) = chunks(body).find(|(name, _)| name == b"ANMF") {
        let (head, data) = frame
            .split_at_checked(16)
            .ok_or(Error::Corrupt("a frame that is too short"))?;
        at = (2 * little_endian(&head[..3]), 2 * little_endian(&head[3..6]));
        let (width, height) = (little_endian(&head[6..9]) + 1, little_endian(&head[9..12]) + 1);
        if at.0 + width > header.width as usize || at.1 + height > header.height as usize {
            return Err(Error::Corrupt("a frame outside its picture"));
        }
        // libwebp reads the frame as a file of its own: its chunks behind a header that allows alpha.
        let mut file = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0".to_vec();
        file.extend_from_slice(&head[6..12]);
        file.extend_from_slice(data);
        let size = (file.len() - 8) as u32;
        file[4..8].copy_from_slice(&size.to_le_bytes());
        still = Cow::Owned(file);
    }
    let (width, height) = (header.width as usize, header.height as usize);
    Ok(Box::new(WebP {
        still,
        at,
        profile,
        background: options.background,
        keeps_alpha: keeps_alpha(options) && header.components == 4,
        threads: options.threads > 1,
        most: options.limits.pixels,
        width,
        height,
    }))
}

impl Source for WebP<'_> {
    fn pixels(&self) -> Pixels {
        if self.keeps_alpha { Pixels::Rgba } else { Pixels::Rgb }
    }

    fn color_transform(&self) -> Option<ColorTransform> {
        profile_transform(self.profile, Pixels::Rgb)
    }

    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let size = self.pixels().size();
        let image = libwebp::decode(&self.still, self.most, self.threads)
            .ok_or(Error::Corrupt("a WebP that does not decode"))?;
        let (wide, high, alpha) = (image.width, image.height, image.alpha);
        let (left, top) = self.at;
        if left + wide > self.width || top + high > self.height {
            return Err(Error::Corrupt(
                "a WebP whose frame does not have the size in its header",
            ));
        }
        let whole = (wide, high) == (self.width, self.height);
        let line = wide * if alpha { 4 } else { 3 };
        let [r, g, b] = self.background;
        let nothing = [r, g, b, 0];
        let mut row = vec![0; self.width * size];
        for y in 0..self.height {
            let pixels = y.checked_sub(top).filter(|y| *y < high);
            let pixels = pixels.map(|y| &image.pixels[y * line..][..line]);
            if let (Some(pixels), false, true, 3) = (pixels, alpha, whole, size) {
                out(pixels);
                continue;
            }
            row.chunks_exact_mut(size)
                .for_each(|pixel| pixel.copy_from_slice(&nothing[..size]));
            let pixels = pixels.unwrap_or_default().chunks_exact(if alpha { 4 } else { 3 });
            for (to, pixel) in row.chunks_exact_mut(size).skip(left).zip(pixels) {
                let alpha = pixel.get(3).copied().unwrap_or(255);
                let [r, g, b] = blend_over([pixel[0], pixel[1], pixel[2]], alpha, self.background);
                to.copy_from_slice(&[r, g, b, alpha][..size]);
            }
            out(&row);
        }
        Ok(())
    }
}
