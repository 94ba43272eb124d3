//! Runs daily: compares each engine that is kept current with the tables by checksums and asks to index again what differs,
//! asks to merge the bundles when that is worthwhile, and removes bundles and indexes that no build uses.
//!
//! A change that no message has named is found here, however it was lost, and so is a document that only the index has, as after
//! a restore of a table. An index that has to be built is built from here too, if no change comes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::SignedDuration;
use search_engine::Checksum;
use search_engine::checksum::{bucket, identity};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due_scan::Summary;
use shared::aws::lambda::Invocation;
use shared::aws::telemetry::{self, Unit};
use shared::search::{DocumentKind, IndexCommand, IndexQueue};

use crate::documents::{DocumentSources, EntityVersion, Walk};
use crate::engine::{Engine, Engines};
use crate::rebuild;
use crate::state::IndexState;

/// The function's engines, queue and stores.
#[derive(Debug)]
pub struct SweepIndex {
    /// The engines, of which only versions are read.
    pub engines: Engines,
    /// The queue of the index.
    pub queue: IndexQueue,
    /// The indexed entities, of which only versions are needed.
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

/// How long ago a change must be that counts as missing: a message about a later one may still wait.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// The entities that were compared.
    pub compared: u64,
    /// The entities that cannot be read.
    pub damaged: u64,
    /// The buckets of the checksum in which index and table differ.
    pub differing_buckets: usize,
    /// The entities of these buckets that are newer than in the index, and are indexed again.
    pub queued: u64,
    /// The documents of these buckets that are newer than their entities, or have none, and are replaced or removed.
    pub replaced: u64,
    /// The documents that differ although no message about them should wait any more.
    pub missing: u64,
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
    summary.damaged = walk(function, invocation, |kind, entity| {
        stored.add(kind.name(), &entity.id, entity.version);
        summary.compared += 1;
        Verdict::Same
    })
    .await?;
    for engine in function.engines.fed(invocation).await? {
        sweep_engine(function, engine, &stored, &mut summary, invocation).await?;
    }
    tracing::info!(?summary, "the index was compared with the tables");
    let missing = (
        "DifferingDocuments",
        Unit::Count,
        (summary.missing + summary.damaged) as f64,
    );
    telemetry::emit("sweep-index", invocation.now, &[missing]);
    Ok(summary)
}

async fn sweep_engine(
    function: &SweepIndex,
    engine: &Engine,
    stored: &Checksum,
    summary: &mut SweepSummary,
    invocation: &Invocation,
) -> Result<(), Error> {
    // Boxed: these are large.
    Box::pin(rebuild::start_if_needed(&function.queue, engine, invocation)).await?;
    let mut state = engine.state(invocation).await?;
    // Its last message may be lost. Two messages for one step do it once.
    if let Some(rebuild_id) = state.next.as_ref().and_then(|next| next.build.rebuild_id) {
        let next = [IndexCommand::Rebuild { rebuild_id }];
        function.queue.send(&next, invocation.deadline).await?;
    }
    // A build that is in progress needs no comparison.
    if !state.needs_build() {
        engine.measure(&mut state, invocation).await?;
        let differing = stored.differing(&state.current.manifest.checksum);
        summary.differing_buckets += differing.len();
        if !differing.is_empty() {
            Box::pin(compare(function, engine, &state, &differing, summary, invocation)).await?;
        }
        if state.current.manifest.needs_merge() {
            function.queue.send(&[IndexCommand::Merge], invocation.deadline).await?;
        }
    }
    // A lost state names none of the bundles that functions may still read.
    if !state.current.is_blank() {
        summary.removed += engine.remove_unused(&state, invocation).await?;
    }
    Ok(())
}

/// The version of a document, and whether its entity was met.
struct Indexed {
    version: u64,
    is_met: bool,
}

