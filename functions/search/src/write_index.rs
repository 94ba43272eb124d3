//! Runs for messages of the index queue, one batch at a time: indexes entities that may have changed, continues a rebuild,
//! and merges the bundles of the index.
//!
//! A message says which entities to look at, and not how they have changed: they are read again, and an older version of
//! a document never replaces a newer one. So messages may arrive late, twice and in any order.

use std::collections::{BTreeMap, BTreeSet};

use search_engine::{Change, Document};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::Batch;
use shared::search::{DocumentKind, IndexCommand, IndexQueue};
use uuid::Uuid;

use crate::documents::DocumentSources;
use crate::index_writer::{Draft, IndexWriter};
use crate::rebuild;

/// The function's stores.
#[derive(Debug)]
pub struct WriteIndex {
    /// The index.
    pub writer: IndexWriter,
    /// What is indexed.
    pub sources: DocumentSources,
    /// The queue, for the next step of a rebuild.
    pub queue: IndexQueue,
}

impl WriteIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            writer: IndexWriter::new(platform)?,
            sources: DocumentSources::new(platform)?,
            queue: IndexQueue::new(platform)?,
        })
    }
}

/// What a batch of messages asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    /// The entities to index, each once.
    ids: BTreeMap<DocumentKind, BTreeSet<String>>,
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
    rebuild::start_if_unreadable(function, &invocation).await?;
    for (&kind, ids) in &work.ids {
        let documents = function.sources.read(kind, ids, invocation.deadline).await?;
        index(&function.writer, documents, &invocation).await?;
    }
    for rebuild_id in work.rebuilds {
        rebuild::step(function, rebuild_id, &invocation).await?;
    }
    if work.merge {
        merge(&function.writer, &invocation).await?;
    }
    Ok(())
}

/// Writes documents to each build that is kept current.
pub(crate) async fn index(
    writer: &IndexWriter,
    documents: Vec<Document>,
    invocation: &Invocation,
) -> Result<(), Error> {
    let changes = changes(documents);
    let committed = writer.commit(invocation, |writer, mut state| {
        let mut bundles = vec![];
        for build in state.written().filter(|build| writer.has(build)) {
            writer.apply(build, &changes, &mut bundles)?;
        }
        // No bundle: the index has these versions already.
        Ok((!bundles.is_empty()).then_some(Draft { state, bundles }))
    });
    committed.await.map(|_| ())
}

/// Rewrites the current build as one bundle, without what was deleted or replaced.
async fn merge(writer: &IndexWriter, invocation: &Invocation) -> Result<(), Error> {
    let committed = writer.commit(invocation, |writer, mut state| {
        let mut bundles = vec![];
        if state.current.is_readable() && writer.has(&state.current) && state.current.manifest.needs_merge() {
            writer.merge(&mut state.current, None, &mut bundles)?;
        }
        Ok((!bundles.is_empty()).then_some(Draft { state, bundles }))
    });
    committed.await.map(|_| ())
}

/// Documents as changes of an index. A document beyond the engine's limits is left out, so that it does not stop the others.
pub(crate) fn changes(documents: Vec<Document>) -> Vec<Change> {
    let valid = documents.into_iter().filter(|document| match document.validate() {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "a document cannot be indexed");
            false
        }
    });
    valid.map(|document| Change::Upsert(Box::new(document))).collect()
}

impl Work {
    fn of(batch: &Batch) -> Self {
        let mut work = Self::default();
        for message in &batch.messages {
            match serde_json::from_str(&message.body) {
                Ok(IndexCommand::Index { kind, ids }) => work.ids.entry(kind).or_default().extend(ids),
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
