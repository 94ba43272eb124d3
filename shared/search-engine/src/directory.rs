//! The engine's directory: it reads files where they lie in the bundles, and writes new ones to a scratch directory.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

use crate::bundle;
use crate::error::Error;
use crate::manifest::Manifest;

/// The engine's list of segments. Each bundle has one; that of the newest counts.
pub const META: &str = "meta.json";

/// The files of a generation.
#[derive(Clone, Debug)]
pub struct BundleDirectory {
    bundles: MmapDirectory,
    files: Arc<HashMap<PathBuf, Place>>,
    scratch: Option<MmapDirectory>,
}

/// The location of a file.
#[derive(Clone, Debug)]
struct Place {
    bundle: String,
    range: Range<usize>,
}

impl BundleDirectory {
    /// Opens the bundles of a generation for reading.
    pub fn open(directory: &Path, manifest: &Manifest) -> Result<Self, Error> {
        let mut files = HashMap::new();
        for info in &manifest.bundles {
            for (name, range) in bundle::files_of(directory, info)? {
                let place = Place {
                    bundle: info.name.clone(),
                    range,
                };
                let is_new = files.insert(PathBuf::from(&name), place).is_none();
                if !is_new && name != META {
                    return Err(Error::Damaged("two bundles have the same file"));
                }
            }
        }
        if !manifest.bundles.is_empty() && !files.contains_key(Path::new(META)) {
            return Err(Error::Damaged("no bundle lists the segments"));
        }
        std::fs::create_dir_all(directory)?;
        Ok(Self {
            bundles: MmapDirectory::open(directory).map_err(tantivy::TantivyError::from)?,
            files: Arc::new(files),
            scratch: None,
        })
    }

    /// Writes new files to the scratch directory.
    pub fn with_scratch(self, scratch: &Scratch) -> Result<Self, Error> {
        let scratch = MmapDirectory::open(&scratch.0).map_err(tantivy::TantivyError::from)?;
        Ok(Self {
            scratch: Some(scratch),
            ..self
        })
    }

    /// The bundle that has the file.
    pub fn bundle_of(&self, file: &Path) -> Option<&str> {
        self.files.get(file).map(|place| place.bundle.as_str())
    }

    fn writable(&self) -> io::Result<&MmapDirectory> {
        self.scratch
            .as_ref()
            .ok_or_else(|| io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "bundles never change"))
    }

    /// The scratch directory, if it has the file.
    fn written(&self, path: &Path) -> Option<&MmapDirectory> {
        self.scratch
            .as_ref()
            .filter(|scratch| scratch.exists(path).unwrap_or(false))
    }
}

impl Directory for BundleDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        if let Some(scratch) = self.written(path) {
            return scratch.get_file_handle(path);
        }
        let place = self
            .files
            .get(path)
            .ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))?;
        let bundle = self.bundles.open_read(Path::new(&place.bundle))?;
        if bundle.len() < place.range.end {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the bundle is cut off");
            return Err(OpenReadError::wrap_io_error(error, path.to_owned()));
        }
        Ok(Arc::new(bundle.slice(place.range.clone())))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.written(path).is_some() || self.files.contains_key(path))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        if let Some(scratch) = self.written(path) {
            return scratch.atomic_read(path);
        }
        let bytes = self.open_read(path)?.read_bytes();
        let bytes = bytes.map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        Ok(bytes.to_vec())
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let scratch = self
            .writable()
            .map_err(|error| OpenWriteError::wrap_io_error(error, path.to_owned()))?;
        scratch.open_write(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.writable()?.atomic_write(path, data)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        match self.written(path) {
            Some(scratch) => scratch.delete(path),
            None => Err(DeleteError::FileDoesNotExist(path.to_owned())),
        }
    }

    /// Only the bundles last: what the scratch directory loses in a crash is written again.
    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// Nobody else writes: each writer has a scratch directory of its own.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A directory for the files of one commit. It is removed when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty directory.
    pub fn new(directory: &Path) -> io::Result<Self> {
        static COMMITS: AtomicU64 = AtomicU64::new(0);
        let commit = COMMITS.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("scratch-{}-{commit}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Whether a file was written.
    pub fn has(&self, file: &Path) -> bool {
        self.0.join(file).is_file()
    }

    /// A file that was written.
    pub fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(file))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
