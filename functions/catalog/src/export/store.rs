//! The exports in the catalog table (`EXPORT#<id>`), which are removed after a month.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::key;
use shared::aws::dynamodb::table::Table;
use shared::catalog::ChangePosition;
use tokio::time::Instant;

use super::{Export, ExportId};
use crate::jobs;

/// Reads and writes exports.
#[derive(Clone, Debug)]
pub struct ExportStore {
    table: Table,
}

/// The stored form of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredExport {
    /// The export.
    #[serde(flatten)]
    pub export: Export,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The files that are written.
    pub files: Vec<StoredPart>,
    /// The first product that is in none of them.
    pub position: Position,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPart {
    /// The key in the bucket.
    pub key: String,
    /// The number of products.
    pub products: u64,
    /// The size in bytes.
    pub content_length: u64,
}

/// A place in the walk over all products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The shard of the index.
    pub shard: u8,
    /// The place in the shard.
    pub after: ChangePosition,
}

impl ExportStore {
    /// Reads the table's name from `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "CATALOG_TABLE")?,
        })
    }

    /// Reads an export. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: ExportId, deadline: Instant) -> Result<Option<StoredExport>, Error> {
        self.table.read("read an export", key(export_key(id)), deadline).await
    }

    /// Writes the next version of an export, or a new one. Returns the stored export instead when it has another version.
    ///
    /// The write succeeds too when an earlier attempt, whose response was lost, has written this version.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, stored: &StoredExport, deadline: Instant) -> Result<Result<(), Box<StoredExport>>, Error> {
        const DOING: &str = "save an export";
        let Export {
            export_id, created_at, ..
        } = stored.export;
        let mut item = self.table.item(DOING, key(export_key(export_id)), stored)?;
        jobs::expire(&mut item, created_at);
        jobs::save(&self.table, DOING, item, stored.version, stored, deadline).await
    }
}

fn export_key(id: ExportId) -> String {
    format!("EXPORT#{id}")
}
