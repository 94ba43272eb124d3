//! From a file to finished variants: which way a picture goes, and on how many threads.
use crate::color::{ColorTransform, cmyk_transform, color_transform};
use crate::jpeg::{self, Jpeg, markers};
use crate::native::simd::Isa;
use crate::pyramid::Pyramid;
use crate::{Error, Format, Header, Options, Picture, Variant, decode};
use std::sync::mpsc;

/// Rows of MCUs that may wait for the second thread.
const QUEUE: usize = 6;

/// Makes the ladder of a photo whose header has been accepted.
pub fn make(photo: &[u8], header: Header, options: &Options, sink: &mut dyn FnMut(Variant)) -> Result<Picture, Error> {
    let pyramid = if header.format == Format::Jpeg {
        let top = Pyramid::top(header.width, header.height, header.orientation, options);
        let jpeg = jpeg::open(photo, top, Isa::detect())?;
        let pyramid = Pyramid::new(jpeg.shape, header.orientation, colors(photo, &jpeg), options);
        if options.threads > 1 {
            together(jpeg, pyramid)?
        } else {
            alone(jpeg, pyramid)?
        }
    } else {
        decode::make(photo, &header, options)?
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

/// What makes sRGB of the picture's colors.
fn colors(photo: &[u8], jpeg: &Jpeg) -> Option<ColorTransform> {
    let profile = markers::profile(photo);
    match jpeg.cmyk {
        Some(cmyk) => Some(cmyk_transform(cmyk, profile.as_deref())),
        None => color_transform(&profile?, jpeg.shape.chroma.is_none()),
    }
}

/// Decodes and resizes on this thread.
fn alone(mut jpeg: Jpeg, mut pyramid: Pyramid) -> Result<Pyramid, Error> {
    let (mut row, planes, isa) = (jpeg.row(), jpeg.planes(), pyramid.isa);
    while jpeg.decode(&mut row, isa)? {
        planes.fill(&mut row, pyramid.source(), isa);
        pyramid.flow();
    }
    Ok(pyramid)
}

/// Decodes on this thread while another resizes and encodes.
fn together(mut jpeg: Jpeg, mut pyramid: Pyramid) -> Result<Pyramid, Error> {
    let (planes, isa) = (jpeg.planes(), pyramid.isa);
    std::thread::scope(|scope| {
        let (full, incoming) = mpsc::sync_channel(QUEUE);
        let (outgoing, empty) = mpsc::sync_channel(QUEUE + 2);
        let worker = scope.spawn(move || {
            while let Ok(mut row) = incoming.recv() {
                planes.fill(&mut row, pyramid.source(), isa);
                // Nobody waits for empty rows once the decoding is over.
                let _ = outgoing.send(row);
                pyramid.flow();
            }
            pyramid
        });
        let mut made = 0;
        let decoded = loop {
            let recycled = if made < QUEUE { None } else { empty.recv().ok() };
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
