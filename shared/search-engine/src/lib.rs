//! The embedded search engine: finds documents by Korean and English text, without a server.
//!
//! An index is a set of immutable [`Bundle`]s and one small [`Manifest`] that names them. A writer makes a bundle and the
//! next manifest; whoever stores the bundle first and then replaces the manifest by compare-and-swap has committed. Readers
//! fetch the bundles that they lack, map them into memory, and search one generation at a time.
//!
//! ```no_run
//! # fn main() -> Result<(), search_engine::Error> {
//! # let (directory, changes) = (std::path::Path::new("/tmp/index"), vec![]);
//! use search_engine::{Index, IndexWriter, Manifest, Query};
//!
//! let manifest = Manifest::empty(0);
//! let commit = IndexWriter::open(directory, &manifest)?.apply(changes, "journal-0001")?;
//! if let Some(bundle) = &commit.bundle {
//!     bundle.save(directory)?; // and to the object store, then the manifest
//! }
//! let index = Index::open(directory, &commit.manifest)?;
//! let page = index.search(&Query { text: "재즈 콘서트".into(), limit: 20, ..Query::default() })?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is found
//!
//! Texts are normalized (NFKC, lower case, Latin letters without accents), so that decomposed Hangul, full-width letters
//! and cases do not matter. Spaces separate the words of a query; each word must be in a title, alias or name:
//!
//! - Hangul, Han and Kana are found anywhere, with or without spaces between them: 재즈콘, 즈콘서.
//! - Words of letters and digits are found by their beginnings: `fest`, `iphone15` (also as `iPhone 15`).
//! - Initial consonants stand for their syllables: ㅅㅇㅈㅈ finds 서울재즈, 서울ㅈ too.
//!
//! Every document of which this is true is found, and no other. Hits come by [`Match`]: whole titles, prefixes, then all
//! others. If there is none, near misses are found: a half-typed last syllable, 70 % of the pairs of syllables, or one
//! typo a word.
//!
//! # How it works
//!
//! | Module | Purpose |
//! |---|---|
//! | `normalize`, `hangul`, `analyzer` | from a text to units and terms, the same for titles and queries |
//! | `pattern`, `matching` | from a query to patterns; whether and how well a document matches |
//! | `plan` | from a query to the terms that all matching documents have |
//! | `analyzed` | all of that for one query, the same for each engine |
//! | `server` | what a search server indexes instead of the embedded engine |
//! | `segment`, `search` | candidates from the index; the best of them, each checked by `matching` |
//! | `schema`, `stored` | the fields of the index, the stored form of a document |
//! | `directory`, `bundle`, `manifest`, `writer` | files of the index in bundles; commits and merges |
//! | `checksum` | comparison with the table |
//!
//! Candidates are checked only if they would be among the best, so that a common word costs a few checks, not one a
//! document. There are no counts of hits: they would cost a check a document.

mod analyzed;
pub mod analyzer;
mod bundle;
pub mod checksum;
mod directory;
pub mod document;
mod error;
mod hangul;
mod index;
mod manifest;
mod matching;
mod normalize;
mod pattern;
mod plan;
pub mod sample;
mod schema;
mod search;
mod segment;
mod server;
mod stored;
mod writer;

pub use analyzed::{AnalyzedQuery, Record};
pub use analyzer::ANALYZER_VERSION;
pub use bundle::{Bundle, fetch_missing, missing, remove_unused, save_fetched};
pub use checksum::Checksum;
pub use document::{Document, InvalidDocument, Price, Title};
pub use error::Error;
pub use index::Index;
pub use manifest::{BundleInfo, FORMAT_VERSION, Manifest};
pub use matching::Match;
pub use pattern::{MAX_QUERY_CHARACTERS, MAX_TOKENS, QueryTooLong};
pub use plan::{Plan, Slot, one_typo_away};
pub use schema::{ROOT, SCHEMA_VERSION};
pub use search::{Cursor, Hit, HitTitle, Hits, MAX_HITS, Order, PriceRange, Query, Suggestion};
pub use server::ServerDocument;
pub use writer::{Change, Commit, IndexWriter};
