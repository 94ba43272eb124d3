//! The state of the index as administrators see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::state::IndexState;

/// The state of the search index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchIndex {
    /// The documents by kind, hidden ones too.
    pub documents: BTreeMap<String, u64>,
    /// The bundles that a search looks into.
    pub bundles: usize,
    /// Their size in bytes, which a function copies when it starts.
    pub bytes: u64,
    /// Time of the last change of the index.
    pub committed_at: Timestamp,
    /// The rebuild that made the index. Absent for the first one.
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

/// How far a rebuild has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RebuildProgress {
    /// The rebuild.
    pub rebuild_id: Uuid,
    /// When it was requested.
    pub started_at: Timestamp,
    /// The entities that were read so far.
    pub read: u64,
}

impl From<&IndexState> for SearchIndex {
    fn from(state: &IndexState) -> Self {
        let manifest = &state.current.manifest;
        Self {
            documents: manifest.documents.clone(),
            bundles: manifest.bundles.len(),
            bytes: manifest.bundles.iter().map(|bundle| bundle.size).sum(),
            committed_at: state.committed_at,
            rebuild_id: state.current.rebuild_id,
            rebuild: state.next.as_ref().map(|next| RebuildProgress {
                rebuild_id: next.build.rebuild_id.unwrap_or_default(),
                started_at: next.started_at,
                read: next.read,
            }),
            has_previous: state
                .previous
                .as_ref()
                .is_some_and(|previous| previous.build.is_readable()),
        }
    }
}
