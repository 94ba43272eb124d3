//! The reader of an engine's state: uses the newest build that it knows, and looks for a newer state every two seconds.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use search_engine::Index;
use shared::aws::Platform;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::index_copy::IndexCopy;
use crate::opensearch::OpenSearch;
use crate::state::IndexState;
use crate::storage::{IndexStorage, Loaded, Revision};

const DOING: &str = "open the index";

/// The greatest age of the state that a search uses.
const MAX_AGE: Duration = Duration::from_secs(2);

/// Makes the current build of a state ready to be searched.
pub trait Open {
    /// An opened build.
    type Opened: Clone + Send;

    /// Opens the current build. None if there is none yet, or none any more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    fn open(
        &self,
        state: &IndexState,
        storage: &IndexStorage,
        deadline: Instant,
    ) -> impl Future<Output = Result<Option<Self::Opened>, Error>> + Send;
}

/// Reads the state of an engine, and keeps its current build open.
pub struct StateReader<O: Open> {
    storage: IndexStorage,
    opener: O,
    known: Mutex<Option<Known<O::Opened>>>,
}

/// Reads the embedded index.
pub type IndexReader = StateReader<IndexCopy>;

#[derive(Clone)]
struct Known<T> {
    /// None while there is no index.
    opened: Option<T>,
    revision: Option<Revision>,
    checked: Instant,
}

// By hand: an opened index has no debugging form.
impl<O: Open> fmt::Debug for StateReader<O> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("StateReader")
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}

impl IndexReader {
    /// The reader of the embedded index on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self::of(IndexStorage::new(platform)?, IndexCopy::new(platform)))
    }
}

impl<O: Open> StateReader<O> {
    /// The reader of the state in `storage`.
    pub fn of(storage: IndexStorage, opener: O) -> Self {
        Self {
            storage,
            opener,
            known: Mutex::default(),
        }
    }

    /// The opener of the builds.
    pub const fn opener(&self) -> &O {
        &self.opener
    }

    /// The current build in a state of at most two seconds ago; an older one while the bucket does not answer. None when
    /// nothing has been indexed yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`], when there is no older one.
    pub async fn current(&self, deadline: Instant) -> Result<Option<O::Opened>, Error> {
        let known = self.known.lock().map_err(|_| poisoned())?.clone();
        if let Some(known) = &known
            && known.checked.elapsed() < MAX_AGE
        {
            return Ok(known.opened.clone());
        }
        let opened = match (self.open(known.as_ref(), deadline).await, known) {
            (Ok(opened), _) => opened,
            (Err(error), Some(known)) => {
                tracing::warn!(causes = %Causes(&error), "the index was not refreshed; searching the one before");
                Known {
                    checked: Instant::now(),
                    ..known
                }
            }
            (Err(error), None) => return Err(error),
        };
        let current = opened.opened.clone();
        *self.known.lock().map_err(|_| poisoned())? = Some(opened);
        Ok(current)
    }

    async fn open(&self, known: Option<&Known<O::Opened>>, deadline: Instant) -> Result<Known<O::Opened>, Error> {
        let checked = Instant::now();
        let revision = known.and_then(|known| known.revision.as_ref());
        let newer = match self.storage.load(revision, deadline).await? {
            Loaded::State(state, revision) => {
                let opened = self.opener.open(&state, &self.storage, deadline).await?;
                opened.map(|opened| (opened, revision))
            }
            Loaded::Unchanged => None,
            Loaded::Missing => {
                if revision.is_some() {
                    tracing::error!("the state of the index is lost; searching the index before");
                }
                None
            }
        };
        Ok(match (newer, known) {
            (Some((opened, revision)), _) => Known {
                opened: Some(opened),
                revision: Some(revision),
                checked,
            },
            // A lost index is built again. Until then the one before finds more than none.
            (None, Some(known)) => Known {
                checked,
                ..known.clone()
            },
            (None, None) => Known {
                opened: None,
                revision: None,
                checked,
            },
        })
    }
}

/// Copies the bundles and maps them into memory.
impl Open for IndexCopy {
    type Opened = Arc<Index>;

    async fn open(
        &self,
        state: &IndexState,
        storage: &IndexStorage,
        deadline: Instant,
    ) -> Result<Option<Arc<Index>>, Error> {
        if state.current.is_blank() {
            return Ok(None);
        }
        let manifest = &state.current.manifest;
        self.fetch(manifest, storage, deadline).await?;
        let index = Index::open(self.folder(), manifest).map_err(|error| match error {
            // It is being rebuilt.
            search_engine::Error::OtherVersion { .. } => Error::unavailable(DOING, error),
            error => Error::internal(DOING, error),
        })?;
        self.tidy(state);
        Ok(Some(Arc::new(index)))
    }
}

/// Finds the name of the index. None until the first build is complete.
impl Open for OpenSearch {
    type Opened = Arc<str>;

    async fn open(&self, state: &IndexState, _: &IndexStorage, _: Instant) -> Result<Option<Arc<str>>, Error> {
        let Some(index) = self.index_of(&state.current) else {
            return Ok(None);
        };
        if !state.current.is_readable() {
            return Err(Error::unavailable(
                DOING,
                "another version of this function has written it",
            ));
        }
        Ok(Some(index.into()))
    }
}

fn poisoned() -> Error {
    Error::internal(DOING, "another invocation panicked")
}
