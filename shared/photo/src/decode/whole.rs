//! GIF, BMP and TIFF: the `image` crate decodes them whole.
use super::{Source, blend_over, keeps_alpha, profile_transform};
use crate::color::{ColorTransform, Pixels};
use crate::decode::tiff;
use crate::header::error_from;
use crate::{Error, Format, Header, Options};
use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, tiff::TiffDecoder};
use image::{ColorType, ImageDecoder};
use std::io::Cursor;

struct Whole<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    format: Format,
    profile: Option<Vec<u8>>,
    /// The colors are already multiplied by alpha.
    premultiplied: bool,
    background: [u8; 3],
    keeps_alpha: bool,
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
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Gif => Box::new(GifDecoder::new(input).map_err(failed)?),
        Format::Bmp => Box::new(BmpDecoder::new(input).map_err(failed)?),
        _ => {
            premultiplied = tiff::check(photo)?.premultiplied;
            Box::new(TiffDecoder::new(input).map_err(failed)?)
        }
    };
    // The largest pixels have eight bytes. Compressed parts of the file need memory too.
    let most_bytes = options.limits.whole_pixels.saturating_mul(8);
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(most_bytes.saturating_add(options.limits.bytes as u64));
    decoder.set_limits(limits).map_err(failed)?;
    Ok(Box::new(Whole {
        profile: decoder.icc_profile().map_err(failed)?,
        decoder,
        format,
        premultiplied,
        background: options.background,
        keeps_alpha: keeps_alpha(options),
        most_bytes,
        width: width as usize,
    }))
}

impl Source for Whole<'_> {
    fn pixels(&self) -> Pixels {
        match self.decoder.color_type() {
            ColorType::L8 | ColorType::L16 => Pixels::Gray,
            ColorType::Rgba8 | ColorType::Rgba16 if self.keeps_alpha => Pixels::Rgba,
            _ => Pixels::Rgb,
        }
    }

    fn color_transform(&self) -> Option<ColorTransform> {
        profile_transform(self.profile.as_deref(), self.pixels())
    }

    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        const TOO_LARGE: Error = Error::Unsupported("a picture that needs too much memory");
        let (size, kind) = (self.pixels().size(), self.decoder.color_type());
        let bytes = Some(self.decoder.total_bytes()).filter(|bytes| *bytes <= self.most_bytes);
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or(TOO_LARGE)?;
        let mut picture = vec![0; bytes];
        let decoded = self.decoder.read_image_boxed(&mut picture);
        decoded.map_err(|error| error_from(self.format, &error))?;
        // Only the upper byte of a 16-bit sample is used.
        let (channels, sample) = match kind {
            ColorType::L8 => (1, 1),
            ColorType::L16 => (1, 2),
            ColorType::Rgb8 => (3, 1),
            ColorType::Rgb16 => (3, 2),
            ColorType::Rgba8 => (4, 1),
            ColorType::Rgba16 => (4, 2),
            _ => return Err(Error::Unsupported("a picture whose samples do not have 8 or 16 bits")),
        };
        let upper = if cfg!(target_endian = "little") { sample - 1 } else { 0 };
        // Some programs write zero for the alpha of an opaque BMP.
        let opaque =
            self.format == Format::Bmp && channels == 4 && picture.iter().skip(3).step_by(4).all(|alpha| *alpha == 0);
        let background = self.background;
        let mut row = Vec::with_capacity(self.width * size);
        for line in picture.chunks_exact(self.width * channels * sample) {
            if sample == 1 && channels < 4 {
                out(line);
                continue;
            }
            row.clear();
            for pixel in line.chunks_exact(channels * sample) {
                let channel = |i: usize| pixel[i * sample + upper];
                if channels < 4 {
                    row.extend((0..channels).map(channel));
                    continue;
                }
                let alpha = if opaque { 255 } else { channel(3) };
                let color = [channel(0), channel(1), channel(2)];
                let [r, g, b] = if self.premultiplied {
                    let behind = blend_over([0; 3], alpha, background);
                    std::array::from_fn(|i| color[i].saturating_add(behind[i]))
                } else {
                    blend_over(color, alpha, background)
                };
                row.extend_from_slice(&[r, g, b, alpha][..size]);
            }
            out(&row);
        }
        Ok(())
    }
}
