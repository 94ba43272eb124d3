//! The FIFO queue of the index: one message group, so that one function writes the index at a time.

use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::queue::{MAX_MESSAGES, Queue};
use crate::core::error::Error;
use crate::search::{DocumentKind, IndexCommand};

const DOING: &str = "send a command to the index";

/// The most ids in one message. The longest ids fill a quarter of what SQS takes.
const IDS: usize = 500;

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

    /// Sends commands, in order.
    ///
    /// # Errors
    /// As [`IndexQueue::index`].
    pub async fn send(&self, commands: &[IndexCommand], deadline: Instant) -> Result<(), Error> {
        let messages: Result<Vec<String>, _> = commands.iter().map(serde_json::to_string).collect();
        let messages = messages.map_err(|error| Error::internal(DOING, error))?;
        for messages in messages.chunks(MAX_MESSAGES) {
            let accepted = self.0.send(messages, deadline).await;
            if accepted.contains(&false) {
                return Err(Error::Unavailable {
                    doing: DOING,
                    source: None,
                });
            }
        }
        Ok(())
    }
}
