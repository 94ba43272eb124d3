//! The commands to the writer of the index.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::tickets::ShowKind;

/// The kind of a document: what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentKind {
    /// A product of the catalog.
    Product,
    /// A performance.
    Performance,
    /// A performer.
    Performer,
    /// A venue.
    Venue,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Product, Self::Performance, Self::Performer, Self::Venue];

    /// The kind's name in the index and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "PRODUCT",
            Self::Performance => "PERFORMANCE",
            Self::Performer => "PERFORMER",
            Self::Venue => "VENUE",
        }
    }
}

impl From<ShowKind> for DocumentKind {
    fn from(kind: ShowKind) -> Self {
        match kind {
            ShowKind::Performance => Self::Performance,
            ShowKind::Performer => Self::Performer,
            ShowKind::Venue => Self::Venue,
        }
    }
}

/// A message of the index queue. One function handles one message at a time, in the order in which they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum IndexCommand {
    /// Documents may have changed. Says which, not how: the writer reads the entities again.
    Index {
        /// The kind of the documents.
        kind: DocumentKind,
        /// The ids of their entities.
        ids: Vec<String>,
    },
    /// The index may have documents that the tables do not have, or newer ones, as after a restore of a table. Says which: the
    /// writer reads the entities again, and writes what the tables have, whatever the versions are.
    Replace {
        /// The kind of the documents.
        kind: DocumentKind,
        /// The ids of their entities.
        ids: Vec<String>,
    },
    /// Continue a rebuild.
    Rebuild {
        /// The rebuild.
        rebuild_id: Uuid,
    },
    /// Rewrite the index without what was deleted or replaced.
    Merge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_in_the_index_and_in_the_api() {
        for kind in DocumentKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
