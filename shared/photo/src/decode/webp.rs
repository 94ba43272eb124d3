//! WebP, decoded by libwebp. Only the first frame of an animation is used.
use super::Source;
use super::flatten::{Flatten, Layout};
use crate::color::{ColorTransform, Pixels, color_transform};
use crate::native::libwebp;
use crate::{Error, Header, Options};
use std::borrow::Cow;

struct WebP<'a> {
    still: Still<'a>,
    flatten: Flatten,
    alpha: bool,
    threads: bool,
    most: u64,
    width: usize,
    height: usize,
}

/// A file of one picture, and its position on the canvas.
struct Still<'a> {
    file: Cow<'a, [u8]>,
    at: (usize, usize),
}

struct Chunk<'a> {
    name: &'a [u8],
    body: &'a [u8],
    /// Bytes before the next chunk.
    end: usize,
}

/// The chunks, up to the first one that is cut off.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let name = bytes.get(at..at + 4)?;
        let length = little_endian(bytes.get(at + 4..at + 8)?);
        let body = bytes.get(at + 8..)?.get(..length)?;
        let end = at + 8 + length;
        at = end.next_multiple_of(2);
        Some(Chunk { name, body, end })
    })
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
}

/// A size of 24 bits, which is stored less one.
fn side(bytes: &[u8]) -> usize {
    little_endian(bytes) + 1
}

impl<'a> Still<'a> {
    /// The picture, or the first frame. Only its own chunks must be whole: neither the size in front of the file nor
    /// what follows the picture matters.
    fn find(photo: &'a [u8], header: &Header) -> Result<Self, Error> {
        let (front, body) = photo.split_at_checked(12).ok_or(Error::Truncated)?;
        let mut alpha = None;
        for chunk in chunks(body) {
            match chunk.name {
                b"ALPH" => alpha = Some(chunk),
                b"ANMF" => return Self::frame(chunk.body, header),
                b"VP8 " | b"VP8L" => {
                    let claimed = 8 + little_endian(&front[4..8]);
                    let file = if (12 + chunk.end..=photo.len()).contains(&claimed) {
                        Cow::Borrowed(photo)
                    } else {
                        let (width, height) = (header.width as usize, header.height as usize);
                        Cow::Owned(file((width, height), alpha.iter().chain([&chunk])))
                    };
                    return Ok(Self { file, at: (0, 0) });
                }
                _ => {}
            }
        }
        Err(Error::Truncated)
    }

    fn frame(frame: &[u8], header: &Header) -> Result<Self, Error> {
        let (head, data) = frame
            .split_at_checked(16)
            .ok_or(Error::Corrupt("a frame that is too short"))?;
        let at = (2 * little_endian(&head[..3]), 2 * little_endian(&head[3..6]));
        let (width, height) = (side(&head[6..9]), side(&head[9..12]));
        if at.0 + width > header.width as usize || at.1 + height > header.height as usize {
            return Err(Error::Corrupt("a frame outside its picture"));
        }
        let chunks: Vec<Chunk> = chunks(data).collect();
        Ok(Self {
            file: Cow::Owned(file((width, height), chunks.iter())),
            at,
        })
    }
}

/// A file of these chunks, behind a header that allows alpha.
fn file<'a>((width, height): (usize, usize), chunks: impl Iterator<Item = &'a Chunk<'a>>) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0".to_vec();
    for side in [width, height] {
        file.extend_from_slice(&(side as u32 - 1).to_le_bytes()[..3]);
    }
    for Chunk { name, body, .. } in chunks {
        file.extend_from_slice(name);
        file.extend_from_slice(&(body.len() as u32).to_le_bytes());
        file.extend_from_slice(body);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    let size = (file.len() - 8) as u32;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

const DAMAGED: Error = Error::Corrupt("a WebP that does not decode");

pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    let still = Still::find(photo, header)?;
    let features = libwebp::features(&still.file).ok_or(DAMAGED)?;
    let (width, height) = (header.width as usize, header.height as usize);
    // The area that a frame does not cover is transparent.
    let alpha = features.alpha || (features.width, features.height) != (width, height);
    let profile = chunks(&photo[12..]).find(|chunk| chunk.name == b"ICCP");
    let transform = profile.and_then(|chunk| color_transform(chunk.body, false));
    Ok(Box::new(WebP {
        still,
        flatten: Flatten::new(if alpha { Layout::Rgba } else { Layout::Rgb }, transform, options),
        alpha,
        threads: options.threads > 1,
        most: options.limits.pixels,
        width,
        height,
    }))
}

impl Source for WebP<'_> {
    fn pixels(&self) -> Pixels {
        self.flatten.pixels()
    }

    fn take_transform(&mut self) -> Option<ColorTransform> {
        self.flatten.take_transform()
    }

    fn rows(mut self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let image = libwebp::decode(&self.still.file, self.most, self.threads).ok_or(DAMAGED)?;
        let libwebp::Features {
            width: wide,
            height: high,
            alpha,
        } = image.features;
        let (left, top) = self.still.at;
        if left + wide > self.width || top + high > self.height {
            return Err(Error::Corrupt(
                "a WebP whose frame does not have the size in its header",
            ));
        }
        let line = wide * if alpha { 4 } else { 3 };
        if (wide, high) == (self.width, self.height) && alpha == self.alpha {
            image
                .pixels
                .chunks_exact(line)
                .for_each(|row| out(self.flatten.flat(row)));
            return Ok(());
        }
        let mut row = vec![[0; 4]; self.width];
        for y in 0..self.height {
            let pixels = y.checked_sub(top).filter(|y| *y < high);
            let pixels = pixels.map_or(&[][..], |y| &image.pixels[y * line..][..line]);
            row.fill([0; 4]);
            for (to, pixel) in row.iter_mut().skip(left).zip(pixels.chunks_exact(line / wide)) {
                let alpha = pixel.get(3).copied().unwrap_or(255);
                *to = [pixel[0], pixel[1], pixel[2], alpha];
            }
            out(self.flatten.flat(row.as_flattened()));
        }
        Ok(())
    }
}
