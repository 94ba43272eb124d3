//! Imports: files of product rows that are applied to the catalog, and how far each is.

mod apply;
mod csv;
mod file;
mod json_lines;
mod rows;
mod store;

pub use apply::Applier;
pub use file::{Chunk, ImportFile};
pub use rows::{FileFault, ProductRow, RowFault, RowReader, Taken};
pub use store::{ImportStore, Progress, StoredImport};

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::core::actor::Actor;
use utoipa::ToSchema;

/// The largest file, in bytes.
pub const MAX_BYTES: u64 = 100 * 1024 * 1024;

/// The most rows of a file, without its header.
pub const MAX_ROWS: u64 = 1_000_000;

/// The longest row, in bytes. A product with all texts as long as they may be, in four bytes a character, has less.
pub const MAX_ROW_BYTES: usize = 128 * 1024;

/// The most errors that an import keeps.
pub const MAX_ERRORS: usize = 500;

/// The time within which the upload of a file has to start.
pub const UPLOAD_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How many bytes of an error's detail are kept, and of the name of its field. A record has to stay below DynamoDB's limit.
const MAX_DETAIL: usize = 200;
const MAX_FIELD: usize = 60;

/// The prefix of the files' keys in their bucket.
const PREFIX: &str = "imports/";

shared::entity_id! {
    /// An import's id, derived from the administrator and the idempotency key.
    pub struct ImportId as "import_id", "There is no such import."
}

impl ImportId {
    /// The key of the import's file in its bucket.
    pub fn file_key(self) -> String {
        format!("{PREFIX}{self}")
    }

    /// The import whose file has this key.
    pub fn from_file_key(key: &str) -> Option<Self> {
        key.strip_prefix(PREFIX)?.parse().ok().map(Self)
    }
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileFormat {
    /// Comma-separated values (RFC 4180), with a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl FileFormat {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
        }
    }
}

/// The status of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportStatus {
    /// The file is not uploaded yet.
    Waiting,
    /// The rows are being applied.
    Running,
    /// All rows were read. Those with an error were not applied.
    Completed,
    /// The file could not be read to its end. The rows before that place were applied.
    Failed,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// The import's id.
    pub import_id: ImportId,
    /// The format of the file.
    pub format: FileFormat,
    /// Whether the rows are only checked.
    pub dry_run: bool,
    /// The file's size in bytes.
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub content_length: u64,
    /// The status.
    pub status: ImportStatus,
    /// The number of rows that were read, without the header and empty ones.
    pub rows: u64,
    /// The number of rows that created a product. In a dry run, of those that would.
    pub created: u64,
    /// The number of rows that changed a product. In a dry run, of those that would.
    pub changed: u64,
    /// The number of rows that say what the product is already.
    pub unchanged: u64,
    /// The number of rows with an error. They were not applied.
    pub error_count: u64,
    /// The first 500 errors. A list of imports leaves them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub errors: Vec<RowError>,
    /// The reason for which the file could not be read to its end. Present for a failed import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failure: Option<ImportFailure>,
    /// The administrator who created the import. The changes of products are theirs.
    pub created_by: Actor,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time at which the first rows were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started_at: Option<Timestamp>,
    /// The time at which the import was completed or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Timestamp>,
    /// The upload of the file. Present in the response of `create-import` as long as the import waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload: Option<FileUpload>,
}

/// The presigned upload of an import's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileUpload {
    /// The presigned URL.
    pub url: String,
    /// The HTTP method, `PUT`.
    pub method: String,
    /// The headers to send, unchanged.
    pub headers: BTreeMap<String, String>,
    /// The latest time at which the upload can start.
    pub expires_at: Timestamp,
}

/// The reason for which a row was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// The row's number in the file, from 1. The header of a CSV file is row 1.
    #[schema(minimum = 1)]
    pub row: u64,
    /// The field, if the error concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// The code, such as that of a problem of `update-product`.
    #[schema(examples("invalid-product"))]
    pub code: String,
    /// A description of the failure, for people.
    pub detail: String,
}

impl RowError {
    /// The error of a row.
    pub fn new(row: u64, fault: RowFault) -> Self {
        Self {
            row,
            field: fault.field.map(|field| shortened(field, MAX_FIELD)),
            code: fault.code.to_owned(),
            detail: shortened(fault.detail, MAX_DETAIL),
        }
    }
}

