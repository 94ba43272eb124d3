//! The writer of the embedded index: changes it by one conditional write of its state.
//!
//! Invariant: a bundle is stored before the state names it, and the state is replaced only if nobody has replaced it since
//! it was read. So a writer that dies leaves a bundle that nobody uses, and of two writers one starts again.

use std::sync::Mutex;

use search_engine::{Bundle, Change, Commit, Document, Index};
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;

use crate::index_copy::IndexCopy;
use crate::state::{Build, IndexState};
use crate::storage::{IndexStorage, Loaded, Revision};

const DOING: &str = "write the index";

/// More small bundles are merged: a search looks into each.
const SMALL_BUNDLES: usize = 8;
/// A bundle of fewer bytes is small.
const SMALL_BYTES: u64 = 4 << 20;

/// Writes the index.
#[derive(Debug)]
pub struct IndexWriter {
    /// The bucket.
    pub storage: IndexStorage,
    copy: IndexCopy,
    known: Mutex<Option<(IndexState, Revision)>>,
}

/// The next state, and the bundles that it names and that are not stored yet.
#[derive(Debug)]
pub struct Draft {
    /// The state.
    pub state: IndexState,
    /// The new bundles.
    pub bundles: Vec<Bundle>,
}

impl IndexWriter {
    /// The writer on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self::of(IndexStorage::new(platform)?, platform))
    }

    /// The writer of the index in `storage`.
    pub fn of(storage: IndexStorage, platform: &Platform) -> Self {
        Self {
            storage,
            copy: IndexCopy::new(platform),
            known: Mutex::default(),
        }
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn state(&self, invocation: &Invocation) -> Result<(IndexState, Option<Revision>), Error> {
        let known = self.known.lock().map_err(|_| poisoned())?.clone();
        let revision = known.as_ref().map(|(_, revision)| revision);
        match (self.storage.load(revision, invocation.deadline).await?, known) {
            (Loaded::State(state, revision), _) => Ok((*state, Some(revision))),
            (Loaded::Unchanged, Some((state, revision))) => Ok((state, Some(revision))),
            (Loaded::Unchanged | Loaded::Missing, _) => {
                Ok((IndexState::empty(invocation.new_id(), invocation.now), None))
            }
        }
    }

    /// Commits what `draft` makes of the state, again until no other writer comes between. Commits nothing if `draft` makes
    /// nothing. Returns the state.
    ///
    /// # Errors
    /// Those of `draft`; [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn commit(
        &self,
        invocation: &Invocation,
        draft: impl Fn(&Self, IndexState) -> Result<Option<Draft>, Error>,
    ) -> Result<IndexState, Error> {
        let mut attempts = Attempts::new(DOING);
        loop {
            attempts.start()?;
            let (mut state, read) = self.state(invocation).await?;
            let is_replaced = state.next.is_some();
            for build in state.written() {
                let fetched = self
                    .copy
                    .fetch(&build.manifest, &self.storage, invocation.deadline)
                    .await;
                match fetched {
                    // A rebuild is under way, perhaps since this build is damaged.
                    Err(error @ Error::Internal { .. }) if is_replaced => {
                        tracing::warn!(causes = %Causes(&error), "a build of the index cannot be read");
                    }
                    fetched => fetched?,
                }
            }
            let Some(mut draft) = draft(self, state.clone())? else {
                return Ok(state);
            };
            draft.state.commit = invocation.new_id();
            draft.state.committed_at = invocation.now;
            // A merge may have made a bundle useless that was never stored.
            draft.bundles.retain(|bundle| draft.state.uses(&bundle.name));
            for bundle in draft.bundles {
                self.storage
                    .store_bundle(&bundle.name, bundle.bytes, invocation.deadline)
                    .await?;
            }
            let saved = self
                .storage
                .save(&draft.state, read.as_ref(), invocation.deadline)
                .await?;
            let Some(revision) = saved else { continue };
            self.copy.tidy(&draft.state);
            *self.known.lock().map_err(|_| poisoned())? = Some((draft.state.clone(), revision));
            return Ok(draft.state);
        }
    }

    /// Applies changes, of documents within the limits, to each build that is kept current.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn write(&self, changes: &[Change], invocation: &Invocation) -> Result<(), Error> {
        let committed = self.commit(invocation, |writer, state| writer.draft(state, changes));
        committed.await.map(|_| ())
    }

    /// Applies changes to each build of a state that is kept current. None if they change nothing.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn draft(&self, mut state: IndexState, changes: &[Change]) -> Result<Option<Draft>, Error> {
        let mut bundles = vec![];
        for build in state.written().filter(|build| self.has(build)) {
            self.apply(build, changes, &mut bundles)?;
        }
        // No bundle: the index has these versions already.
        Ok((!bundles.is_empty()).then_some(Draft { state, bundles }))
    }

    /// Whether all bundles of a build could be fetched.
    pub fn has(&self, build: &Build) -> bool {
        search_engine::missing(self.copy.folder(), &build.manifest)
            .next()
            .is_none()
    }

    /// Applies changes to a build. Merges small bundles when they are many.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn apply(&self, build: &mut Build, changes: &[Change], bundles: &mut Vec<Bundle>) -> Result<(), Error> {
        let open = || search_engine::IndexWriter::open(self.copy.folder(), &build.manifest);
        let commit = open().and_then(|writer| writer.apply(changes.to_vec(), ""));
        let commit = commit.map_err(|error| Error::internal(DOING, error))?;
        self.take(build, commit, bundles)?;
        let small = build.manifest.bundles.iter().filter(|info| info.size < SMALL_BYTES);
        if small.count() > SMALL_BUNDLES {
            self.merge(build, Some(SMALL_BYTES), bundles)?;
        }
        Ok(())
    }

    /// Merges the bundles of a build below a size, or all of them.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn merge(&self, build: &mut Build, below: Option<u64>, bundles: &mut Vec<Bundle>) -> Result<(), Error> {
        let writer = search_engine::IndexWriter::open(self.copy.folder(), &build.manifest);
        let commit = writer.and_then(|writer| match below {
            Some(bytes) => writer.merge_small(bytes),
            None => writer.merge(),
        });
        let commit = commit.map_err(|error| Error::internal("merge the index", error))?;
        self.take(build, commit, bundles)
    }

    /// The current build, opened for reading.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`], also when it is damaged.
    pub async fn open(&self, build: &Build, invocation: &Invocation) -> Result<Index, Error> {
        let fetched = self.copy.fetch(&build.manifest, &self.storage, invocation.deadline);
        fetched.await?;
        let index = Index::open(self.copy.folder(), &build.manifest);
        index.map_err(|error| Error::internal("open the index", error))
    }

    fn take(&self, build: &mut Build, commit: Commit, bundles: &mut Vec<Bundle>) -> Result<(), Error> {
        build.manifest = commit.manifest;
        if let Some(bundle) = commit.bundle {
            let saved = bundle.save(self.copy.folder());
            saved.map_err(|error| Error::internal(DOING, error))?;
            bundles.push(bundle);
        }
        Ok(())
    }
}

/// The changes that add or replace documents. Older versions change nothing.
pub fn upserts(documents: &[Document]) -> Vec<Change> {
    let documents = documents.iter().cloned().map(Box::new);
    documents.map(Change::Upsert).collect()
}

fn poisoned() -> Error {
    Error::internal(DOING, "another invocation panicked")
}
