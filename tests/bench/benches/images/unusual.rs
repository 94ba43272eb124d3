//! `-- --unusual DIR`: which pictures of a folder are shown, by us and by sharp, and whether they look the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use photo::{Error, Options, Output, Variant, make_variants};

use crate::peer::Peer;

/// Prints a row of a table for each file in the folder `named`. Our variants are written to `folder`.
///
/// # Errors
/// If a file cannot be read, or sharp cannot be started.
pub fn compare(named: &Path, folder: &Path, peer: &Peer) -> Result<()> {
    let entries = fs::read_dir(named).with_context(|| format!("cannot read {}", named.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.is_file() && path.extension().is_none_or(|extension| extension != "md"));
    ensure!(!paths.is_empty(), "{} has no files", named.display());
    paths.sort();
    println!("| file | ours | sharp, strict | sharp, lenient | mean difference |\n|---|---|---|---|---:|");
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let variant = folder.join("unusual.jpg");
        let ours = match ours(&fs::read(&path)?) {
            Ok(made) => {
                fs::write(&variant, made.bytes)?;
                "shown".to_owned()
            }
            Err(error) => {
                fs::write(&variant, [])?;
                format!("refused: {error}")
            }
        };
        let theirs = peer.compare(&path, &variant)?;
        println!("| `{name}` | {ours} | {} |", theirs.trim());
    }
    Ok(())
}

/// Makes a variant of the picture's own size: what is compared is the decoding.
fn ours(picture: &[u8]) -> Result<Variant, Error> {
    let header = photo::inspect(picture)?;
    let width = if header.orientation > 4 {
        header.height
    } else {
        header.width
    };
    let options = Options {
        widths: vec![width],
        outputs: vec![Output::Jpeg { quality: 100 }],
        ..Options::default()
    };
    let mut made = None;
    make_variants(picture, &options, &mut |variant| made = Some(variant))?;
    made.ok_or(Error::Truncated)
}
