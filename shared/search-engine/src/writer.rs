//! The writer: applies a batch of changes to a generation, or merges its bundles. The result is a bundle and the next
//! manifest; nothing else changes, so a writer that dies leaves no trace.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::query::{BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{BitSet, DocId, SegmentReader, TantivyDocument, TantivyError};

use crate::bundle::Bundle;
use crate::directory::{BundleDirectory, META, Scratch};
use crate::document::Document;
use crate::error::Error;
use crate::index::{Found, Index};
use crate::manifest::{BundleInfo, Manifest};
use crate::schema::{schema, settings, to_tantivy};

/// Memory for the new segment, in bytes. A larger batch makes several segments.
const SMALL_BATCH_MEMORY: usize = 16 << 20;
const LARGE_BATCH_MEMORY: usize = 128 << 20;
const SMALL_BATCH: usize = 1000;

/// A change of a document.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds or replaces it. Ignored if the index has the same or a newer version.
    Upsert(Box<Document>),
    /// Removes it, whatever its version.
    Delete {
        /// The document's kind.
        kind: String,
        /// The document's id.
        id: String,
    },
}

/// The result of a writer. It takes effect when the bundle is stored and the manifest replaced.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The next manifest.
    pub manifest: Manifest,
    /// The new bundle. None if no document changed.
    pub bundle: Option<Bundle>,
    /// Documents that were added or replaced.
    pub upserted: usize,
    /// Documents that were removed.
    pub deleted: usize,
    /// Changes without effect: old versions, duplicates, and deletes of what is not indexed.
    pub ignored: usize,
}

/// A writer of one commit.
pub struct IndexWriter {
    directory: PathBuf,
    index: Index,
}

