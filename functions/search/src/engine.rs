//! The engines that are written: the embedded one, and OpenSearch beyond it. One port for both, since both are real.

use std::collections::BTreeSet;

use search_engine::{Change, Document};
use serde::{Deserialize, Serialize};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use shared::search::DocumentKind;

use crate::documents::Found;
use crate::index_writer::{Draft, IndexWriter, upserts};
use crate::opensearch_writer::OpenSearchWriter;
use crate::rebuild::Step;
use crate::state::{IndexState, Rebuild};
use crate::storage::IndexStorage;

/// An engine, as its name in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SearchEngine {
    /// The index in the functions themselves.
    Embedded,
    /// An OpenSearch server.
    Opensearch,
}

/// The engines of a stack.
#[derive(Debug)]
pub struct Engines {
    embedded: Engine,
    opensearch: Option<Engine>,
}

/// An engine. Its futures are boxed, since those of the SDK are large.
#[derive(Debug)]
pub enum Engine {
    /// The index in S3 that functions map into memory.
    Embedded(Box<IndexWriter>),
    /// Indexes on a server.
    OpenSearch(Box<OpenSearchWriter>),
}

impl Engines {
    /// The engines on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let opensearch = OpenSearchWriter::new(platform)?;
        Ok(Self {
            embedded: Engine::Embedded(Box::new(IndexWriter::new(platform)?)),
            opensearch: opensearch.map(|writer| Engine::OpenSearch(Box::new(writer))),
        })
    }

    /// The embedded engine.
    pub const fn embedded(&self) -> &Engine {
        &self.embedded
    }

    /// The engine that administrators rebuild and roll back: OpenSearch, if there is a server.
    pub fn administered(&self) -> &Engine {
        self.opensearch.as_ref().unwrap_or(&self.embedded)
    }

    /// The engines that are kept current: OpenSearch, if there is a server, and the embedded one until OpenSearch's first
    /// build is complete, since it is searched until then.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn fed(&self, invocation: &Invocation) -> Result<Vec<&Engine>, Error> {
        let Some(opensearch) = &self.opensearch else {
            return Ok(vec![&self.embedded]);
        };
        if opensearch.state(invocation).await?.is_complete() {
            Ok(vec![opensearch])
        } else {
            Ok(vec![&self.embedded, opensearch])
        }
    }
}

impl Engine {
    /// The location of its state.
    pub fn storage(&self) -> &IndexStorage {
        match self {
            Self::Embedded(writer) => &writer.storage,
            Self::OpenSearch(writer) => &writer.storage,
        }
    }

