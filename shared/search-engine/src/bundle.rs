//! Bundles: what a commit adds to the index, as one immutable object. Its name is the hash of its bytes.
//!
//! A bundle is a magic number, the length of its header (32 bits, little-endian), the header (names and sizes of its
//! files, as JSON), and the files one after another.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::manifest::{BundleInfo, Manifest};

const MAGIC: &[u8; 8] = b"SRCHBNDL";
const PREFIX: usize = MAGIC.len() + 4;
const MAX_HEADER: u32 = 1 << 20;

/// The files that a commit adds to the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub name: String,
    /// The encoded bundle.
    pub bytes: Vec<u8>,
}

impl Bundle {
    /// Writes the bundle to a directory of bundles.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, directory: &Path) -> Result<(), Error> {
        static SAVES: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(directory)?;
        // Renamed when complete: a file with the name of a bundle is whole, whatever stops the process.
        let attempt = SAVES.fetch_add(1, Ordering::Relaxed);
        let partial = directory.join(format!("{}.{}-{attempt}", self.name, std::process::id()));
        let saved = fs::write(&partial, &self.bytes).and_then(|()| fs::rename(&partial, directory.join(&self.name)));
        if saved.is_err() {
            fs::remove_file(&partial).ok();
        }
        Ok(saved?)
    }

    /// Makes a bundle of files.
    pub(crate) fn pack(names: &[String], read: impl Fn(&str) -> std::io::Result<Vec<u8>>) -> Result<Self, Error> {
        let mut contents = vec![];
        let mut header = vec![];
        for name in names {
            let file = read(name)?;
            header.push(FileEntry {
                name: name.clone(),
                size: file.len() as u64,
            });
            contents.push(file);
        }
        let header = serde_json::to_vec(&header).map_err(std::io::Error::from)?;
        let size = PREFIX + header.len() + contents.iter().map(Vec::len).sum::<usize>();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend(MAGIC);
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        for file in contents {
            bytes.extend(file);
        }
        Ok(Self {
            name: hash(&bytes),
            bytes,
        })
    }
}

/// Fetches the bundles of a generation that the directory does not have. Each is checked before it is saved.
///
/// # Errors
/// [`Error::Fetch`] if `fetch` fails, [`Error::Bundle`] if it returns other bytes than the manifest says.
pub fn fetch_missing<E>(
    directory: &Path,
    manifest: &Manifest,
    mut fetch: impl FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<(), Error>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    manifest.check()?;
    for info in &manifest.bundles {
        if is_saved(directory, info) {
            continue;
        }
        let bytes = fetch(&info.name).map_err(|error| Error::Fetch {
            name: info.name.clone(),
            source: error.into(),
        })?;
        save_fetched(directory, info, bytes)?;
    }
    Ok(())
}

/// Checks a bundle that was fetched, and saves it.
///
/// # Errors
/// [`Error::Bundle`] for other bytes than the manifest says, [`Error::Io`].
pub fn save_fetched(directory: &Path, info: &BundleInfo, bytes: Vec<u8>) -> Result<(), Error> {
    if bytes.len() as u64 != info.size || hash(&bytes) != info.name {
        return Err(damaged(&info.name, "its size or hash is not that of the manifest"));
    }
    files(&info.name, &mut &bytes[..], info.size)?;
    let name = info.name.clone();
    Bundle { name, bytes }.save(directory)
}

/// The names of the bundles that the directory does not have.
pub fn missing<'a>(directory: &Path, manifest: &'a Manifest) -> impl Iterator<Item = &'a BundleInfo> {
    manifest.bundles.iter().filter(move |info| !is_saved(directory, info))
}