impl IndexWriter {
    /// Opens a generation whose bundles are all in the directory.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open(directory: &Path, manifest: &Manifest) -> Result<Self, Error> {
        let index = Index::open(directory, manifest)?;
        let directory = directory.to_owned();
        Ok(Self { directory, index })
    }

    /// Applies changes, in order. Between two upserts of a document the higher version counts, whatever their order.
    ///
    /// # Errors
    /// [`Error::Document`] if a document is beyond the limits.
    pub fn apply(self, changes: Vec<Change>, journal_position: &str) -> Result<Commit, Error> {
        let count = changes.len();
        let states = final_states(changes)?;
        let keys: Vec<(&str, &str)> = states.keys().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
        let existing = self.index.find(&keys)?;

        let mut manifest = self.index.manifest.clone();
        manifest.journal_position = journal_position.to_owned();
        let mut outdated: HashMap<SegmentId, Vec<DocId>> = HashMap::new();
        let mut documents = vec![];
        let mut deleted = 0;
        for (key, state) in states {
            let found = existing.get(&key);
            let (kind, id) = &key;
            let is_current = |version| found.is_some_and(|found: &Found| found.version >= version && !state.deleted);
            match &state.document {
                Some(document) if is_current(document.version) => continue,
                None if found.is_none() => continue,
                Some(document) => {
                    *manifest.documents.entry(kind.clone()).or_default() += 1;
                    manifest.checksum.add(kind, id, document.version);
                }
                None => deleted += 1,
            }
            if let Some(found) = found {
                let segment = self.index.segments[found.segment].reader.segment_id();
                outdated.entry(segment).or_default().push(found.doc);
                let count = manifest.documents.entry(kind.clone()).or_default();
                *count = count.saturating_sub(1);
                manifest.checksum.remove(kind, id, found.version);
            }
            documents.extend(state.document);
        }
        manifest.documents.retain(|_, count| *count > 0);
        let upserted = documents.len();
        let ignored = count - upserted - deleted;
        if upserted + deleted == 0 {
            return Ok(Commit {
                manifest,
                bundle: None,
                upserted,
                deleted,
                ignored,
            });
        }
        let memory = if upserted > SMALL_BATCH {
            LARGE_BATCH_MEMORY
        } else {
            SMALL_BATCH_MEMORY
        };
        let bundle = self.write(&mut manifest, upserted as u64, memory, |writer| {
            let (_, fields) = schema();
            writer.delete_query(Box::new(Documents(outdated)))?;
            for document in &documents {
                writer.add_document(to_tantivy(&fields, document))?;
            }
            writer.commit()?;
            Ok(())
        })?;
        Ok(Commit {
            manifest,
            bundle: Some(bundle),
            upserted,
            deleted,
            ignored,
        })
    }

    /// Rewrites all bundles into one, without what was deleted.
    ///
    /// # Errors
    /// [`Error::Engine`] and [`Error::Io`].
    pub fn merge(self) -> Result<Commit, Error> {
        let manifest = &self.index.manifest;
        let is_merged = self.index.segments.len() <= 1 && manifest.bundles.len() <= 1 && manifest.deleted == 0;
        let segments = if is_merged { vec![] } else { self.segments() };
        let documents = manifest.document_count();
        self.merge_segments(&segments, documents)
    }

    /// Rewrites the bundles of less than `bytes` into one, without what was deleted. Other bundles stay, so this costs
    /// little however large the index is.
    ///
    /// # Errors
    /// [`Error::Engine`] and [`Error::Io`].
    pub fn merge_small(self, bytes: u64) -> Result<Commit, Error> {
        let bundles = &self.index.manifest.bundles;
        let small: Vec<&BundleInfo> = bundles.iter().filter(|info| info.size < bytes).collect();
        let documents = small.iter().map(|info| info.documents).sum();
        let directory = BundleDirectory::open(&self.directory, &self.index.manifest)?;
        let is_small = |segment: &SegmentId| {
            // A segment's documents are in the bundle that added it; later ones have only lists of what was deleted.
            let documents = PathBuf::from(format!("{}.store", segment.uuid_string()));
            let bundle = directory.bundle_of(&documents);
            small.iter().any(|info| bundle == Some(&info.name))
        };
        let segments: Vec<SegmentId> = self.segments().into_iter().filter(is_small).collect();
        let segments = if segments.len() < 2 { vec![] } else { segments };
        self.merge_segments(&segments, documents)
    }

    /// Merges segments. Does nothing without any.
    fn merge_segments(&self, segments: &[SegmentId], documents: u64) -> Result<Commit, Error> {
        let mut manifest = self.index.manifest.clone();
        let bundle = if segments.is_empty() {
            None
        } else {
            let bundle = self.write(&mut manifest, documents, SMALL_BATCH_MEMORY, |writer| {
                writer.merge(segments).wait()?;
                Ok(())
            })?;
            Some(bundle)
        };
        Ok(Commit {
            manifest,
            bundle,
            upserted: 0,
            deleted: 0,
            ignored: 0,
        })
    }

    fn segments(&self) -> Vec<SegmentId> {
        let segments = self.index.segments.iter();
        segments.map(|segment| segment.reader.segment_id()).collect()
    }

    /// Runs `change` with the engine's writer, and puts the files that it leaves into a bundle.
    fn write(
        &self,
        manifest: &mut Manifest,
        documents: u64,
        memory: usize,
        change: impl FnOnce(&mut tantivy::IndexWriter<TantivyDocument>) -> tantivy::Result<()>,
    ) -> Result<Bundle, Error> {
        let scratch = Scratch::new(&self.directory)?;
        let directory = BundleDirectory::open(&self.directory, manifest)?.with_scratch(&scratch)?;
        let index = if manifest.bundles.is_empty() {
            let (schema, _) = schema();
            tantivy::Index::create(directory.clone(), schema, settings())?
        } else {
            tantivy::Index::open(directory.clone())?
        };
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(memory)
            .build();
        let mut writer = index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        change(&mut writer)?;
        writer.wait_merging_threads()?;

        let metas = index.load_metas()?;
        let files = metas.list_segment_files();
        let mut new: Vec<String> = files
            .iter()
            .filter(|file| scratch.has(file))
            .filter_map(|file| Some(file.to_str()?.to_owned()))
            .collect();
        new.sort_unstable();
        new.push(META.to_owned());
        let bundle = Bundle::pack(&new, |file| scratch.read(file))?;

        // A bundle of which no file is left is not needed.
        let needed = |info: &BundleInfo| files.iter().any(|file| directory.bundle_of(file) == Some(&info.name));
        manifest.bundles.retain(needed);
        manifest.bundles.push(BundleInfo {
            name: bundle.name.clone(),
            size: bundle.bytes.len() as u64,
            documents,
        });
        manifest.generation += 1;
        manifest.deleted = metas
            .segments
            .iter()
            .map(|segment| u64::from(segment.num_deleted_docs()))
            .sum();
        Ok(bundle)
    }
}

/// The state of a document after a batch.
#[derive(Default)]
struct FinalState {
    document: Option<Document>,
    /// Whether the batch deletes what is indexed, so that even an older version replaces it.
    deleted: bool,
}

fn final_states(changes: Vec<Change>) -> Result<BTreeMap<(String, String), FinalState>, Error> {
    let mut states: BTreeMap<(String, String), FinalState> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Upsert(document) => {
                document.validate()?;
                let state = states.entry((document.kind.clone(), document.id.clone())).or_default();
                if state
                    .document
                    .as_ref()
                    .is_none_or(|other| other.version < document.version)
                {
                    state.document = Some(*document);
                }
            }
            Change::Delete { kind, id } => {
                let state = states.entry((kind, id)).or_default();
                *state = FinalState {
                    document: None,
                    deleted: true,
                };
            }
        }
    }
    Ok(states)
}

/// A query for given documents of given segments. The engine deletes what it finds.
#[derive(Clone)]
struct Documents(HashMap<SegmentId, Vec<DocId>>);

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "documents of {} segments", self.0.len())
    }
}

impl Query for Documents {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Documents {
    fn scorer(&self, reader: &SegmentReader, _: f32) -> tantivy::Result<Box<dyn Scorer>> {
        let Some(numbers) = self.0.get(&reader.segment_id()) else {
            return Ok(Box::new(EmptyScorer));
        };
        let mut docs = BitSet::with_max_value(reader.max_doc());
        for &doc in numbers {
            docs.insert(doc);
        }
        Ok(Box::new(ConstScorer::from(BitSetDocSet::from(docs))))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument("there is no score".to_owned()))
    }
}
