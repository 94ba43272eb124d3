//! Makes the variants of one picture: chooses the decoder and the number of threads.
use crate::color::{ColorTransform, cmyk_transform, color_transform};
use crate::jpeg::{self, Jpeg, markers};
use crate::native::simd::Isa;
use crate::pyramid::Pyramid;
use crate::{Error, Format, Header, Options, Picture, Variant, decode};
use std::sync::mpsc;

/// Rows of MCUs in the queue between the two threads.
const QUEUED_ROWS: usize = 6;

/// Makes the variants of a picture whose header is within the limits.
pub fn make(photo: &[u8], header: Header, options: &Options, sink: &mut dyn FnMut(Variant)) -> Result<Picture, Error> {
    let pyramid = if header.format == Format::Jpeg {
        let largest = Pyramid::largest_size(header.width, header.height, header.orientation, options);
        let jpeg = jpeg::open(photo, largest, Isa::detect())?;
        let pyramid = Pyramid::new(
            jpeg.shape,
            header.orientation,
            jpeg_color_transform(photo, &jpeg),
            options,
        );
        if options.threads > 1 {
            on_two_threads(jpeg, pyramid)?
        } else {
            on_one_thread(jpeg, pyramid)?
        }
    } else {
        decode::decode(photo, &header, options)?
    };
    let (variants, thumbnail) = pyramid.finish(options.threads);
    variants.into_iter().for_each(sink);
    let Header { width, height, .. } = header;
    let (width, height) = if header.orientation > 4 {
        (height, width)
    } else {
        (width, height)
    };
    Ok(Picture {
        header,
        width,
        height,
        thumbnail,
    })
}

/// The conversion to sRGB that the JPEG needs.
fn jpeg_color_transform(photo: &[u8], jpeg: &Jpeg) -> Option<ColorTransform> {
    let profile = markers::profile(photo);
    if jpeg.cmyk {
        return Some(cmyk_transform(profile.as_deref()));
    }
    color_transform(&profile?, jpeg.shape.chroma.is_none())
}

/// Decodes, resizes and encodes on this thread.
fn on_one_thread(mut jpeg: Jpeg, mut pyramid: Pyramid) -> Result<Pyramid, Error> {
    let (mut row, mut planes, isa) = (jpeg.row(), jpeg.planes(), pyramid.isa);
    while jpeg.decode(&mut row, isa)? {
        planes.fill(&mut row, pyramid.source(), isa);
        pyramid.process();
    }
    Ok(pyramid)
}

/// Decodes on this thread. A second thread resizes and encodes.
fn on_two_threads(mut jpeg: Jpeg, mut pyramid: Pyramid) -> Result<Pyramid, Error> {
    let (mut planes, isa) = (jpeg.planes(), pyramid.isa);
    std::thread::scope(|scope| {
        let (full, incoming) = mpsc::sync_channel(QUEUED_ROWS);
        let (outgoing, empty) = mpsc::sync_channel(QUEUED_ROWS + 2);
        let worker = scope.spawn(move || {
            while let Ok(mut row) = incoming.recv() {
                planes.fill(&mut row, pyramid.source(), isa);
                // Sending fails once decoding is over: nobody needs empty rows then.
                let _ = outgoing.send(row);
                pyramid.process();
            }
            pyramid
        });
        let mut made = 0;
        let decoded = loop {
            let recycled = if made < QUEUED_ROWS { None } else { empty.recv().ok() };
            let mut row = recycled.unwrap_or_else(|| jpeg.row());
            made += 1;
            match jpeg.decode(&mut row, isa) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
            if full.send(row).is_err() {
                break Ok(());
            }
        };
        drop((full, empty));
        let pyramid = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        decoded.map(|()| pyramid)
    })
}
