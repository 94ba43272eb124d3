//! The errors of an index.

use crate::document::InvalidDocument;
use crate::pattern::QueryTooLong;

/// An error of the index. Texts of documents and queries are in none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another version of this crate made the index. It must be built again.
    #[error("the index has {what} version {found}, this code has {expected}")]
    OtherVersion {
        /// `format`, `schema` or `analyzer`.
        what: &'static str,
        /// The version of the index.
        found: u32,
        /// The version of the code.
        expected: u32,
    },
    /// The manifest is malformed.
    #[error("the manifest is malformed: {0}")]
    Manifest(&'static str),
    /// A bundle is damaged.
    #[error("bundle {name} is damaged: {problem}")]
    Bundle {
        /// The bundle's name: the SHA-256 of its bytes.
        name: String,
        /// A description of the problem.
        problem: &'static str,
    },
    /// A bundle could not be fetched.
    #[error("bundle {name} could not be fetched: {source}")]
    Fetch {
        /// The bundle's name: the SHA-256 of its bytes.
        name: String,
        /// The error of the fetching function.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A document is beyond the limits. No change of the batch was applied.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// The query is beyond the limits.
    #[error(transparent)]
    Query(#[from] QueryTooLong),
    /// A parameter of the query is beyond the limits.
    #[error("the query's {0} is beyond the limits")]
    Parameter(&'static str),
    /// The index contradicts itself.
    #[error("the index is damaged: {0}")]
    Damaged(&'static str),
    /// Files could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] tantivy::TantivyError),
}