/// Removes the bundles that are in none of the generations. Open indexes are not affected.
///
/// # Errors
/// [`Error::Io`].
pub fn remove_unused(directory: &Path, used: &[&Manifest]) -> Result<(), Error> {
    let used: HashSet<&str> = used
        .iter()
        .flat_map(|manifest| &manifest.bundles)
        .map(|info| info.name.as_str())
        .collect();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_unused = name
            .to_str()
            .is_some_and(|name| name.len() >= 64 && !used.contains(name));
        if is_unused && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The files of a saved bundle, and where they are.
pub(crate) fn files_of(directory: &Path, info: &BundleInfo) -> Result<Vec<(String, Range<usize>)>, Error> {
    let mut file = File::open(directory.join(&info.name))?;
    if file.metadata()?.len() != info.size {
        return Err(damaged(&info.name, "its size is not that of the manifest"));
    }
    files(&info.name, &mut file, info.size)
}

#[derive(Debug, Serialize, Deserialize)]
struct FileEntry {
    name: String,
    size: u64,
}

fn is_saved(directory: &Path, info: &BundleInfo) -> bool {
    fs::metadata(directory.join(&info.name)).is_ok_and(|file| file.len() == info.size)
}

fn files(bundle: &str, reader: &mut impl Read, size: u64) -> Result<Vec<(String, Range<usize>)>, Error> {
    let too_short = |_| damaged(bundle, "it is too short");
    let mut prefix = [0; PREFIX];
    reader.read_exact(&mut prefix).map_err(too_short)?;
    let length = u32::from_le_bytes([prefix[8], prefix[9], prefix[10], prefix[11]]);
    if prefix[..8] != *MAGIC || length > MAX_HEADER {
        return Err(damaged(bundle, "it does not start like a bundle"));
    }
    let mut header = vec![0; length as usize];
    reader.read_exact(&mut header).map_err(too_short)?;
    let entries: Vec<FileEntry> =
        serde_json::from_slice(&header).map_err(|_| damaged(bundle, "its header is malformed"))?;
    let mut start = PREFIX as u64 + u64::from(length);
    let mut files = vec![];
    for entry in entries {
        if !is_file_name(&entry.name) {
            return Err(damaged(bundle, "the name of a file is not allowed"));
        }
        let end = start.checked_add(entry.size).filter(|end| *end <= size);
        let end = end.ok_or_else(|| damaged(bundle, "a file is longer than the bundle"))?;
        files.push((entry.name, start as usize..end as usize));
        start = end;
    }
    if start == size {
        Ok(files)
    } else {
        Err(damaged(bundle, "its files do not fill it"))
    }
}

/// The engine's files have plain names, so no name can lead out of the directory.
fn is_file_name(name: &str) -> bool {
    let is_plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_' || b == b'-');
    is_plain && (1..=100).contains(&name.len()) && !name.starts_with('.')
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(bundle: &str, problem: &'static str) -> Error {
    let name = bundle.to_owned();
    Error::Bundle { name, problem }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bundle(file: &str) -> Bundle {
        Bundle::pack(&[file.to_owned()], |_| Ok(vec![1, 2, 3])).expect("it packs")
    }

    fn read(bytes: &[u8]) -> Result<Vec<(String, Range<usize>)>, Error> {
        files("bundle", &mut &bytes[..], bytes.len() as u64)
    }

    #[test]
    fn a_bundle_has_its_files() {
        let bundle = bundle("a.store");
        let files = read(&bundle.bytes).expect("it is well-formed");
        assert_eq!(files[0].0, "a.store");
        assert_eq!(bundle.bytes[files[0].1.clone()], [1, 2, 3]);
    }

    #[test]
    fn a_file_name_that_leads_elsewhere_is_refused() {
        for name in ["../a", "/etc/passwd", "a/b", ".hidden", "", "a\\b", "a\0"] {
            assert!(read(&bundle(name).bytes).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_truncated_bundle_is_refused(cut in 1_usize..40) {
            let bytes = bundle("a.store").bytes;
            let cut = cut.min(bytes.len());
            prop_assert!(read(&bytes[..bytes.len() - cut]).is_err());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut prefixed = MAGIC.to_vec();
            prefixed.extend(&bytes);
            prop_assert!(read(&bytes).is_err());
            let _ = read(&prefixed);
        }
    }
}
