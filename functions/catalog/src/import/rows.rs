//! Rows: each names a product and has a merge patch of it.

use serde_json::{Map, Value};
use shared::catalog::Sku;
use shared::core::error::Rejection;
use shared::core::json;

use super::csv::CsvRows;
use super::{FileFormat, ImportFailureReason, json_lines};
use crate::update_product::UpdateProductRequest;

/// The code of a row that cannot be read.
pub(super) const MALFORMED: &str = "malformed-row";

/// A row of a file.
#[derive(Debug)]
pub struct ProductRow {
    /// The product.
    pub sku: Sku,
    /// Its changes. A new product gets them as its fields.
    pub changes: UpdateProductRequest,
}

/// The reason for which a row is not applied. The others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The field, if it concerns one.
    pub field: Option<String>,
    /// The code.
    pub code: &'static str,
    /// A description of the failure, for people.
    pub detail: String,
}

impl RowFault {
    /// A fault of the row as a whole.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: None,
            code,
            detail: detail.into(),
        }
    }

    /// A fault of a field.
    pub fn of(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(code, detail)
        }
    }
}

impl From<Rejection> for RowFault {
    fn from(rejection: Rejection) -> Self {
        Self {
            field: rejection
                .members
                .get("field")
                .and_then(Value::as_str)
                .map(str::to_owned),
            code: rejection.reason.code,
            detail: rejection.detail,
        }
    }
}

/// The reason for which a file cannot be read any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The reason.
    pub reason: ImportFailureReason,
    /// A description of the failure, for people.
    pub detail: String,
}

impl FileFault {
    pub(super) fn new(reason: ImportFailureReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    pub(super) fn not_utf8() -> Self {
        Self::new(ImportFailureReason::NotUtf8, "Save the file as UTF-8.")
    }
}

/// Reads rows from bytes, which may be a part of a file.
#[derive(Debug)]
pub enum RowReader {
    /// Rows of CSV.
    Csv(Box<CsvRows>),
    /// Rows of JSON Lines.
    JsonLines,
}

impl RowReader {
    /// Reads rows of `format`. A CSV file whose header was read has `columns`.
    pub fn new(format: FileFormat, columns: &[String]) -> Self {
        match format {
            FileFormat::Csv => Self::Csv(Box::new(CsvRows::new(columns))),
            FileFormat::JsonLines => Self::JsonLines,
        }
    }

    /// Takes the first row of `bytes`, which begin at a row and are not empty. None if its end is not there yet.
    ///
    /// # Errors
    /// [`FileFault`] when the row cannot be read.
    pub fn take(&mut self, bytes: &[u8], is_end: bool) -> Result<Option<Taken>, FileFault> {
        match self {
            Self::Csv(csv) => csv.take(bytes, is_end),
            Self::JsonLines => json_lines::take(bytes, is_end),
        }
    }

    /// The columns of a CSV file. Empty before its header was read.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Csv(csv) => csv.columns(),
            Self::JsonLines => vec![],
        }
    }
}

/// The first row of some bytes.
#[derive(Debug)]
pub struct Taken {
    /// The bytes that it takes, with its line break.
    pub bytes: usize,
    /// The rows that it counts for: empty lines before it, and itself.
    pub rows: u64,
    /// The row. None for the header of a CSV file and for an empty row.
    pub row: Option<Result<ProductRow, RowFault>>,
}

/// Reads the product's SKU.
pub(super) fn sku(text: &str) -> Result<Sku, RowFault> {
    Sku::try_from(text.to_owned()).map_err(|invalid| RowFault::of("sku", MALFORMED, format!("sku: {invalid}.")))
}

/// Reads a merge patch from JSON, as the body of `update-product`.
pub(super) fn changes(patch: &[u8]) -> Result<UpdateProductRequest, RowFault> {
    json::from_slice(patch).map_err(|unreadable| {
        let root = unreadable.path().split(['.', '[']).next().unwrap_or_default();
        RowFault {
            field: (!root.is_empty()).then(|| root.to_owned()),
            ..RowFault::new(MALFORMED, format!("{unreadable}."))
        }
    })
}

/// Reads a merge patch from its members.
pub(super) fn changes_of(members: Map<String, Value>) -> Result<UpdateProductRequest, RowFault> {
    changes(Value::Object(members).to_string().as_bytes())
}
