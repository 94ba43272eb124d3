//! Runs daily: asks to index the orders that the private index lacks, asks to rewrite it if anything was erased, and removes
//! bundles that it no longer uses.
//!
//! So what was erased is in no object after three days at most: up to one until the rewriting, one for which an unused bundle
//! stays, since a function may be reading it, and up to one until the next run.

use std::collections::HashSet;

use search_engine::Index;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::lookups::{LookupStore, SHARDS, Subject};
use shared::search::{PrivateDocumentKind, PrivateIndexQueue};
use uuid::Uuid;

use crate::index_copy::IndexCopy;
use crate::index_reader::IndexReader;
use crate::storage::IndexStorage;

/// The function's bucket, queue and store.
#[derive(Debug)]
pub struct SweepPrivateIndex {
    /// The bucket of the private index.
    pub storage: IndexStorage,
    /// The private index, of which only ids are read.
    pub reader: IndexReader,
    /// The queue of the private index.
    pub queue: PrivateIndexQueue,
    /// The list of all orders.
    pub lookups: LookupStore,
}

impl SweepPrivateIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let storage = IndexStorage::private(platform)?;
        Ok(Self {
            reader: IndexReader::of(storage.clone(), IndexCopy::new(platform)),
            storage,
            queue: PrivateIndexQueue::new(platform)?,
            lookups: LookupStore::new(platform)?,
        })
    }
}

/// The buckets of the engine's checksum: all of them.
const BUCKETS: usize = 256;

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateSweepSummary {
    /// The orders that were compared.
    pub compared: u64,
    /// The orders that the index lacks and that are indexed now.
    pub queued: u64,
    /// Whether the index is rewritten.
    pub is_merged: bool,
    /// The bundles that were removed.
    pub removed_bundles: usize,
}

/// Compares the private index with the list of all orders, and tidies it.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The next run starts from the beginning.
pub async fn handle(function: &SweepPrivateIndex, invocation: Invocation) -> Result<PrivateSweepSummary, Error> {
    let outcome = sweep(function, &invocation).await;
    let summary = Summary {
        processed: outcome.as_ref().map_or(0, |summary| summary.compared),
        failed: u64::from(outcome.is_err()),
        ..Summary::default()
    };
    summary.report("sweep-private-index", invocation.now);
    outcome
}

async fn sweep(function: &SweepPrivateIndex, invocation: &Invocation) -> Result<PrivateSweepSummary, Error> {
    let deadline = invocation.deadline;
    let mut summary = PrivateSweepSummary::default();
    let (state, _) = function.storage.state(invocation).await?;
    // First, and whatever happens to the rest: it is what an erasure waits for.
    let manifest = &state.current.manifest;
    summary.is_merged = manifest.deleted > 0 || manifest.needs_merge();
    if summary.is_merged {
        function.queue.merge(deadline).await?;
    }
    let is_used = |bundle: &str| state.uses(bundle);
    let removed = function.storage.remove_unused(is_used, invocation.now, deadline);
    summary.removed_bundles = removed.await?;
    let index = match state.current.is_readable() {
        true => function.reader.current(deadline).await?,
        // Its writer begins it anew with the first message.
        false => None,
    };
    let indexed = index.map_or_else(|| Ok(HashSet::new()), |index| ids(&index))?;
    for shard in 0..SHARDS {
        let mut after = None;
        loop {
            let page = function.lookups.walk(Subject::Order, shard, after, deadline).await?;
            summary.compared += page.len() as u64;
            let missing = page.iter().map(|position| position.id);
            let missing: Vec<Uuid> = missing.filter(|id| !indexed.contains(id)).collect();
            summary.queued += missing.len() as u64;
            let queued = function.queue.index(PrivateDocumentKind::Order, &missing, deadline);
            queued.await?;
            match page.last() {
                Some(last) => after = Some(*last),
                None => break,
            }
        }
    }
    tracing::info!(?summary, "the private index was compared with the orders");
    Ok(summary)
}

/// The ids of all documents of an index.
fn ids(index: &Index) -> Result<HashSet<Uuid>, Error> {
    let buckets: Vec<usize> = (0..BUCKETS).collect();
    let documents = index.documents_in(&buckets);
    let documents = documents.map_err(|error| Error::internal("read the ids of the private index", error))?;
    Ok(documents.into_iter().filter_map(|(_, id, _)| id.parse().ok()).collect())
}
