//! Runs daily: compares each engine that is kept current with the tables by checksums and asks to index again what differs,
//! asks to merge the bundles when that is worthwhile, and removes bundles and indexes that no build uses.
//!
//! A change that no message has named is found here, however it was lost.

use search_engine::Checksum;
use search_engine::checksum::{bucket, identity};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::search::{DocumentKind, IndexCommand, IndexQueue};

use crate::documents::{DocumentSources, EntityVersion, Walk};
use crate::engine::{Engine, Engines};

/// The function's engines, queue and stores.
#[derive(Debug)]
pub struct SweepIndex {
    /// The engines, of which only versions are read.
    pub engines: Engines,
    /// The queue of the index.
    pub queue: IndexQueue,
    /// What is indexed, of which only versions are needed.
    pub sources: DocumentSources,
}

impl SweepIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            engines: Engines::new(platform)?,
            queue: IndexQueue::new(platform)?,
            sources: DocumentSources::new(platform)?,
        })
    }
}

/// The versions of a query.
const PAGE: u8 = 250;

/// What a run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// The entities that were compared.
    pub compared: u64,
    /// The buckets of the checksum in which index and table differ.
    pub differing_buckets: usize,
    /// The entities of these buckets that are newer than in the index, and are indexed again.
    pub queued: u64,
    /// The bundles that were removed, and the indexes of a server.
    pub removed: usize,
}

/// Compares the index with the tables.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The next run starts from the beginning.
pub async fn handle(function: &SweepIndex, invocation: Invocation) -> Result<SweepSummary, Error> {
    let outcome = sweep(function, &invocation).await;
    let summary = Summary {
        processed: outcome.as_ref().map_or(0, |summary| summary.compared),
        failed: u64::from(outcome.is_err()),
        ..Summary::default()
    };
    summary.report("sweep-index", invocation.now);
    outcome
}

async fn sweep(function: &SweepIndex, invocation: &Invocation) -> Result<SweepSummary, Error> {
    let mut summary = SweepSummary::default();
    let mut stored = Checksum::default();
    walk(function, invocation, |kind, entity| {
        stored.add(kind.name(), &entity.id, entity.version);
        summary.compared += 1;
        false
    })
    .await?;
    for engine in function.engines.fed(invocation).await? {
        sweep_engine(function, engine, &stored, &mut summary, invocation).await?;
    }
    tracing::info!(?summary, "the index was compared with the tables");
    Ok(summary)
}

async fn sweep_engine(
    function: &SweepIndex,
    engine: &Engine,
    stored: &Checksum,
    summary: &mut SweepSummary,
    invocation: &Invocation,
) -> Result<(), Error> {
    let mut state = engine.state(invocation).await?;
    // Its last message may be lost. Two messages for one step do it once.
    if let Some(rebuild_id) = state.next.as_ref().and_then(|next| next.build.rebuild_id) {
        let next = [IndexCommand::Rebuild { rebuild_id }];
        function.queue.send(&next, invocation.deadline).await?;
    }
    // What is built now needs no comparison.
    if !engine.needs_build(&state) {
        engine.measure(&mut state, invocation).await?;
        let differing = stored.differing(&state.current.manifest.checksum);
        summary.differing_buckets += differing.len();
        if !differing.is_empty() {
            let indexed = engine.versions(&state, &differing, invocation).await?;
            let is_older = |kind: DocumentKind, entity: &EntityVersion| {
                let identity = identity(kind.name(), &entity.id);
                let is_differing = differing.contains(&bucket(identity));
                is_differing && indexed.get(&identity).is_none_or(|&version| version < entity.version)
            };
            summary.queued += walk(function, invocation, is_older).await?;
        }
        if state.current.manifest.needs_merge() {
            function.queue.send(&[IndexCommand::Merge], invocation.deadline).await?;
        }
    }
    summary.removed += engine.remove_unused(&state, invocation).await?;
    Ok(())
}

/// Meets every entity, and asks to index those that `wanted` names. Returns how many those are.
async fn walk(
    function: &SweepIndex,
    invocation: &Invocation,
    mut wanted: impl FnMut(DocumentKind, &EntityVersion) -> bool,
) -> Result<u64, Error> {
    let mut queued = 0;
    let mut position = Some(Walk::ALL.start());
    while let Some(here) = position {
        let page = Walk::ALL
            .page(&function.sources, &here, PAGE, invocation.deadline)
            .await?;
        let kind = page.kind;
        let entities = page.entities.into_iter().filter(|entity| wanted(kind, entity));
        let ids: Vec<String> = entities.map(|entity| entity.id).collect();
        queued += ids.len() as u64;
        function.queue.index(kind, &ids, invocation.deadline).await?;
        position = page.next;
    }
    Ok(queued)
}
