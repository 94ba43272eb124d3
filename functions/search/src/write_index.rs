//! Runs for messages of the index queue, one batch at a time: indexes entities that may have changed in each engine that is
//! kept current, continues a rebuild, and merges the bundles of the embedded index.
//!
//! A message says which entities to look at, and not how they have changed: they are read again, and an older version of
//! a document never replaces a newer one, unless the message asks for that. So messages may arrive late, twice and in any order.
//! An entity that cannot be read is left out, and does not stop the others.

use std::collections::{BTreeMap, BTreeSet};

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::Batch;
use shared::aws::lambda::problem::Causes;
use shared::aws::telemetry::{self, Unit};
use shared::search::{DocumentKind, IndexCommand, IndexQueue};
use uuid::Uuid;

use crate::documents::DocumentSources;
use crate::engine::{Engine, Engines};
use crate::rebuild;

/// The function's stores.
#[derive(Debug)]
pub struct WriteIndex {
    /// The engines.
    pub engines: Engines,
    /// The documents that are indexed.
    pub sources: DocumentSources,
    /// The queue, for the next step of a rebuild.
    pub queue: IndexQueue,
    /// The entities of a step of a rebuild.
    pub step: usize,
}

impl WriteIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            engines: Engines::new(platform)?,
            sources: DocumentSources::new(platform)?,
            queue: IndexQueue::new(platform)?,
            step: rebuild::STEP,
        })
    }
}

/// The work that a batch of messages asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    /// The entities to index, each once.
    ids: BTreeMap<DocumentKind, BTreeSet<String>>,
    /// The entities whose documents are to be as in the tables, whatever their versions.
    replaced: BTreeMap<DocumentKind, BTreeSet<String>>,
    /// The rebuilds to continue.
    rebuilds: BTreeSet<Uuid>,
    merge: bool,
}

/// Does what the messages ask for. The changes of all messages are one commit. A message that cannot be read is left out: it
/// would stop all messages behind it, and the daily comparison finds what it names.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The queue then delivers the whole batch again.
pub async fn handle(function: &WriteIndex, batch: Batch, invocation: Invocation) -> Result<(), Error> {
    let work = Work::of(&batch);
    let engines = function.engines.fed(&invocation).await?;
    for engine in &engines {
        rebuild::start_if_needed(&function.queue, engine, &invocation).await?;
    }
    let mut left_out = 0;
    for (&kind, ids) in &work.ids {
        let found = function.sources.read(kind, ids, invocation.deadline).await?;
        left_out += found.left_out.len();
        for engine in &engines {
            let written = engine.write(&found.documents, &invocation).await;
            accept(written, engine, &engines, &invocation).await?;
        }
    }
    for (&kind, ids) in &work.replaced {
        // Boxed: it is large, and rare.
        left_out += Box::pin(replace(function, &engines, kind, ids, &invocation)).await?;
    }
    let left_out = ("LeftOut", Unit::Count, left_out as f64);
    telemetry::emit("write-index", invocation.now, &[left_out]);
    for engine in &engines {
        for &rebuild_id in &work.rebuilds {
            rebuild::step(function, engine, rebuild_id, &invocation).await?;
        }
        if work.merge {
            engine.merge(&invocation).await?;
        }
    }
    Ok(())
}

/// Writes the documents of these entities as the tables have them now, whatever their versions are. Returns how many entities were
/// left out.
async fn replace(
    function: &WriteIndex,
    engines: &[&Engine],
    kind: DocumentKind,
    ids: &BTreeSet<String>,
    invocation: &Invocation,
) -> Result<usize, Error> {
    let mut left_out = 0;
    for engine in engines {
        // The state before the read: what another writer commits meanwhile may be newer.
        let before = engine.state(invocation).await?;
        let found = function.sources.read(kind, ids, invocation.deadline).await?;
        left_out = found.left_out.len();
        let written = engine.replace(kind, ids, &found, &before, invocation).await;
        accept(written, engine, engines, invocation).await?;
    }
    Ok(left_out)
}

/// Accepts that a server lacks a change while it is not searched yet: the embedded index is searched, and must not wait for it.
async fn accept(
    written: Result<(), Error>,
    engine: &Engine,
    engines: &[&Engine],
    invocation: &Invocation,
) -> Result<(), Error> {
    match written {
        Err(error) if engines.len() > 1 && engine.is_server() => {
            tracing::error!(causes = %Causes(&error), "the server lacks a change: its build starts over");
            engine.abandon(invocation).await
        }
        written => written,
    }
}

impl Work {
    fn of(batch: &Batch) -> Self {
        let mut work = Self::default();
        for message in &batch.messages {
            match serde_json::from_str(&message.body) {
                Ok(IndexCommand::Index { kind, ids }) => work.ids.entry(kind).or_default().extend(ids),
                Ok(IndexCommand::Replace { kind, ids }) => work.replaced.entry(kind).or_default().extend(ids),
                Ok(IndexCommand::Rebuild { rebuild_id }) => {
                    work.rebuilds.insert(rebuild_id);
                }
                Ok(IndexCommand::Merge) => work.merge = true,
                Err(error) => {
                    tracing::error!(message_id = message.message_id, %error, "a message of the index queue cannot be read");
                }
            }
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::aws::lambda::batch::Message;

    fn batch(commands: &[IndexCommand]) -> Batch {
        let messages = commands.iter().enumerate().map(|(at, command)| Message {
            message_id: at.to_string(),
            body: serde_json::to_string(command).unwrap(),
        });
        Batch {
            messages: messages.collect(),
        }
    }

    #[test]
    fn an_entity_that_several_messages_name_is_indexed_once() {
        let index = |ids: &[&str]| IndexCommand::Index {
            kind: DocumentKind::Product,
            ids: ids.iter().map(ToString::to_string).collect(),
        };
        let work = Work::of(&batch(&[index(&["tea", "mug"]), index(&["tea"]), IndexCommand::Merge]));
        let ids: Vec<&str> = work.ids[&DocumentKind::Product].iter().map(String::as_str).collect();
        assert_eq!((ids, work.merge), (vec!["mug", "tea"], true));
    }

    #[test]
    fn a_message_that_cannot_be_read_does_not_stop_the_others() {
        let mut batch = batch(&[IndexCommand::Merge, IndexCommand::Merge]);
        batch.messages[0].body = "{}".to_owned();
        assert!(Work::of(&batch).merge);
    }
}
