//! The index, opened for reading: one generation, which never changes.

use std::collections::HashMap;
use std::path::Path;

use tantivy::DocId;

use crate::checksum::{Checksum, identity};
use crate::directory::BundleDirectory;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::schema::schema;
use crate::segment::Segment;
use crate::stored;

/// A generation of the index.
pub struct Index {
    pub(crate) manifest: Manifest,
    pub(crate) segments: Vec<Segment>,
}

/// Where a document is, and its version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub segment: usize,
    pub doc: DocId,
    pub version: u64,
}

impl Index {
    /// Opens a generation whose bundles are all in the directory, see [`fetch_missing`](crate::fetch_missing). Their
    /// files are mapped into memory and read when a search needs them.
    ///
    /// # Errors
    /// [`Error::OtherVersion`] if the index has to be built again; [`Error::Bundle`] or [`Error::Io`] if a bundle is
    /// missing or damaged.
    pub fn open(directory: &Path, manifest: &Manifest) -> Result<Self, Error> {
        manifest.check()?;
        let (expected, fields) = schema();
        let mut segments = vec![];
        if !manifest.bundles.is_empty() {
            let directory = BundleDirectory::open(directory, manifest)?;
            let index = tantivy::Index::open(directory)?;
            if index.schema() != expected {
                return Err(Error::Damaged("its fields are others"));
            }
            for segment in index.searchable_segments()? {
                segments.push(Segment::open(&segment, fields)?);
            }
        }
        let manifest = manifest.clone();
        Ok(Self { manifest, segments })
    }

    /// The generation.
    pub fn generation(&self) -> u64 {
        self.manifest.generation
    }

    /// The checksum of all documents, from the index itself.
    pub fn checksum(&self) -> Checksum {
        let mut checksum = Checksum::default();
        for segment in &self.segments {
            for (doc, identity) in segment.identities() {
                checksum.add_identity(identity, segment.version.first(doc).unwrap_or_default());
            }
        }
        checksum
    }

    /// The documents of some buckets of the checksum: kind, id and version.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Engine`].
    pub fn documents_in(&self, buckets: &[usize]) -> Result<Vec<(String, String, u64)>, Error> {
        let mut documents = vec![];
        for segment in &self.segments {
            for (doc, identity) in segment.identities() {
                if buckets.contains(&crate::checksum::bucket(identity)) {
                    let (kind, id) = segment.key(doc)?;
                    documents.push((kind, id, segment.version.first(doc).unwrap_or_default()));
                }
            }
        }
        Ok(documents)
    }

    /// Finds documents by kind and id, in one pass over the column of identities.
    pub(crate) fn find(&self, keys: &[(&str, &str)]) -> Result<HashMap<(String, String), Found>, Error> {
        let wanted: HashMap<u64, Vec<&(&str, &str)>> = keys.iter().fold(HashMap::new(), |mut wanted, key| {
            wanted.entry(identity(key.0, key.1)).or_insert_with(Vec::new).push(key);
            wanted
        });
        let mut found = HashMap::new();
        for (position, segment) in self.segments.iter().enumerate() {
            for (doc, identity) in segment.identities() {
                if !wanted.contains_key(&identity) {
                    continue;
                }
                // Two keys can have the same hash.
                let (kind, id) = segment.key(doc)?;
                if wanted[&identity].contains(&&(kind.as_str(), id.as_str())) {
                    let version = segment.version.first(doc).unwrap_or_default();
                    let place = Found {
                        segment: position,
                        doc,
                        version,
                    };
                    found.insert((kind, id), place);
                }
            }
        }
        Ok(found)
    }
}

impl Segment {
    /// The kind and id of a document.
    fn key(&self, doc: DocId) -> Result<(String, String), Error> {
        let bytes = self.stored(doc)?;
        let stored = stored::decode(&bytes).map_err(|_| Error::Damaged("a stored document is malformed"))?;
        Ok((
            self.kinds.name(doc).unwrap_or_default().to_owned(),
            stored.id.to_owned(),
        ))
    }
}