    /// Reads its state.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn state(&self, invocation: &Invocation) -> Result<IndexState, Error> {
        let state = match self {
            Self::Embedded(writer) => writer.state(invocation).await,
            Self::OpenSearch(writer) => writer.storage.state(invocation).await,
        };
        state.map(|(state, _)| state)
    }

    /// Whether it is a server.
    pub const fn is_server(&self) -> bool {
        matches!(self, Self::OpenSearch(_))
    }

    /// Discards the build that is under way, which lacks a change. The next message begins another one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn abandon(&self, invocation: &Invocation) -> Result<(), Error> {
        let discarded = self.storage().change(invocation, |mut state| {
            state.next.take()?;
            Some(state)
        });
        discarded.await.map(|_| ())
    }

    /// Writes documents within the limits to each build that is kept current. Older versions change nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn write(&self, documents: &[Document], invocation: &Invocation) -> Result<(), Error> {
        match self {
            Self::Embedded(writer) => Box::pin(writer.write(&upserts(documents), invocation)).await,
            Self::OpenSearch(writer) => Box::pin(writer.write(documents, invocation)).await,
        }
    }

    /// Writes what was found of these entities to each build that is kept current, also in place of newer versions, and removes
    /// the others from it. The entities were read after the state `before`: nothing is written if another writer has changed it
    /// since, which may have read a newer version.
    ///
    /// A server keeps a newer version of an entity that exists: it takes no older one for a minute after a removal, in which a search
    /// would not find the entity. A rebuild replaces it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn replace(
        &self,
        kind: DocumentKind,
        ids: &BTreeSet<String>,
        found: &Found,
        before: &IndexState,
        invocation: &Invocation,
    ) -> Result<(), Error> {
        // An entity that exists and cannot be read stays as it was indexed.
        let removed: Vec<String> = ids.difference(&found.left_out).cloned().collect();
        let writer = match self {
            Self::Embedded(writer) => writer,
            Self::OpenSearch(writer) => {
                let is_gone = |id: &&String| !found.documents.iter().any(|document| document.id == **id);
                let gone: Vec<String> = removed.iter().filter(is_gone).cloned().collect();
                let replaced = writer.replace(kind.name(), &gone, &found.documents, invocation);
                return Box::pin(replaced).await;
            }
        };
        let removals = removed.into_iter().map(|id| Change::Delete {
            kind: kind.name().to_owned(),
            id,
        });
        let changes: Vec<Change> = removals.chain(upserts(&found.documents)).collect();
        let committed = writer.commit(invocation, |writer, state| {
            if state.commit != before.commit {
                let cause = "another writer has changed the index";
                return Err(Error::unavailable("replace documents of the index", cause));
            }
            writer.draft(state, &changes)
        });
        Box::pin(committed).await.map(drop)
    }

    /// Does a step of a rebuild, unless another invocation has done it. Returns the state.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn step(&self, rebuild: &Rebuild, step: &Step, invocation: &Invocation) -> Result<IndexState, Error> {
        let writer = match self {
            Self::Embedded(writer) => writer,
            Self::OpenSearch(writer) => return Box::pin(writer.step(rebuild, step, invocation)).await,
        };
        let committed = writer.commit(invocation, |writer, mut state| {
            let Some(next) = &mut state.next else { return Ok(None) };
            if !step.follows(rebuild, next) {
                return Ok(None);
            }
            let mut bundles = vec![];
            writer.apply(&mut next.build, &upserts(&step.documents), &mut bundles)?;
            if step.is_last() {
                writer.merge(&mut next.build, None, &mut bundles)?;
            }
            step.advance(&mut state, invocation.now);
            Ok(Some(Draft { state, bundles }))
        });
        Box::pin(committed).await
    }

    /// Rewrites the current build without what was deleted or replaced. A server merges on its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn merge(&self, invocation: &Invocation) -> Result<(), Error> {
        let Self::Embedded(writer) = self else { return Ok(()) };
        let committed = writer.commit(invocation, |writer, mut state| {
            let mut bundles = vec![];
            if state.current.is_readable() && writer.has(&state.current) && state.current.manifest.needs_merge() {
                writer.merge(&mut state.current, None, &mut bundles)?;
            }
            Ok((!bundles.is_empty()).then_some(Draft { state, bundles }))
        });
        Box::pin(committed).await.map(drop)
    }

    /// Brings the counts, the checksum and the time of the current build in a state up to date. The embedded engine counts
    /// with each commit, a server is asked.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn measure(&self, state: &mut IndexState, invocation: &Invocation) -> Result<(), Error> {
        if let Self::OpenSearch(writer) = self {
            let measured = Box::pin(writer.measure(&mut state.current, invocation.deadline)).await?;
            state.committed_at = measured.indexed_at.unwrap_or(state.committed_at);
        }
        Ok(())
    }

    /// Visits the documents in some buckets of the checksum: kind, id and version. Visits none when the embedded index cannot be
    /// read: then all of them are indexed again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn visit(
        &self,
        state: &IndexState,
        buckets: &[usize],
        invocation: &Invocation,
        mut visit: impl FnMut(&str, &str, u64) + Send,
    ) -> Result<(), Error> {
        match self {
            Self::Embedded(writer) => {
                let Ok(index) = writer.open(&state.current, invocation).await else {
                    return Ok(());
                };
                let documents = index.documents_in(buckets);
                let documents = documents.map_err(|error| Error::internal("read the versions of the index", error))?;
                for (kind, id, version) in documents {
                    visit(&kind, &id, version);
                }
                Ok(())
            }
            Self::OpenSearch(writer) => match writer.server.index_of(&state.current) {
                Some(index) => Box::pin(writer.server.visit(&index, buckets, invocation.deadline, visit)).await,
                None => Ok(()),
            },
        }
    }

    /// Removes what no build uses any more: bundles of a day ago, or indexes. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn remove_unused(&self, state: &IndexState, invocation: &Invocation) -> Result<usize, Error> {
        match self {
            Self::Embedded(writer) => {
                let is_used = |bundle: &str| state.uses(bundle);
                let (now, deadline) = (invocation.now, invocation.deadline);
                writer.storage.remove_unused(is_used, now, deadline).await
            }
            Self::OpenSearch(writer) => Box::pin(writer.remove_unused(invocation)).await,
        }
    }
}
