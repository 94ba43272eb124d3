//! The JPEGs that are not ordinary: progressive, CMYK, RGB, several scans.
use super::{Source, by_profile};
use crate::photo::colour::{Pixels, Recolour, from_cmyk};
use crate::photo::jpeg::markers::{self, Component, Frame, Notes, SOS, Segments};
use crate::photo::{Header, Refused};
use zune_core::bytestream::ZCursor;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

struct Jpeg<'a> {
    bytes: &'a [u8],
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    frame: Frame,
    notes: Notes,
}

/// Whether the file goes on to its end marker: zune fills up what is missing with gray.
fn complete(bytes: &[u8], mut at: usize) -> bool {
    loop {
        let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr(0xff, rest)) else {
            return false;
        };
        at += next + 1;
        match bytes.get(at) {
            Some(0xd9) => return true,
            Some(0 | 0xff | 0xd0..=0xd7) => {}
            // A segment between scans may hold any byte.
            Some(_) => match bytes.get(at + 1..at + 3) {
                Some(&[high, low]) => at += 1 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            None => return false,
        }
    }
}

/// Opens a JPEG.
pub fn open<'a>(bytes: &'a [u8], header: &Header) -> Result<Box<dyn Source + 'a>, Refused> {
    let (mut notes, mut frame) = (Notes::default(), None);
    for segment in Segments::new(bytes) {
        let segment = segment?;
        notes.read(&segment);
        if let Some(found) = Frame::parse(&segment)? {
            frame.get_or_insert(found);
        }
        if segment.marker == SOS && !complete(bytes, segment.end) {
            return Err(Refused::Truncated);
        }
    }
    let frame = frame.ok_or(Refused::Corrupt("a scan without a frame"))?;
    if !matches!(frame.kind, 0xc0..=0xc2) {
        return Err(Refused::Unsupported("an arithmetic or lossless JPEG"));
    }
    if frame.precision != 8 || frame.count == 2 {
        return Err(Refused::Unsupported("a JPEG of 12 bits or two components"));
    }
    // zune gives wrong colours for the others, and does not say so.
    let [first, rest @ ..] = &frame.components[..frame.count] else {
        return Err(Refused::Corrupt("no components"));
    };
    let plain = |c: &Component| (c.h, c.v) == (1, 1) || (frame.count == 4 && (c.h, c.v) == (first.h, first.v));
    let usual = matches!((first.h, first.v), (1 | 2, 1 | 2) | (4, 1)) && rest.iter().all(plain);
    if !usual && frame.count > 1 {
        return Err(Refused::Unsupported("a sampling that is not usual"));
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|_| Refused::Corrupt("a JPEG header that does not decode"))?;
    // The components as they are: what they mean is decided here.
    let space = decoder
        .input_colorspace()
        .filter(|space| space.num_components() == frame.count);
    let space = space.ok_or(Refused::Unsupported("a JPEG of unknown colours"))?;
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    Ok(Box::new(Jpeg {
        bytes,
        decoder,
        frame,
        notes,
    }))
}

impl Source for Jpeg<'_> {
    fn pixels(&self) -> Pixels {
        match self.frame.count {
            1 => Pixels::Gray,
            3 if self.notes.is_ycbcr(&self.frame) => Pixels::Ycc,
            _ => Pixels::Rgb,
        }
    }

    fn recolour(&self) -> Option<Recolour> {
        by_profile(
            markers::profile(self.bytes).as_deref().filter(|_| self.frame.count < 4),
            self.pixels(),
        )
    }

    fn rows(mut self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Refused> {
        let samples = self
            .decoder
            .decode()
            .map_err(|_| Refused::Corrupt("a JPEG that does not decode"))?;
        let row = self.frame.width as usize * self.frame.count;
        if self.frame.count < 4 {
            samples.chunks_exact(row).for_each(out);
            return Ok(());
        }
        let transform = markers::profile(self.bytes).and_then(|profile| from_cmyk(&profile));
        let (mut inks, mut rgb) = (vec![0; row], vec![0; row / 4 * 3]);
        for row in samples.chunks_exact(row) {
            for (ink, sample) in inks.as_chunks_mut::<4>().0.iter_mut().zip(row.as_chunks::<4>().0) {
                *ink = inked(*sample, self.notes.adobe);
            }
            let done = transform
                .as_ref()
                .is_some_and(|transform| transform.transform(&inks, &mut rgb).is_ok());
            if !done {
                for (pixel, &[c, m, y, k]) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(inks.as_chunks::<4>().0) {
                    let light = |ink: u8| ((255 - u32::from(ink)) * (255 - u32::from(k)) + 127) / 255;
                    *pixel = [c, m, y].map(|ink| light(ink) as u8);
                }
            }
            out(&rgb);
        }
        Ok(())
    }
}

/// Four samples as amounts of ink: Adobe stores them inverted, and with its transform 2 as YCbCr.
fn inked([a, b, c, k]: [u8; 4], adobe: Option<u8>) -> [u8; 4] {
    let [a, b, c] = match adobe {
        Some(2) => {
            let (y, cb, cr) = (f32::from(a), f32::from(b) - 128.0, f32::from(c) - 128.0);
            // The inverse of the inverted: libjpeg's CMYK would be 255 minus these.
            [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|v| (v + 0.5) as u8)
        }
        Some(_) => [255 - a, 255 - b, 255 - c],
        None => return [a, b, c, k],
    };
    [a, b, c, 255 - k]
}
