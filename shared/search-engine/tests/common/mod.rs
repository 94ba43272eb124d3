//! An index in a directory of its own, and the documents it should have.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use search_engine::{Change, Checksum, Document, Index, IndexWriter, Manifest, Query, sample};

/// An index and its bundles. The directory is removed when dropped.
pub struct Store {
    pub directory: PathBuf,
    pub manifest: Manifest,
}

impl Store {
    pub fn new() -> Self {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("search-test-{}-{number}", std::process::id()));
        std::fs::remove_dir_all(&directory).ok();
        std::fs::create_dir_all(&directory).expect("the directory is new");
        let manifest = Manifest::empty(0);
        Self { directory, manifest }
    }

    pub fn with(documents: &[Document]) -> Self {
        let mut store = Self::new();
        store.apply(documents.iter().map(upsert).collect());
        store
    }

    pub fn writer(&self) -> IndexWriter {
        IndexWriter::open(&self.directory, &self.manifest).expect("the index opens")
    }

    pub fn apply(&mut self, changes: Vec<Change>) -> search_engine::Commit {
        let commit = self.writer().apply(changes, "1").expect("the changes are valid");
        self.accept(&commit);
        commit
    }

    pub fn merge(&mut self) {
        let commit = self.writer().merge().expect("the bundles merge");
        self.accept(&commit);
    }

    pub fn merge_small(&mut self, bytes: u64) {
        let commit = self.writer().merge_small(bytes).expect("the bundles merge");
        self.accept(&commit);
    }

    pub fn index(&self) -> Index {
        Index::open(&self.directory, &self.manifest).expect("the index opens")
    }

    pub fn ids(&self, text: &str) -> Vec<String> {
        ids(&self.index(), &query(text))
    }

    fn accept(&mut self, commit: &search_engine::Commit) {
        if let Some(bundle) = &commit.bundle {
            bundle.save(&self.directory).expect("the bundle is saved");
        }
        self.manifest = commit.manifest.clone();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).ok();
    }
}

pub fn upsert(document: &Document) -> Change {
    Change::Upsert(Box::new(document.clone()))
}

pub fn delete(document: &Document) -> Change {
    Change::Delete {
        kind: document.kind.clone(),
        id: document.id.clone(),
    }
}

/// A document with a title.
pub fn titled(id: &str, title: &str) -> Document {
    let mut document = sample::document(1);
    document.id = id.to_owned();
    document.titles.truncate(1);
    document.titles[0].text = title.to_owned();
    document.names.clear();
    document
}

pub fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        limit: 10_000,
        ..Query::default()
    }
}

pub fn ids(index: &Index, query: &Query) -> Vec<String> {
    let hits = index.search(query).expect("the query is valid");
    hits.hits.into_iter().map(|hit| hit.id).collect()
}

/// The documents that an index should have, by kind and id.
pub type Model = BTreeMap<(String, String), Document>;

pub fn checksum(model: &Model) -> Checksum {
    let mut checksum = Checksum::default();
    model
        .values()
        .for_each(|document| checksum.add(&document.kind, &document.id, document.version));
    checksum
}
