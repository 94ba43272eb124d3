//! Checks which TIFFs are decoded. The `image` crate accepts kinds that it decodes with wrong colors or without a limit.
use crate::Error;
use crate::exif::{Directory, Entry};
use crate::header::RAW;

/// The decoder keeps dozens of bytes for each strip or tile. 50 megapixels in tiles of 16 by 16 pixels are fewer.
const MOST_PIECES: usize = 1 << 18;

/// The facts about a TIFF that `image` does not tell.
pub struct Kind {
    /// The colors are already multiplied by alpha.
    pub premultiplied: bool,
}

/// Refuses kinds of TIFF that come out wrong or take memory without a limit.
pub fn check(file: &[u8]) -> Result<Kind, Error> {
    const NEW_SUBFILE_TYPE: u16 = 254;
    const COMPRESSION: u16 = 259;
    const PHOTOMETRIC: u16 = 262;
    const STRIP_OFFSETS: u16 = 273;
    const SAMPLES_PER_PIXEL: u16 = 277;
    const STRIP_BYTES: u16 = 279;
    const TILE_WIDTH: u16 = 322;
    const TILE_OFFSETS: u16 = 324;
    const TILE_BYTES: u16 = 325;
    const SUB_IFDS: u16 = 330;
    const EXTRA_SAMPLES: u16 = 338;
    const SAMPLE_FORMAT: u16 = 339;
    const DNG_VERSION: u16 = 50706;
    let directory = Directory::first(file).ok_or(Error::Truncated)?;
    let mut kind = Kind { premultiplied: false };
    let has = |wanted: fn(&Entry) -> bool| directory.entries().any(|entry| wanted(&entry));
    // The first picture of a raw file is a thumbnail.
    let is_thumbnail = has(|entry| entry.tag == NEW_SUBFILE_TYPE && entry.value.is_some_and(|kind| kind & 1 == 1));
    if has(|entry| entry.tag == DNG_VERSION) || is_thumbnail && has(|entry| entry.tag == SUB_IFDS) {
        return Err(Error::UnsupportedFormat(RAW));
    }
    // Duplicates are checked too: the decoder may use another one of them than this function.
    for Entry { tag, count, value } in directory.entries() {
        let refused = match (tag, value) {
            (STRIP_OFFSETS | STRIP_BYTES | TILE_OFFSETS | TILE_BYTES, _) if count > MOST_PIECES => {
                "a TIFF with very many strips or tiles"
            }
            (COMPRESSION, Some(6 | 7)) => "a TIFF with JPEG compression: save it with LZW, or upload a JPEG",
            (PHOTOMETRIC, Some(3)) => "a TIFF with a palette: save it as RGB",
            (PHOTOMETRIC, Some(5)) => "a TIFF in CMYK: save it as RGB",
            (PHOTOMETRIC, Some(4 | 6..)) => "a TIFF in an unusual color space: save it as RGB",
            (SAMPLES_PER_PIXEL, Some(5..)) => "a TIFF with more than four channels",
            (SAMPLE_FORMAT, Some(2..)) => {
                "a TIFF whose samples are not unsigned integers: save it with 8 or 16 bits a channel"
            }
            // The decoder allocates a whole row of a tile, however little of it is inside the picture.
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
