//! From a file to finished variants: which way a picture goes, and on how many threads.
use crate::cascade::Cascade;
use crate::colour::{Recolour, develop, recolour};
use crate::jpeg::{self, Jpeg, markers};
use crate::native::lanes::Isa;
use crate::{Format, Header, Options, Picture, Refused, Variant, general};
use std::sync::mpsc;

/// Rows of MCUs that may wait for the second thread.
const AHEAD: usize = 6;

/// Makes the ladder of a photo whose header has been accepted.
pub fn make(
    photo: &[u8],
    header: Header,
    options: &Options,
    sink: &mut dyn FnMut(Variant),
) -> Result<Picture, Refused> {
    let cascade = if header.format == Format::Jpeg {
        let top = Cascade::top(header.width, header.height, header.orientation, options);
        let jpeg = jpeg::open(photo, top, Isa::detect())?;
        let cascade = Cascade::new(jpeg.shape, header.orientation, colours(photo, &jpeg), options);
        if options.threads > 1 {
            together(jpeg, cascade)?
        } else {
            alone(jpeg, cascade)?
        }
    } else {
        general::make(photo, &header, options)?
    };
    let (variants, thumbnail) = cascade.finish(options.threads);
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

/// What makes sRGB of the picture's colours.
fn colours(photo: &[u8], jpeg: &Jpeg) -> Option<Recolour> {
    let profile = markers::profile(photo);
    match jpeg.inks {
        Some(inks) => Some(develop(inks, profile.as_deref())),
        None => recolour(&profile?, jpeg.shape.chroma.is_none()),
    }
}

/// Decodes and resizes on this thread.
fn alone(mut jpeg: Jpeg, mut cascade: Cascade) -> Result<Cascade, Refused> {
    let (mut row, planes, isa) = (jpeg.row(), jpeg.planes(), cascade.isa);
    while jpeg.decode(&mut row, isa)? {
        planes.fill(&mut row, cascade.source(), isa);
        cascade.flow();
    }
    Ok(cascade)
}

/// Decodes on this thread while another resizes and encodes.
fn together(mut jpeg: Jpeg, mut cascade: Cascade) -> Result<Cascade, Refused> {
    let (planes, isa) = (jpeg.planes(), cascade.isa);
    std::thread::scope(|scope| {
        let (full, incoming) = mpsc::sync_channel(AHEAD);
        let (outgoing, empty) = mpsc::sync_channel(AHEAD + 2);
        let worker = scope.spawn(move || {
            while let Ok(mut row) = incoming.recv() {
                planes.fill(&mut row, cascade.source(), isa);
                // Nobody waits for empty rows once the decoding is over.
                let _ = outgoing.send(row);
                cascade.flow();
            }
            cascade
        });
        let mut made = 0;
        let decoded = loop {
            let recycled = if made < AHEAD { None } else { empty.recv().ok() };
            let mut row = recycled.unwrap_or_else(|| jpeg.row());
            made += 1;
            match jpeg.decode(&mut row, isa) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(refused) => break Err(refused),
            }
            if full.send(row).is_err() {
                break Ok(());
            }
        };
        drop((full, empty));
        let cascade = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        decoded.map(|()| cascade)
    })
}
