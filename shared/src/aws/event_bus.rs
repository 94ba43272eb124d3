//! The bus: PutEvents, with each entry's fate told apart and what may pass tried again.

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
/// All entries of one PutEvents together have fewer bytes than this (EventBridge user guide, PutEvents).
pub const MAX_BYTES: usize = 256 * 1024;
/// The bytes of an entry's trace header (EventBridge API reference); another is left out, it is only a trace.
const TRACE_HEADER: std::ops::RangeInclusive<usize> = 1..=500;

/// The event bus.
#[derive(Clone, Debug)]
pub struct EventBus {
    client: Client,
    name: String,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is on the bus.
    Published,
    /// It is not, and may be if it comes again.
    Later(String),
    /// It is not, and never will be as it is.
    Never(String),
}

/// The bus's answer to one request.
enum Answer {
    /// A fate an entry.
    Each(Vec<PublishOutcome>),
    /// The request as a whole may pass when it comes again, or once a permission is mended.
    Failed(String),
    /// The request as a whole never passes: an entry in it is not one.
    Refused(String),
}

impl EventBus {
    /// The bus that the variable `EVENT_BUS` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        // Entries are retried here one by one; the SDK would repeat the whole request.
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

    /// Publishes at most [`MAX_ENTRIES`] `records`; what fails is tried again until `deadline`. A fate a record.
    pub async fn publish(&self, records: &[&Record], deadline: Instant) -> Vec<PublishOutcome> {
        let mut fates: Vec<PublishOutcome> = records.iter().map(|record| judge(record)).collect();
        let mut backoff = Backoff::until(deadline);
        // Once a request was refused as a whole, each entry goes alone, so that the one at fault is found.
        let mut together = MAX_ENTRIES;
        loop {
            let open: Vec<usize> = (0..records.len())
                .filter(|&index| matches!(fates[index], PublishOutcome::Later(_)))
                .collect();
            if open.is_empty() {
                return fates;
            }
            for part in open.chunks(together) {
                let sent: Vec<&Record> = part.iter().map(|&index| records[index]).collect();
                let tried = timeout_at(deadline, self.try_publish(&sent)).await;
                match tried.unwrap_or_else(|elapsed| Answer::Failed(elapsed.to_string())) {
                    Answer::Each(each) => part.iter().zip(each).for_each(|(&index, fate)| fates[index] = fate),
                    Answer::Failed(why) => part
                        .iter()
                        .for_each(|&index| fates[index] = PublishOutcome::Later(why.clone())),
                    Answer::Refused(why) if part.len() == 1 => fates[part[0]] = PublishOutcome::Never(why),
                    Answer::Refused(_) => together = 1,
                }
            }
            let waiting = fates.iter().any(|fate| matches!(fate, PublishOutcome::Later(_)));
            if waiting && !backoff.wait().await {
                return fates;
            }
        }
    }

    /// Publishes one event that no entity carries; what fails is tried again until `deadline`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the bus does not take it in time, [`Error::Internal`] when it never will.
    pub async fn publish_one(&self, record: &Record, deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "publish an event";
        match self.publish(&[record], deadline).await.pop() {
            Some(PublishOutcome::Published) => Ok(()),
            Some(PublishOutcome::Later(why)) => Err(Error::unavailable(DOING, why)),
            Some(PublishOutcome::Never(why)) => Err(Error::internal(DOING, why)),
            None => Err(Error::internal(DOING, "the bus did not answer for the event")),
        }
    }

    async fn try_publish(&self, records: &[&Record]) -> Answer {
        let entries = records.iter().map(|record| self.entry(record)).collect();
        let answer = match self.client.put_events().set_entries(Some(entries)).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let refused = error.code() == Some("ValidationException");
                let why = Causes(&Error::unavailable("publish events", error)).to_string();
                return if refused {
                    Answer::Refused(why)
                } else {
                    Answer::Failed(why)
                };
            }
        };
        let mut fates: Vec<PublishOutcome> = answer
            .entries()
            .iter()
            .map(|entry| match entry.error_code() {
                None => PublishOutcome::Published,
                Some(code) => fate_of(code, entry.error_message().unwrap_or_default()),
            })
            .collect();
        fates.resize(
            records.len(),
            PublishOutcome::Later("the bus said nothing of it".to_owned()),
        );
        Answer::Each(fates)
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

/// The bytes of an entry, as EventBridge counts them (user guide, "Calculating PutEvents entry size").
pub fn size_of(record: &Record) -> usize {
    record.source.len() + record.detail_type.len() + record.detail.len() + trace_of(record).map_or(0, str::len)
}

fn trace_of(record: &Record) -> Option<&str> {
    let trace = record.trace.as_deref();
    trace.filter(|trace| TRACE_HEADER.contains(&trace.len()))
}

fn judge(record: &Record) -> PublishOutcome {
    match size_of(record) {
        size if size >= MAX_BYTES => {
            PublishOutcome::Never(format!("it has {size} bytes; the bus takes fewer than {MAX_BYTES}"))
        }
        _ => PublishOutcome::Later("not tried yet".to_owned()),
    }
}

fn fate_of(code: &str, message: &str) -> PublishOutcome {
    let why = format!("{code}: {message}");
    match code {
        "InvalidAccountIdException"
        | "InvalidArgument"
        | "MalformedDetail"
        | "NotAuthorizedForDetailTypeException"
        | "NotAuthorizedForSourceException"
        | "RedactionFailure" => PublishOutcome::Never(why),
        _ => PublishOutcome::Later(why),
    }
}
