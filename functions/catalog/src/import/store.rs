//! The imports in the catalog table (`IMPORT#<id>`), which are removed after a month, and the index `imports-by-time`.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::uuid_in;
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{Item, classify_error, key, number, parse, send_until_answered, text};
use shared::aws::lambda::page::Cursor;
use shared::core::idempotency::Fingerprint;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Import, ImportId};
use crate::jobs;

const INDEX: &str = "imports-by-time";

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

/// A page of imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPage {
    /// The imports, newest first, without their errors.
    pub imports: Vec<Import>,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor<1>>,
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

    /// Reads the page of imports created at a time in `created_ms` after `after`, newest first. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        created_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<ImportPage, Error> {
        const DOING: &str = "list imports";
        let start = after.map(|cursor| {
            let mut start = key(import_key(ImportId(cursor.id)));
            start.insert("listed_in".into(), text(ALL));
            start.insert("created_ms".into(), number(cursor.at[0]));
            start
        });
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("listed_in = :all AND created_ms BETWEEN :first AND :last")
            .expression_attribute_values(":all", text(ALL))
            .expression_attribute_values(":first", number(created_ms.start()))
            .expression_attribute_values(":last", number(created_ms.end()))
            .scan_index_forward(false)
            .limit(limit.into())
            .set_exclusive_start_key(start);
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let items = answer.items.unwrap_or_default().into_iter();
        Ok(ImportPage {
            imports: items.map(|item| parse(DOING, item)).collect::<Result<_, _>>()?,
            next: answer.last_evaluated_key.map(cursor).transpose()?,
        })
    }
}

fn import_key(id: ImportId) -> String {
    format!("IMPORT#{id}")
}

/// Converts DynamoDB's last evaluated key to a cursor.
fn cursor(position: Item) -> Result<Cursor<1>, Error> {
    #[derive(Deserialize)]
    struct Position {
        pk: String,
        created_ms: u64,
    }
    let position: Position = parse("list imports", position)?;
    Ok(Cursor {
        at: [position.created_ms],
        id: uuid_in(&position.pk, "IMPORT#")?,
    })
}
