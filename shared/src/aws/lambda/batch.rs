//! Batches from a queue: each message succeeds or comes again by itself.
//!
//! Invariant: a message counts as done only when its work was; all else is reported, and comes again when its visibility
//! timeout is over, or goes to the dead letters with the queue's last try. The event source says `ReportBatchItemFailures`.

use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::lambda::problem::Causes;
use crate::core::error::Error;

/// Messages of a queue, as Lambda hands them over (Lambda developer guide, "Using Lambda with Amazon SQS").
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// The messages: at most as many as the event source's `BatchSize`.
    #[serde(rename = "Records")]
    pub messages: Vec<Message>,
}

/// A message of a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// What the queue calls it.
    pub message_id: String,
    /// What was sent.
    pub body: String,
}

/// What the queue is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// The messages that come again; all others are done.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// What the queue calls it.
    pub item_identifier: String,
}

/// Does `work` for the command in each message, for all at the same time: one that is slow holds up none of the others.
///
/// A message that is no such command fails as one whose work does.
pub async fn serve<T, F, R>(batch: Batch, work: F) -> BatchResponse
where
    T: DeserializeOwned,
    F: Fn(T) -> R,
    R: Future<Output = Result<(), Error>>,
{
    let work = &work;
    let outcomes = batch.messages.iter().map(async |message| {
        let command = serde_json::from_str(&message.body).map_err(|error| Error::internal("read a message", error))?;
        work(command).await
    });
    let outcomes = join_all(outcomes).await;
    let failures = batch
        .messages
        .into_iter()
        .zip(outcomes)
        .filter_map(|(message, outcome)| {
            let error = outcome.err()?;
            let causes = Causes(&error);
            match &error {
                Error::Unavailable { .. } => tracing::warn!(message.message_id, %causes, "a message comes again"),
                _ => tracing::error!(message.message_id, %causes, "a message comes again, and will fail again"),
            }
            Some(BatchItemFailure {
                item_identifier: message.message_id,
            })
        });
    BatchResponse {
        batch_item_failures: failures.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::sync::Barrier;

    /// A batch with these bodies, as Lambda writes it; the messages are called m0, m1 …
    fn batch(bodies: &[&str]) -> Batch {
        let records = bodies.iter().enumerate().map(|(nth, body)| {
            json!({
                "messageId": format!("m{nth}"),
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body,
                "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183" },
                "messageAttributes": {},
                "md5OfBody": "098f6bcd4621d373cade4e832627b4f6",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:commands",
                "awsRegion": "us-east-1",
            })
        });
        serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
    }

    #[tokio::test]
    async fn a_message_that_fails_comes_again_and_the_others_are_done() {
        let answer = serve(
            batch(&["1", "2", "3", "\"4\"", "5"]),
            async |number: u32| match number {
                2 => Err(Error::unavailable("try", "busy")),
                3 => Err(Error::internal("try", "broken")),
                _ => Ok(()),
            },
        );
        let failed = ["m1", "m2", "m3"].map(|id| json!({ "itemIdentifier": id }));
        let expected = json!({ "batchItemFailures": failed });
        assert_eq!(serde_json::to_value(answer.await).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_batch_that_is_done_says_so_with_an_empty_list() {
        let answer = serve(batch(&["1"]), async |_: u32| Ok(())).await;
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({ "batchItemFailures": [] })
        );
    }

    #[tokio::test]
    async fn messages_are_worked_on_at_the_same_time() {
        // Whoever came first would wait for ever, were the others behind it.
        let meeting = &Barrier::new(3);
        let answer = serve(batch(&["1", "2", "3"]), async |_: u32| {
            meeting.wait().await;
            Ok(())
        });
        assert_eq!(answer.await, BatchResponse::default());
    }
}
