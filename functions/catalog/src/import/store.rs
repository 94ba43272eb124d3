//! The imports in the catalog table (`IMPORT#<id>`), which are removed after a month, and the index `imports-by-time`.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::listed::{List, ListIndex, Listed};
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{key, number, text};
use shared::aws::lambda::page::Cursor;
use shared::core::idempotency::Fingerprint;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Import, ImportId};
use crate::jobs;

const BY_TIME: ListIndex = ListIndex {
    name: "imports-by-time",
    list: "listed_in",
    place: "created_ms",
};
/// The prefix of an import's key.
const IMPORT: &str = "IMPORT#";

/// The partition of the index: administrators create few imports.
const ALL: &str = "IMPORTS";

/// Reads and writes imports.
#[derive(Clone, Debug)]
pub struct ImportStore {
    table: Table,
}

/// The stored form of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImport {
    /// The import.
    #[serde(flatten)]
    pub import: Import,
    /// The request's fingerprint, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The position in the file up to which it is done.
    pub progress: Progress,
    /// The run that wrote this version. Two runs that do the same work write different records, so that one of them ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
}

/// The position in a file up to which it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The number of bytes.
    pub bytes: u64,
    /// The number of rows, with the header and empty ones.
    pub rows: u64,
    /// The columns of a CSV file, once its header is read.
    pub columns: Vec<String>,
}

impl StoredImport {
    /// The next version, written by `run`.
    #[must_use]
    pub fn next(&self, import: Import, progress: Progress, run: Uuid) -> Self {
        Self {
            import,
            progress,
            run: Some(run),
            version: self.version + 1,
            fingerprint: self.fingerprint.clone(),
        }
    }
}

impl ImportStore {
    /// Reads the table's name from `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "CATALOG_TABLE")?,
        })
    }

    /// Reads an import. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: ImportId, deadline: Instant) -> Result<Option<StoredImport>, Error> {
        self.table.read("read an import", key(import_key(id)), deadline).await
    }

    /// Writes the next version of an import, or a new one. Returns the stored import instead when it has another version.
    ///
    /// The write succeeds too when an earlier attempt, whose response was lost, has written this version.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, stored: &StoredImport, deadline: Instant) -> Result<Result<(), Box<StoredImport>>, Error> {
        const DOING: &str = "save an import";
        let Import {
            import_id, created_at, ..
        } = stored.import;
        let mut item = self.table.item(DOING, key(import_key(import_id)), stored)?;
        item.insert("listed_in".into(), text(ALL));
        item.insert("created_ms".into(), number(created_at.as_millisecond()));
        jobs::expire(&mut item, created_at);
        jobs::save(&self.table, DOING, item, stored.version, stored, deadline).await
    }

    /// Reads the page of imports created at a time in `created_ms` after `after`, newest first, without their errors. Eventually
    /// consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        created_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<Import>, Error> {
        let list = List {
            places: created_ms,
            ..List::newest_in(BY_TIME, ALL, IMPORT)
        };
        self.table.list("list imports", &list, after, limit, deadline).await
    }
}

fn import_key(id: ImportId) -> String {
    format!("{IMPORT}{id}")
}
