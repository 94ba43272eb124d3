//! BMP and TIFF: the `image` crate decodes them whole.
use super::Source;
use super::flatten::{Flatten, Layout, upper};
use crate::color::{ColorTransform, Pixels, color_transform};
use crate::decode::tiff;
use crate::header::error_from;
use crate::{Error, Format, Header, Options};
use image::codecs::{bmp::BmpDecoder, tiff::TiffDecoder};
use image::{ColorType, ImageDecoder};
use std::io::Cursor;

struct Whole<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    format: Format,
    /// The colors are already multiplied by alpha.
    premultiplied: bool,
    flatten: Flatten,
    /// Bytes of a sample.
    sample: usize,
    channels: usize,
    most_bytes: u64,
    width: usize,
}

pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    let &Header {
        format, width, height, ..
    } = header;
    if u64::from(width) * u64::from(height) > options.limits.whole_pixels {
        return Err(Error::TooManyPixels { width, height });
    }
    let failed = |error| error_from(format, &error);
    let input = Cursor::new(photo);
    let mut premultiplied = false;
    let mut decoder: Box<dyn ImageDecoder> = if format == Format::Bmp {
        Box::new(BmpDecoder::new(input).map_err(failed)?)
    } else {
        premultiplied = tiff::check(photo)?.premultiplied;
        Box::new(TiffDecoder::new(input).map_err(failed)?)
    };
    // The largest pixels have eight bytes. Compressed parts of the file need memory too.
    let most_bytes = options.limits.whole_pixels.saturating_mul(8);
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(most_bytes.saturating_add(options.limits.bytes as u64));
    decoder.set_limits(limits).map_err(failed)?;
    let (layout, sample) = match decoder.color_type() {
        ColorType::L8 => (Layout::Gray, 1),
        ColorType::L16 => (Layout::Gray, 2),
        ColorType::La8 => (Layout::GrayAlpha, 1),
        ColorType::La16 => (Layout::GrayAlpha, 2),
        ColorType::Rgb8 => (Layout::Rgb, 1),
        ColorType::Rgb16 => (Layout::Rgb, 2),
        ColorType::Rgba8 => (Layout::Rgba, 1),
        ColorType::Rgba16 => (Layout::Rgba, 2),
        _ => return Err(Error::Unsupported("a picture whose samples do not have 8 or 16 bits")),
    };
    // Browsers ignore the profile of a BMP.
    let profile = if format == Format::Bmp {
        None
    } else {
        decoder.icc_profile().map_err(failed)?
    };
    let transform = profile.and_then(|profile| color_transform(&profile, layout.is_gray()));
    Ok(Box::new(Whole {
        channels: layout.channels(),
        flatten: Flatten::new(layout, transform, options),
        decoder,
        format,
        premultiplied: premultiplied && layout.has_alpha(),
        sample,
        most_bytes,
        width: width as usize,
    }))
}

impl Source for Whole<'_> {
    fn pixels(&self) -> Pixels {
        self.flatten.pixels()
    }

    fn take_transform(&mut self) -> Option<ColorTransform> {
        self.flatten.take_transform()
    }

    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        const TOO_LARGE: Error = Error::Unsupported("a picture that needs too much memory");
        let Self {
            decoder,
            format,
            premultiplied,
            mut flatten,
            sample,
            channels,
            most_bytes,
            width,
        } = *self;
        let bytes = Some(decoder.total_bytes()).filter(|bytes| *bytes <= most_bytes);
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or(TOO_LARGE)?;
        let mut picture = vec![0; bytes];
        let decoded = decoder.read_image_boxed(&mut picture);
        decoded.map_err(|error| error_from(format, &error))?;
        // Some programs write zero for the alpha of an opaque BMP.
        let opaque =
            format == Format::Bmp && channels == 4 && picture.iter().skip(3).step_by(4).all(|alpha| *alpha == 0);
        let mut row = Vec::with_capacity(width * channels);
        for line in picture.chunks_exact(width * channels * sample) {
            if sample == 1 && !opaque && !premultiplied {
                out(flatten.flat(line));
                continue;
            }
            row.clear();
            if sample == 1 {
                row.extend_from_slice(line);
            } else {
                let samples = line.as_chunks::<2>().0.iter();
                row.extend(samples.map(|&sample| upper(u16::from_ne_bytes(sample))));
            }
            if opaque {
                row.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
            }
            if premultiplied {
                row.chunks_exact_mut(channels).for_each(divide);
            }
            out(flatten.flat(&row));
        }
        Ok(())
    }
}

/// Takes alpha, the last channel, out of the colors.
fn divide(pixel: &mut [u8]) {
    if let Some((&mut alpha @ 1.., colors)) = pixel.split_last_mut() {
        let alpha = u32::from(alpha);
        colors
            .iter_mut()
            .for_each(|color| *color = ((u32::from(*color) * 255 + alpha / 2) / alpha).min(255) as u8);
    }
}
