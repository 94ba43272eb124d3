//! GIF: the first frame, on a screen that is at least as large. Browsers ignore the background color and profiles.
use super::Source;
use super::flatten::{Flatten, Layout};
use crate::color::{ColorTransform, Pixels};
use crate::{Error, Format, Header, Options};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Frame, MemoryLimit};
use std::io::{Cursor, ErrorKind};

fn error_from(error: DecodingError) -> Error {
    match error {
        DecodingError::UnexpectedEof => Error::Truncated,
        DecodingError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => Error::Truncated,
        _ => Error::Corrupt("a GIF that does not decode"),
    }
}

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// Reads everything before the data of the first frame.
fn read(photo: &[u8]) -> Result<(Reader<'_>, Frame<'static>), Error> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Unlimited);
    options.allow_unknown_blocks(true);
    let mut reader = options.read_info(Cursor::new(photo)).map_err(error_from)?;
    let frame = reader.next_frame_info().map_err(error_from)?;
    let frame = frame.cloned().ok_or(Error::Truncated)?;
    Ok((reader, frame))
}

/// Reads the header. The screen grows to hold the first frame, as in browsers.
pub fn header(photo: &[u8]) -> Result<Header, Error> {
    let (reader, frame) = read(photo)?;
    let end = |from: u16, length: u16| u32::from(from) + u32::from(length);
    let (width, height) = (
        u32::from(reader.width()).max(end(frame.left, frame.width)),
        u32::from(reader.height()).max(end(frame.top, frame.height)),
    );
    if width == 0 || height == 0 {
        return Err(Error::Corrupt("a picture without pixels"));
    }
    Ok(Header {
        format: Format::Gif,
        width,
        height,
        orientation: 1,
        components: 4,
        profile: false,
    })
}

struct Gif<'a> {
    reader: Reader<'a>,
    frame: Frame<'static>,
    flatten: Flatten,
    width: usize,
    height: usize,
}

pub fn open<'a>(photo: &'a [u8], header: &Header, options: &Options) -> Result<Box<dyn Source + 'a>, Error> {
    let &Header { width, height, .. } = header;
    if u64::from(width) * u64::from(height) > options.limits.whole_pixels {
        return Err(Error::TooManyPixels { width, height });
    }
    let (reader, frame) = read(photo)?;
    Ok(Box::new(Gif {
        reader,
        frame,
        flatten: Flatten::new(Layout::Rgba, None, options),
        width: width as usize,
        height: height as usize,
    }))
}

impl Source for Gif<'_> {
    fn pixels(&self) -> Pixels {
        self.flatten.pixels()
    }

    fn take_transform(&mut self) -> Option<ColorTransform> {
        None
    }

    fn rows(self: Box<Self>, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let Self {
            mut reader,
            frame,
            mut flatten,
            width,
            height,
        } = *self;
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let (wide, high) = (usize::from(frame.width), usize::from(frame.height));
        let mut indices = vec![0; wide * high];
        if !indices.is_empty() {
            reader.read_into_buffer(&mut indices).map_err(error_from)?;
        }
        // An index beyond the palette is black.
        let mut colors = [[0, 0, 0, 255]; 256];
        let palette = reader.palette().map_err(error_from)?;
        for (color, &[r, g, b]) in colors.iter_mut().zip(palette.as_chunks::<3>().0) {
            *color = [r, g, b, 255];
        }
        if let Some(index) = frame.transparent {
            colors[usize::from(index)] = [0; 4];
        }
        let mut row = vec![[0; 4]; width];
        for y in 0..height {
            let line = y.checked_sub(top).filter(|y| *y < high);
            let line = line.map_or(&[][..], |y| &indices[y * wide..][..wide]);
            row.fill([0; 4]);
            for (pixel, &index) in row.iter_mut().skip(left).zip(line) {
                *pixel = colors[usize::from(index)];
            }
            out(flatten.flat(row.as_flattened()));
        }
        Ok(())
    }
}
