//! The steps of a rebuild: each reads some products and writes them to the next build. The last one makes it the current
//! build.
//!
//! The walk follows the index of products by their last change. A product that changes meanwhile moves ahead of the walk or
//! is named by a message, and messages are written to the next build too: no change is lost.

use std::time::Duration;

use shared::Error;
use shared::aws::lambda::Invocation;
use shared::catalog::{CHANGE_SHARDS, ChangePosition};
use shared::search::{DocumentKind, IndexCommand};
use uuid::Uuid;

use crate::index_writer::Draft;
use crate::state::{IndexState, Rebuild, WalkPosition};
use crate::write_index::{WriteIndex, changes};

/// The products of a step: some seconds of work, and some megabytes of memory.
const STEP: usize = 2_000;
/// The products of a query: those that one request reads.
const PAGE: u8 = 100;
/// The time that a step keeps for its commit.
const COMMIT: Duration = Duration::from_secs(20);

/// Continues a rebuild, and asks for its next step. Does nothing for a rebuild that has ended or was replaced.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn step(function: &WriteIndex, rebuild_id: Uuid, invocation: &Invocation) -> Result<(), Error> {
    let (state, _) = function.writer.state(invocation).await?;
    // A build of another version of this code is left to that version.
    let is_wanted = |rebuild: &Rebuild| rebuild.build.rebuild_id == Some(rebuild_id) && rebuild.build.is_readable();
    let Some(rebuild) = state.next.filter(is_wanted) else {
        return Ok(());
    };
    let read = read(function, rebuild.position.clone(), invocation).await?;
    let changes = changes(read.documents);
    let committed = function.writer.commit(invocation, |writer, mut state| {
        let Some(next) = &mut state.next else { return Ok(None) };
        // Another invocation has done this step.
        if next.build.rebuild_id != Some(rebuild_id) || next.position != rebuild.position {
            return Ok(None);
        }
        let mut bundles = vec![];
        writer.apply(&mut next.build, &changes, &mut bundles)?;
        next.read += changes.len() as u64;
        match &read.next {
            Some(position) => next.position = position.clone(),
            None => {
                writer.merge(&mut next.build, None, &mut bundles)?;
                if let Err(incomplete) = state.switch(invocation.now) {
                    tracing::error!(%incomplete, "the rebuild is discarded");
                }
            }
        }
        Ok(Some(Draft { state, bundles }))
    });
    let state = committed.await?;
    let Some(rebuild) = state.next.filter(is_wanted) else {
        tracing::info!(%rebuild_id, "the rebuild has ended");
        return Ok(());
    };
    tracing::info!(%rebuild_id, read = rebuild.read, "the rebuild continues");
    let next = [IndexCommand::Rebuild { rebuild_id }];
    function.queue.send(&next, invocation.deadline).await
}

/// Begins a rebuild when another version of this code has written the index, so that nothing in it can be found.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn start_if_unreadable(function: &WriteIndex, invocation: &Invocation) -> Result<(), Error> {
    let (state, _) = function.writer.state(invocation).await?;
    if state.current.is_readable() {
        return Ok(());
    }
    let rebuild_id = invocation.new_id();
    let changed = function.writer.storage.change(invocation, |mut state| {
        if state.current.is_readable() || under_way(&state).is_some() {
            return None;
        }
        state.start(rebuild_id, invocation.now);
        Some(state)
    });
    let (state, has_changed) = changed.await?;
    if has_changed {
        tracing::warn!(%rebuild_id, "another version of this function has written the index; it is rebuilt");
    }
    // Also when an earlier invocation began it: that may have ended before it sent the first step.
    let Some(rebuild) = under_way(&state).filter(|rebuild| rebuild.read == 0) else {
        return Ok(());
    };
    let first = rebuild
        .build
        .rebuild_id
        .map(|rebuild_id| IndexCommand::Rebuild { rebuild_id });
    function.queue.send(&Vec::from_iter(first), invocation.deadline).await
}

/// The rebuild by this version of the code that is under way.
fn under_way(state: &IndexState) -> Option<&Rebuild> {
    state.next.as_ref().filter(|next| next.build.is_readable())
}

/// The documents of a step, and where the next one starts.
struct Read {
    documents: Vec<search_engine::Document>,
    /// None after the last product.
    next: Option<WalkPosition>,
}

async fn read(function: &WriteIndex, mut position: WalkPosition, invocation: &Invocation) -> Result<Read, Error> {
    let (catalog, deadline) = (&function.sources.catalog, invocation.deadline_keeping(COMMIT));
    let mut documents = vec![];
    while documents.len() < STEP {
        if position.shard >= CHANGE_SHARDS {
            return Ok(Read { documents, next: None });
        }
        let page = catalog.changed_products(position.shard, &position.after, PAGE, deadline);
        let page = page.await?;
        let skus = page.iter().map(|change| change.sku.to_string()).collect();
        documents.extend(function.sources.read(DocumentKind::Product, &skus, deadline).await?);
        position = match page.last().filter(|_| page.len() == usize::from(PAGE)) {
            Some(last) => WalkPosition {
                after: last.position(),
                ..position
            },
            None => WalkPosition {
                shard: position.shard + 1,
                after: ChangePosition::start(),
            },
        };
    }
    Ok(Read {
        documents,
        next: Some(position),
    })
}
