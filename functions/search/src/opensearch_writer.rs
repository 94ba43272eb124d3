//! The writer of OpenSearch: writes documents to each index that is kept current, and changes its state.
//!
//! Invariant: documents are in every build that the state named when the write ended. A rebuild may begin meanwhile, so
//! the state is read again after each write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use search_engine::Document;
use shared::aws::Platform;
use shared::aws::backoff::Backoff;
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use tokio::time::Instant;

use crate::opensearch::{Measured, OpenSearch};
use crate::rebuild::Step;
use crate::state::{Build, IndexState, Rebuild};
use crate::storage::IndexStorage;

/// The time that the last step of a rebuild keeps for the change of the state.
const SWITCH: Duration = Duration::from_secs(20);

/// Writes OpenSearch.
#[derive(Debug)]
pub struct OpenSearchWriter {
    /// The state.
    pub storage: IndexStorage,
    /// The state of the embedded engine, which the first build replaces.
    embedded: IndexStorage,
    /// The server.
    pub server: OpenSearch,
    /// The indexes that exist for sure. A write to another one would make it, with fields that the server guesses.
    existing: Mutex<BTreeSet<String>>,
}

impl OpenSearchWriter {
    /// The writer on `platform`. None if there is no server.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Option<Self>, Error> {
        let Some(server) = OpenSearch::new(platform)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            storage: IndexStorage::of_opensearch(platform)?,
            embedded: IndexStorage::new(platform)?,
            server,
            existing: Mutex::default(),
        }))
    }

    /// Writes documents to each build that is kept current. Older versions change nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn write(&self, documents: &[Document], invocation: &Invocation) -> Result<(), Error> {
        let mut done = BTreeSet::new();
        loop {
            let (mut state, _) = self.storage.state(invocation).await?;
            let indexes: BTreeSet<String> = state
                .written()
                .filter_map(|build| self.server.index_of(build))
                .collect();
            let open: Vec<&String> = indexes.difference(&done).collect();
            if open.is_empty() {
                return Ok(());
            }
            for index in open {
                self.write_to(index, documents, invocation).await?;
            }
            done.extend(indexes);
        }
    }

    /// Removes documents of a kind from each build that is kept current, and writes others to it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn replace(
        &self,
        kind: &str,
        removed: &[String],
        documents: &[Document],
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let (mut state, _) = self.storage.state(invocation).await?;
        let indexes = state.written().filter_map(|build| self.server.index_of(build));
        for index in indexes.collect::<BTreeSet<String>>() {
            self.create(&index, invocation).await?;
            let deadline = invocation.deadline;
            self.server.remove_documents(&index, kind, removed, deadline).await?;
        }
        self.write(documents, invocation).await
    }

    /// Does a step of a rebuild. Returns the state.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn step(&self, rebuild: &Rebuild, step: &Step, invocation: &Invocation) -> Result<IndexState, Error> {
        let Some(index) = self.server.index_of(&rebuild.build) else {
            return Err(Error::internal("rebuild the index", "the build has no index"));
        };
        let written = self.write_to(&index, &step.documents, invocation).await?;
        let (state, _) = self.storage.state(invocation).await?;
        let (mut old, mut new) = (state.current, rebuild.build.clone());
        if step.is_last() {
            self.measure(&mut old, invocation.deadline).await?;
            if old.rebuild_id.is_none() {
                // The first build replaces the embedded index, and must not have fewer documents either.
                let (embedded, _) = self.embedded.state(invocation).await?;
                if embedded.current.is_readable() {
                    old.manifest.documents = embedded.current.manifest.documents;
                }
            }
            let expected = expected(&old, &step.documents);
            self.wait_for(&index, written > 0, &expected, invocation).await?;
            self.measure(&mut new, invocation.deadline).await?;
        }
        let changed = self.storage.change(invocation, |mut state| {
            let next = state.next.as_mut()?;
            if !step.follows(rebuild, next) {
                return None;
            }
            next.build.manifest = new.manifest.clone();
            if state.current.rebuild_id == old.rebuild_id {
                state.current.manifest = old.manifest.clone();
            }
            step.advance(&mut state, invocation.now);
            Some(state)
        });
        changed.await.map(|(state, _)| state)
    }

    /// Counts the documents of a build, and adds up its checksum. Returns when the last document was written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn measure(&self, build: &mut Build, deadline: Instant) -> Result<Measured, Error> {
        let measured = match self.server.index_of(build) {
            Some(index) => self.server.measure(&index, deadline).await?,
            None => Measured::default(),
        };
        build.manifest.documents.clone_from(&measured.documents);
        build.manifest.checksum = measured.checksum.clone();
        Ok(measured)
    }

    /// Removes the indexes that no build uses. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn remove_unused(&self, invocation: &Invocation) -> Result<usize, Error> {
        // First the indexes, then the state, which names an index before it is made: so a new one is in use.
        let indexes = self.server.indexes(invocation.deadline).await?;
        let (state, _) = self.storage.state(invocation).await?;
        let used: BTreeSet<String> = state.builds().filter_map(|build| self.server.index_of(build)).collect();
        let mut removed = 0;
        for index in indexes.iter().filter(|index| !used.contains(*index)) {
            removed += usize::from(self.server.remove(index, invocation.deadline).await?);
        }
        Ok(removed)
    }

    async fn write_to(&self, index: &str, documents: &[Document], invocation: &Invocation) -> Result<usize, Error> {
        self.create(index, invocation).await?;
        self.server
            .write(index, documents, invocation.now, invocation.deadline)
            .await
    }

    async fn create(&self, index: &str, invocation: &Invocation) -> Result<(), Error> {
        if !self.existing.lock().map_err(|_| poisoned())?.contains(index) {
            self.server.create(index, invocation.deadline).await?;
            self.existing.lock().map_err(|_| poisoned())?.insert(index.to_owned());
        }
        Ok(())
    }

    /// Waits until searches see what this invocation has written, and as many documents as expected. A server takes a second,
    /// a serverless one up to a minute.
    async fn wait_for(
        &self,
        index: &str,
        has_written: bool,
        expected: &BTreeMap<String, u64>,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        let mut backoff = Backoff::until(invocation.deadline_keeping(SWITCH));
        loop {
            let found = self.server.measure(index, invocation.deadline).await?;
            let now = invocation.now.as_millisecond();
            let is_seen = !has_written || found.indexed_at.is_some_and(|at| at.as_millisecond() >= now);
            let has_all =
                |(kind, count): (&String, &u64)| found.documents.get(kind).is_some_and(|found| found >= count);
            if is_seen && expected.iter().all(has_all) || !backoff.wait().await {
                return Ok(());
            }
        }
    }
}

/// The fewest documents of a complete build by kind: those of the build before, and those of a step.
fn expected(before: &Build, step: &[Document]) -> BTreeMap<String, u64> {
    let ids: BTreeSet<(&str, &str)> = step
        .iter()
        .map(|document| (document.kind.as_str(), document.id.as_str()))
        .collect();
    let mut in_step: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, _) in ids {
        *in_step.entry(kind.to_owned()).or_default() += 1;
    }
    let mut expected = before.manifest.documents.clone();
    for (kind, count) in in_step {
        let most = expected.entry(kind).or_default();
        *most = count.max(*most);
    }
    expected
}

fn poisoned() -> Error {
    Error::internal("write the index", "another invocation panicked")
}
