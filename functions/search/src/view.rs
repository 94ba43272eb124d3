//! The state of the index as administrators see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::aws::lambda::Invocation;
use shared::core::error::Error;
use uuid::Uuid;

use crate::engine::{Engine, Engines, SearchEngine};
use crate::state::IndexState;

/// The state of the search index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchIndex {
    /// The engine that is searched. With a server, the embedded one is searched until the first rebuild has ended.
    pub engine: SearchEngine,
    /// The documents by kind, hidden ones too.
    pub documents: BTreeMap<String, u64>,
    /// The bundles that a search looks into. 0 on a server.
    pub bundles: usize,
    /// The size of the index in bytes, which a function copies when it starts. 0 on a server.
    pub bytes: u64,
    /// The time of the last change of the index.
    pub committed_at: Timestamp,
    /// The rebuild that made the index. Absent until the first one has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rebuild_id: Option<Uuid>,
    /// The rebuild that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rebuild: Option<RebuildProgress>,
    /// Whether there is a previous build to roll back to.
    pub has_previous: bool,
}

/// The progress of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RebuildProgress {
    /// The rebuild.
    pub rebuild_id: Uuid,
    /// The time at which the rebuild was requested.
    pub started_at: Timestamp,
    /// The entities that were read so far.
    pub read: u64,
}

impl SearchIndex {
    /// The index of the engine that is searched, and the rebuild of the engine that administrators rebuild, whose state is
    /// `administered`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn new(engines: &Engines, administered: IndexState, invocation: &Invocation) -> Result<Self, Error> {
        let rebuild = administered.next.clone();
        let (engine, mut searched) = match engines.administered() {
            Engine::OpenSearch(_) if !administered.is_complete() => {
                (engines.embedded(), engines.embedded().state(invocation).await?)
            }
            engine => (engine, administered),
        };
        engine.measure(&mut searched, invocation).await?;
        let manifest = searched.current.manifest;
        Ok(Self {
            engine: match engine {
                Engine::Embedded(_) => SearchEngine::Embedded,
                Engine::OpenSearch(_) => SearchEngine::Opensearch,
            },
            bundles: manifest.bundles.len(),
            bytes: manifest.bundles.iter().map(|bundle| bundle.size).sum(),
            documents: manifest.documents,
            committed_at: searched.committed_at,
            rebuild_id: searched.current.rebuild_id,
            rebuild: rebuild.map(|next| RebuildProgress {
                rebuild_id: next.build.rebuild_id.unwrap_or_default(),
                started_at: next.started_at,
                read: next.read,
            }),
            has_previous: searched.previous.is_some_and(|previous| previous.build.is_readable()),
        })
    }
}
