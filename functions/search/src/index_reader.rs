//! The reader of the index: searches the newest build that it knows, and looks for a newer state every two seconds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use search_engine::Index;
use shared::aws::Platform;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::index_copy::IndexCopy;
use crate::state::IndexState;
use crate::storage::{IndexStorage, Loaded, Revision};

const DOING: &str = "open the index";

/// How old the state may be that a search uses.
const MAX_AGE: Duration = Duration::from_secs(2);

/// Reads the index.
#[derive(Debug)]
pub struct IndexReader {
    storage: IndexStorage,
    copy: IndexCopy,
    opened: Mutex<Option<Opened>>,
}

#[derive(Clone)]
struct Opened {
    /// None while there is no index.
    index: Option<Arc<Index>>,
    revision: Option<Revision>,
    checked: Instant,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Opened")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl IndexReader {
    /// The reader on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self::of(IndexStorage::new(platform)?, platform))
    }

    /// The reader of the index in `storage`.
    pub fn of(storage: IndexStorage, platform: &Platform) -> Self {
        Self {
            storage,
            copy: IndexCopy::new(platform),
            opened: Mutex::default(),
        }
    }

    /// The index in a state of at most two seconds ago; an older one while the bucket does not answer. None when nothing
    /// has been indexed yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`], when there is no older one.
    pub async fn index(&self, deadline: Instant) -> Result<Option<Arc<Index>>, Error> {
        let known = self.opened.lock().map_err(|_| poisoned())?.clone();
        if let Some(known) = &known
            && known.checked.elapsed() < MAX_AGE
        {
            return Ok(known.index.clone());
        }
        let opened = match (self.open(known.as_ref(), deadline).await, known) {
            (Ok(opened), _) => opened,
            (Err(error), Some(known)) => {
                tracing::warn!(causes = %Causes(&error), "the index was not refreshed; searching the one before");
                Opened {
                    checked: Instant::now(),
                    ..known
                }
            }
            (Err(error), None) => return Err(error),
        };
        let index = opened.index.clone();
        *self.opened.lock().map_err(|_| poisoned())? = Some(opened);
        Ok(index)
    }

    async fn open(&self, known: Option<&Opened>, deadline: Instant) -> Result<Opened, Error> {
        let checked = Instant::now();
        let revision = known.and_then(|known| known.revision.as_ref());
        let (state, revision): (Box<IndexState>, Revision) = match (self.storage.load(revision, deadline).await?, known)
        {
            (Loaded::State(state, revision), _) => (state, revision),
            (Loaded::Unchanged, Some(known)) => {
                return Ok(Opened {
                    checked,
                    ..known.clone()
                });
            }
            (Loaded::Unchanged | Loaded::Missing, _) => {
                return Ok(Opened {
                    index: None,
                    revision: None,
                    checked,
                });
            }
        };
        let manifest = &state.current.manifest;
        self.copy.fetch(manifest, &self.storage, deadline).await?;
        let index = Index::open(self.copy.folder(), manifest).map_err(|error| match error {
            // It is being rebuilt.
            search_engine::Error::OtherVersion { .. } => Error::unavailable(DOING, error),
            error => Error::internal(DOING, error),
        })?;
        self.copy.tidy(&state);
        Ok(Opened {
            index: Some(Arc::new(index)),
            revision: Some(revision),
            checked,
        })
    }
}

fn poisoned() -> Error {
    Error::internal(DOING, "another invocation panicked")
}
