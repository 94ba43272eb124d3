//! The photos to measure: those of a folder, or drawn ones, each also in other formats.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use photo::{Format, inspect};

use crate::peer::Peer;

/// A photo and its output format.
pub struct Photo {
    /// The name in the results.
    pub name: String,
    /// The path.
    pub path: PathBuf,
    /// The format of the variants: `jpeg` or `webp`.
    pub output: &'static str,
}

/// The minimum number of pixels of a photo.
const PHOTO: u64 = 5_000_000;

/// Returns all photos: those of the folder `named`, or drawn ones. Converted photos are written to `folder`.
///
/// # Errors
/// If there is none, or one cannot be read.
pub fn all(named: Option<&Path>, folder: &Path, peer: &Peer) -> Result<Vec<Photo>> {
    let mut found = match named {
        Some(named) => in_folder(named)?,
        None => drawn(folder)?,
    };
    found.sort();
    let mut photos = vec![];
    for path in found {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut add = |suffix: &str, path: PathBuf, output| {
            photos.push(Photo {
                name: format!("{name}{suffix}"),
                path,
                output,
            });
        };
        let jpeg = fs::read(&path)?;
        add("", path.clone(), "jpeg");
        let lying = folder.join(format!("{name}-orientation-6.jpg"));
        fs::write(&lying, lain(&jpeg))?;
        add("-orientation-6", lying, "jpeg");
        for extension in ["png", "webp"] {
            let converted = folder.join(format!("{name}.{extension}"));
            peer.convert(&path, &converted)?;
            add(&format!("-from-{extension}"), converted, "jpeg");
        }
        add("-to-webp", path, "webp");
    }
    Ok(photos)
}

/// Returns the JPEG photos of a folder.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = vec![];
    for entry in entries {
        let path = entry?.path();
        if !path.is_file() {
            continue;
        }
        let Ok(header) = inspect(&fs::read(&path)?) else {
            continue;
        };
        let pixels = u64::from(header.width) * u64::from(header.height);
        if header.format == Format::Jpeg && pixels >= PHOTO {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "{} has no JPEG of {PHOTO} pixels", folder.display());
    Ok(found)
}

/// Draws two photos.
fn drawn(folder: &Path) -> Result<Vec<PathBuf>> {
    let draw = |(name, width, height)| {
        let path = folder.join(name);
        fs::write(&path, local_cloud::pictures::landscape(width, height)?)?;
        Ok(path)
    };
    [("drawn-12mp.jpg", 4000, 3000), ("drawn-6mp.jpg", 3000, 2000)]
        .map(draw)
        .into_iter()
        .collect()
}

/// Replaces a JPEG's EXIF orientation by 6.
fn lain(jpeg: &[u8]) -> Vec<u8> {
    const EXIF: &[u8] = b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut out = [&jpeg[..2], EXIF].concat();
    let mut at = 2;
    while let [0xff, marker @ 0xe0..=0xef, high, low, ..] = jpeg[at..] {
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        if marker != 0xe1 {
            out.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    out.extend_from_slice(&jpeg[at..]);
    out
}
