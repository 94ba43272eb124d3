//! The manifest: which bundles make up a generation of the index. It is the only object that changes; a writer replaces
//! it by compare-and-swap.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analyzer::ANALYZER_VERSION;
use crate::checksum::Checksum;
use crate::error::Error;
use crate::schema::SCHEMA_VERSION;

/// Changes whenever the manifest or the bundles change their form.
pub const FORMAT_VERSION: u32 = 1;
/// More bundles are merged: each is a segment to search.
pub const MAX_BUNDLES: usize = 12;
/// A larger share of deleted documents is removed by a merge.
const MAX_DELETED_PERCENT: u64 = 20;
/// A manifest with more bundles is refused.
const BUNDLES_LIMIT: usize = 1000;

/// A generation of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// See [`ANALYZER_VERSION`].
    pub analyzer_version: u32,
    /// Increases with each change of the bundles.
    pub generation: u64,
    /// The bundles, from the oldest to the newest.
    pub bundles: Vec<BundleInfo>,
    /// The position up to which the journal of changes is applied. The index does not read it.
    pub journal_position: String,
    /// Documents by kind, hidden ones too.
    pub documents: BTreeMap<String, u64>,
    /// Deleted and replaced documents that the bundles still hold.
    pub deleted: u64,
    /// A checksum of all documents.
    pub checksum: Checksum,
}

/// A bundle of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleInfo {
    /// The SHA-256 of its bytes, in hexadecimal digits. It is also the name of the object.
    pub name: String,
    /// The size of the bundle in bytes.
    pub size: u64,
    /// Documents that it added.
    pub documents: u64,
}

impl Manifest {
    /// The manifest of an empty index. The first commit makes the next generation.
    pub fn empty(generation: u64) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            schema_version: SCHEMA_VERSION,
            analyzer_version: ANALYZER_VERSION,
            generation,
            bundles: vec![],
            journal_position: String::new(),
            documents: BTreeMap::new(),
            deleted: 0,
            checksum: Checksum::default(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`Error::Manifest`] if it is malformed, [`Error::OtherVersion`] if another version of this crate made it.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        // Read first: other versions can have other fields.
        let versions: Versions = serde_json::from_slice(json).map_err(|_| Error::Manifest("it has no versions"))?;
        versions.check()?;
        let manifest: Self = serde_json::from_slice(json).map_err(|_| Error::Manifest("it has other fields"))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest as JSON.
    ///
    /// # Errors
    /// None in practice.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|_| Error::Manifest("it cannot be written"))
    }

    /// All documents, hidden ones too.
    pub fn document_count(&self) -> u64 {
        self.documents.values().sum()
    }

    /// Whether the bundles should be merged.
    pub fn needs_merge(&self) -> bool {
        let total = self.document_count() + self.deleted;
        self.bundles.len() > MAX_BUNDLES || self.deleted * 100 > total * MAX_DELETED_PERCENT
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        Versions {
            format_version: self.format_version,
            schema_version: self.schema_version,
            analyzer_version: self.analyzer_version,
        }
        .check()?;
        if self.bundles.len() > BUNDLES_LIMIT {
            return Err(Error::Manifest("it has too many bundles"));
        }
        // Names become names of files.
        let is_hash = |name: &str| name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if self.bundles.iter().all(|bundle| is_hash(&bundle.name)) {
            Ok(())
        } else {
            Err(Error::Manifest("the name of a bundle is not a hash"))
        }
    }
}

#[derive(Deserialize)]
struct Versions {
    format_version: u32,
    schema_version: u32,
    analyzer_version: u32,
}

impl Versions {
    fn check(&self) -> Result<(), Error> {
        let checks = [
            ("format", self.format_version, FORMAT_VERSION),
            ("schema", self.schema_version, SCHEMA_VERSION),
            ("analyzer", self.analyzer_version, ANALYZER_VERSION),
        ];
        let other = checks.into_iter().find(|(_, found, expected)| found != expected);
        other.map_or(Ok(()), |(what, found, expected)| {
            Err(Error::OtherVersion { what, found, expected })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips() {
        let manifest = Manifest::empty(7);
        let json = manifest.to_json().expect("it serializes");
        assert_eq!(Manifest::from_json(&json).expect("it parses"), manifest);
    }

    #[test]
    fn another_version_is_refused_even_with_other_fields() {
        let json = br#"{"format_version":1,"schema_version":1,"analyzer_version":999,"new":true}"#;
        let error = Manifest::from_json(json).expect_err("the analyzer is another");
        assert!(
            matches!(
                error,
                Error::OtherVersion {
                    what: "analyzer",
                    found: 999,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn a_name_with_a_path_is_refused() {
        let mut manifest = Manifest::empty(1);
        manifest.bundles.push(BundleInfo {
            name: "../../../../etc/passwd".into(),
            size: 1,
            documents: 1,
        });
        let json = manifest.to_json().expect("it serializes");
        assert!(matches!(Manifest::from_json(&json), Err(Error::Manifest(_))));
    }

    #[test]
    fn many_bundles_or_deleted_documents_need_a_merge() {
        let bundle = BundleInfo {
            name: "0".repeat(64),
            size: 1,
            documents: 1,
        };
        let mut manifest = Manifest::empty(1);
        manifest.bundles = vec![bundle; MAX_BUNDLES];
        manifest.documents.insert("PRODUCT".into(), 80);
        manifest.deleted = 20;
        assert!(!manifest.needs_merge());
        manifest.deleted = 21;
        assert!(manifest.needs_merge());
        manifest.deleted = 0;
        manifest.bundles.push(manifest.bundles[0].clone());
        assert!(manifest.needs_merge());
    }
}
