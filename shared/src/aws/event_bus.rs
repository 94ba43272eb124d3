//! The event bus: publishes batches of events and retries the failed ones.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use tokio::time::{Instant, timeout_at};

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::lambda::problem::Causes;
use crate::core::error::Error;
use crate::core::event::Record;

/// The most entries in one PutEvents (EventBridge API reference).
pub const MAX_ENTRIES: usize = 10;
/// The limit of all entries of one PutEvents together, exclusive, in bytes (EventBridge user guide, PutEvents).
pub const MAX_BYTES: usize = 256 * 1024;
/// The valid lengths of a trace header in bytes (EventBridge API reference). Other trace headers are omitted.
const TRACE_HEADER: std::ops::RangeInclusive<usize> = 1..=500;

/// The event bus.
#[derive(Clone, Debug)]
pub struct EventBus {
    client: Client,
    name: String,
}

/// The outcome of publishing an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// The bus accepted it.
    Published,
    /// Publishing failed; a retry may succeed. Has the reason.
    Retryable(String),
    /// The bus rejects it permanently. Has the reason.
    Rejected(String),
}

/// The result of one PutEvents request.
enum BatchResult {
    /// One outcome for each entry.
    Entries(Vec<PublishOutcome>),
    /// The whole request failed; a retry may succeed.
    Retryable(String),
    /// The whole request is invalid because of one of its entries.
    Rejected(String),
}

impl EventBus {
    /// Creates the bus of the environment variable `EVENT_BUS`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        // Only the failed entries are retried, below; the SDK would retry the whole request.
        let config = aws_sdk_eventbridge::config::Builder::from(platform.aws())
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .build(),
            )
            .build();
        Ok(Self {
            client: Client::from_conf(config),
            name: platform.variable("EVENT_BUS")?,
        })
    }

    /// Publishes at most [`MAX_ENTRIES`] `records` and retries failed ones until `deadline`. Returns one outcome for each
    /// record.
    pub async fn publish(&self, records: &[&Record], deadline: Instant) -> Vec<PublishOutcome> {
        let mut outcomes: Vec<PublishOutcome> = records.iter().map(|record| initial_outcome(record)).collect();
        let mut backoff = Backoff::until(deadline);
        // After a whole request is rejected, each entry is sent alone to find the invalid one.
        let mut batch_size = MAX_ENTRIES;
        loop {
            let open: Vec<usize> = (0..records.len())
                .filter(|&index| matches!(outcomes[index], PublishOutcome::Retryable(_)))
                .collect();
            if open.is_empty() {
                return outcomes;
            }
            for part in open.chunks(batch_size) {
                let sent: Vec<&Record> = part.iter().map(|&index| records[index]).collect();
                let tried = timeout_at(deadline, self.try_publish(&sent)).await;
                match tried.unwrap_or_else(|elapsed| BatchResult::Retryable(elapsed.to_string())) {
                    BatchResult::Entries(each) => part
                        .iter()
                        .zip(each)
                        .for_each(|(&index, outcome)| outcomes[index] = outcome),
                    BatchResult::Retryable(why) => part
                        .iter()
                        .for_each(|&index| outcomes[index] = PublishOutcome::Retryable(why.clone())),
                    BatchResult::Rejected(why) if part.len() == 1 => outcomes[part[0]] = PublishOutcome::Rejected(why),
                    BatchResult::Rejected(_) => batch_size = 1,
                }
            }
            let waiting = outcomes
                .iter()
                .any(|outcome| matches!(outcome, PublishOutcome::Retryable(_)));
            if waiting && !backoff.wait().await {
                return outcomes;
            }
        }
    }

    /// Publishes one event that is not stored with an entity. Retries until `deadline`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the bus does not accept it in time, [`Error::Internal`] when the bus rejects it.
    pub async fn publish_one(&self, record: &Record, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "publish an event";
        match self.publish(&[record], deadline).await.pop() {
            Some(PublishOutcome::Published) => Ok(()),
            Some(PublishOutcome::Retryable(why)) => Err(Error::unavailable(DOING, why)),
            Some(PublishOutcome::Rejected(why)) => Err(Error::internal(DOING, why)),
            None => Err(Error::internal(DOING, "the bus returned no outcome")),
        }
    }

    async fn try_publish(&self, records: &[&Record]) -> BatchResult {
        let entries = records.iter().map(|record| self.entry(record)).collect();
        let answer = match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let is_invalid = error.code() == Some("ValidationException");
                let why = Causes(&Error::unavailable("publish events", error)).to_string();
                return if is_invalid {
                    BatchResult::Rejected(why)
                } else {
                    BatchResult::Retryable(why)
                };
            }
        };
        let mut outcomes: Vec<PublishOutcome> = answer
            .entries()
            .iter()
            .map(|entry| match entry.error_code() {
                None => PublishOutcome::Published,
                Some(code) => outcome_of(code, entry.error_message().unwrap_or_default()),
            })
            .collect();
        outcomes.resize(
            records.len(),
            PublishOutcome::Retryable("the bus returned no outcome".to_owned()),
        );
        BatchResult::Entries(outcomes)
    }

    fn entry(&self, record: &Record) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&record.source)
            .detail_type(&record.detail_type)
            .detail(&record.detail)
            .set_trace_header(trace_of(record).map(str::to_owned))
            .build()
    }
}

/// The size of an entry in bytes, as EventBridge counts it (user guide, "Calculating PutEvents entry size").
pub fn size_of(record: &Record) -> usize {
    record.source.len() + record.detail_type.len() + record.detail.len() + trace_of(record).map_or(0, str::len)
}

fn trace_of(record: &Record) -> Option<&str> {
    let trace = record.trace.as_deref();
    trace.filter(|trace| TRACE_HEADER.contains(&trace.len()))
}

fn initial_outcome(record: &Record) -> PublishOutcome {
    match size_of(record) {
        size if size >= MAX_BYTES => {
            PublishOutcome::Rejected(format!("the event has {size} bytes; the limit is below {MAX_BYTES}"))
        }
        _ => PublishOutcome::Retryable("not sent yet".to_owned()),
    }
}

fn outcome_of(code: &str, message: &str) -> PublishOutcome {
    let why = format!("{code}: {message}");
    match code {
        "InvalidAccountIdException"
        | "InvalidArgument"
        | "MalformedDetail"
        | "NotAuthorizedForDetailTypeException"
        | "NotAuthorizedForSourceException"
        | "RedactionFailure" => PublishOutcome::Rejected(why),
        _ => PublishOutcome::Retryable(why),
    }
}
