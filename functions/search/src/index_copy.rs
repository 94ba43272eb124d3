//! A function's copy of the index: its bundles on the local disk, mapped into memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use search_engine::{BundleInfo, Manifest};
use shared::aws::Platform;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::state::IndexState;
use crate::storage::IndexStorage;

/// The names of the folders start with this.
const PREFIX: &str = "search-";

/// The folder of the bundles. Warm invocations of a function share it.
#[derive(Clone, Debug)]
pub struct IndexCopy {
    folder: PathBuf,
}

/// Whether a folder with this name is that of a process that has ended.
fn is_left(name: &str) -> bool {
    let process = name.strip_prefix(PREFIX).and_then(|name| name.split('-').next());
    process.is_some_and(|process| !Path::new("/proc").join(process).exists())
}

impl IndexCopy {
    /// A copy in a folder of its own below the system's folder for temporary files.
    ///
    /// A process that Lambda starts after a crash finds the files of the one before: they are removed. Those of a process that
    /// runs are not: an emulator starts all functions on one machine.
    pub fn new(platform: &Platform) -> Self {
        static COPIES: AtomicU64 = AtomicU64::new(0);
        let nth = COPIES.fetch_add(1, Ordering::Relaxed);
        let temporary = std::env::temp_dir();
        if platform.variable("AWS_LAMBDA_FUNCTION_NAME").is_ok() {
            let left = std::fs::read_dir(&temporary).into_iter().flatten().flatten();
            for entry in left.filter(|entry| is_left(&entry.file_name().to_string_lossy())) {
                std::fs::remove_dir_all(entry.path()).ok();
            }
        }
        let folder = temporary.join(format!("{PREFIX}{}-{nth}", std::process::id()));
        // Of an earlier process with the same number.
        std::fs::remove_dir_all(&folder).ok();
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fetches the bundles of a build that are not there yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`], also for a damaged bundle.
    pub async fn fetch(&self, manifest: &Manifest, storage: &IndexStorage, deadline: Instant) -> Result<(), Error> {
        let missing: Vec<BundleInfo> = search_engine::missing(&self.folder, manifest).cloned().collect();
        for info in missing {
            let bytes = storage.bundle(&info.name, deadline).await?;
            let saved = search_engine::save_fetched(&self.folder, &info, bytes);
            saved.map_err(|error| Error::internal("save a bundle of the index", error))?;
        }
        Ok(())
    }

    /// Removes the bundles that no build uses any more. A failure costs disk space only.
    pub fn tidy(&self, state: &IndexState) {
        let used: Vec<&Manifest> = state.builds().map(|build| &build.manifest).collect();
        if let Err(error) = search_engine::remove_unused(&self.folder, &used) {
            tracing::warn!(%error, "unused bundles were not removed");
        }
    }
}

/// The copies of tests and of the simulation must not fill the disk.
impl Drop for IndexCopy {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
