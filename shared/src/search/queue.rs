//! The FIFO queues of the index and of the private index: one message group each, so that one function writes an index at a
//! time.

use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::queue::{MAX_MESSAGES, Queue};
use crate::core::error::Error;
use crate::search::{DocumentKind, IndexCommand, PrivateDocumentKind, PrivateIndexCommand};

const DOING: &str = "send a command to the index";

/// The most ids in one message. The longest ids fill a quarter of what SQS takes.
const IDS: usize = 500;

/// The most entities in one message of the private index, whose writer decrypts a key for each customer.
const PRIVATE_IDS: usize = 50;

/// Sends commands to the writer of the index.
#[derive(Clone, Debug)]
pub struct IndexQueue(Queue);

impl IndexQueue {
    /// Reads the queue's URL from `INDEX_QUEUE_URL`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let url = platform.variable("INDEX_QUEUE_URL")?;
        Ok(Self(Queue::fifo(platform.aws(), url, "index")))
    }

    /// Asks to index the documents of these entities again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue did not accept all of it until `deadline`, and [`Error::Internal`].
    pub async fn index(&self, kind: DocumentKind, ids: &[String], deadline: Instant) -> Result<(), Error> {
        let commands = ids.chunks(IDS).map(|ids| IndexCommand::Index {
            kind,
            ids: ids.to_vec(),
        });
        self.send(&commands.collect::<Vec<_>>(), deadline).await
    }

    /// Asks to write the documents of these entities as the tables have them, and to remove those that the tables do not have.
    ///
    /// # Errors
    /// As [`IndexQueue::index`].
    pub async fn replace(&self, kind: DocumentKind, ids: &[String], deadline: Instant) -> Result<(), Error> {
        let commands = ids.chunks(IDS).map(|ids| IndexCommand::Replace {
            kind,
            ids: ids.to_vec(),
        });
        self.send(&commands.collect::<Vec<_>>(), deadline).await
    }

    /// Sends commands, in order.
    ///
    /// # Errors
    /// As [`IndexQueue::index`].
    pub async fn send(&self, commands: &[IndexCommand], deadline: Instant) -> Result<(), Error> {
        send(&self.0, commands, deadline).await
    }
}

/// Sends commands to the writer of the private index.
#[derive(Clone, Debug)]
pub struct PrivateIndexQueue(Queue);

impl PrivateIndexQueue {
    /// Reads the queue's URL from `PRIVATE_INDEX_QUEUE_URL`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let url = platform.variable("PRIVATE_INDEX_QUEUE_URL")?;
        Ok(Self(Queue::fifo(platform.aws(), url, "index")))
    }

    /// Asks to index these entities again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue did not accept all of it until `deadline`, and [`Error::Internal`].
    pub async fn index(&self, kind: PrivateDocumentKind, ids: &[Uuid], deadline: Instant) -> Result<(), Error> {
        let commands = ids.chunks(PRIVATE_IDS).map(|ids| PrivateIndexCommand::Index {
            kind,
            ids: ids.to_vec(),
        });
        send(&self.0, &commands.collect::<Vec<_>>(), deadline).await
    }

    /// Asks to rewrite the index without what was erased.
    ///
    /// # Errors
    /// As [`PrivateIndexQueue::index`].
    pub async fn merge(&self, deadline: Instant) -> Result<(), Error> {
        send(&self.0, &[PrivateIndexCommand::Merge], deadline).await
    }
}

/// Sends commands, in order.
async fn send(queue: &Queue, commands: &[impl Serialize], deadline: Instant) -> Result<(), Error> {
    let messages: Result<Vec<String>, _> = commands.iter().map(serde_json::to_string).collect();
    let messages = messages.map_err(|error| Error::internal(DOING, error))?;
    for messages in messages.chunks(MAX_MESSAGES) {
        let accepted = queue.send(messages, deadline).await;
        if accepted.contains(&false) {
            return Err(Error::Unavailable {
                doing: DOING,
                source: None,
            });
        }
    }
    Ok(())
}
