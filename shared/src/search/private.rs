//! The commands to the writer of the private index. A message names entities and has no personal data.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The kind of a document of the private index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrivateDocumentKind {
    /// An order, by who receives it.
    Order,
}

impl PrivateDocumentKind {
    /// The kind's name in the index.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "ORDER",
        }
    }
}

/// A message of the private index's queue. One function handles one message at a time, in the order in which they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum PrivateIndexCommand {
    /// Entities are new, or their personal data were erased. Says which, not what: the writer reads them again.
    Index {
        /// The kind of the entities.
        kind: PrivateDocumentKind,
        /// The ids of the entities.
        ids: Vec<Uuid>,
    },
    /// Rewrite the index without what was erased.
    Merge,
}
