//! The steps of a rebuild: each reads some entities and writes their documents to the next build. The last one makes it the
//! current build.
//!
//! The walk meets every entity. One that changes meanwhile moves ahead of the walk or is named by a message, and messages are
//! written to the next build too: no change is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use search_engine::Document;
use shared::Error;
use shared::aws::lambda::Invocation;
use shared::search::{IndexCommand, IndexQueue};
use uuid::Uuid;

use crate::documents::{Walk, WalkPosition};
use crate::engine::Engine;
use crate::state::{IndexState, Rebuild};
use crate::write_index::WriteIndex;

/// The entities of a step: some seconds of work, and some megabytes of memory.
pub const STEP: usize = 2_000;
/// The entities of a query: those that one request reads.
const PAGE: u8 = 100;
/// The time that a step keeps for its commit.
const COMMIT: Duration = Duration::from_secs(20);

/// The documents of a step, and where the next one starts.
#[derive(Clone, Debug)]
pub struct Step {
    /// The documents.
    pub documents: Vec<Document>,
    /// The entities without a document, since they cannot be read, by kind.
    left_out: BTreeMap<String, u64>,
    /// None after the last entity.
    next: Option<WalkPosition>,
}

impl Step {
    /// Whether it is the last one.
    pub const fn is_last(&self) -> bool {
        self.next.is_none()
    }

    /// Whether a rebuild is still where it was when the step was read. Otherwise another invocation has done the step.
    pub fn follows(&self, read: &Rebuild, now: &Rebuild) -> bool {
        now.build.rebuild_id == read.build.rebuild_id && now.position == read.position
    }

    /// Records the step in the state. The last one makes the next build the current one, or discards it if it is
    /// incomplete.
    pub fn advance(&self, state: &mut IndexState, now: Timestamp) {
        let Some(next) = &mut state.next else { return };
        next.read += self.documents.len() as u64;
        for (kind, count) in &self.left_out {
            *next.left_out.entry(kind.clone()).or_default() += count;
        }
        match &self.next {
            Some(position) => next.position = position.clone(),
            None => match state.switch(now) {
                Ok(None) => {}
                Ok(Some(incomplete)) => {
                    tracing::error!(%incomplete, "an incomplete rebuild replaces an index of another version")
                }
                Err(incomplete) => tracing::error!(%incomplete, "the rebuild is discarded"),
            },
        }
    }
}

/// Continues a rebuild, and asks for its next step. Does nothing for a rebuild that has ended or was replaced.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn step(
    function: &WriteIndex,
    engine: &Engine,
    rebuild_id: Uuid,
    invocation: &Invocation,
) -> Result<(), Error> {
    let state = engine.state(invocation).await?;
    // A build of another version of this code is left to that version.
    let is_wanted = |rebuild: &Rebuild| rebuild.build.rebuild_id == Some(rebuild_id) && rebuild.build.is_readable();
    let Some(rebuild) = state.next.filter(is_wanted) else {
        return Ok(());
    };
    let step = read(function, rebuild.position.clone(), invocation).await?;
    let state = engine.step(&rebuild, &step, invocation).await?;
    let Some(rebuild) = state.next.filter(is_wanted) else {
        tracing::info!(%rebuild_id, "the rebuild has ended");
        return Ok(());
    };
    tracing::info!(%rebuild_id, read = rebuild.read, "the rebuild continues");
    let next = [IndexCommand::Rebuild { rebuild_id }];
    function.queue.send(&next, invocation.deadline).await
}

/// Begins a rebuild when nothing can be found in an engine: another version of this code has written it, it is new, or its state
/// was lost. For empty tables it is one step.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn start_if_needed(queue: &IndexQueue, engine: &Engine, invocation: &Invocation) -> Result<(), Error> {
    if !engine.state(invocation).await?.needs_build() {
        return Ok(());
    }
    let rebuild_id = invocation.new_id();
    let changed = engine.storage().change(invocation, |mut state| {
        if !state.needs_build() || state.under_way().is_some() {
            return None;
        }
        state.start(rebuild_id, invocation.now);
        Some(state)
    });
    let (state, has_changed) = changed.await?;
    if has_changed {
        tracing::warn!(%rebuild_id, "the index is built: it is new or lost, or another version of this function has written it");
    }
    // Also when an earlier invocation began it: that may have ended before it sent the first step.
    let Some(rebuild) = state.under_way().filter(|rebuild| rebuild.read == 0) else {
        return Ok(());
    };
    let first = rebuild
        .build
        .rebuild_id
        .map(|rebuild_id| IndexCommand::Rebuild { rebuild_id });
    queue.send(&Vec::from_iter(first), invocation.deadline).await
}

async fn read(function: &WriteIndex, mut position: WalkPosition, invocation: &Invocation) -> Result<Step, Error> {
    let (sources, deadline) = (&function.sources, invocation.deadline_keeping(COMMIT));
    let page_size = u8::try_from(function.step).unwrap_or(PAGE).min(PAGE);
    let mut documents = vec![];
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let next = loop {
        let page = Walk::ALL.page(sources, &position, page_size, deadline).await?;
        let ids = page.entities.into_iter().map(|entity| entity.id).collect();
        let found = sources.read(page.kind, &ids, deadline).await?;
        documents.extend(found.documents);
        let damaged = page.damaged + found.left_out.len() as u64;
        if damaged > 0 {
            *left_out.entry(page.kind.name().to_owned()).or_default() += damaged;
        }
        match page.next {
            Some(next) if documents.len() < function.step => position = next,
            next => break next,
        }
    };
    Ok(Step {
        documents,
        left_out,
        next,
    })
}
