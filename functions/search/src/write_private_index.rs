//! Runs for messages of the private index's queue, one batch at a time: indexes the names and e-mail addresses of new orders,
//! removes those that were erased, and rewrites the index without what was erased.
//!
//! A message says which orders to look at. They are read again, and a document without names never gets any, so messages may
//! arrive late, twice and in any order.

use std::collections::BTreeSet;

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::batch::Batch;
use shared::search::{PrivateDocumentKind, PrivateIndexCommand};
use uuid::Uuid;

use crate::documents::{OrderSource, is_valid};
use crate::index_writer::{Draft, IndexWriter, upserts};
use crate::state::IndexState;
use crate::storage::IndexStorage;

/// The function's index and stores.
#[derive(Debug)]
pub struct WritePrivateIndex {
    /// The private index.
    pub writer: IndexWriter,
    /// Orders, and the keys of their personal data.
    pub orders: OrderSource,
}

impl WritePrivateIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            writer: IndexWriter::of(IndexStorage::private(platform)?, platform),
            orders: OrderSource::new(platform)?,
        })
    }
}

/// The work that a batch of messages asks for.
#[derive(Debug, Default)]
struct Work {
    /// The orders to index, each once.
    orders: BTreeSet<Uuid>,
    merge: bool,
}

/// Does what the messages ask for. The changes of all messages are one commit. A message that cannot be read is left out: it
/// would stop all messages behind it. The daily run finds the new orders that it names.
///
/// # Errors
/// [`Error::Unavailable`] and [`Error::Internal`]. The queue then delivers the whole batch again.
pub async fn handle(function: &WritePrivateIndex, batch: Batch, invocation: Invocation) -> Result<(), Error> {
    let work = Work::of(&batch);
    start_over_if_unreadable(&function.writer, &invocation).await?;
    if !work.orders.is_empty() {
        let mut documents = function.orders.read(&work.orders, invocation.deadline).await?;
        documents.retain(is_valid);
        function.writer.write(&upserts(&documents), &invocation).await?;
    }
    if work.merge {
        merge(&function.writer, &invocation).await?;
    }
    Ok(())
}

/// Begins an empty index when another version of this code has written the present one, so that nothing in it can be found. The
/// daily run asks to index all orders.
async fn start_over_if_unreadable(writer: &IndexWriter, invocation: &Invocation) -> Result<(), Error> {
    let changed = writer.storage.change(invocation, |state| {
        let is_readable = state.current.is_readable();
        (!is_readable).then(|| IndexState::empty(invocation.new_id(), invocation.now))
    });
    if changed.await?.1 {
        tracing::warn!("another version of this function has written the private index; it begins empty");
    }
    Ok(())
}

/// Rewrites the index as one bundle, without what was erased.
async fn merge(writer: &IndexWriter, invocation: &Invocation) -> Result<(), Error> {
    let committed = writer.commit(invocation, |writer, mut state| {
        let manifest = &state.current.manifest;
        let mut bundles = vec![];
        if manifest.deleted > 0 || manifest.needs_merge() {
            writer.merge(&mut state.current, None, &mut bundles)?;
        }
        Ok((!bundles.is_empty()).then_some(Draft { state, bundles }))
    });
    committed.await.map(|_| ())
}

impl Work {
    fn of(batch: &Batch) -> Self {
        let mut work = Self::default();
        for message in &batch.messages {
            match serde_json::from_str(&message.body) {
                Ok(PrivateIndexCommand::Index { kind, ids }) => match kind {
                    PrivateDocumentKind::Order => work.orders.extend(ids),
                },
                Ok(PrivateIndexCommand::Merge) => work.merge = true,
                Err(error) => {
                    let message_id = &message.message_id;
                    tracing::error!(message_id, %error, "a message of the private index's queue cannot be read");
                }
            }
        }
        work
    }
}
