//! Which TIFFs are decoded: the `image` crate takes more kinds than it decodes right, or within its limits.
use crate::Error;
use crate::exif::Directory;

/// What the decoder does not say about a TIFF.
pub struct Kind {
    /// The colors are already multiplied by alpha.
    pub premultiplied: bool,
}

/// Refuses the kinds of TIFF that would come out wrong, or that could take memory without limit.
pub fn check(file: &[u8]) -> Result<Kind, Error> {
    const COMPRESSION: u16 = 259;
    const PHOTOMETRIC: u16 = 262;
    const SAMPLES_PER_PIXEL: u16 = 277;
    const TILE_WIDTH: u16 = 322;
    const EXTRA_SAMPLES: u16 = 338;
    const SAMPLE_FORMAT: u16 = 339;
    let directory = Directory::first(file).ok_or(Error::Truncated)?;
    let mut kind = Kind { premultiplied: false };
    // A tag may be there more than once: each of them is checked, for another reader may take another one.
    for (tag, value) in directory.entries() {
        let refused = match (tag, value) {
            (COMPRESSION, Some(6 | 7)) => "a TIFF with JPEG compression: save it with LZW, or upload a JPEG",
            (PHOTOMETRIC, Some(3)) => "a TIFF with a palette: save it as RGB",
            (PHOTOMETRIC, Some(5)) => "a TIFF in CMYK: save it as RGB",
            (PHOTOMETRIC, Some(4 | 6..)) => "a TIFF in an unusual color space: save it as RGB",
            (SAMPLES_PER_PIXEL, Some(5..)) => "a TIFF with more than four channels",
            (SAMPLE_FORMAT, Some(2..)) => {
                "a TIFF whose samples are not unsigned integers: save it with 8 or 16 bits a channel"
            }
            // The decoder takes a buffer for a row of a tile, however little of it is in the picture.
            (TILE_WIDTH, Some(4097..)) => "a TIFF with very wide tiles",
            (COMPRESSION | PHOTOMETRIC | SAMPLES_PER_PIXEL | TILE_WIDTH | EXTRA_SAMPLES | SAMPLE_FORMAT, None) => {
                return Err(Error::Corrupt("a TIFF with an invalid tag"));
            }
            (EXTRA_SAMPLES, Some(value)) => {
                kind.premultiplied = value == 1;
                continue;
            }
            _ => continue,
        };
        return Err(Error::Unsupported(refused));
    }
    Ok(kind)
}