/// The reason for which a file could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportFailure {
    /// The reason.
    pub reason: ImportFailureReason,
    /// The number of the first row that was not read.
    #[schema(minimum = 1)]
    pub row: u64,
    /// A description of the failure, for people.
    pub detail: String,
}

impl ImportFailure {
    /// The failure of a file at a row.
    pub fn new(row: u64, fault: FileFault) -> Self {
        Self {
            reason: fault.reason,
            row,
            detail: shortened(fault.detail, MAX_DETAIL),
        }
    }
}

/// At most `bytes` of a text, in whole characters.
fn shortened(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// The reason for which a file could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportFailureReason {
    /// The text is not UTF-8.
    NotUtf8,
    /// A column of the CSV file is unknown, missing or there twice.
    InvalidHeader,
    /// A quoted cell of the CSV file has no end, or text follows its closing quote.
    MalformedQuotes,
    /// A row has more than 128 KB. In a CSV file, the end of a quoted cell may be missing.
    RowTooLarge,
    /// The file has more than 1,000,000 rows.
    TooManyRows,
}

/// The outcome of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that created a product.
    pub created: u64,
    /// Rows that changed a product.
    pub changed: u64,
    /// Rows that say what the product is already.
    pub unchanged: u64,
    /// The errors of the others.
    pub errors: Vec<RowError>,
}

impl Tally {
    /// A row whose product was written in `version`.
    pub const fn written(version: u64) -> Self {
        let is_new = version == 1;
        Self {
            created: is_new as u64,
            changed: !is_new as u64,
            unchanged: 0,
            errors: vec![],
        }
    }

    /// A row that says what the product is already.
    pub const fn unchanged() -> Self {
        Self {
            created: 0,
            changed: 0,
            unchanged: 1,
            errors: vec![],
        }
    }

    /// A row with an error.
    pub fn refused(error: RowError) -> Self {
        Self {
            errors: vec![error],
            ..Self::default()
        }
    }

    /// Adds what became of other rows.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.errors.extend(other.errors);
    }
}

/// A change of an import.
#[derive(Clone, Debug)]
pub enum ImportChange {
    /// The file was uploaded.
    Start,
    /// The next rows were applied.
    Advance(Tally),
    /// All rows were applied.
    Complete,
    /// The file cannot be read any further.
    Fail(ImportFailure),
}

/// The import's status does not allow the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an import that is {0:?} does not change like this")]
pub struct IllegalChange(ImportStatus);

impl Import {
    /// The import after a change.
    ///
    /// # Errors
    /// [`IllegalChange`] unless a waiting import starts, or a running one goes on or ends.
    pub fn transition(mut self, change: ImportChange, now: Timestamp) -> Result<Self, IllegalChange> {
        match (self.status, change) {
            (ImportStatus::Waiting, ImportChange::Start) => {
                self.status = ImportStatus::Running;
                self.started_at = Some(now);
            }
            (ImportStatus::Running, ImportChange::Advance(tally)) => self.count(tally),
            (ImportStatus::Running, ImportChange::Complete) => {
                self.status = ImportStatus::Completed;
                self.ended_at = Some(now);
            }
            (ImportStatus::Running, ImportChange::Fail(failure)) => {
                self.status = ImportStatus::Failed;
                self.failure = Some(failure);
                self.ended_at = Some(now);
            }
            (status, _) => return Err(IllegalChange(status)),
        }
        Ok(self)
    }

