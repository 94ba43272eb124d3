//! An SQS queue: sends batches of messages and retries the failed ones.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::aws::backoff::Backoff;
use crate::aws::lambda::problem::Causes;
use crate::core::error::Error;

/// The most messages in one SendMessageBatch (SQS API reference).
pub const MAX_MESSAGES: usize = 10;
/// The number of batches that are sent at once.
const AT_ONCE: usize = 8;

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
    /// The message group, for a FIFO queue.
    group: Option<&'static str>,
}

impl Queue {
    /// The queue at `url`.
    pub fn new(aws: &aws_config::SdkConfig, url: String) -> Self {
        // Only the failed entries are retried, below; the SDK would retry the whole request.
        let config = aws_sdk_sqs::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            url,
            group: None,
        }
    }

    /// The FIFO queue at `url`, with all messages in one group: each is delivered when the one before it is done.
    pub fn fifo(aws: &aws_config::SdkConfig, url: String, group: &'static str) -> Self {
        Self {
            group: Some(group),
            ..Self::new(aws, url)
        }
    }

    /// Sends at most [`MAX_MESSAGES`] `messages` and retries failed ones until `deadline`. Returns for each message
    /// whether the queue accepted it. After a lost response a message is sent twice,
    /// except to a FIFO queue.
    pub async fn send(&self, messages: &[String], deadline: Instant) -> Vec<bool> {
        let mut accepted = vec![false; messages.len()];
        let mut backoff = Backoff::until(deadline);
        // A FIFO queue takes a message once under this id, so a retry after a lost response is not delivered twice.
        let sent = fastrand::u128(..);
        loop {
            let open: Vec<usize> = (0..messages.len()).filter(|&index| !accepted[index]).collect();
            if open.is_empty() {
                return accepted;
            }
            match timeout_at(deadline, self.try_send(messages, &open, sent)).await {
                Ok(Ok(sent)) => sent.into_iter().for_each(|index| accepted[index] = true),
                Ok(Err(error)) => tracing::warn!(causes = %Causes(&error), "sending messages failed; retrying"),
                Err(_) => return accepted,
            }
            if accepted.contains(&false) && !backoff.wait().await {
                return accepted;
            }
        }
    }

    /// Sends any number of `messages`, in batches, until `deadline`. Returns whether the queue accepted all of them; if not, it has
    /// accepted some.
    pub async fn send_all(&self, messages: &[String], deadline: Instant) -> bool {
        let batches: Vec<&[String]> = messages.chunks(MAX_MESSAGES).collect();
        for batches in batches.chunks(AT_ONCE) {
            let sent = join_all(batches.iter().map(|batch| self.send(batch, deadline))).await;
            if sent.into_iter().flatten().any(|is_accepted| !is_accepted) {
                return false;
            }
        }
        true
    }

    /// Sends the messages at the indexes `open` and returns the indexes of the accepted ones.
    async fn try_send(&self, messages: &[String], open: &[usize], sent: u128) -> Result<Vec<usize>, Error> {
        const DOING: &str = "send messages";
        let entries = open.iter().map(|&index| {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(&messages[index])
                .set_message_group_id(self.group.map(str::to_owned))
                .set_message_deduplication_id(self.group.map(|_| format!("{sent:032x}-{index}")));
            entry.build().map_err(|error| Error::internal(DOING, error))
        });
        let entries = entries.collect::<Result<_, _>>()?;
        let request = self.client.send_message_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries)).send().await;
        let answer = answer.map_err(|error| Error::unavailable(DOING, error))?;
        for failed in answer.failed() {
            tracing::warn!(
                code = failed.code(),
                why = failed.message(),
                "the queue rejected a message"
            );
        }
        Ok(answer
            .successful()
            .iter()
            .filter_map(|sent| sent.id().parse().ok())
            .collect())
    }
}
