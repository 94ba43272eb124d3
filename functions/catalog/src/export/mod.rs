//! Exports: all products as files of JSON Lines, and how far each is.

mod rows;
mod store;

pub use rows::{PART_PRODUCTS, Part};
pub use store::{ExportStore, Position, StoredExport, StoredPart};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::core::actor::Actor;
use utoipa::ToSchema;

/// The time within which the download of a part has to start.
pub const DOWNLOAD_WITHIN: SignedDuration = SignedDuration::from_mins(15);

shared::entity_id! {
    /// An export's id, derived from the administrator and the idempotency key.
    pub struct ExportId as "export_id", "There is no such export."
}

/// The status of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExportStatus {
    /// The parts are being written.
    Running,
    /// All parts are written.
    Completed,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// The export's id.
    pub export_id: ExportId,
    /// The status.
    pub status: ExportStatus,
    /// The number of products in the parts so far. A product that changes during the export may be there twice, the
    /// newer row in a later place.
    pub products: u64,
    /// The administrator who created the export.
    pub created_by: Actor,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time at which the export was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Timestamp>,
    /// The files, in the order in which an import has to take them. Present in the response of `get-export` for a completed
    /// export.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ExportPart>,
}

/// A file of an export: products as JSON Lines, in the format of imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportPart {
    /// The presigned URL, for a `GET` that starts within 15 minutes.
    pub url: String,
    /// The number of products.
    pub products: u64,
    /// The file's size in bytes.
    pub content_length: u64,
}

/// A change of an export.
#[derive(Clone, Debug)]
pub enum ExportChange {
    /// A part with this number of products was written.
    Advance(u64),
    /// The last part was written.
    Complete,
}

/// The export's status does not allow the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an export that is {0:?} does not change")]
pub struct IllegalChange(ExportStatus);

impl Export {
    /// The export after a change.
    ///
    /// # Errors
    /// [`IllegalChange`] for a completed export.
    pub fn transition(mut self, change: ExportChange, now: Timestamp) -> Result<Self, IllegalChange> {
        match (self.status, change) {
            (ExportStatus::Running, ExportChange::Advance(products)) => self.products += products,
            (ExportStatus::Running, ExportChange::Complete) => {
                self.status = ExportStatus::Completed;
                self.ended_at = Some(now);
            }
            (ExportStatus::Completed, _) => return Err(IllegalChange(self.status)),
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::core::identity::CustomerId;
    use uuid::Uuid;

    #[test]
    fn an_export_goes_on_until_it_is_completed() {
        let now = Timestamp::UNIX_EPOCH;
        let mut export = Export {
            export_id: ExportId(Uuid::nil()),
            status: ExportStatus::Running,
            products: 0,
            created_by: Actor::staff(&CustomerId::new("the-admin")),
            created_at: now,
            ended_at: None,
            parts: vec![],
        };
        for products in [3, 4] {
            export = export.transition(ExportChange::Advance(products), now).unwrap();
        }
        assert_eq!((export.products, export.ended_at), (7, None));
        export = export.transition(ExportChange::Complete, now).unwrap();
        assert_eq!((export.status, export.ended_at), (ExportStatus::Completed, Some(now)));
        for change in [ExportChange::Advance(1), ExportChange::Complete] {
            assert_eq!(
                export.clone().transition(change, now),
                Err(IllegalChange(ExportStatus::Completed))
            );
        }
    }
}