/// Compares the documents in the buckets that differ with their entities. Asks to index what is newer in the tables, and to replace
/// what is newer in the index or only there: the writer reads each entity again, since the walk is eventually consistent.
async fn compare(
    function: &SweepIndex,
    engine: &Engine,
    state: &IndexState,
    differing: &[usize],
    summary: &mut SweepSummary,
    invocation: &Invocation,
) -> Result<(), Error> {
    let mut indexed: HashMap<u64, Indexed> = HashMap::new();
    let add = |kind: &str, id: &str, version| {
        let is_met = false;
        indexed.insert(identity(kind, id), Indexed { version, is_met });
    };
    engine.visit(state, differing, invocation, add).await?;
    walk(function, invocation, |kind, entity| {
        let identity = identity(kind.name(), &entity.id);
        if !differing.contains(&bucket(identity)) {
            return Verdict::Same;
        }
        let verdict = match indexed.get_mut(&identity) {
            None => Verdict::Index,
            Some(indexed) => {
                indexed.is_met = true;
                match indexed.version.cmp(&entity.version) {
                    Ordering::Less => Verdict::Index,
                    Ordering::Equal => Verdict::Same,
                    Ordering::Greater => Verdict::Replace,
                }
            }
        };
        summary.queued += u64::from(verdict == Verdict::Index);
        summary.replaced += u64::from(verdict == Verdict::Replace);
        let is_settled = invocation.now.duration_since(entity.updated_at) >= SETTLED;
        summary.missing += u64::from(verdict != Verdict::Same && is_settled);
        verdict
    })
    .await?;
    let only_indexed: HashSet<u64> = indexed
        .into_iter()
        .filter_map(|(identity, indexed)| (!indexed.is_met).then_some(identity))
        .collect();
    let count = replace(function, engine, state, &only_indexed, invocation).await?;
    summary.replaced += count;
    summary.missing += count;
    Ok(())
}

/// Asks to replace the documents with these identities. Returns how many those are.
async fn replace(
    function: &SweepIndex,
    engine: &Engine,
    state: &IndexState,
    identities: &HashSet<u64>,
    invocation: &Invocation,
) -> Result<u64, Error> {
    if identities.is_empty() {
        return Ok(0);
    }
    let buckets: BTreeSet<usize> = identities.iter().map(|&identity| bucket(identity)).collect();
    let mut ids: BTreeMap<DocumentKind, Vec<String>> = BTreeMap::new();
    let add = |kind: &str, id: &str, _| {
        // A kind of a later version of this code is left to that one.
        let known = DocumentKind::ALL.into_iter().find(|known| known.name() == kind);
        if let Some(kind) = known.filter(|_| identities.contains(&identity(kind, id))) {
            ids.entry(kind).or_default().push(id.to_owned());
        }
    };
    engine.visit(state, &Vec::from_iter(buckets), invocation, add).await?;
    let mut count = 0;
    for (kind, ids) in ids {
        count += ids.len() as u64;
        function.queue.replace(kind, &ids, invocation.deadline).await?;
    }
    Ok(count)
}

/// The result of a comparison of an entity with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing.
    Same,
    /// It is indexed again.
    Index,
    /// Its document is replaced by an older one.
    Replace,
}

/// Meets every entity that can be read, and sends what `judge` says of each. Returns how many cannot be read.
async fn walk(
    function: &SweepIndex,
    invocation: &Invocation,
    mut judge: impl FnMut(DocumentKind, &EntityVersion) -> Verdict,
) -> Result<u64, Error> {
    let mut damaged = 0;
    let mut position = Some(Walk::ALL.start());
    while let Some(here) = position {
        let page = Walk::ALL
            .page(&function.sources, &here, PAGE, invocation.deadline)
            .await?;
        let (mut changed, mut replaced) = (vec![], vec![]);
        for entity in page.entities {
            match judge(page.kind, &entity) {
                Verdict::Same => {}
                Verdict::Index => changed.push(entity.id),
                Verdict::Replace => replaced.push(entity.id),
            }
        }
        damaged += page.damaged;
        function.queue.index(page.kind, &changed, invocation.deadline).await?;
        function
            .queue
            .replace(page.kind, &replaced, invocation.deadline)
            .await?;
        position = page.next;
    }
    Ok(damaged)
}