    fn count(&mut self, tally: Tally) {
        let errors = tally.errors.len() as u64;
        self.rows += tally.created + tally.changed + tally.unchanged + errors;
        self.created += tally.created;
        self.changed += tally.changed;
        self.unchanged += tally.unchanged;
        self.error_count += errors;
        let room = MAX_ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(tally.errors.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::core::identity::CustomerId;
    use uuid::Uuid;

    fn waiting() -> Import {
        Import {
            import_id: ImportId(Uuid::nil()),
            format: FileFormat::Csv,
            dry_run: false,
            content_length: 10,
            status: ImportStatus::Waiting,
            rows: 0,
            created: 0,
            changed: 0,
            unchanged: 0,
            error_count: 0,
            errors: vec![],
            failure: None,
            created_by: Actor::staff(&CustomerId::new("the-admin")),
            created_at: Timestamp::UNIX_EPOCH,
            started_at: None,
            ended_at: None,
            upload: None,
        }
    }

    fn second(at: i64) -> Timestamp {
        Timestamp::from_second(at).unwrap()
    }

    fn error(row: u64) -> RowError {
        let fault = RowFault::new("malformed-row", "It is not JSON.");
        RowError::new(row, fault)
    }

    fn failure() -> ImportChange {
        ImportChange::Fail(ImportFailure {
            reason: ImportFailureReason::NotUtf8,
            row: 7,
            detail: String::new(),
        })
    }

    fn change(nth: u8) -> ImportChange {
        match nth {
            0 => ImportChange::Start,
            1 => ImportChange::Advance(Tally {
                created: 2,
                changed: 3,
                unchanged: 4,
                errors: vec![error(1)],
            }),
            2 => ImportChange::Complete,
            _ => failure(),
        }
    }

    #[test]
    fn an_import_starts_goes_on_and_ends() {
        let running = waiting().transition(ImportChange::Start, second(1)).unwrap();
        assert_eq!(
            (running.status, running.started_at),
            (ImportStatus::Running, Some(second(1)))
        );
        let further = running.clone().transition(change(1), second(2)).unwrap();
        assert_eq!(
            (further.status, further.ended_at, further.rows),
            (ImportStatus::Running, None, 10)
        );
        let completed = further.transition(ImportChange::Complete, second(3)).unwrap();
        assert_eq!(
            (completed.status, completed.ended_at),
            (ImportStatus::Completed, Some(second(3)))
        );
        let failed = running.transition(failure(), second(3)).unwrap();
        assert_eq!(
            (failed.status, failed.ended_at),
            (ImportStatus::Failed, Some(second(3)))
        );
        assert_eq!(failed.failure.unwrap().row, 7);
    }

    #[test]
    fn an_import_keeps_its_first_500_errors_and_counts_all() {
        let mut import = waiting().transition(ImportChange::Start, second(1)).unwrap();
        for nth in 0..7 {
            let errors = (0..100).map(|row| error(nth * 100 + row)).collect();
            let tally = Tally {
                errors,
                ..Tally::default()
            };
            import = import.transition(ImportChange::Advance(tally), second(2)).unwrap();
        }
        assert_eq!((import.error_count, import.rows, import.errors.len()), (700, 700, 500));
        assert_eq!(import.errors[499].row, 499);
    }

    #[test]
    fn a_long_detail_ends_at_a_character() {
        let fault = RowFault::new("malformed-row", format!("a{}", "차".repeat(100)));
        let error = RowError::new(1, fault);
        assert_eq!(error.detail.len(), 199);
    }

    #[test]
    fn a_files_key_names_its_import() {
        let id = ImportId(Uuid::from_u128(7));
        assert_eq!(ImportId::from_file_key(&id.file_key()), Some(id));
        for other in [
            "",
            "imports/",
            "imports/x",
            "exports/00000000-0000-0000-0000-000000000007/1",
        ] {
            assert_eq!(ImportId::from_file_key(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn an_import_ends_at_most_once_and_its_counts_add_up(changes in prop::collection::vec(0..4u8, 0..20)) {
            let mut import = waiting();
            for nth in changes {
                let status = import.status;
                let is_allowed = match status {
                    ImportStatus::Waiting => nth == 0,
                    ImportStatus::Running => nth != 0,
                    ImportStatus::Completed | ImportStatus::Failed => false,
                };
                match import.clone().transition(change(nth), second(1)) {
                    Ok(next) => {
                        prop_assert!(is_allowed);
                        import = next;
                    }
                    Err(illegal) => {
                        prop_assert!(!is_allowed);
                        prop_assert_eq!(illegal, IllegalChange(status));
                    }
                }
                let sum = import.created + import.changed + import.unchanged + import.error_count;
                prop_assert_eq!(import.rows, sum);
                let has_ended = matches!(import.status, ImportStatus::Completed | ImportStatus::Failed);
                prop_assert_eq!(import.ended_at.is_some(), has_ended);
            }
        }
    }
}
