//! Batches of a queue: each message succeeds or fails independently.
//!
//! Invariant: a message is done only when its work succeeded. Every other message is reported as failed: it is delivered
//! again after the visibility timeout, or moves to the dead-letter queue after the last attempt. The event source sets
//! `ReportBatchItemFailures`.

use aws_lambda_events::sqs::SqsBatchResponse;
use futures::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::lambda::panic;
use crate::aws::lambda::problem::Causes;
use crate::core::error::Error;
use crate::core::json;

/// A batch of messages, as Lambda delivers it. Has the fields that are used: no other, such as a message attribute, can
/// make a whole batch unreadable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The messages.
    #[serde(rename = "Records")]
    pub messages: Vec<Message>,
}

/// A message of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Identifies the message in the response to the queue.
    pub message_id: String,
    /// The command as JSON.
    pub body: String,
}

/// Runs `work` for the command in each message, for all messages at the same time: a slow one does not delay the others.
///
/// A message that cannot be read as a command, or whose work panics, fails.
pub async fn serve<T, F, R>(batch: Batch, work: F) -> SqsBatchResponse
where
    T: DeserializeOwned + Serialize,
    F: Fn(T) -> R,
    R: Future<Output = Result<(), Error>>,
{
    let work = &work;
    let outcomes = batch
        .messages
        .iter()
        .map(|message| panic::catch(async { work(command(message)?).await }));
    let outcomes = join_all(outcomes).await;
    let mut response = SqsBatchResponse::default();
    for (message, outcome) in batch.messages.into_iter().zip(outcomes) {
        let Err(error) = outcome else { continue };
        let (message_id, causes) = (message.message_id, Causes(&error));
        match &error {
            Error::Unavailable { .. } => tracing::warn!(message_id, %causes, "message failed; it will be retried"),
            _ => tracing::error!(message_id, %causes, "message failed; a retry will fail too"),
        }
        response.add_failure(message_id);
    }
    response
}

fn command<T: DeserializeOwned + Serialize>(message: &Message) -> Result<T, Error> {
    json::from_slice(message.body.as_bytes()).map_err(|unreadable| Error::internal("read a message", unreadable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tokio::sync::Barrier;

    /// A batch with these bodies, as Lambda writes it; the message ids are m0, m1 …
    fn batch(bodies: &[&str]) -> Batch {
        serde_json::from_value(event(bodies)).unwrap()
    }

    fn event(bodies: &[&str]) -> Value {
        let records = bodies.iter().enumerate().map(|(index, body)| {
            json!({
                "messageId": format!("m{index}"),
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
        json!({ "Records": records.collect::<Vec<_>>() })
    }

    #[tokio::test]
    async fn a_message_that_fails_is_reported_and_the_others_are_done() {
        let answer = serve(
            batch(&["1", "2", "3", "\"4\"", "5", "", "7"]),
            async |number: u32| match number {
                2 => Err(Error::unavailable("try", "busy")),
                3 => Err(Error::internal("try", "broken")),
                5 => panic!("a bug"),
                _ => Ok(()),
            },
        );
        let failed = ["m1", "m2", "m3", "m4", "m5"].map(|id| json!({ "itemIdentifier": id }));
        let expected = json!({ "batchItemFailures": failed });
        assert_eq!(serde_json::to_value(answer.await).unwrap(), expected);
    }

    #[tokio::test]
    async fn fields_that_are_not_used_cannot_make_a_batch_unreadable() {
        let mut event = event(&["1"]);
        let message = &mut event["Records"][0];
        message["attributes"] = json!({ "SentTimestamp": 1_545_082_649_183_i64 });
        message["messageAttributes"] = json!({ "a": { "dataType": "Binary", "binaryValue": "not base64" } });
        message["receiptHandle"] = Value::Null;
        let batch: Batch = serde_json::from_value(event).unwrap();
        let answer = serve(batch, async |_: u32| Ok(())).await;
        assert_eq!(answer, SqsBatchResponse::default());
    }

    #[tokio::test]
    async fn a_batch_that_succeeded_reports_an_empty_list() {
        let answer = serve(batch(&["1"]), async |_: u32| Ok(())).await;
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({ "batchItemFailures": [] })
        );
    }

    #[tokio::test]
    async fn messages_are_processed_at_the_same_time() {
        // The first would wait forever if the others ran after it.
        let meeting = &Barrier::new(3);
        let answer = serve(batch(&["1", "2", "3"]), async |_: u32| {
            meeting.wait().await;
            Ok(())
        });
        assert_eq!(answer.await, SqsBatchResponse::default());
    }
}
